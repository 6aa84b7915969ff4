"""Adjusting what is assigned: the units that members really take, after the order left.

A further numbered record, which no rule makes: no pack, no tier, no stock. Each item is paid as it was ordered, unless
the lead buyer says otherwise.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.kernel.changes import changing
from pooling.kernel.errors import Conflict, Invalid
from pooling.kernel.events import record_event
from pooling.kernel.tables import any_of
from pooling.members.rights import Caller
from pooling.needs import notices
from pooling.needs.consolidating import (
    FrozenConsolidation,
    Terms,
    current_consolidation,
    terms_of,
    units_ordered,
)
from pooling.needs.dealing import hashing
from pooling.needs.freezing import changed_lines
from pooling.needs.models import Assignment
from pooling.needs.notices import tell_referents
from pooling.purchases.kinds import kind_of
from pooling.purchases.kinds.parts import Part
from pooling.purchases.models import Participation, Purchase, PurchaseState
from pooling.purchases.queries import ItemShown, purchase_items
from pooling.sharing.money import format_decimal
from pooling.web.typography import percent, price

ADJUSTING = (PurchaseState.CLOSED, PurchaseState.ORDERED, PurchaseState.DELIVERED)
"""States of a purchase in which what is assigned is adjusted; while it is closed, once one of its orders has left."""
SAY_WHY = "Dites pourquoi les quantités ou les prix changent : les référents concernés le liront."
MOST_UNITS = 1_000_000

Line = tuple[int, int]
"""An item and a member, by their ids."""


@dataclass(frozen=True)
class AdjustmentIn:
    """What is so: of the lines and items that are not named nothing changes."""

    units: Mapping[Line, int] = field(default_factory=dict)
    terms: Mapping[int, Terms] = field(default_factory=dict)
    """By item id."""


async def require_adjustable(session: AsyncSession, purchase: Purchase) -> FrozenConsolidation:
    """The consolidation that is adjusted.

    Raises:
        Conflict: none counts, or the purchase is not so far, or over.
    """
    kind_of(purchase.kind).require(Part.CONSOLIDATION)
    if purchase.state not in ADJUSTING:
        word = kind_of(purchase.kind).word(purchase.state).lower()
        raise Conflict(f"Cet achat est {word} : ce qui est attribué ne s’ajuste pas.", code="not_adjustable")
    frozen = await current_consolidation(session, purchase.id)
    if frozen is None:
        raise Conflict("Aucune consolidation figée ne compte : rien n’est attribué.", code="not_consolidated")
    return frozen


async def adjust_consolidation(
    session: AsyncSession, caller: Caller, purchase: Purchase, now: datetime, command: AdjustmentIn, *, reason: str
) -> int:
    """Writes down, under the next number of a locked purchase, what members really take and at what it is paid; those
    concerned are told. Who may is the caller's to look after. Returns the number.

    Raises:
        Conflict: as `require_adjustable`.
        Invalid: no reason, nothing changes, units below none, an item of another purchase, a member that does not take
            part; at `units`, `terms`, `reason`.
    """
    former = await require_adjustable(session, purchase)
    items = {item.id: item for item in await purchase_items(session, purchase.id)}
    if not reason:
        raise Invalid({"reason": SAY_WHY})
    await _check(session, purchase, former, command, items)
    before = await terms_of(session, former, list(items.values()))
    after = {**before, **command.terms}
    record_id = await _write(session, caller, purchase, former, now, command.units, after, items, reason=reason)
    moved = await changed_lines(session, former.id, record_id)
    repriced = {
        item_id: changes
        for item_id, item in items.items()
        if (changes := _repriced(item, before[item_id], after[item_id]))
    }
    if not moved and not repriced:
        raise Invalid({"": "Rien ne change : modifiez une quantité ou un prix."})
    sides = [await units_ordered(session, record) for record in (former.id, record_id)]
    record_event(
        session,
        at=now,
        person_id=caller.person_id,
        subject=("purchase", purchase.id),
        name="consolidation.adjusted",
        reason=reason,
        details={
            "number": former.number + 1,
            **{
                name: {
                    **sides[place],
                    **{what: both[place] for changes in repriced.values() for what, both in changes.items()},
                }
                for place, name in enumerate(("before", "after"))
            },
        },
    )
    if lines := await _told(session, record_id, moved, repriced):
        await tell_referents(session, purchase, now, notices.adjusted(lines), reason=reason, members=sorted(lines))
    return former.number + 1


async def _check(
    session: AsyncSession,
    purchase: Purchase,
    former: FrozenConsolidation,
    command: AdjustmentIn,
    items: Collection[int],
) -> None:
    errors: dict[str, str] = {}
    if any(not 0 <= units <= MOST_UNITS for units in command.units.values()):
        errors["units"] = "Une quantité est de 0 au moins, d’un million au plus."
    named = {item for item, _ in command.units} | command.terms.keys()
    if not named <= set(items):
        errors["units"] = "Un des articles n’est pas de cet achat."
    members = {member for _, member in command.units}
    if not members <= await _taking(session, purchase, former, members):
        errors["units"] = "Un des membres ne participe pas à cet achat."
    if any(terms.unit_price < 0 or not 0 <= terms.vat_rate <= 100 for terms in command.terms.values()):  # noqa: PLR2004 - percent
        errors["terms"] = "Un prix n’est pas négatif, un taux de TVA est entre 0 et 100."
    if errors:
        raise Invalid(errors)


async def _taking(
    session: AsyncSession, purchase: Purchase, former: FrozenConsolidation, members: Collection[int]
) -> set[int]:
    """Those of these members that may take something: who takes part, who leads, who had something assigned."""
    part = select(col(Participation.member_id)).where(
        col(Participation.purchase_id) == purchase.id, any_of(col(Participation.member_id), members)
    )
    assigned = select(col(Assignment.member_id)).where(
        col(Assignment.consolidation_id) == former.id, any_of(col(Assignment.member_id), members)
    )
    found = await session.execute(part.union(assigned))
    return {purchase.lead_member_id, *found.scalars()}


_WRITE = """
    WITH wanted AS (
        SELECT * FROM unnest(CAST(:items AS bigint[]), CAST(:members AS bigint[]), CAST(:units AS bigint[]))
            AS w (item_id, member_id, units)),
    priced AS (
        SELECT * FROM unnest(CAST(:priced AS bigint[]), CAST(:codes AS text[]), CAST(:packs AS int[]),
            CAST(:prices AS text[]), CAST(:rates AS text[]), CAST(:cents AS numeric[]))
            AS p (item_id, code, pack, price, rate, cents)),
    taken AS (
        SELECT item_id, member_id, COALESCE(w.units, a.quantity) AS units
        FROM (SELECT item_id, member_id, quantity FROM assignments
            WHERE group_id = :group AND consolidation_id = :former) a
        FULL JOIN wanted w USING (item_id, member_id)),
    summed AS (
        SELECT item_id, sum(units) AS units, jsonb_object_agg(m.code, units) AS assigned
        FROM taken JOIN members m ON m.group_id = :group AND m.id = member_id GROUP BY item_id),
    record AS (
        INSERT INTO consolidations
            (group_id, purchase_id, number, frozen_at, frozen_by, result, options, reason, details, terms)
        SELECT :group, c.purchase_id, c.number + 1, :now, :person, item.results, c.options, :reason, c.details,
            item.terms
        FROM consolidations c CROSS JOIN LATERAL (
            SELECT COALESCE(jsonb_object_agg(p.code, COALESCE(c.result -> p.code, CAST(:nothing AS jsonb))
                    || jsonb_build_object('order', COALESCE(s.units, 0), 'missing', 0, 'next_tier', NULL,
                        'packs', ceil(COALESCE(s.units, 0) / CAST(p.pack AS numeric)),
                        'total', CAST(round(COALESCE(s.units, 0) * p.cents / 100, 2) AS text),
                        'assigned', COALESCE(s.assigned, '{}'))
                    || CASE WHEN s.units > 0 THEN '{"status": "ok"}' ELSE CAST('{}' AS jsonb) END), '{}') AS results,
                COALESCE(jsonb_object_agg(p.code, jsonb_build_object('unit_price', p.price, 'vat_rate', p.rate)),
                    '{}') AS terms
            FROM priced p LEFT JOIN summed s USING (item_id)) item
        WHERE c.group_id = :group AND c.id = :former
        RETURNING id),
    consolidated AS (
        INSERT INTO consolidated_items (group_id, consolidation_id, item_id)
        SELECT :group, record.id, item_id FROM record CROSS JOIN (
            SELECT item_id FROM priced UNION SELECT item_id FROM taken) item),
    given AS (
        INSERT INTO assignments (group_id, consolidation_id, item_id, member_id, quantity)
        SELECT :group, record.id, item_id, member_id, units FROM record CROSS JOIN taken)
    SELECT id FROM record"""
_NOTHING = '{"firm": 0, "tolerance": 0, "surplus": 0, "status": "nothing_declared"}'
"""What a record says of an item that the one before did not know."""


async def _write(
    session: AsyncSession,
    caller: Caller,
    purchase: Purchase,
    former: FrozenConsolidation,
    now: datetime,
    units: Mapping[Line, int],
    terms: Mapping[int, Terms],
    items: Mapping[int, ItemShown],
    *,
    reason: str,
) -> int:
    """The record and everybody's units, in one statement; returns the record's id. An item's total is rounded once."""
    async with hashing(session):
        written = await session.execute(
            text(_WRITE),
            {
                "group": purchase.group_id,
                "former": former.id,
                "now": now,
                "person": caller.person_id,
                "reason": reason,
                "nothing": _NOTHING,
                "items": [item for item, _ in units],
                "members": [member for _, member in units],
                "units": list(units.values()),
                "priced": list(items),
                "codes": [item.code for item in items.values()],
                "packs": [item.pack for item in items.values()],
                "prices": [format_decimal(terms[item].unit_price) for item in items],
                "rates": [format_decimal(terms[item].vat_rate) for item in items],
                "cents": [Decimal(format_decimal(terms[item].unit_price * 100)) for item in items],
            },
            execution_options=changing(consolidations=[purchase.id]),
        )
    record_id: int = written.scalar_one()
    return record_id


