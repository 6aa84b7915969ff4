"""Freezing a consolidation, and amending it afterwards: numbered records, the référents concerned told at once."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.kernel.clock import Clock
from pooling.kernel.database import group_of, insert_many
from pooling.kernel.errors import Conflict, Invalid, NotFound
from pooling.kernel.events import record_event
from pooling.members.models import Member
from pooling.members.rights import Caller, Right
from pooling.needs import notices
from pooling.needs.consolidating import (
    Options,
    consolidate_purchase,
    current_consolidation,
    latest_consolidation,
)
from pooling.needs.declaring import check_lines, write_declaration
from pooling.needs.models import Assignment, Consolidation, DeclarationState
from pooling.needs.notices import tell
from pooling.needs.queries import declarations_of_member
from pooling.needs.schemas import DeclarationIn
from pooling.purchases.models import Participation, Purchase, PurchaseState
from pooling.purchases.queries import purchase_items
from pooling.purchases.service import lock_purchase
from pooling.sharing.consolidation_result import Consolidation as Consolidated

Units = dict[tuple[int, int], int]
"""Units by (item id, member id)."""


async def freeze_consolidation(
    session: AsyncSession, caller: Caller, purchase_id: int, clock: Clock, *, options: Options, reason: str = ""
) -> Consolidation:
    """Writes down, under the next number, what is ordered and who gets what. Freezing again amends: it takes a reason,
    and référents whose units change are told.

    Raises:
        Forbidden: the caller is not a lead buyer of this purchase.
        Conflict: the collection is not closed.
        Invalid: an amendment without a reason.
    """
    purchase, now = await _closed(session, caller, purchase_id, clock)
    former = await latest_consolidation(session, purchase_id)
    if former is not None and not reason:
        raise Invalid({"reason": "Dites pourquoi la consolidation change : les référents concernés le liront."})
    return await _freeze(session, caller, purchase, now, options=options, reason=reason)


async def amend_declaration(
    session: AsyncSession, caller: Caller, purchase_id: int, command: DeclarationIn, clock: Clock, *, reason: str
) -> Consolidation | None:
    """Changes what a member declared after the closing, and consolidates again where that was done: one transaction,
    one event with before and after. Returns the new consolidation, if one counted.

    Raises:
        Forbidden: the caller is not a lead buyer of this purchase.
        NotFound: this member does not take part.
        Conflict: the collection is not closed.
        Invalid: no reason, an item of another purchase, a most below the quantity, or nothing changes.
    """
    purchase, now = await _closed(session, caller, purchase_id, clock)
    if await session.get(Participation, (group_of(session), purchase_id, command.member_id)) is None:
        raise NotFound
    items = {item.id: item for item in await purchase_items(session, purchase_id)}
    check_lines(command, set(items))
    if not reason:
        raise Invalid({"reason": "Dites pourquoi cette déclaration change : le référent du membre le lira."})
    filed = (await declarations_of_member(session, purchase_id, command.member_id)).get("filed")
    before = {items[item].code: units for item, units in (filed.quantities if filed else {}).items()}
    after = {items[need.item_id].code: need.quantity for need in command.needs}
    if filed is not None and before == after:
        raise Invalid({"": "Rien ne change : modifiez au moins une quantité."})
    declaration_id = await write_declaration(session, caller, purchase_id, command, DeclarationState.FILED, now)
    record_event(
        session,
        at=now,
        person_id=caller.person_id,
        subject=("declaration", declaration_id),
        name="declaration.amended",
        reason=reason,
        details={"purchase_id": purchase_id, "member_id": command.member_id, "before": before, "after": after},
    )
    former = await current_consolidation(session, purchase_id)
    if former is None:
        names = {item.code: item.name for item in items.values()}
        changes = {names[code]: (before.get(code, 0), units) for code, units in after.items()}
        changed = {name: pair for name, pair in changes.items() if pair[0] != pair[1]}
        write = notices.reassigned({command.member_id: changed})
        await tell(session, purchase, now, write, reason=reason, members=[command.member_id])
        return None
    return await _freeze(session, caller, purchase, now, options=former.options, reason=reason)


async def _closed(session: AsyncSession, caller: Caller, purchase_id: int, clock: Clock) -> tuple[Purchase, datetime]:
    caller.require(Right.RUN_PURCHASE, purchase_id=purchase_id)
    purchase = await lock_purchase(session, purchase_id, alone=True)
    if purchase.state != PurchaseState.CLOSED:
        raise Conflict("La consolidation se fige une fois la collecte close.", code="collection_not_closed")
    return purchase, await clock.at_database(session)


async def _freeze(
    session: AsyncSession, caller: Caller, purchase: Purchase, now: datetime, *, options: Options, reason: str
) -> Consolidation:
    former = await latest_consolidation(session, purchase.id)
    results = await consolidate_purchase(session, purchase.id, options)
    record = Consolidation(
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
        await _tell_those_affected(session, purchase, now, former.id, units, reason)
    return record


async def _write_assignments(
    session: AsyncSession, purchase: Purchase, consolidation_id: int, results: Mapping[str, Consolidated]
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


async def _tell_those_affected(
    session: AsyncSession, purchase: Purchase, now: datetime, former_id: int, units: Units, reason: str
) -> None:
    names = {item.id: item.name for item in await purchase_items(session, purchase.id)}
    told: dict[int, dict[str, tuple[int, int]]] = {}
    for change in changes_between(await assigned_units(session, former_id), units):
        told.setdefault(change.member_id, {})[names[change.item_id]] = (change.before, change.after)
    if told:
        await tell(session, purchase, now, notices.reassigned(told), reason=reason, members=sorted(told))
