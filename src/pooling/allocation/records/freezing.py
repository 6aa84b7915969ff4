"""Frozen allocations (états de répartition): numbered records of who pays what, never changed."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import func, select, true
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.accounts.models import Person
from pooling.allocation.configuration import FinanceConfiguration
from pooling.allocation.figures import Labels
from pooling.allocation.models import Allocation as FrozenAllocation
from pooling.allocation.service import PurchaseAllocation, allocate_purchase, apply_rule
from pooling.kernel.clock import Clock
from pooling.kernel.database import group_of
from pooling.kernel.errors import Conflict, NotFound
from pooling.kernel.events import record_event
from pooling.members.rights import Caller, Right
from pooling.purchases.models import PurchaseState
from pooling.purchases.service import lock_purchase
from pooling.sharing.allocation_result import MemberResult
from pooling.sharing.money import Cents, format_cents, parse_cents

SHOWN = "shown"
"""Beside the rule's own case: the names and the basis that people read on the day it was frozen."""


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
) -> FrozenAllocation:
    """Writes down who pays what, under the next number, with the case that gave it. `shown` is the fingerprint of
    what the person saw: two presses of the button make one record.

    Raises:
        Forbidden: the caller is not a lead buyer of this purchase.
        FiguresMoved: something changed since.
        Conflict: the purchase is cancelled, or the rule refuses its charges.
    """
    caller.require(Right.RUN_PURCHASE, purchase_id=purchase_id)
    purchase = await lock_purchase(session, purchase_id, alone=True)
    if purchase.state == PurchaseState.CANCELLED:
        raise Conflict("Cet achat est annulé\u00a0: sa répartition ne se fige plus.", code="purchase_cancelled")
    now = await clock.at_database(session)
    allocation = await allocate_purchase(session, purchase_id, label, finance)
    number = await last_number(session, purchase_id)
    if shown is not None and shown != fingerprint(allocation, number):
        raise FiguresMoved
    record = FrozenAllocation(
        group_id=group_of(session),
        purchase_id=purchase_id,
        number=number + 1,
        frozen_at=now,
        frozen_by=caller.person_id,
        case={**allocation.case, SHOWN: _shown(allocation)},
        result=allocation.result.to_json(),
    )
    session.add(record)
    record_event(
        session,
        at=now,
        person_id=caller.person_id,
        subject=("purchase", purchase_id),
        name="allocation.frozen",
        details={"number": record.number, "ttc": format_cents(allocation.result.totals.ttc)},
    )
    return record


def fingerprint(allocation: PurchaseAllocation, last: int) -> str:
    """Stands for the figures, the names and the records that a page shows."""
    written = json.dumps([allocation.case, _shown(allocation), last], sort_keys=True, ensure_ascii=False)
    return sha256(written.encode()).hexdigest()


def _shown(allocation: PurchaseAllocation) -> dict[str, Any]:
    labels, since = allocation.labels, allocation.keys_frozen_at
    return {
        "basis": allocation.basis,
        "members": dict(labels.members),
        "items": dict(labels.items),
        "charges": dict(labels.charges),
        "subsidies": dict(labels.subsidies),
        "keys_frozen_at": since.isoformat() if since else None,
    }


async def last_number(session: AsyncSession, purchase_id: int) -> int:
    found = await session.execute(
        select(func.max(col(FrozenAllocation.number))).where(col(FrozenAllocation.purchase_id) == purchase_id)
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
            col(FrozenAllocation.number),
            col(FrozenAllocation.frozen_at),
            col(Person.name),
            col(FrozenAllocation.result)["totals"]["ttc"].astext,
        )
        .outerjoin(Person, col(Person.id) == FrozenAllocation.frozen_by)
        .where(col(FrozenAllocation.purchase_id) == purchase_id)
        .order_by(col(FrozenAllocation.number).desc())
    )
    return [FrozenShown(number, at, by, parse_cents(ttc, signed=True)) for number, at, by, ttc in rows]


@dataclass(frozen=True)
class OpenedRecord:
    """A record opened again: its allocation is the stored one, to the letter."""

    shown: FrozenShown
    allocation: PurchaseAllocation
    result: Mapping[str, Any]


async def open_record(session: AsyncSession, purchase_id: int, number: int) -> OpenedRecord:
    """A frozen allocation with the names of its day.

    Raises:
        NotFound: the purchase has no record of this number.
        Conflict: today's rule would give other figures than those frozen (the rule itself was changed since).
    """
    found = await session.execute(
        select(FrozenAllocation, col(Person.name))
        .outerjoin(Person, col(Person.id) == FrozenAllocation.frozen_by)
        .where(col(FrozenAllocation.purchase_id) == purchase_id, col(FrozenAllocation.number) == number)
    )
    row = found.first()
    if row is None:
        raise NotFound
    record, by = row
    case = {name: value for name, value in record.case.items() if name != SHOWN}
    shown = record.case.get(SHOWN, {})
    labels = Labels(*(shown.get(kind, {}) for kind in ("members", "items", "charges", "subsidies")))
    result = await apply_rule(case, labels)
    if result.to_json() != record.result:
        raise Conflict(
            "Cet état a été figé par une autre version de la règle\u00a0: ses fichiers ne peuvent être refaits."
        )
    since = shown.get("keys_frozen_at")
    allocation = PurchaseAllocation(
        case=case,
        result=result,
        labels=labels,
        members={},
        basis=shown.get("basis", ""),
        keys_frozen_at=datetime.fromisoformat(since) if since else None,
    )
    return OpenedRecord(FrozenShown(number, record.frozen_at, by, result.totals.ttc), allocation, record.result)


@dataclass(frozen=True)
class Drift:
    """By how much one member's figures moved since a record, in cents."""

    ttc: Cents
    net: Cents

    def __bool__(self) -> bool:
        return bool(self.ttc or self.net)


async def drifts(
    session: AsyncSession, purchase_id: int, number: int, members: Collection[MemberResult]
) -> dict[str, Drift]:
    """What moved since this record, by member; who did not move is left out, who is gone counts as nothing now."""
    each = func.jsonb_array_elements(col(FrozenAllocation.result)["members"]).table_valued("value").render_derived()
    value = each.c.value
    rows = await session.execute(
        select(
            func.jsonb_extract_path_text(value, "id"),
            func.jsonb_extract_path_text(value, "ttc"),
            func.jsonb_extract_path_text(value, "net"),
        )
        .select_from(FrozenAllocation)
        .join(each, true())
        .where(col(FrozenAllocation.purchase_id) == purchase_id, col(FrozenAllocation.number) == number)
    )
    before = {id_: (parse_cents(ttc, signed=True), parse_cents(net, signed=True)) for id_, ttc, net in rows}
    now = {member.id: (member.ttc, member.net) for member in members}
    moved = {}
    for id_ in before.keys() | now.keys():
        (ttc, net), (ttc_then, net_then) = now.get(id_, (0, 0)), before.get(id_, (0, 0))
        drift = Drift(ttc - ttc_then, net - net_then)
        if drift:
            moved[id_] = drift
    return moved
