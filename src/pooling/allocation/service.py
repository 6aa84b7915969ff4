"""From a purchase to who pays what: the case is put together here, the rule in `pooling.sharing` decides."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import and_, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.allocation.figures import Labels
from pooling.allocation.models import Allocation as FrozenAllocation
from pooling.allocation.models import Charge
from pooling.kernel.clock import Clock
from pooling.kernel.database import group_of
from pooling.kernel.errors import Conflict
from pooling.kernel.events import record_event
from pooling.members.models import Member, Role
from pooling.members.rights import Caller, Right
from pooling.needs.consolidating import latest_consolidation
from pooling.needs.models import Assignment, Declaration, DeclarationState, Need
from pooling.purchases.models import Item, Participation
from pooling.purchases.queries import ParticipantLine, is_member, participants, purchase_items
from pooling.purchases.service import lock_purchase
from pooling.sharing.allocation import allocate
from pooling.sharing.allocation_reading import read_case
from pooling.sharing.allocation_result import Allocation
from pooling.sharing.errors import RuleError
from pooling.sharing.money import format_cents


@dataclass(frozen=True)
class PurchaseAllocation:
    """A purchase's allocation with the names that its ids stand for, and where its quantities come from."""

    case: dict[str, object]
    result: Allocation
    labels: Labels
    members: dict[str, int]
    """Member ids by code."""
    basis: str
    """In French, for the page and the exports: declared, consolidated or frozen quantities."""


async def allocate_purchase(session: AsyncSession, purchase_id: int, label: str) -> PurchaseAllocation:
    """Who pays what, with what is known now. Quantities are the assigned ones once a consolidation is frozen, the
    filed ones before. Reads a fixed number of statements whatever the number of members.

    Raises:
        Conflict: the rule refuses the purchase's charges (a key without any weight, percents that do not sum).
    """
    frozen = await latest_consolidation(session, purchase_id)
    members = await participants(session, purchase_id)
    charges = list(
        (
            await session.execute(select(Charge).where(col(Charge.purchase_id) == purchase_id).order_by(col(Charge.id)))
        ).scalars()
    )
    items = await purchase_items(session, purchase_id)
    needs = await _quantities(session, purchase_id, frozen.id if frozen else None)
    known = {member.code for member in members}
    labels = Labels(
        members={member.code: member.name for member in members},
        items={item.code: item.name for item in items},
        charges={charge.code: charge.label for charge in charges},
    )
    case: dict[str, object] = {
        "case": label,
        "members": _members(members, needs),
        "items": [
            {
                "id": item.code,
                "unit_price": plain(item.unit_price),
                "vat_rate": plain(item.vat_rate),
                "fctva": item.fctva,
                "tiers": [{"from": threshold, "unit_price": plain(price)} for threshold, price in item.tiers],
            }
            for item in items
        ],
        "needs": [{"member": code, "item": item, "quantity": quantity} for item, code, quantity in needs],
        "charges": [_charge(charge, sorted(known)) for charge in charges],
    }
    basis = f"quantités de la consolidation n° {frozen.number}" if frozen else "quantités déclarées à ce jour"
    ids = {member.code: member.member_id for member in members}
    return PurchaseAllocation(case, _apply(case), labels, ids, basis)


def _apply(case: dict[str, object]) -> Allocation:
    reading = read_case(case)
    try:
        result = allocate(reading.case)
        if reading.error is not None:
            raise reading.error
    except RuleError as error:
        raise Conflict(
            f"La répartition ne peut pas être calculée : {REASONS.get(error.code, error.code)} ({error.field}).",
            code=error.code,
        ) from error
    return result


REASONS = {
    "no_basis": "une clé de répartition ne donne de poids à personne",
    "missing_weight": "la population ou l’effectif d’un membre manque",
    "percent_sum": "les pourcentages d’une clé ne font pas 100 %",
    "invoice_mismatch": "la facture du fournisseur s’écarte trop des lignes",
}


def _charge(charge: Charge, participants_codes: list[str]) -> dict[str, object]:
    """The scope is always named, so that a purchase of charges alone works."""
    written: dict[str, object] = {
        "id": charge.code,
        "amount": format_cents(charge.amount_cents),
        "vat_rate": plain(charge.vat_rate),
        "key": charge.key,
        "scope": participants_codes,
        "fctva": charge.fctva,
    }
    if charge.items is not None:
        written["items"] = charge.items
    return written


