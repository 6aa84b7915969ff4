"""The legal persons between which a convention is signed, and their assemblies."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, SQLColumnExpression, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import col

from pooling.directory.models import Authority, AuthorityKind
from pooling.kernel.database import group_of
from pooling.kernel.slices import AnySelect
from pooling.kernel.tables import any_of, linked
from pooling.members.models import Budget, Member
from pooling.procurement.models import ProcurementShare
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
    lead, signs = await _signers(session, purchase)
    count, free = (await session.execute(_counted(lead).where(signs))).one()
    statement = (
        select(
            col(Member.id),
            col(Member.code),
            col(Member.name),
            col(Member.category),
            col(Authority.kind),
            col(ProcurementShare.deliberated_on),
            func.coalesce(col(ProcurementShare.deliberation), ""),
        )
        .outerjoin(
            ProcurementShare,
            linked(ProcurementShare.member_id, Member.id) & (col(ProcurementShare.purchase_id) == purchase.id),
        )
        .outerjoin(Authority, col(Authority.siren) == col(Member.code))
        .where(signs)
        .order_by(*_order(lead))
        .limit(most)
    )
    if among is not None:
        statement = statement.where(or_(any_of(col(Member.code), among), col(Member.id) == lead))
    rows = (await session.execute(statement)).all()
    takers = await _takers(session, purchase.id, [row[0] for row in rows] if len(rows) < count else None)
    return Parties([_party(*row, takers.get(row[0], ()), lead) for row in rows], count, free)


async def _signers(session: AsyncSession, purchase: Purchase) -> tuple[int, ColumnElement[bool]]:
    """The coordinator, and of members: whether they sign."""
    leading = await session.get_one(Member, (group_of(session), purchase.lead_member_id))
    lead = leading.parent_id or leading.id
    taking = (
        select(_PERSON)
        .join(Participation, linked(Participation.member_id, Member.id))
        .where(col(Participation.purchase_id) == purchase.id, takes_part())
    )
    return lead, or_(col(Member.id).in_(taking), col(Member.id) == lead)


async def signing(session: AsyncSession, purchase: Purchase, places: range) -> list[str]:
    """The SIREN of those at these places, the first at 0, of all that sign in the order of `read_parties`."""
    lead, signs = await _signers(session, purchase)
    rows = await session.execute(
        select(col(Member.code)).where(signs).order_by(*_order(lead)).offset(places.start).limit(len(places))
    )
    return list(rows.scalars())


def _order(lead: int) -> Sequence[ColumnElement[Any]]:
    return (col(Member.id) == lead).desc(), col(Member.sort_key).asc(), col(Member.id).asc()


_PERSON: SQLColumnExpression[int] = func.coalesce(col(Member.parent_id), col(Member.id))
"""Of a member: who signs for it."""


def _counted(lead: int) -> AnySelect:
    """How many sign, and whether the coordinator is a body of which all the others are members."""
    body = aliased(Authority)
    of_body = (
        select(col(body.siren))
        .join(Member, col(Member.code) == col(body.siren))
        .where(col(Member.id) == lead, col(body.kind) != AuthorityKind.COMMUNE)
        .scalar_subquery()
    )
    free = func.bool_and(func.coalesce(col(Authority.body_siren) == of_body, False)).filter(col(Member.id) != lead)
    return (
        select(func.count(), func.coalesce(free, False))
        .select_from(Member)
        .outerjoin(Authority, col(Authority.siren) == col(Member.code))
    )


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


def _party(
    member_id: int,
    siren: str,
    name: str,
    category: str,
    kind: str | None,
    deliberated_on: date | None,
    deliberation: str,
    takers: Sequence[_Taker],
    lead: int,
) -> Party:
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
