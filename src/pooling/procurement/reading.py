"""How a purchase is bought, as rows: its plan, what its members said, its estimate."""

from collections.abc import Collection, Sequence
from datetime import date
from typing import NamedTuple

from sqlalchemy import ColumnElement, ScalarSelect, SQLColumnExpression, and_, exists, func, literal, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import col

from pooling.allocation.configuration import FinanceConfiguration
from pooling.allocation.current import read_current
from pooling.kernel.database import group_of
from pooling.kernel.errors import Conflict
from pooling.kernel.slices import AnySelect, Listed, Order, Slice
from pooling.kernel.tables import any_of, linked
from pooling.members.models import Member, MemberKind
from pooling.procurement.models import Mandate, ProcurementPlan, ProcurementShare
from pooling.procurement.rules import Estimate
from pooling.purchases.models import Participation, Purchase
from pooling.purchases.queries import takes_part
from pooling.sharing.money import Cents
from pooling.sharing.shared_lines import LineKind
from pooling.web.typography import plural

_BY_NAME = Order(col(Member.sort_key), col(Member.id))
NAMED_AT_MOST = 12


class ShareShown(NamedTuple):
    """What one member that takes part said."""

    member_id: int
    name: str
    code: str
    is_unit: bool
    spent: Cents | None
    deliberated_on: date | None
    deliberation: str


class Tally(NamedTuple):
    """What all said together."""

    members: int
    said: int
    """How many said what they buy otherwise this year."""
    spent: Cents
    entities: int
    """How many legal persons take part, a unit counting for the one that it belongs to."""
    asked: int
    """How many members deliberate: units do not."""
    deliberated: int

    @property
    def needs_convention(self) -> bool:
        """Between several legal persons (CCP L2113-7); units of one need none."""
        return self.entities > 1


async def plan_of(session: AsyncSession, purchase_id: int) -> ProcurementPlan:
    """What its lead said, as it stands now; nothing yet where there is no row."""
    found = await session.get(ProcurementPlan, (group_of(session), purchase_id), populate_existing=True)
    return found or ProcurementPlan(group_id=group_of(session), purchase_id=purchase_id)


async def estimate_of(
    session: AsyncSession, plan: ProcurementPlan, spent: Cents, finance: FinanceConfiguration
) -> tuple[Estimate, dict[str, Cents], str]:
    """What the purchase is worth; what each item comes to, by its code, without shared costs; and why its costs cannot
    be shared yet, where that is so.
    """
    base, by_item, refused = 0, {}, ""
    try:
        stated = (await read_current(session, plan.purchase_id, finance, ())).result
        base, by_item = stated.totals.ht, {line.id: line.total for line in stated.lines if line.kind is LineKind.ITEM}
    except Conflict as conflict:
        refused = conflict.message
    return Estimate(base, plan.options_cents, plan.renewals, plan.maximum_cents, spent), by_item, refused


def has_plan() -> ColumnElement[bool]:
    """Of a purchase: something of its procedure is written."""
    return or_(
        exists().where(linked(ProcurementPlan.purchase_id, Purchase.id)),
        exists().where(linked(ProcurementShare.purchase_id, Purchase.id)),
    )


async def tally_of(session: AsyncSession, purchase_id: int) -> Tally:
    """Who is a unit is asked of those that are one, what was said of those that said something."""
    found = await session.execute(
        select(
            *_counts(purchase_id),
            func.count(col(ProcurementShare.spent_cents)),
            func.coalesce(func.sum(col(ProcurementShare.spent_cents)), 0),
            func.count(col(ProcurementShare.deliberated_on)).filter(col(Member.kind) == MemberKind.LEGAL_ENTITY),
        )
        .select_from(ProcurementShare)
        .join(Member, linked(Member.id, ProcurementShare.member_id))
        .join(Participation, linked(Participation.member_id, Member.id))
        .where(
            col(ProcurementShare.purchase_id) == purchase_id,
            col(Participation.purchase_id) == purchase_id,
            takes_part(),
        )
    )
    members, units, parents, said, spent, deliberated = found.one()
    return Tally(members, said, int(spent or 0), members - units + parents, members - units, deliberated)


def entities_of(purchase_id: int) -> ColumnElement[int]:
    """How many legal persons take part, themselves or through their units."""
    members, units, parents = _counts(purchase_id)
    return members - units + parents