def _repriced(item: ItemShown, before: Terms, after: Terms) -> dict[str, tuple[str, str]]:
    """What changes in how it is paid: was and is, in words."""
    changes = {}
    if before.unit_price != after.unit_price:
        changes[f"{item.name}, prix unitaire HT"] = price(before.unit_price), price(after.unit_price)
    if before.vat_rate != after.vat_rate:
        changes[f"{item.name}, TVA"] = percent(before.vat_rate / 100, 2), percent(after.vat_rate / 100, 2)
    return changes


async def _told(
    session: AsyncSession,
    record_id: int,
    moved: Mapping[int, notices.Lines],
    repriced: Mapping[int, Mapping[str, tuple[str, str]]],
) -> dict[int, dict[str, tuple[str, str]]]:
    """What changes for each member, by its id: its units; of what it takes, the price."""
    lines = {member: dict(changed) for member, changed in moved.items()}
    if not repriced:
        return lines
    takers = await session.execute(
        select(col(Assignment.member_id), col(Assignment.item_id))
        .where(
            col(Assignment.consolidation_id) == record_id,
            any_of(col(Assignment.item_id), list(repriced)),
            col(Assignment.quantity) > 0,
        )
        .order_by(col(Assignment.item_id), col(Assignment.member_id))
    )
    for member, item in takers:
        lines.setdefault(member, {}).update(repriced[item])
    return lines
