"""Freezing a consolidation, and freezing it again: numbered records, the référents concerned told at once."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.kernel.clock import Clock
from pooling.kernel.database import group_of, insert_many
from pooling.kernel.errors import Conflict, Invalid
from pooling.kernel.events import record_event
from pooling.members.models import Member
from pooling.members.rights import Caller
from pooling.needs import notices
from pooling.needs.consolidating import Options, consolidate_purchase, latest_consolidation
from pooling.needs.models import Assignment, ConsolidationRecord
from pooling.needs.notices import Lines, tell_referents
from pooling.purchases.finding import lock_purchase
from pooling.purchases.models import Purchase, PurchaseState
from pooling.purchases.permissions import may_run
from pooling.purchases.queries import purchase_items
from pooling.sharing.consolidation_result import Consolidation

Units = dict[tuple[int, int], int]
"""Units by (item id, member id)."""


async def freeze_consolidation(
    session: AsyncSession, caller: Caller, purchase_id: int, clock: Clock, *, options: Options, reason: str = ""
) -> ConsolidationRecord:
    """Writes down, under the next number, what is ordered and who gets what. Freezing again amends: it takes a reason,
    and référents whose units change are told.

    Raises:
        Forbidden: the caller is not a lead buyer of this purchase.
        Conflict: the collection is not closed.
        Invalid: an amendment without a reason.
    """
    purchase, now = await lock_closed(session, caller, purchase_id, clock)
    former = await latest_consolidation(session, purchase_id)
    if former is not None and not reason:
        raise Invalid({"reason": "Dites pourquoi la consolidation change : les référents concernés le liront."})
    return await write_consolidation(session, caller, purchase, now, options=options, reason=reason)


async def lock_closed(
    session: AsyncSession, caller: Caller, purchase_id: int, clock: Clock
) -> tuple[Purchase, datetime]:
    """The purchase, locked alone by its lead buyer while its collection is closed, and the time once the lock is won.

    Raises:
        Forbidden: the caller is not a lead buyer of this purchase.
        Conflict: the collection is not closed.
    """
    purchase = await lock_purchase(session, purchase_id)
    may_run.require(caller, purchase)
    if purchase.state != PurchaseState.CLOSED:
        raise Conflict("La consolidation se fige une fois la collecte close.", code="collection_not_closed")
    return purchase, await clock.at_database(session)


async def write_consolidation(
    session: AsyncSession,
    caller: Caller,
    purchase: Purchase,
    now: datetime,
    *,
    options: Options,
    reason: str,
    declared: Mapping[int, Lines] | None = None,
) -> ConsolidationRecord:
    """The next numbered record of a locked purchase; the members whose units change are told, and with them those
    whose declaration (`declared`, by member id) was amended.
    """
    former = await latest_consolidation(session, purchase.id)
    results = await consolidate_purchase(session, purchase.id, options)
    record = ConsolidationRecord(
        group_id=group_of(session),
        purchase_id=purchase.id,
        number=former.number + 1 if former else 1,
        frozen_at=now,
        frozen_by=caller.person_id,
        result={code: result.to_json() for code, result in results.items()},
        options={code: chosen.to_json() for code, chosen in options.items()},
        reason=reason,
    )
    session.add(record)
    await session.flush()
    units = await _write_assignments(session, purchase, record.id, results)
    record_event(
        session,
        at=now,
        person_id=caller.person_id,
        subject=("purchase", purchase.id),
        name="consolidation.amended" if former else "consolidation.frozen",
        reason=reason or None,
        details={"number": record.number, "units": {code: result.order for code, result in results.items()}},
    )
    if former is not None:
        moved, amended = await _changed_lines(session, purchase, former.id, units), declared or {}
        if moved or amended:
            write = notices.reassigned(moved, amended)
            await tell_referents(
                session, purchase, now, write, reason=reason, members=sorted(moved.keys() | amended.keys())
            )
    return record


async def _write_assignments(
    session: AsyncSession, purchase: Purchase, consolidation_id: int, results: Mapping[str, Consolidation]
) -> Units:
    """Each member's units; a surplus of packs is the lead member's stock, added to its own."""
    items = {item.code: item.id for item in await purchase_items(session, purchase.id)}
    codes = await session.execute(select(col(Member.code), col(Member.id)))
    members = {code: member_id for code, member_id in codes}
    units: Units = {}
    for code, result in results.items():
        for member, quantity in result.assigned.items():
            units[items[code], members[member]] = quantity
        if result.surplus:
            lead = (items[code], purchase.lead_member_id)
            units[lead] = units.get(lead, 0) + result.surplus
    await insert_many(
        session,
        Assignment,
        [
            {"consolidation_id": consolidation_id, "item_id": item, "member_id": member, "quantity": quantity}
            for (item, member), quantity in units.items()
        ],
    )
    return units


async def assigned_units(session: AsyncSession, consolidation_id: int) -> Units:
    """What a frozen consolidation gives, one statement."""
    rows = await session.execute(
        select(col(Assignment.item_id), col(Assignment.member_id), col(Assignment.quantity)).where(
            col(Assignment.consolidation_id) == consolidation_id
        )
    )
    return {(item, member): quantity for item, member, quantity in rows}


@dataclass(frozen=True)
class Change:
    """Units of one item for one member, before and after."""

    member_id: int
    item_id: int
    before: int
    after: int


def changes_between(before: Units, after: Units) -> list[Change]:
    """Where two consolidations give different units."""
    return [
        Change(member, item, before.get((item, member), 0), after.get((item, member), 0))
        for item, member in sorted(before.keys() | after.keys())
        if before.get((item, member), 0) != after.get((item, member), 0)
    ]


async def _changed_lines(
    session: AsyncSession, purchase: Purchase, former_id: int, units: Units
) -> dict[int, dict[str, tuple[str, str]]]:
    """Units before and after by member id and item name, where they differ."""
    names = {item.id: item.name for item in await purchase_items(session, purchase.id)}
    lines: dict[int, dict[str, tuple[str, str]]] = {}
    for change in changes_between(await assigned_units(session, former_id), units):
        lines.setdefault(change.member_id, {})[names[change.item_id]] = (str(change.before), str(change.after))
    return lines
