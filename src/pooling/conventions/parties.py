"""The legal persons between which a convention is signed, and their assemblies."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, SQLColumnExpression, and_, case, exists, func, literal, or_, select, union
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import col

from pooling.directory.models import Authority, AuthorityKind
from pooling.kernel.database import group_of
from pooling.kernel.slices import AnySelect
from pooling.kernel.tables import any_of, linked
from pooling.members.models import Budget, Member
from pooling.procurement.models import ProcurementShare
from pooling.procurement.reading import entities_of
from pooling.purchases.models import Participation, Purchase
from pooling.purchases.queries import takes_part


class Assembly(NamedTuple):
    """What decides for a member, and who signs for it, as a sentence names them."""

    council: str
    executive: str


_OTHER = Assembly("l’assemblée délibérante", "son représentant légal")
_COMMUNE, _COMMUNITY = (
    Assembly("le conseil municipal", "le maire"),
    Assembly("le conseil communautaire", "le président"),
)
_METROPOLIS = Assembly("le conseil de la métropole", "le président")
_UNIVERSITY = Assembly("le conseil d’administration", "le président")
_OF_KIND: Mapping[str, Assembly] = {
    AuthorityKind.COMMUNE: _COMMUNE,
    AuthorityKind.METROPOLIS: _METROPOLIS,
    AuthorityKind.LYON: _METROPOLIS,
}
_OF_WORD = (
    ("commune", _COMMUNE),
    ("ville", _COMMUNE),
    ("epci", _COMMUNITY),
    ("communauté", _COMMUNITY),
    ("agglomération", _COMMUNITY),
    ("métropole", _METROPOLIS),
    ("université", _UNIVERSITY),
)
"""How categories begin that no directory tells, in the group's own words."""


def assembly_of(kind: str | None, category: str) -> Assembly:
    """By the kind that the directory knows, else by the member's category."""
    if kind is not None:
        return _OF_KIND.get(kind, _COMMUNITY)
    folded = category.casefold()
    return next((assembly for word, assembly in _OF_WORD if folded.startswith(word)), _OTHER)


@dataclass(frozen=True)
class Party:
    """A legal person that signs."""

    member_id: int
    siren: str
    name: str
    assembly: Assembly
    coordinator: bool
    deliberated_on: date | None
    deliberation: str
    budget: str
    """On which its share is charged; empty where nobody said."""
    codes: frozenset[str]
    """Of those whose shares are its own: itself, where it takes part, and its units."""
    units: Sequence[str]
    """The names of its units that take part."""


@dataclass(frozen=True)
class Parties:
    named: Sequence[Party]
    """Those that were read, by name, the coordinator first."""
    count: int
    """How many sign, read or not."""
    free: bool
    """The coordinator is the intercommunal body of all the others: it acts free of charge (CGCT L5211-4-4)."""

    @property
    def coordinator(self) -> Party:
        return self.named[0]


async def read_parties(
    session: AsyncSession, purchase: Purchase, *, most: int | None = None, among: Collection[str] | None = None
) -> Parties:
    """All that sign, the first `most`, or those `among` these SIREN; the coordinator always.

    A fixed number of statements.
    """
    lead = await _coordinator(session, purchase)
    count, free = (await session.execute(_counted(lead, purchase.id))).one()
    person = _signers(lead, purchase.id, most=most, among=among)  # before anything of them is looked up
    statement = (
        select(
            person.id,
            person.code,
            person.name,
            person.category,
            col(Authority.kind),
            col(ProcurementShare.deliberated_on),
            func.coalesce(col(ProcurementShare.deliberation), ""),
        )
        .outerjoin(
            ProcurementShare,
            linked(ProcurementShare.member_id, person.id) & (col(ProcurementShare.purchase_id) == purchase.id),
        )
        .outerjoin(Authority, col(Authority.siren) == person.code)
        .order_by(*_order(lead, person))
    )
    rows = (await session.execute(statement)).all()
    takers = await _takers(session, purchase.id, [row[0] for row in rows] if len(rows) < count else None)
    return Parties([_party(row, takers.get(row[0], ()), lead) for row in rows], count, free)


async def _coordinator(session: AsyncSession, purchase: Purchase) -> int:
    """Its lead, or the one that the lead is a unit of."""
    leading = await session.get_one(Member, (group_of(session), purchase.lead_member_id))
    return leading.parent_id or leading.id


