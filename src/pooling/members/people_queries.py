"""Reads about people: who is in the group and as what."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, column, exists, or_, select, table
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.accounts.models import Person
from pooling.kernel.errors import NotFound
from pooling.kernel.slices import Listed, Order, Slice
from pooling.kernel.tables import any_of, folded_column, known_id, linked
from pooling.kernel.text import folded_words
from pooling.mail_addresses import why_wrong
from pooling.members.models import Member, Membership, Role
from pooling.members.words import ROLE_WORDS

# By their table's name alone: purchases stand above members.
_PURCHASES = table("purchases", column("group_id"), column("id"), column("reference"), column("title"))


@dataclass(frozen=True)
class RoleShown:
    """One role that somebody holds, and on what."""

    id: int
    role: Role
    member_id: int | None
    member_code: str | None
    member: str | None
    reference: str | None
    purchase: str | None

    @property
    def word(self) -> str:
        return ROLE_WORDS[self.role]

    @property
    def of_what(self) -> str:
        """The member, or the purchase; nothing for a role of the group."""
        return self.member or (f"{self.reference} · {self.purchase}" if self.reference else "")


@dataclass(frozen=True)
class PersonShown:
    id: int
    name: str
    email: str
    function: str
    phone: str
    roles: tuple[RoleShown, ...]


PEOPLE_BY_NAME = Order(col(Person.folded_name), col(Person.id))


def _active() -> ColumnElement[bool]:
    return and_(col(Membership.person_id) == col(Person.id), col(Membership.ended_at).is_(None))


def is_here() -> ColumnElement[bool]:
    """Of the person of a statement: whether they hold a role in the group."""
    return exists().where(_active())


async def people_page(session: AsyncSession, wanted: Slice, *, search: str = "") -> Listed[PersonShown]:
    """The group's people in the order of their names, those whose name, address or member has every word searched."""
    statement = select(Person).where(is_here(), *(_has_word(word) for word in folded_words(search)))
    found = await PEOPLE_BY_NAME.read(session, statement, wanted)
    return Listed(await _with_roles(session, [person for (person,) in found.items]), found.next)


def _has_word(word: str) -> ColumnElement[bool]:
    of_member = (
        exists()
        .where(_active(), linked(Member.id, Membership.member_id))
        .where(folded_column(col(Member.name)).contains(word))
    )
    return or_(folded_column(col(Person.name) + " " + col(Person.email)).contains(word), of_member)


async def find_person(session: AsyncSession, person_id: int) -> PersonShown:
    """Somebody who holds a role in the group.

    Raises:
        NotFound: nobody of this id does.
    """
    found = await session.execute(select(Person).where(col(Person.id) == known_id(person_id), is_here()))
    people = await _with_roles(session, list(found.scalars()))
    if not people:
        raise NotFound
    return people[0]


async def people_out_of_reach(session: AsyncSession) -> list[tuple[int, str, str, str]]:
    """The group's people whose address no mail can reach: (id, name, address, why). Some were taken before one
    definition judged them all.
    """
    doubtful = await session.execute(
        select(col(Person.id), col(Person.name), col(Person.email))
        .where(is_here(), col(Person.odd_address))
        .order_by(col(Person.folded_name), col(Person.id))
    )
    judged = [(person_id, name, email, why_wrong(email)) for person_id, name, email in doubtful]
    return [(person_id, name, email, why) for person_id, name, email, why in judged if why]


async def people_of_member(session: AsyncSession, member_id: int) -> list[PersonShown]:
    """Who holds a role of this member, with the roles held there."""
    found = await session.execute(
        select(Person)
        .where(exists().where(_active(), col(Membership.member_id) == member_id))
        .order_by(col(Person.folded_name), col(Person.id))
    )
    return await _with_roles(session, list(found.scalars()), member_id=member_id)


async def _with_roles(
    session: AsyncSession, people: Sequence[Person], *, member_id: int | None = None
) -> list[PersonShown]:
    statement = (
        select(
            col(Membership.person_id),
            col(Membership.id),
            col(Membership.role),
            col(Membership.member_id),
            col(Member.code),
            col(Member.name),
            _PURCHASES.c.reference,
            _PURCHASES.c.title,
        )
        .select_from(Membership)
        .outerjoin(Member, linked(Member.id, Membership.member_id))
        .outerjoin(_PURCHASES, linked(_PURCHASES.c.id, Membership.purchase_id))
        .where(any_of(col(Membership.person_id), [person.id for person in people]), col(Membership.ended_at).is_(None))
        .order_by(col(Membership.id))
    )
    if member_id is not None:
        statement = statement.where(col(Membership.member_id) == member_id)
    roles: dict[int, list[RoleShown]] = {}
    for person_id, membership_id, role, *of_what in await session.execute(statement):
        roles.setdefault(person_id, []).append(RoleShown(membership_id, Role(role), *of_what))
    return [
        PersonShown(
            id=person.id,
            name=person.name,
            email=person.email,
            function=person.function,
            phone=person.phone,
            roles=tuple(roles.get(person.id, ())),
        )
        for person in people
    ]
