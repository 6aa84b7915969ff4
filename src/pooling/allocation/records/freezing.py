"""Frozen allocations (états de répartition): numbered records of who pays what, never changed."""

import asyncio
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.accounts.models import Person
from pooling.allocation.allocating import StatedPurchase, allocate_purchase
from pooling.allocation.configuration import FinanceConfiguration
from pooling.allocation.excerpts import Share
from pooling.allocation.kept import kept_of, read_kept
from pooling.allocation.models import AllocationRecord, AllocationShare
from pooling.kernel.clock import Clock
from pooling.kernel.database import group_of, insert_many
from pooling.kernel.errors import Conflict, NotFound
from pooling.kernel.events import record_event
from pooling.kernel.tables import any_of, linked
from pooling.members.rights import Caller
from pooling.purchases.finding import lock_with_collection
from pooling.purchases.models import PurchaseState
from pooling.purchases.permissions import may_run
from pooling.sharing.case_writing import write_case
from pooling.sharing.money import Cents, format_cents, parse_cents


class FiguresMoved(Conflict):
    """What was on the page when freezing was asked for is no longer what would be frozen."""

    code = "figures_moved"

    def __init__(self) -> None:
        super().__init__("Les chiffres ont changé depuis l’affichage de cette page\u00a0: vérifiez-les avant de figer.")


async def freeze_allocation(
    session: AsyncSession,
    caller: Caller,
    purchase_id: int,
    label: str,
    clock: Clock,
    *,
    finance: FinanceConfiguration | None = None,
    shown: str | None = None,
) -> AllocationRecord:
    """Writes down who pays what, under the next number, with the case that gave it. `shown` is the fingerprint of
    what the person saw: two presses of the button make one record.

    Raises:
        Forbidden: the caller is not a lead buyer of this purchase.
        FiguresMoved: something changed since.
        Conflict: the purchase is cancelled, or the rule refuses its charges.
    """
    purchase, _ = await lock_with_collection(session, purchase_id)
    may_run.require(caller, purchase)
    if purchase.state == PurchaseState.CANCELLED:
        raise Conflict("Cet achat est annulé\u00a0: sa répartition ne se fige plus.", code="purchase_cancelled")
    now = await clock.at_database(session)
    allocation = await allocate_purchase(session, purchase_id, label, finance)
    number = await last_number(session, purchase_id)
    head, rows, figures = await asyncio.to_thread(kept_of, allocation)
    if shown is not None and shown != fingerprint(figures, number):
        raise FiguresMoved
    record = AllocationRecord(
        group_id=group_of(session),
        purchase_id=purchase_id,
        number=number + 1,
        frozen_at=now,
        frozen_by=caller.person_id,
        case=write_case(allocation.case),
        result=allocation.result.to_json(),
        rule_version=allocation.result.rule_version,
        stated=head,
    )
    session.add(record)
    await session.flush()
    await insert_many(session, AllocationShare, [{"allocation_id": record.id, **row} for row in rows])
    record_event(
        session,
        at=now,
        person_id=caller.person_id,
        subject=("purchase", purchase_id),
        name="allocation.frozen",
        details={"number": record.number, "ttc": format_cents(allocation.result.totals.ttc)},
    )
    return record


def fingerprint(figures: str, last: int) -> str:
    """Stands for what a page shows: the figures and names, by their own fingerprint, and the records."""
    return f"{last} {figures}"


async def last_number(session: AsyncSession, purchase_id: int) -> int:
    found = await session.execute(
        select(func.max(col(AllocationRecord.number))).where(col(AllocationRecord.purchase_id) == purchase_id)
    )
    return found.scalar_one() or 0


@dataclass(frozen=True)
class FrozenShown:
    """A record in a list."""

    number: int
    frozen_at: datetime
    by: str | None
    ttc: Cents


async def frozen_allocations(session: AsyncSession, purchase_id: int) -> list[FrozenShown]:
    """The purchase's records, the newest first, without their members."""
    rows = await session.execute(
        select(
            col(AllocationRecord.number),
            col(AllocationRecord.frozen_at),
            col(Person.name),
            col(AllocationRecord.result)["totals"]["ttc"].astext,
        )
        .outerjoin(Person, col(Person.id) == AllocationRecord.frozen_by)
        .where(col(AllocationRecord.purchase_id) == purchase_id)
        .order_by(col(AllocationRecord.number).desc())
    )
    return [FrozenShown(number, at, by, parse_cents(ttc, signed=True)) for number, at, by, ttc in rows]


@dataclass(frozen=True)
class OpenedRecord:
    """A record opened again, read as it was kept: nothing is computed."""

    shown: FrozenShown
    allocation: StatedPurchase
    result: Mapping[str, Any]


async def open_record(
    session: AsyncSession, purchase_id: int, number: int, only: Collection[str] | None = None
) -> OpenedRecord:
    """A frozen allocation with the names of its day, with all its members or `only` some.

    Raises:
        NotFound: the purchase has no record of this number.
        Conflict: it was frozen before shares were kept, by a rule that gave other figures than the one that was there
            when they came to be kept.
    """
    found = await session.execute(
        select(AllocationRecord, col(Person.name))
        .outerjoin(Person, col(Person.id) == AllocationRecord.frozen_by)
        .where(col(AllocationRecord.purchase_id) == purchase_id, col(AllocationRecord.number) == number)
    )
    row = found.first()
    if row is None:
        raise NotFound
    record, by = row
    if record.stated is None:
        raise Conflict("Cet état a été figé par une version d’essai de la règle\u00a0: il ne peut plus être ouvert.")
    allocation = await read_kept(session, record.stated, record.id, record.rule_version, only)
    shown = FrozenShown(number, record.frozen_at, by, allocation.result.totals.ttc)
    return OpenedRecord(shown, allocation, record.result)


@dataclass(frozen=True)
class Drift:
    """By how much one member's figures moved since a record, in cents."""

    ttc: Cents
    net: Cents

    def __bool__(self) -> bool:
        return bool(self.ttc or self.net)


async def drifts_since(
    session: AsyncSession, purchase_id: int, number: int, members: Iterable[Share], only: Collection[str] | None = None
) -> dict[str, Drift]:
    """What moved since this record, by member, of everybody or of `only` some; who did not move is left out, who is
    gone counts as nothing now.
    """
    statement = (
        select(
            col(AllocationShare.member), col(AllocationShare.ht) + col(AllocationShare.vat), col(AllocationShare.net)
        )
        .join(AllocationRecord, linked(AllocationRecord.id, AllocationShare.allocation_id))
        .where(col(AllocationRecord.purchase_id) == purchase_id, col(AllocationRecord.number) == number)
    )
    if only is not None:
        statement = statement.where(any_of(col(AllocationShare.member), only))
    rows = await session.execute(statement)
    before = {code: (ttc, net) for code, ttc, net in rows}
    now = {member.id: (member.ttc, member.net) for member in members}
    moved = {}
    for id_ in before.keys() | now.keys():
        (ttc, net), (ttc_then, net_then) = now.get(id_, (0, 0)), before.get(id_, (0, 0))
        drift = Drift(ttc - ttc_then, net - net_then)
        if drift:
            moved[id_] = drift
    return moved
