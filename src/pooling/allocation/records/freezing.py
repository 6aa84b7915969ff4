"""Frozen allocations (états de répartition): numbered records of who pays what, never changed."""

import asyncio
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, exists, func, literal, select, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.allocation.allocating import PurchaseAllocation, allocate_purchase
from pooling.allocation.booking import UNKNOWN
from pooling.allocation.case import label_of, lead_of
from pooling.allocation.configuration import FinanceConfiguration
from pooling.allocation.current import WRITTEN_AT_ONCE
from pooling.allocation.filing import identities_of, kept_beside
from pooling.allocation.kept import json_written, kept_of
from pooling.allocation.models import AllocationDebt, AllocationRecord, AllocationShare
from pooling.allocation.records.owing import debts_stated, each_pays
from pooling.allocation.supplying import supplying_of
from pooling.exports.models import Export
from pooling.kernel.apart import far_written
from pooling.kernel.clock import Clock, SystemClock
from pooling.kernel.database import fetch, group_of, insert_many, insert_parts
from pooling.kernel.errors import Conflict
from pooling.kernel.events import Event, record_event
from pooling.kernel.tables import linked
from pooling.members.rights import Caller
from pooling.needs.details import filed_details
from pooling.purchases.finding import lock_with_collection
from pooling.purchases.kinds import kind_of
from pooling.purchases.kinds.parts import Part
from pooling.purchases.models import Purchase, PurchaseState
from pooling.purchases.permissions import may_run
from pooling.sharing.case_writing import case_head, case_lists
from pooling.sharing.money import format_cents


class FiguresMoved(Conflict):
    """What was on the page when freezing was asked for is no longer what would be frozen."""

    code = "figures_moved"

    def __init__(self) -> None:
        super().__init__("Les chiffres ont changé depuis l’affichage de cette page\u00a0: vérifiez-les avant de figer.")


SHARED, RECORDED, WRITTEN = 45, 65, 95
"""How much of the work is done, in percent, once the rule has shared, the record stands, its shares are written."""


class Why(NamedTuple):
    """Why a later allocation is frozen."""

    cause: str = ""
    reason: str = ""


class Frozen(NamedTuple):
    """A record that was written."""

    id: int
    number: int


async def freeze_allocation(
    session: AsyncSession,
    caller: Caller,
    purchase_id: int,
    label: str,
    clock: Clock,
    *,
    finance: FinanceConfiguration | None = None,
    shown: str | None = None,
    why: Why | None = None,
    tell: Callable[[int], None] = lambda _: None,
) -> Frozen:
    """Writes down who pays what and owes it to whom, under the next number, with the case that gave it. `shown` is the
    fingerprint of what the person saw: two presses of the button make one record. `tell` hears how far it is, in
    percent.

    Raises:
        Forbidden: the caller is not a lead buyer of this purchase.
        FiguresMoved: something changed since.
        Conflict: the purchase is cancelled, or the rule refuses its charges.
    """
    purchase, _ = await lock_with_collection(session, purchase_id)
    may_run.require(caller, purchase)
    kind_of(purchase.kind).require(Part.COSTS)
    if purchase.state == PurchaseState.CANCELLED:
        raise Conflict("Cet achat est annulé\u00a0: sa répartition ne se fige plus.", code="purchase_cancelled")
    now = await clock.at_database(session)
    finance = finance or FinanceConfiguration()
    allocation = await allocate_purchase(session, purchase_id, label, finance)
    number = await last_number(session, purchase_id)
    head, rows, figures = await asyncio.to_thread(kept_of, allocation)
    if shown is not None and shown != fingerprint(figures, number):
        raise FiguresMoved
    tell(SHARED)
    # As it is now, whatever is said of items and members later.
    head |= await kept_beside(session, purchase, allocation.result, finance)
    supplying, invoiced = await supplying_of(session, purchase_id)
    head["suppliers"] = supplying.to_json()
    lead, _ = await lead_of(session, purchase_id)
    each = await each_pays(session, purchase_id)
    details = json.dumps([line.to_json() for line in await filed_details(session, purchase_id)])
    case, result = await asyncio.to_thread(_written, allocation)
    owing = partial(debts_stated, allocation, lead=lead, each_pays=each, supplying=supplying, invoiced=invoiced)
    owed = asyncio.create_task(asyncio.to_thread(owing))  # while the database takes in the record
    if why is None or not number:
        why = Why()  # the first follows nothing
    about = (group_of(session), purchase_id, number + 1, now, caller.person_id)
    # As text: as objects it would be held several times.
    kept = (case, result, allocation.result.rule_version, json.dumps(head), details)
    record_id = int((await fetch(session, _INSERT, *about, *kept, *why))[0]["id"])
    del case, result, kept
    tell(RECORDED)
    await _keep_shares(session, record_id, allocation, rows, tell)
    debts = [{"allocation_id": record_id, **debt._asdict()} for debt in await owed]
    await insert_many(session, AllocationDebt, debts)
    record_event(
        session,
        at=now,
        person_id=caller.person_id,
        subject=("purchase", purchase_id),
        name="allocation.frozen",
        reason=why.reason or None,
        details={"number": number + 1, "ttc": format_cents(allocation.result.totals.ttc)},
    )
    return Frozen(record_id, number + 1)


