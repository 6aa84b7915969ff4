"""A purchase in preparation, corrected or deleted by a program."""

from litestar import post, put
from pydantic import Field

from pooling.kernel.doubts import LONGEST_REASON, Insistence
from pooling.members.endpoint import endpoint
from pooling.members.group_page import Here
from pooling.purchases import correcting
from pooling.purchases.api import PurchaseOut, matched_purchase, purchase_out
from pooling.purchases.page import OnPurchase
from pooling.purchases.permissions import may_edit
from pooling.purchases.schemas import Code, CorrectionIn, PurchaseTerms
from pooling.web.api import ApiIn, ApiOut
from pooling.web.bodies import LARGEST_LONG_BODY


class PurchasePut(PurchaseTerms, ApiIn):
    """What a purchase in preparation is to be, but for its items and lead buyers, which stay."""

    participants: tuple[Code, ...] | None = Field(default=None, max_length=50_000)
    """By their codes; null: those that take part now."""
    confirmed: str = Field(default="", max_length=LONGEST_REASON)
    """Why it is meant as it is, once it was answered that something in it may be a slip (code `doubtful`)."""


class DeletedOut(ApiOut):
    """What is no longer there; its reference never comes back."""

    reference: str


@endpoint(
    put,
    "/purchases/{reference:str}",
    right=may_edit,
    conflicts=("not_in_preparation",),
    tagged=True,
    matched=True,
    request_max_body_size=LARGEST_LONG_BODY,
)
async def correct_purchase(here: Here[OnPurchase], sent: PurchasePut) -> PurchaseOut:
    """Correct a purchase in preparation. For who prepares or runs it."""
    purchase = await matched_purchase(here)
    command = CorrectionIn(**sent.model_dump(exclude={"confirmed"}), same_participants=sent.participants is None)
    insistence = Insistence(sent.confirmed)
    corrected = await correcting.correct_purchase(
        here.session, here.caller, purchase.id, command, here.now, insistence=insistence
    )
    return await purchase_out(here.session, corrected)


@endpoint(
    post,
    "/purchases/{reference:str}/deletion",
    right=may_edit,
    conflicts=("not_in_preparation", "purchase_in_use"),
    matched=True,
)
async def delete_purchase(here: Here[OnPurchase]) -> DeletedOut:
    """Delete a purchase in preparation. For who prepares or runs it."""
    purchase = await matched_purchase(here)
    await correcting.delete_purchase(here.session, here.caller, purchase.id, here.now)
    return DeletedOut(reference=purchase.reference)


ROUTES = [correct_purchase, delete_purchase]
