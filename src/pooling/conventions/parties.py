"""The legal persons between which a convention is signed, and their assemblies."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.directory.models import Authority, AuthorityKind
from pooling.kernel.database import group_of
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
    all: Sequence[Party]
    """By name, the coordinator first."""
    names: Mapping[str, str]
    """Of all that take part, by their codes."""
    free: bool
    """The coordinator is the intercommunal body of all the others: it acts free of charge (CGCT L5211-4-4)."""

    @property
    def coordinator(self) -> Party:
        return self.all[0]

    def of(self, member_id: int) -> Party | None:
        return next((party for party in self.all if party.member_id == member_id), None)


class _Taking(NamedTuple):
    id: int
    code: str
    name: str
    parent_id: int | None
    budget: str | None


async def read_parties(session: AsyncSession, purchase: Purchase) -> Parties:
    """A fixed number of statements."""
    found = await session.execute(
        select(col(Member.id), col(Member.code), col(Member.name), col(Member.parent_id), col(Budget.label))
        .join(Participation, linked(Participation.member_id, Member.id))
        .outerjoin(Budget, linked(Budget.id, Participation.budget_id))
        .where(col(Participation.purchase_id) == purchase.id, takes_part())
        .order_by(col(Member.sort_key), col(Member.id))
    )
    taking: dict[int, list[_Taking]] = {}
    names = {}
    for one in (_Taking(*row) for row in found):
        taking.setdefault(one.parent_id or one.id, []).append(one)
        names[one.code] = one.name
    leading = await session.get_one(Member, (group_of(session), purchase.lead_member_id))
    lead = leading.parent_id or leading.id
    rows = await session.execute(
        select(Member, ProcurementShare, Authority)
        .outerjoin(
            ProcurementShare,
            linked(ProcurementShare.member_id, Member.id) & (col(ProcurementShare.purchase_id) == purchase.id),
        )
        .outerjoin(Authority, col(Authority.siren) == col(Member.code))
        .where(any_of(col(Member.id), {*taking, lead}))
        .order_by(col(Member.sort_key), col(Member.id))
    )
    persons = [(member, share, authority) for member, share, authority in rows]
    parties = [_party(*person, taking.get(person[0].id, ()), lead) for person in persons]
    return Parties(
        all=sorted(parties, key=lambda party: not party.coordinator),  # stable: the others stay by name
        names=names,
        free=_acts_for_its_communes({member.id: authority for member, _, authority in persons}, lead),
    )


def _party(
    member: Member, share: ProcurementShare | None, authority: Authority | None, mine: Sequence[_Taking], lead: int
) -> Party:
    return Party(
        member_id=member.id,
        siren=member.code,
        name=member.name,
        assembly=assembly_of(authority.kind if authority else None, member.category),
        coordinator=member.id == lead,
        deliberated_on=share.deliberated_on if share else None,
        deliberation=share.deliberation if share else "",
        budget=next((one.budget for one in mine if one.id == member.id and one.budget), ""),
        codes=frozenset(one.code for one in mine),
        units=[one.name for one in mine if one.parent_id is not None],
    )


def _acts_for_its_communes(known: Mapping[int, Authority | None], lead: int) -> bool:
    body = known.get(lead)
    others = [authority for member_id, authority in known.items() if member_id != lead]
    return (
        body is not None
        and body.kind != AuthorityKind.COMMUNE
        and bool(others)
        and all(one is not None and one.body_siren == body.siren for one in others)
    )
