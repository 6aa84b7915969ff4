"""The collection: opening and closing it, giving the purchase up, and what the needs add up to."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Literal

from litestar import Request, Response, get, post
from litestar.params import FromPath
from pydantic import AwareDatetime, Field, field_validator
from sqlalchemy import select
from sqlmodel import col

from pooling.accounts.idempotency import Made, answered_once
from pooling.kernel.clock import FIRST_DAY, LAST_DAY
from pooling.kernel.doubts import LONGEST_REASON, Insistence
from pooling.kernel.errors import Forbidden
from pooling.members.entrance import CallerHere, EnteredGroupHere, SessionHere
from pooling.members.rights import Right
from pooling.needs.cancelling import cancel_purchase
from pooling.needs.collection import close_collection, open_collection
from pooling.needs.consolidating import consolidate_purchase, current_consolidation
from pooling.needs.models import ConsolidationRecord
from pooling.outbox.mail import FICTIONAL
from pooling.purchases.api import PurchaseOut, purchase_out, purchase_to_run
from pooling.purchases.finding import find_purchase
from pooling.web.api import ApiIn, ApiOut, Operation, json_answer
from pooling.web.api_input import fields_renamed, read_body
from pooling.web.services import services_of


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
    reason: str = Field(default="", max_length=500)
    """Needed before the date that was announced."""


class CancellationIn(ApiIn):
    reason: str = Field(min_length=1, max_length=500)


class NextTierOut(ApiOut):
    from_quantity: int = Field(validation_alias="from")
    missing: int


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
    next_tier: NextTierOut | None


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


def _changing(name: str, takes: type[ApiIn], *conflicts: str) -> Operation:
    """A change of the purchase: made once, and only to the version that was read."""
    return Operation(name, PurchaseOut, takes=takes, conflicts=conflicts, once=True, tagged=True, matched=True)


@post(
    "/purchases/{reference:str}/opening",
    right=Right.RUN_PURCHASE,
    status_code=200,
    api=_changing("open_collection", OpeningIn, "transition_refused", "nothing_to_declare"),
)
async def do_opening(
    request: Request[Any, Any, Any], session: SessionHere, caller: CallerHere, reference: FromPath[str]
) -> Response[Any]:
    """Invite needs until a date. For the purchase's lead buyer."""

    async def make() -> Made:
        sent = await read_body(request, OpeningIn)
        purchase = await purchase_to_run(request, session, caller, reference)
        with fields_renamed({"closes_on": "closes_at"}):
            clock = services_of(request).clock
            insistence = Insistence(sent.confirmed)
            purchase = await open_collection(session, caller, purchase.id, sent.closes_at, clock, insistence=insistence)
        return Made(await purchase_out(session, purchase))

    return await answered_once(request, session, caller.person_id, make, status=200, tagged=True)


@post(
    "/purchases/{reference:str}/closure",
    right=Right.RUN_PURCHASE,
    status_code=200,
    api=_changing("close_collection", ClosureIn, "transition_refused"),
)
async def do_closure(
    request: Request[Any, Any, Any], session: SessionHere, caller: CallerHere, reference: FromPath[str]
) -> Response[Any]:
    """Close the collection; before its date, with a reason. For the purchase's lead buyer."""

    async def make() -> Made:
        sent = await read_body(request, ClosureIn)
        purchase = await purchase_to_run(request, session, caller, reference)
        clock = services_of(request).clock
        purchase = await close_collection(session, caller, purchase.id, clock, reason=sent.reason)
        return Made(await purchase_out(session, purchase))

    return await answered_once(request, session, caller.person_id, make, status=200, tagged=True)


@post(
    "/purchases/{reference:str}/cancellation",
    right=Right.RUN_PURCHASE,
    status_code=200,
    api=_changing("cancel_purchase", CancellationIn, "transition_refused"),
)
async def do_cancellation(
    request: Request[Any, Any, Any], session: SessionHere, caller: CallerHere, reference: FromPath[str]
) -> Response[Any]:
    """Give a purchase up, with a reason. For its lead buyer."""

    async def make() -> Made:
        sent = await read_body(request, CancellationIn)
        purchase = await purchase_to_run(request, session, caller, reference)
        clock = services_of(request).clock
        purchase = await cancel_purchase(session, caller, purchase.id, clock, reason=sent.reason)
        return Made(await purchase_out(session, purchase))

    return await answered_once(request, session, caller.person_id, make, status=200, tagged=True)


@get(
    "/purchases/{reference:str}/consolidation",
    right=Right.SEE_ALL_NEEDS,
    api=Operation("get_consolidation", ConsolidationOut, tagged=True),
)
async def get_consolidation(
    session: SessionHere, caller: CallerHere, entered_group: EnteredGroupHere, reference: FromPath[str]
) -> Response[Any]:
    """What is ordered of each item and who gets how many. For the lead buyer and the facilitator."""
    purchase = await find_purchase(session, reference)
    if not caller.may(Right.SEE_ALL_NEEDS, purchase_id=purchase.id):
        raise Forbidden
    frozen = await current_consolidation(session, purchase.id)
    results: Mapping[str, Any]
    if frozen is None:
        results = {
            code: item.to_json() for code, item in (await consolidate_purchase(session, purchase.id, {})).items()
        }
    else:
        kept = await session.execute(
            select(col(ConsolidationRecord.result)).where(col(ConsolidationRecord.id) == frozen.id)
        )
        results = kept.scalar_one()
    return json_answer(
        ConsolidationOut(
            notice=FICTIONAL if entered_group.fictional else None,
            reference=purchase.reference,
            number=frozen and frozen.number,
            frozen_at=frozen and frozen.frozen_at,
            items={code: ConsolidatedItemOut.model_validate(result) for code, result in results.items()},
        ),
        tagged=True,
    )


ROUTES: Sequence[Any] = [do_opening, do_closure, do_cancellation, get_consolidation]