def _signers(
    lead: int, purchase_id: int, *, most: int | None = None, offset: int = 0, among: Collection[str] | None = None
) -> Any:  # noqa: ANN401 - the columns of a subquery
    """Who signs, in order: who takes part itself or through units. Those who do themselves are many, and the first of
    them are chosen by an index on their names; the others are a few.
    """
    unit = aliased(Member)
    taking = (col(Participation.purchase_id) == purchase_id, takes_part())
    columns = [col(getattr(Member, name)) for name in ("group_id", "id", "code", "name", "category", "sort_key")]
    these = () if among is None else (or_(any_of(col(Member.code), among), col(Member.id) == lead),)
    last = None if most is None else offset + most
    themselves = (
        select(*columns)
        .where(
            col(Member.parent_id).is_(None),
            exists().where(linked(Participation.member_id, Member.id), *taking),
            *these,
        )
        .order_by(col(Member.sort_key), col(Member.id))
        .limit(last)
        .subquery()
    )
    of_units = (
        select(col(unit.parent_id))
        .join(Participation, linked(Participation.member_id, unit.id))
        .where(col(unit.parent_id).is_not(None), *taking)
    )
    others = select(*columns).where(or_(col(Member.id).in_(of_units), col(Member.id) == lead), *these)
    both = union(select(*themselves.c), others).subquery()
    return select(*both.c).order_by(*_order(lead, both.c)).limit(most).offset(offset or None).subquery().c


async def signing(session: AsyncSession, purchase: Purchase, places: range) -> list[str]:
    """The SIREN of those at these places, the first at 0, of all that sign in the order of `read_parties`."""
    lead = await _coordinator(session, purchase)
    person = _signers(lead, purchase.id, most=len(places), offset=places.start)
    return list((await session.execute(select(person.code).order_by(*_order(lead, person)))).scalars())


def _order(lead: int, of: Any) -> Sequence[ColumnElement[Any]]:  # noqa: ANN401 - members, or some of their columns
    return (of.id == lead).desc(), of.sort_key.asc(), of.id.asc()


_PERSON: SQLColumnExpression[int] = func.coalesce(col(Member.parent_id), col(Member.id))
"""Of a member: who signs for it."""


def _counted(lead: int, purchase_id: int) -> AnySelect:
    """How many sign, and whether the coordinator is a body of which all the others are members: who is the first that
    is none ends the search.
    """
    of_body = (
        select(col(Authority.siren))
        .join(Member, col(Member.code) == col(Authority.siren))
        .where(col(Member.id) == lead, col(Authority.kind) != AuthorityKind.COMMUNE)
        .scalar_subquery()
    )
    person = aliased(Member)
    taking = (
        select(literal(1))
        .select_from(Participation)
        .join(Member, linked(Member.id, Participation.member_id))
        .where(col(Participation.purchase_id) == purchase_id, takes_part())
    )
    led = taking.where(or_(col(Member.id) == lead, col(Member.parent_id) == lead))
    other = taking.where(_PERSON.is_distinct_from(lead))
    outsider = (
        other.join(person, and_(col(person.group_id) == col(Member.group_id), col(person.id) == _PERSON))
        .outerjoin(Authority, col(Authority.siren) == col(person.code))
        .where(col(Authority.body_siren).is_distinct_from(of_body))
    )
    free = case((of_body.is_(None), False), else_=other.exists() & ~outsider.exists())
    return select(entities_of(purchase_id) + case((led.exists(), 0), else_=1), free)


class _Taker(NamedTuple):
    person: int
    id: int
    code: str
    name: str
    budget: str | None


async def _takers(session: AsyncSession, purchase_id: int, persons: Sequence[int] | None) -> dict[int, list[_Taker]]:
    """Who takes part, itself or its units, by who signs for it; None: of everybody."""
    statement = (
        select(_PERSON, col(Member.id), col(Member.code), col(Member.name), col(Budget.label))
        .join(Participation, linked(Participation.member_id, Member.id))
        .outerjoin(Budget, linked(Budget.id, Participation.budget_id))
        .where(col(Participation.purchase_id) == purchase_id, takes_part())
        .order_by(col(Member.sort_key), col(Member.id))
    )
    if persons is not None:
        statement = statement.where(or_(any_of(col(Member.id), persons), any_of(col(Member.parent_id), persons)))
    found: dict[int, list[_Taker]] = {}
    for taker in (_Taker(*row) for row in await session.execute(statement)):
        found.setdefault(taker.person, []).append(taker)
    return found


def _party(row: Sequence[Any], takers: Sequence[_Taker], lead: int) -> Party:
    member_id, siren, name, category, kind, deliberated_on, deliberation = row
    return Party(
        member_id=member_id,
        siren=siren,
        name=name,
        assembly=assembly_of(kind, category),
        coordinator=member_id == lead,
        deliberated_on=deliberated_on,
        deliberation=deliberation,
        budget=next((one.budget for one in takers if one.id == member_id and one.budget), ""),
        codes=frozenset(one.code for one in takers),
        units=[one.name for one in takers if one.id != member_id],
    )
