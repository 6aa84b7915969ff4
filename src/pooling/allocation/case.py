"""A purchase read as the case that the allocation rule shares: a fixed number of statements, whatever its size."""

from collections.abc import Collection, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, case, exists, func, literal, null, or_, select
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import col

from pooling.allocation.configuration import FctvaBeneficiaries, FctvaRate, FinanceConfiguration
from pooling.allocation.figures import Labels
from pooling.allocation.key_choices import key_of
from pooling.allocation.models import Charge, Subsidy
from pooling.kernel.database import fetch, group_of
from pooling.kernel.tables import any_of, linked
from pooling.members.models import Budget, Member
from pooling.needs.consolidating import FrozenConsolidation, latest_consolidation
from pooling.needs.models import Assignment, Declaration, DeclarationState
from pooling.needs.models import Need as NeedRow
from pooling.purchases.kinds import kind_of
from pooling.purchases.kinds.parts import Part
from pooling.purchases.models import Item, Participation, Purchase
from pooling.purchases.queries import ItemShown, purchase_items, takes_part
from pooling.sharing.allocation_case import AmountSubsidy, Case, Need, RateSubsidy, Scope
from pooling.sharing.allocation_case import Charge as CaseCharge
from pooling.sharing.allocation_case import Item as CaseItem
from pooling.sharing.allocation_case import Member as CaseMember
from pooling.sharing.tiers import Tier
from pooling.sharing.tying import Billed, Bills


class Payer(NamedTuple):
    """Who takes part, with its key values: those frozen for this purchase, or today's until they are."""

    member_id: int
    code: str
    name: str
    population: int | None
    agents: int | None
    weight: Decimal | None
    kind: str
    """The category of a legal entity; that of its parent for a component."""
    budget: str


@dataclass(frozen=True)
class PurchaseCase:
    """The case, and what is needed to show it: names, where quantities come from, since when key values stand."""

    case: Case
    labels: Labels
    members: dict[str, int]
    """Member ids by code."""
    basis: str
    """In French: declared or consolidated quantities."""
    outdated: str
    """In French: that a frozen consolidation no longer counts; empty when none is in that case."""
    keys_frozen_at: datetime | None
    fctva: FctvaRate | None
    beneficiaries: FctvaBeneficiaries | None
    budgets: Mapping[str, str]
    """On which each member's share is charged, by its code."""
    payers: Sequence[Payer]
    items: Sequence[ItemShown]
    charges: Sequence[Charge]
    subsidies: Sequence[Subsidy]
    bills: Bills
    """What accepted bills ask for: the case has none of them."""

    @property
    def paid_by(self) -> dict[str, str]:
        """Who paid each charge that is on no bill, by their codes."""
        return {charge.code: charge.paid_by for charge in self.charges if charge.paid_by}


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
    needs = await _needs(session, purchase_id, frozen.id if frozen else None)
    lead = await _as_payer(session, purchase.lead_member_id)
    day = date_of(purchase)
    fctva, beneficiaries = finance.fctva_on(day), finance.beneficiaries_on(day)
    eligible = getting_fctva([lead, *payers], beneficiaries)
    own = own_weights(payers)
    known = [payer.code for payer in payers]
    return PurchaseCase(
        case=Case(
            label=label,
            members=tuple(_members(payers, needs, lead, eligible)),
            items=tuple(_item(item, frozen) for item in items),
            needs=tuple(needs),
            charges=tuple(charge_case(charge, own, known) for charge in charges),
            subsidies=tuple(map(subsidy_case, subsidies)),
            fctva_rate=Fraction(fctva.rate) if fctva else Fraction(0),
        ),
        labels=Labels(
            members={lead.code: lead.name} | {payer.code: payer.name for payer in payers},
            items={item.code: item.name for item in items},
            charges={charge.code: charge.label for charge in charges},
            subsidies={subsidy.code: subsidy.label for subsidy in subsidies},
        ),
        members={lead.code: lead.member_id} | {payer.code: payer.member_id for payer in payers},
        basis=_consolidated(frozen) if frozen else _basis(purchase),
        outdated=latest.outdated if latest else "",
        keys_frozen_at=purchase.keys_frozen_at,
        fctva=fctva,
        beneficiaries=beneficiaries,
        budgets={payer.code: payer.budget for payer in payers if payer.budget},
        payers=payers,
        items=items,
        charges=charges,
        subsidies=subsidies,
        bills=await bills_of(session, purchase_id),
    )


_BILLED = """
SELECT b.vat_rate, coalesce(m.code, '') AS member, b.ht, b.vat, b.lines
FROM billed b LEFT JOIN members m ON m.group_id = b.group_id AND m.id = b.member_id
WHERE b.group_id = $1 AND b.purchase_id = $2 ORDER BY member, b.vat_rate"""


