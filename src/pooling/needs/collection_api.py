"""The collection: opening and closing it, giving the purchase up, and what the needs add up to."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Literal
from urllib.parse import urlencode

from litestar import get, post
from pydantic import AwareDatetime, Field, field_validator

from pooling.kernel.clock import FIRST_DAY, LAST_DAY
from pooling.kernel.doubts import LONGEST_REASON, Insistence
from pooling.kernel.limits import Readers, limit
from pooling.members.endpoint import endpoint
from pooling.members.group_page import Here
from pooling.needs import advancing, cancelling, collection, reminding_silent
from pooling.needs.assigned import assigned_by, assigned_now, details_by
from pooling.needs.consolidating import FrozenConsolidation, current_consolidation
from pooling.needs.details import by_item, filed_details
from pooling.needs.page import OnDeclaration
from pooling.needs.permissions import may_gather, may_see_all_needs
from pooling.outbox.mail import FICTIONAL
from pooling.purchases.api import PurchaseOut, matched_purchase, purchase_out
from pooling.purchases.models import PurchaseState
from pooling.purchases.page import OnPurchase
from pooling.purchases.permissions import may_run
from pooling.sharing.money import format_decimal
from pooling.web.addresses import path_of
from pooling.web.api import ApiIn, ApiOut, PageIn

MOST_MEMBERS = limit(500, "Members in an answer that says who gets what", __name__, Readers.PROGRAMS)


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


class StepIn(ApiIn):
    state: PurchaseState
    """Where the purchase goes: its kind's next state, so that one call makes one step."""


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
    """What is ordered of one item; `assigned` is units by the codes of the members on this page, `total` euros before
    VAT.
    """

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
    unit_price: str | None = None
    """Of an adjustment, at what it is paid, in euros before VAT; null: at the tier that is reached."""
    vat_rate: str | None = None
    """Percent, as `unit_price`."""


class ConsolidationOut(ApiOut):
    """The frozen consolidation, or (`number` null) what the filed needs would give now: none is frozen, or the
    collection was opened again since. Items by code.
    """

    notice: str | None
    """That needs and prices are fictional, in French; null in a group that is not."""
    reference: str
    number: int | None
    frozen_at: datetime | None
    adjusted: bool = False
    """It says what members really take of what the one before had ordered: no rule made it."""
    items: Mapping[str, ConsolidatedItemOut]
    next: str | None
    """The address that says what the next members get, in the order of their codes; null where these are the last."""


class MembersIn(PageIn):
    """Of which members it says what they get."""

    limit: int = Field(default=MOST_MEMBERS, ge=1, le=MOST_MEMBERS, description="How many members at most.")


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


@endpoint(
    post,
    "/purchases/{reference:str}/step",
    right=may_run,
    conflicts=("transition_refused", "not_ready"),
    once=True,
    tagged=True,
    matched=True,
)
async def take_step(here: Here[OnPurchase], sent: StepIn) -> PurchaseOut:
    """Record the purchase's next step: ordered, delivered (a service: in service), settled. For its lead buyer."""
    purchase = await matched_purchase(here)
    await advancing.advance_purchase(here.session, here.caller, purchase.id, sent.state, here.clock)
    return await purchase_out(here.session, purchase)


@endpoint(get, "/purchases/{reference:str}/consolidation", right=may_see_all_needs, tagged=True)
async def get_consolidation(here: Here[OnPurchase], asked: MembersIn) -> ConsolidationOut:
    """What is ordered of each item and who gets how many. For the lead buyer and the facilitator."""
    frozen = await current_consolidation(here.session, here.purchase.id)
    whose = here.session, here.purchase.id
    if frozen is None:
        ordered, members = await assigned_now(*whose, asked.slice)
        details = by_item(await filed_details(*whose, members=[member for member, _ in members.items]))
    else:
        ordered, members = await assigned_by(here.session, frozen.id, asked.slice)
        details = await details_by(here.session, frozen.id, [member for member, _ in members.items])
    assigned: dict[str, dict[str, int]] = {code: {} for code in ordered}
    for member, units in members.items:
        for code, count in units.items():
            assigned[code][member] = count
    query = urlencode({"after": members.next, "limit": asked.limit})
    return ConsolidationOut(
        notice=FICTIONAL if here.group.fictional else None,
        reference=here.purchase.reference,
        number=frozen and frozen.number,
        frozen_at=frozen and frozen.frozen_at,
        adjusted=bool(frozen and frozen.adjusts),
        items={
            code: ConsolidatedItemOut.model_validate(
                {**result, **_terms(frozen, code), "assigned": assigned[code], "details": details.get(code, {})}
            )
            for code, result in ordered.items()
        },
        next=f"{path_of(here.request)}?{query}" if members.next else None,
    )


def _terms(frozen: FrozenConsolidation | None, code: str) -> dict[str, str]:
    terms = frozen.terms.get(code) if frozen and frozen.terms else None
    return {name: format_decimal(value) for name, value in terms._asdict().items()} if terms else {}


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
    take_step,
    get_consolidation,
    remind_silent,
]