_INSERT = """
INSERT INTO allocations (group_id, purchase_id, number, frozen_at, frozen_by, "case", result, rule_version, stated,
    details, cause, reason)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) RETURNING id"""


def _written(allocation: PurchaseAllocation) -> tuple[str, str]:
    """The case and what the rule gave, as JSON."""
    case, result = allocation.case, allocation.result
    members = (member.to_json() for member in result.results)
    return (
        json_written(case_head(case), case_lists(case)),
        json_written(result.head_to_json(), {"members": members}),
    )


async def _keep_shares(
    session: AsyncSession,
    record_id: int,
    allocation: PurchaseAllocation,
    rows: Sequence[dict[str, Any]],
    tell: Callable[[int], None],
) -> None:
    payers = await identities_of(session, allocation.labels.members)

    def parts() -> Iterator[Sequence[dict[str, Any]]]:
        for start in range(0, len(rows), WRITTEN_AT_ONCE):
            tell(RECORDED + (WRITTEN - RECORDED) * start // len(rows))
            some = rows[start : start + WRITTEN_AT_ONCE]
            for row in some:
                row |= {"allocation_id": record_id, "payer": json.dumps(payers.get(row["member"], UNKNOWN)._asdict())}
            yield some

    await insert_parts(session, AllocationShare, parts())


async def freeze_as_asked(
    session: AsyncSession,
    caller: Caller,
    export_id: int,
    terms: Mapping[str, Any],
    finance: FinanceConfiguration,
    path: str,
) -> bool:
    """The same of many members, for the work that was asked for (`version_job.py`), in a process apart: how far it is
    stands in the file at `path`. The work learns in the same transaction what was made, so that whoever begins again
    after a kill finds it done. Returns whether it is; else something changed since.

    Raises:
        Forbidden, Conflict: as `freeze_allocation`.
    """
    work = col(Export.id) == export_id
    purchase = await session.get_one(Purchase, (group_of(session), terms["purchase"]))
    given = (session, caller, purchase.id, label_of(purchase), SystemClock())
    why, tell = Why(terms["cause"], terms["reason"]), partial(far_written, path)
    try:
        frozen = await freeze_allocation(*given, finance=finance, shown=terms["shown"], why=why, tell=tell)
    except FiguresMoved:  # perhaps since a worker that was thought dead was quicker
        known = await session.execute(select(col(Export.terms)["record"].as_integer().is_not(None)).where(work))
        return bool(known.scalar_one())
    made = col(Export.terms).concat(literal({"record": frozen.number}, JSONB))
    await session.execute(update(Export).where(work).values(terms=made).execution_options(synchronize_session=False))
    return True


def agreed() -> ColumnElement[bool]:
    """Of a purchase: a record was frozen since its collection was last closed."""
    closed_at = (
        select(func.max(col(Event.at)))
        .where(
            col(Event.group_id) == col(Purchase.group_id),
            col(Event.subject_kind) == "purchase",
            col(Event.subject_id) == col(Purchase.id),
            col(Event.to_state) == PurchaseState.CLOSED,
        )
        .correlate(Purchase)
        .scalar_subquery()
    )
    return exists().where(
        linked(AllocationRecord.purchase_id, Purchase.id), col(AllocationRecord.frozen_at) >= closed_at
    )


def fingerprint(figures: str, last: int) -> str:
    """Stands for what a page shows: the figures and names, by their own fingerprint, and the records."""
    return f"{last} {figures}"


async def last_number(session: AsyncSession, purchase_id: int) -> int:
    found = await session.execute(
        select(func.max(col(AllocationRecord.number))).where(col(AllocationRecord.purchase_id) == purchase_id)
    )
    return found.scalar_one() or 0