def _counts(purchase_id: int) -> tuple[ScalarSelect[int], ScalarSelect[int], ScalarSelect[int]]:
    """How many take part, how many of them are units, and of how many legal persons that do not themselves."""
    itself = aliased(Participation)
    taking_part = (
        select(func.count())
        .select_from(Participation)
        .where(col(Participation.purchase_id) == purchase_id, takes_part())
    )
    units = taking_part.join(Member, linked(Member.id, Participation.member_id)).where(
        col(Member.parent_id).is_not(None)
    )
    parent_takes_part = exists().where(
        linked(itself.member_id, Member.parent_id),
        col(itself.purchase_id) == purchase_id,
        col(itself.takes_part).is_not(False),
    )
    parents = units.with_only_columns(func.count(col(Member.parent_id).distinct())).where(~parent_takes_part)
    return taking_part.scalar_subquery(), units.scalar_subquery(), parents.scalar_subquery()


async def undecided_members(session: AsyncSession, purchase_id: int) -> Sequence[str]:
    """The first of those whose deliberation is not noted, by name."""
    found = await session.execute(
        _undecided(_taking_part(purchase_id, col(Member.name)))
        .order_by(col(Member.sort_key), col(Member.id))
        .limit(NAMED_AT_MOST)
    )
    return list(found.scalars())


def convened() -> ColumnElement[bool]:
    """Of a purchase: the deliberation of every legal person that takes part is noted, wherever several of them act
    under a mandate (CCP L2113-7). Units of one need none.
    """
    mandated = exists().where(
        linked(ProcurementPlan.purchase_id, Purchase.id), col(ProcurementPlan.mandate) != Mandate.UNDECIDED
    )
    entities = _taking_part(col(Purchase.id), _ENTITIES).correlate(Purchase).scalar_subquery()
    silent = _undecided(_taking_part(col(Purchase.id), literal(1))).correlate(Purchase).exists()
    return or_(~mandated, entities <= 1, ~silent)


async def undecided_said(session: AsyncSession, purchase_id: int) -> str:
    """Whose deliberation is not noted: « À noter : Arcachon, Lugos et 3 autres. »"""
    tally, names = await tally_of(session, purchase_id), await undecided_members(session, purchase_id)
    more = tally.asked - tally.deliberated - len(names)
    others = f" et {plural(more, 'autre')}" if more > 0 else ""
    return f"À noter : {', '.join(names)}{others}."


async def shares_listed(
    session: AsyncSession, purchase_id: int, wanted: Slice, among: Collection[int] | None = None
) -> Listed[ShareShown]:
    """By name; `among` some members or (None) all who take part."""
    statement = _taking_part(purchase_id, *_SHOWN)
    if among is not None:
        statement = statement.where(any_of(col(Member.id), among))
    rows = await _BY_NAME.read(session, statement, wanted)
    return rows.each(lambda row: ShareShown(*row))


async def share_of(session: AsyncSession, purchase_id: int, member: str) -> ShareShown | None:
    """Of the member of this code; None: it does not take part."""
    found = await session.execute(_taking_part(purchase_id, *_SHOWN).where(col(Member.code) == member))
    row = found.one_or_none()
    return None if row is None else ShareShown(*row)


_SHOWN = (
    col(Member.id),
    col(Member.name),
    col(Member.code),
    col(Member.kind) == MemberKind.INTERNAL_UNIT,
    col(ProcurementShare.spent_cents),
    col(ProcurementShare.deliberated_on),
    func.coalesce(col(ProcurementShare.deliberation), ""),
)


_ENTITIES = func.count(func.coalesce(col(Member.parent_id), col(Member.id)).distinct())
"""How many legal persons take part."""


def _undecided(statement: AnySelect) -> AnySelect:
    """Of those who take part, the ones whose deliberation is not noted; units do not deliberate."""
    return statement.where(col(Member.kind) == MemberKind.LEGAL_ENTITY, col(ProcurementShare.deliberated_on).is_(None))


def _taking_part(purchase_id: int | SQLColumnExpression[int], *columns: object) -> AnySelect:
    """Columns of those who take part, and of what they said if they did."""
    share = and_(
        linked(ProcurementShare.member_id, Participation.member_id),
        col(ProcurementShare.purchase_id) == col(Participation.purchase_id),
    )
    statement: AnySelect = (
        select(*columns)  # type: ignore[call-overload]
        .select_from(Participation)
        .join(Member, linked(Member.id, Participation.member_id))
        .outerjoin(ProcurementShare, share)
        .where(col(Participation.purchase_id) == purchase_id, takes_part())
    )
    return statement