def plain(value: Decimal) -> str:
    """A decimal without exponent nor useless zeros, as the rule reads it."""
    return f"{value.normalize():f}"


def _members(lines: list[ParticipantLine], needs: list[tuple[str, str, int]]) -> list[dict[str, object]]:
    """Those who take part, and a lead member that does not but holds a surplus as stock."""
    sizes = {line.code: {"population": line.population, "agents": line.agents} for line in lines}
    holders: dict[str, dict[str, int | None]] = {code: {} for _, code, _ in needs if code not in sizes}
    return [
        {"id": code, **{key: value for key, value in known.items() if value is not None}}
        for code, known in (sizes | holders).items()
    ]


async def _quantities(
    session: AsyncSession, purchase_id: int, consolidation_id: int | None
) -> list[tuple[str, str, int]]:
    """(item code, member code, units) of every line with units, in one statement."""
    if consolidation_id is not None:
        statement = (
            select(col(Item.code), col(Member.code), col(Assignment.quantity))
            .join(Item, and_(col(Item.group_id) == Assignment.group_id, col(Item.id) == Assignment.item_id))
            .join(Member, is_member(Assignment.group_id, Assignment.member_id))
            .where(col(Assignment.consolidation_id) == consolidation_id, col(Assignment.quantity) > 0)
        )
    else:
        statement = (
            select(col(Item.code), col(Member.code), col(Need.quantity))
            .join(
                Declaration,
                and_(col(Declaration.group_id) == Need.group_id, col(Declaration.id) == Need.declaration_id),
            )
            .join(Item, and_(col(Item.group_id) == Need.group_id, col(Item.id) == Need.item_id))
            .join(Member, is_member(Declaration.group_id, Declaration.member_id))
            .where(
                col(Declaration.purchase_id) == purchase_id,
                col(Declaration.state) == DeclarationState.FILED,
                col(Need.quantity) > 0,
            )
        )
    rows = await session.execute(statement)
    return [(item, member, quantity) for item, member, quantity in rows]


async def freeze_allocation(
    session: AsyncSession, caller: Caller, purchase_id: int, label: str, clock: Clock
) -> FrozenAllocation:
    """Writes down who pays what, under the next number, with the case that gave it.

    Raises:
        Forbidden: the caller is not a lead buyer of this purchase.
        Conflict: the rule refuses the purchase's charges.
    """
    caller.require(Right.RUN_PURCHASE, purchase_id=purchase_id)
    await lock_purchase(session, purchase_id, alone=True)
    now = await clock.at_database(session)
    allocation = await allocate_purchase(session, purchase_id, label)
    last = await session.execute(
        select(func.max(col(FrozenAllocation.number))).where(col(FrozenAllocation.purchase_id) == purchase_id)
    )
    record = FrozenAllocation(
        group_id=group_of(session),
        purchase_id=purchase_id,
        number=(last.scalar_one() or 0) + 1,
        frozen_at=now,
        frozen_by=caller.person_id,
        case=allocation.case,
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


async def sees_all_costs(session: AsyncSession, caller: Caller, purchase_id: int) -> bool:
    """Whether the caller sees every member's share: who sees all lines, and the finance officers of those who take
    part. The others see the totals and their own.
    """
    if caller.sees_all_lines(purchase_id) or caller.may(Right.SEE_ALL_COSTS, purchase_id=purchase_id):
        return True
    paying = await session.execute(
        select(col(Participation.member_id))
        .where(
            col(Participation.purchase_id) == purchase_id,
            col(Participation.member_id).in_(caller.members_as(Role.FINANCE)),
        )
        .limit(1)
    )
    return paying.first() is not None


@dataclass(frozen=True)
class FrozenShown:
    number: int
    frozen_at: datetime


async def latest_allocation(session: AsyncSession, purchase_id: int) -> FrozenShown | None:
    row = (
        await session.execute(
            select(col(FrozenAllocation.number), col(FrozenAllocation.frozen_at))
            .where(col(FrozenAllocation.purchase_id) == purchase_id)
            .order_by(col(FrozenAllocation.number).desc())
            .limit(1)
        )
    ).first()
    return None if row is None else FrozenShown(*row)
