"""The collection: opening and closing it, giving the purchase up, and what the needs add up to."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Literal

from litestar import get, post
from pydantic import AwareDatetime, Field, field_validator
from sqlalchemy import select
from sqlmodel import col

from pooling.kernel.clock import FIRST_DAY, LAST_DAY
from pooling.kernel.doubts import LONGEST_REASON, Insistence
from pooling.members.endpoint import endpoint
from pooling.members.group_page import Here
from pooling.needs import cancelling, collection, reminding_silent
from pooling.needs.consolidating import consolidate_purchase, current_consolidation
from pooling.needs.details import by_item, filed_details
from pooling.needs.freezing import lot_kept
from pooling.needs.models import ConsolidationRecord
from pooling.needs.page import OnDeclaration
from pooling.needs.permissions import may_gather, may_see_all_needs
from pooling.outbox.mail import FICTIONAL
from pooling.purchases.api import PurchaseOut, matched_purchase, purchase_out
from pooling.purchases.page import OnPurchase
from pooling.purchases.permissions import may_run
from pooling.purchases.queries import purchase_items
from pooling.web.api import ApiIn, ApiOut


class OpeningIn(ApiIn):
    closes_at: AwareDatetime
    confirmed: str = Field(default="", max_length=LONGEST_REASON)
    """Why it is to close then, once it was answered that the date may be a slip (code `doubtful`)."""

    @field_validator("closes_at")
    @classmethod
    def _in_our_time(cls, value: datetime) -> datetime:
        if not FIRST_DAY <= value.date() <= LAST_DAY:
            raise ValueError("Choisissez une date de notre temps")
        return value.astimezone(UTC)  # as the database will give it back: the same representation, the same ETag


class ClosureIn(ApiIn):
    reason: str = Field(default="", max_length=LONGEST_REASON)
    """Needed before the date that was announced."""


class CancellationIn(ApiIn):
    reason: str = Field(min_length=1, max_length=LONGEST_REASON)


class RemindedOut(ApiOut):
    """What leaves now, in the place of the next planned reminder."""

    reminders: int
    """How many people are mailed."""


class NextTierOut(ApiOut):
    from_quantity: int = Field(validation_alias="from")
    missing: int


class DetailOut(ApiOut):
    """What a member said of its line of an item beside the units."""

    note: str
    budget: str
    """The code of one of the member's budgets; empty: the one that it takes part on."""
    budget_label: str
    engagement: str


class ConsolidatedItemOut(ApiOut):
    """What is ordered of one item; `assigned` is units by member code, `total` euros before VAT."""

    status: Literal["ok", "nothing_declared", "minimum_not_reached", "below_one_pack"]
    order: int
    packs: int
    firm: int
    tolerance: int
    surplus: int
    missing: int
    total: str
    assigned: Mapping[str, int]
    details: Mapping[str, DetailOut]
    """What members said of their line, by code."""
    next_tier: NextTierOut | None
    lot: int | None = None
    """The number of its lot, as it was frozen; null where it is in none."""


class ConsolidationOut(ApiOut):
    """The frozen consolidation, or (`number` null) what the filed needs would give now: none is frozen, or the
    collection was opened again since. Items by code.
    """

    notice: str | None
    """That needs and prices are fictional, in French; null in a group that is not."""
    reference: str
    number: int | None
    frozen_at: datetime | None
    items: Mapping[str, ConsolidatedItemOut]


@endpoint(
    post,
    "/purchases/{reference:str}/opening",
    right=may_run,
    conflicts=("transition_refused", "nothing_to_declare"),
    once=True,
    tagged=True,
    matched=True,
)
async def open_collection(here: Here[OnPurchase], sent: OpeningIn) -> PurchaseOut:
    """Invite needs until a date. For the purchase's lead buyer."""
    purchase = await matched_purchase(here)
    purchase = await collection.open_collection(
        here.session, here.caller, purchase.id, sent.closes_at, here.clock, insistence=Insistence(sent.confirmed)
    )
    return await purchase_out(here.session, purchase)