async def bills_of(session: AsyncSession, purchase_id: int) -> Bills:
    """What accepted bills ask for. They belong to a feature that knows this one: the view `billed` tells them."""
    common: dict[Fraction, Billed] = {}
    own: dict[str, dict[Fraction, Billed]] = {}
    for rate, member, ht, vat, lines in await fetch(session, _BILLED, group_of(session), purchase_id):
        whose = own.setdefault(member, {}) if member else common
        whose[Fraction(rate)] = Billed(int(ht), int(vat), int(lines))
    return Bills(common, own)


def getting_fctva(payers: Sequence[Payer], beneficiaries: FctvaBeneficiaries | None) -> set[int]:
    """Ids of those who get it. Each category is looked up once: it is compared in words."""
    kinds = {kind for kind in {payer.kind for payer in payers} if beneficiaries and kind in beneficiaries}
    return {payer.member_id for payer in payers if payer.kind in kinds}


def _consolidated(frozen: FrozenConsolidation) -> str:
    adjusted = ", ajustées à ce que chacun prend" if frozen.adjusts else ""
    return f"quantités de la consolidation n°\u00a0{frozen.number}{adjusted}"


def _basis(purchase: Purchase) -> str:
    needed = kind_of(purchase.kind).has(Part.NEEDS)
    return "quantités déclarées à ce jour" if needed else "réponses reçues à ce jour"


def label_of(purchase: Purchase) -> str:
    """What the case is called."""
    return f"{purchase.reference} {purchase.title}"


def date_of(purchase: Purchase) -> date:
    """The day whose rates count: when it is delivered and paid, or when it was prepared while that is not known."""
    return purchase.delivery_expected_on or purchase.created_at.date()


async def _as_payer(session: AsyncSession, member_id: int) -> Payer:
    """A member with its values of today."""
    parent = aliased(Member)
    row = await session.execute(
        select(
            *(col(Member.id), col(Member.code), col(Member.name), col(Member.population), col(Member.agents)),
            *(null(), func.coalesce(parent.category, Member.category), literal("")),
        )
        .outerjoin(parent, linked(parent.id, Member.parent_id))
        .where(col(Member.id) == member_id)
    )
    return Payer(*row.one())


async def payers_of(session: AsyncSession, purchase_id: int, most: int | None = None) -> list[Payer]:
    """Who takes part, or the first `most` of them, in French order. Until key values are frozen, they are those of the
    members' own records.
    """
    frozen, parent = col(Purchase.keys_frozen_at).is_not(None), aliased(Member)
    rows = await session.execute(
        select(
            col(Member.id),
            col(Member.code),
            col(Member.name),
            case((frozen, col(Participation.population)), else_=col(Member.population)),
            case((frozen, col(Participation.agents)), else_=col(Member.agents)),
            col(Participation.weight),
            func.coalesce(parent.category, Member.category),
            func.coalesce(Budget.label, ""),
        )
        .select_from(Participation)
        .join(Member, linked(Member.id, Participation.member_id))
        .outerjoin(parent, linked(parent.id, Member.parent_id))
        .outerjoin(Budget, linked(Budget.id, Participation.budget_id))
        .join(Purchase, linked(Purchase.id, Participation.purchase_id))
        .where(col(Participation.purchase_id) == purchase_id, takes_part())
        .order_by(col(Member.sort_key), col(Member.id))
        .limit(most)
    )
    return [Payer(*row) for row in rows]


async def lead_of(session: AsyncSession, purchase_id: int) -> tuple[str, str]:
    """The code and the name of who leads it."""
    found = await session.execute(
        select(col(Member.code), col(Member.name))
        .join(Purchase, linked(Purchase.lead_member_id, Member.id))
        .where(col(Purchase.id) == purchase_id)
    )
    code, name = found.one()
    return code, name


async def count_payers(session: AsyncSession, purchase_id: int) -> int:
    """How many take part."""
    counted = await session.execute(
        select(func.count())
        .select_from(Participation)
        .where(col(Participation.purchase_id) == purchase_id, takes_part())
    )
    return counted.scalar_one()


async def names_of(session: AsyncSession, purchase_id: int, codes: Collection[str]) -> dict[str, str]:
    """The names of those of these codes that take part."""
    found = await session.execute(
        select(col(Member.code), col(Member.name))
        .join(Participation, linked(Participation.member_id, Member.id))
        .where(col(Participation.purchase_id) == purchase_id, takes_part(), any_of(col(Member.code), codes))
    )
    return {code: name for code, name in found}


