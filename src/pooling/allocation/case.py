"""A purchase read as the case that the allocation rule shares: a fixed number of statements, whatever its size."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import and_, case, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.allocation.configuration import FctvaRate, FinanceConfiguration
from pooling.allocation.figures import Labels
from pooling.allocation.keys import for_the_rule
from pooling.allocation.models import Charge, Subsidy
from pooling.kernel.database import group_of
from pooling.members.models import Member
from pooling.needs.consolidating import latest_consolidation
from pooling.needs.models import Assignment, Declaration, DeclarationState, Need
from pooling.purchases.models import Item, Participation, Purchase
from pooling.purchases.queries import ItemShown, is_member, purchase_items
from pooling.sharing.money import format_cents


class Payer(NamedTuple):
    """Who takes part, with its key values: those frozen for this purchase, or today's until they are."""

    member_id: int
    code: str
    name: str
    population: int | None
    agents: int | None
    weight: Decimal | None


class Quantity(NamedTuple):
    item: str
    member: str
    units: int


@dataclass(frozen=True)
class PurchaseCase:
    """The case, and what is needed to show it: names, where quantities come from, since when key values stand."""

    case: dict[str, Any]
    labels: Labels
    members: dict[str, int]
    """Member ids by code."""
    basis: str
    """In French: declared or consolidated quantities."""
    outdated: str
    """In French: that a frozen consolidation no longer counts; empty when none is in that case."""
    keys_frozen_at: datetime | None
    fctva: FctvaRate | None
    payers: Sequence[Payer]
    items: Sequence[ItemShown]
    charges: Sequence[Charge]
    subsidies: Sequence[Subsidy]


async def read_purchase(
    session: AsyncSession, purchase_id: int, label: str, finance: FinanceConfiguration
) -> PurchaseCase:
    """The purchase as it stands. Quantities are the assigned ones while a frozen consolidation counts, else the
    filed ones.
    """
    purchase = await session.get_one(Purchase, (group_of(session), purchase_id))
    latest = await latest_consolidation(session, purchase_id)
    frozen = latest if latest and latest.counts else None
    payers = await payers_of(session, purchase_id)
    items = await purchase_items(session, purchase_id)
    charges = await charges_of(session, purchase_id)
    subsidies = await subsidies_of(session, purchase_id)
    quantities = await _quantities(session, purchase_id, frozen.id if frozen else None)
    lead = await session.get_one(Member, (purchase.group_id, purchase.lead_member_id))
    fctva = finance.fctva_on(date_of(purchase))
    own = {payer.code: plain(payer.weight) for payer in payers if payer.weight is not None}
    known = [payer.code for payer in payers]
    return PurchaseCase(
        case={
            "case": label,
            "members": _members(payers, quantities, lead),
            "items": [_item(item) for item in items],
            "needs": [{"member": code, "item": item, "quantity": units} for item, code, units in quantities],
            "charges": [charge_case(charge, own, known) for charge in charges],
            "subsidies": [subsidy_case(subsidy) for subsidy in subsidies],
            "fctva_rate": plain(fctva.rate) if fctva else "0",
        },
        labels=Labels(
            members={lead.code: lead.name} | {payer.code: payer.name for payer in payers},
            items={item.code: item.name for item in items},
            charges={charge.code: charge.label for charge in charges},
            subsidies={subsidy.code: subsidy.label for subsidy in subsidies},
        ),
        members={lead.code: lead.id} | {payer.code: payer.member_id for payer in payers},
        basis=f"quantités de la consolidation n°\u00a0{frozen.number}" if frozen else "quantités déclarées à ce jour",
        outdated=latest.outdated if latest else "",
        keys_frozen_at=purchase.keys_frozen_at,
        fctva=fctva,
        payers=payers,
        items=items,
        charges=charges,
        subsidies=subsidies,
    )


def date_of(purchase: Purchase) -> date:
    """The day whose rates count: when it is delivered and paid, or when it was prepared while that is not known."""
    return purchase.delivery_expected_on or purchase.created_at.date()