@endpoint(
    post,
    "/purchases/{reference:str}/closure",
    right=may_run,
    conflicts=("transition_refused",),
    once=True,
    tagged=True,
    matched=True,
)
async def close_collection(here: Here[OnPurchase], sent: ClosureIn) -> PurchaseOut:
    """Close the collection; before its date, with a reason. For the purchase's lead buyer."""
    purchase = await matched_purchase(here)
    purchase = await collection.close_collection(here.session, here.caller, purchase.id, here.clock, reason=sent.reason)
    return await purchase_out(here.session, purchase)


@endpoint(
    post,
    "/purchases/{reference:str}/cancellation",
    right=may_run,
    conflicts=("transition_refused",),
    once=True,
    tagged=True,
    matched=True,
)
async def cancel_purchase(here: Here[OnPurchase], sent: CancellationIn) -> PurchaseOut:
    """Give a purchase up, with a reason. For its lead buyer."""
    purchase = await matched_purchase(here)
    purchase = await cancelling.cancel_purchase(here.session, here.caller, purchase.id, here.clock, reason=sent.reason)
    return await purchase_out(here.session, purchase)


@endpoint(get, "/purchases/{reference:str}/consolidation", right=may_see_all_needs, tagged=True)
async def get_consolidation(here: Here[OnPurchase]) -> ConsolidationOut:
    """What is ordered of each item and who gets how many. For the lead buyer and the facilitator."""
    frozen = await current_consolidation(here.session, here.purchase.id)
    results: Mapping[str, Any]
    if frozen is None:
        found = await consolidate_purchase(here.session, here.purchase.id, {})
        details = by_item(await filed_details(here.session, here.purchase.id))
        items = {item.code: item for item in await purchase_items(here.session, here.purchase.id)}
        results = {code: {**result.to_json(), **lot_kept(items[code])} for code, result in found.items()}
    else:
        kept = select(col(ConsolidationRecord.result), col(ConsolidationRecord.details))
        results, details = (await here.session.execute(kept.where(col(ConsolidationRecord.id) == frozen.id))).one()
    return ConsolidationOut(
        notice=FICTIONAL if here.group.fictional else None,
        reference=here.purchase.reference,
        number=frozen and frozen.number,
        frozen_at=frozen and frozen.frozen_at,
        items={
            code: ConsolidatedItemOut.model_validate({**result, "details": details.get(code, {})})
            for code, result in results.items()
        },
    )


@endpoint(
    post,
    "/purchases/{reference:str}/reminding",
    right=may_gather,
    conflicts=("collection_closed", "already_reminded", "nothing_to_send"),
    once=True,
)
async def remind_silent(here: Here[OnPurchase]) -> RemindedOut:
    """Remind now those who have not filed, once a day at most. For the facilitator and the lead buyer."""
    kinds, context = here.features.kinds, here.context
    count, _ = await reminding_silent.remind_silent(
        here.session, here.caller, here.purchase.id, kinds, context, here.clock
    )
    return RemindedOut(reminders=count)


@endpoint(
    post,
    "/purchases/{reference:str}/declarations/{member:str}/reminding",
    right=may_gather,
    conflicts=("collection_closed", "already_filed", "nobody_to_remind", "already_reminded", "nothing_to_send"),
    once=True,
)
async def remind_member(here: Here[OnDeclaration]) -> RemindedOut:
    """Remind one member's référents now, once a day at most. For the facilitator and the lead buyer."""
    kinds, context = here.features.kinds, here.context
    count, _ = await reminding_silent.remind_member(
        here.session, here.caller, here.purchase.id, here.member, kinds, context, here.clock
    )
    return RemindedOut(reminders=count)


ROUTES: Sequence[Any] = [
    remind_member,
    open_collection,
    close_collection,
    cancel_purchase,
    get_consolidation,
    remind_silent,
]