def has_costs() -> ColumnElement[bool]:
    """Of a purchase: it has a charge or a subsidy."""
    return or_(
        exists().where(linked(Charge.purchase_id, Purchase.id)),
        exists().where(linked(Subsidy.purchase_id, Purchase.id)),
    )


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


def _members(payers: Sequence[Payer], needs: Sequence[Need], lead: Payer, eligible: Container[int]) -> list[CaseMember]:
    """Those who take part, and a lead member that does not but holds a surplus as stock, with its values of today."""
    takers = {need.member for need in needs}
    extra = [lead] if lead.code in takers and all(payer.code != lead.code for payer in payers) else []
    return [
        CaseMember(payer.code, payer.population, payer.agents, fctva=payer.member_id in eligible)
        for payer in [*payers, *extra]
    ]


def _item(item: ItemShown, frozen: FrozenConsolidation | None) -> CaseItem:
    """Of what is adjusted to what members really take, the price stays as ordered: no tier is looked at."""
    terms = frozen.terms.get(item.code) if frozen and frozen.terms else None
    if terms is not None:
        return CaseItem(item.code, terms.unit_price, terms.vat_rate, item.fctva)
    tiers = tuple(Tier(threshold, Fraction(price)) for threshold, price in item.tiers)
    return CaseItem(item.code, Fraction(item.unit_price), Fraction(item.vat_rate), item.fctva, tiers)


def own_weights(payers: Iterable[Payer]) -> dict[str, Decimal]:
    """The weights of the group's own, of those who have one."""
    return {payer.code: payer.weight for payer in payers if payer.weight is not None}


def charge_case(charge: Charge, own_weights: Mapping[str, Decimal], known: Sequence[str]) -> CaseCharge:
    """All who take part are named one by one, so that a purchase of charges alone works."""
    return CaseCharge(
        id=charge.code,
        amount=charge.amount_cents,
        percent=None if charge.percent is None else Fraction(charge.percent),
        vat_rate=Fraction(charge.vat_rate),
        key=key_of(charge.key, own_weights, known),
        scope=_scope(charge, known),
        items=None if charge.items is None else tuple(charge.items),
        fctva=charge.fctva,
    )


def _scope(charge: Charge, known: Sequence[str]) -> Scope:
    """Members that no longer take part are left out."""
    if isinstance(charge.scope, str):
        return charge.scope
    return tuple(sorted(known if charge.scope is None else set(known).intersection(charge.scope)))


def subsidy_case(subsidy: Subsidy) -> RateSubsidy | AmountSubsidy:
    items, members = (None if codes is None else tuple(codes) for codes in (subsidy.items, subsidy.members))
    counted = (subsidy.code, items, tuple(subsidy.charges), members, subsidy.public)
    if subsidy.rate is None:
        return AmountSubsidy(*counted, amount=subsidy.amount_cents or 0)
    return RateSubsidy(*counted, Fraction(subsidy.rate), subsidy.cap_per_unit_cents, subsidy.cap_total_cents)


async def _needs(session: AsyncSession, purchase_id: int, consolidation_id: int | None) -> list[Need]:
    """Every line with units, in one statement, always in the same order: what people saw is compared with it later. A
    row for each item: hundreds of thousands of rows would take a second to be read.
    """
    if consolidation_id is not None:
        units: Any = col(Assignment.quantity)
        lines = (
            select(*_of_an_item(units))
            .join(Item, linked(Item.id, Assignment.item_id))
            .join(Member, linked(Member.id, Assignment.member_id))
            .where(col(Assignment.consolidation_id) == consolidation_id, units > 0)
        )
    else:
        units = col(NeedRow.quantity)
        lines = (
            select(*_of_an_item(units))
            .join(Declaration, linked(Declaration.id, NeedRow.declaration_id))
            .join(Item, linked(Item.id, NeedRow.item_id))
            .join(Member, linked(Member.id, Declaration.member_id))
            .where(
                col(Declaration.purchase_id) == purchase_id,
                col(Declaration.state) == DeclarationState.FILED,
                units > 0,
            )
        )
    found = await session.execute(
        lines.group_by(col(Item.group_id), col(Item.id)).order_by(col(Item.position), col(Item.id))
    )
    codes = dict[str, str]()  # each is held once
    return [
        Need(codes.setdefault(member, member), item, quantity)
        for item, members, quantities in found
        for member, quantity in zip(members, quantities, strict=True)
    ]


def _of_an_item(units: Any) -> tuple[Any, ...]:  # noqa: ANN401 - a column
    """Its code, those of who takes units of it, and how many."""
    each = (col(Member.code), units)
    return col(Item.code), *(func.array_agg(aggregate_order_by(one, col(Member.id))) for one in each)