async def payers_of(session: AsyncSession, purchase_id: int) -> list[Payer]:
    """Who takes part, in French order. Until key values are frozen, they are those of the members' own records."""
    frozen = col(Purchase.keys_frozen_at).is_not(None)
    rows = await session.execute(
        select(
            col(Member.id),
            col(Member.code),
            col(Member.name),
            case((frozen, col(Participation.population)), else_=col(Member.population)),
            case((frozen, col(Participation.agents)), else_=col(Member.agents)),
            col(Participation.weight),
        )
        .select_from(Participation)
        .join(Member, is_member(Participation.group_id, Participation.member_id))
        .join(
            Purchase,
            and_(col(Purchase.group_id) == Participation.group_id, col(Purchase.id) == Participation.purchase_id),
        )
        .where(col(Participation.purchase_id) == purchase_id)
        .order_by(col(Member.sort_key), col(Member.id))
    )
    return [Payer(*row) for row in rows]


async def charges_of(session: AsyncSession, purchase_id: int) -> list[Charge]:
    """The purchase's charges as they are stored now, also those that the transaction read before it won a lock."""
    statement = select(Charge).where(col(Charge.purchase_id) == purchase_id).order_by(col(Charge.id))
    found = await session.execute(statement.execution_options(populate_existing=True))
    return list(found.scalars())


async def subsidies_of(session: AsyncSession, purchase_id: int) -> list[Subsidy]:
    """The purchase's subsidies, as `charges_of`."""
    statement = select(Subsidy).where(col(Subsidy.purchase_id) == purchase_id).order_by(col(Subsidy.id))
    found = await session.execute(statement.execution_options(populate_existing=True))
    return list(found.scalars())


def _members(payers: Sequence[Payer], quantities: Sequence[Quantity], lead: Member) -> list[dict[str, object]]:
    """Those who take part, and a lead member that does not but holds a surplus as stock, with its values of today."""
    sizes = {payer.code: {"population": payer.population, "agents": payer.agents} for payer in payers}
    today = {lead.code: {"population": lead.population, "agents": lead.agents}}
    holders = {code: today.get(code, {}) for _, code, _ in quantities if code not in sizes}
    return [
        {"id": code, **{key: value for key, value in known.items() if value is not None}}
        for code, known in (sizes | holders).items()
    ]


def _item(item: ItemShown) -> dict[str, object]:
    return {
        "id": item.code,
        "unit_price": plain(item.unit_price),
        "vat_rate": plain(item.vat_rate),
        "fctva": item.fctva,
        "tiers": [{"from": threshold, "unit_price": plain(price)} for threshold, price in item.tiers],
    }


def charge_case(charge: Charge, own_weights: Mapping[str, str], known: Sequence[str]) -> dict[str, object]:
    """All who take part are named one by one, so that a purchase of charges alone works."""
    written: dict[str, object] = {
        "id": charge.code,
        "amount": format_cents(charge.amount_cents),
        "vat_rate": plain(charge.vat_rate),
        "key": for_the_rule(charge.key, own_weights, known),
        "scope": _scope(charge, known),
        "fctva": charge.fctva,
    }
    if charge.items is not None:
        written["items"] = charge.items
    return written


def _scope(charge: Charge, known: Sequence[str]) -> list[str] | str:
    """Members that no longer take part are left out."""
    if isinstance(charge.scope, str):
        return charge.scope
    return sorted(known if charge.scope is None else set(known).intersection(charge.scope))


def subsidy_case(subsidy: Subsidy) -> dict[str, object]:
    written: dict[str, object] = {"id": subsidy.code, "charges": subsidy.charges, "public": subsidy.public}
    if subsidy.rate is None:
        written |= {"kind": "amount", "amount": format_cents(subsidy.amount_cents or 0)}
    else:
        written |= {"kind": "rate", "rate": plain(subsidy.rate)}
        caps = {"cap_per_unit": subsidy.cap_per_unit_cents, "cap_total": subsidy.cap_total_cents}
        written |= {name: format_cents(cents) for name, cents in caps.items() if cents is not None}
    lists = {"items": subsidy.items, "members": subsidy.members}
    return written | {name: codes for name, codes in lists.items() if codes is not None}


def plain(value: Decimal) -> str:
    """A decimal without exponent nor useless zeros, as the rule reads it."""
    return f"{value.normalize():f}"


async def _quantities(session: AsyncSession, purchase_id: int, consolidation_id: int | None) -> list[Quantity]:
    """Every line with units, in one statement."""
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
    return [Quantity(item, member, units) for item, member, units in rows]
