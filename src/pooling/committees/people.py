"""Reads about who is invited, what they answered, who came. A committee may have 35 000 people invited: they are read
page by page, and counted by the database.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, Subquery, and_, exists, func, or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import col

from pooling.accounts.models import Person
from pooling.committees.attendance_rules import Quorum
from pooling.committees.models import Answer, Committee, CommitteeKind, CommitteeState, Invitation
from pooling.kernel.slices import Listed, Slice
from pooling.kernel.tables import any_of, may_be_id
from pooling.kernel.text import folded_words
from pooling.members.models import Group, Membership
from pooling.members.people_queries import PEOPLE_BY_NAME


def _held(committee: Committee, now: datetime) -> ColumnElement[bool]:
    """Of a membership: it holds still, or did when the committee met. Who left before does not count among those
    invited, who left since still does.
    """
    return or_(col(Membership.ended_at).is_(None), col(Membership.ended_at) > min(now, committee.starts_at))


def _of_committee(committee: Committee, now: datetime) -> Subquery:
    """All invitations of a committee, with `here`: whether the person counts as in the group; and `represented`.

    Both are looked up in lists that the server hashes once. As joins they would be done row by row as long as it has
    not counted thousands of rows that were just added, which takes minutes; OFFSET 0 keeps it from making them joins.
    """
    in_group = select(col(Membership.person_id)).where(_held(committee, now))
    other = aliased(Invitation)
    there = select(col(other.person_id)).where(col(other.committee_id) == committee.id, col(other.present).is_(True))
    return (
        select(
            col(Invitation.answer),
            col(Invitation.present),
            col(Invitation.person_id).in_(in_group).label("here"),
            and_(col(Invitation.present).is_not(True), col(Invitation.proxy_id).in_(there)).label("represented"),
        )
        .where(col(Invitation.committee_id) == committee.id)
        .offset(0)
        .subquery("invited")
    )


@dataclass(frozen=True)
class Counts:
    """How many were invited, and what they said."""

    invited: int = 0
    yes: int = 0
    no: int = 0
    proxy: int = 0
    present: int = 0
    absent: int = 0
    represented: int = 0
    """Not there, but whoever holds their proxy is."""

    @property
    def silent(self) -> int:
        return self.invited - self.yes - self.no - self.proxy

    @property
    def unticked(self) -> int:
        return self.invited - self.present - self.absent


async def count_people(session: AsyncSession, committee: Committee, now: datetime) -> Counts:
    invited = _of_committee(committee, now).c
    rows = await session.execute(
        select(
            func.count(),
            func.count().filter(invited.answer == Answer.YES),
            func.count().filter(invited.answer == Answer.NO),
            func.count().filter(invited.answer == Answer.PROXY),
            func.count().filter(invited.present.is_(True)),
            func.count().filter(invited.present.is_(False)),
            func.count().filter(invited.represented),
        ).where(invited.here)
    )
    return Counts(*rows.one())


async def quorum_percent(session: AsyncSession) -> int | None:
    """The share that the group set; None: no quorum."""
    found: int | None = (await session.execute(select(col(Group.quorum_percent)))).scalar_one()
    return found


async def quorum_of(
    session: AsyncSession, committee: Committee, now: datetime, counts: Counts | None = None
) -> Quorum | None:
    """Of a formal committee, where the group set one; `counts`: who is known already to be there."""
    if committee.kind != CommitteeKind.FORMAL or committee.state == CommitteeState.CANCELLED:
        return None
    percent = await quorum_percent(session)
    if percent is None:
        return None
    counts = counts or await count_people(session, committee, now)
    return Quorum(percent, counts.invited, counts.present)


@dataclass(frozen=True)
class Invited:
    """Somebody invited, what they answered, whether they came."""

    person_id: int
    name: str
    email: str
    function: str
    answer: Answer | None
    proxy: str | None
    """Who holds their proxy, and whether that person came."""
    proxy_present: bool | None
    proxy_id: int | None
    answered_at: datetime | None
    noted_by: str | None
    """Who wrote the answer down for that person."""
    present: bool | None


async def invited_page(
    session: AsyncSession,
    committee: Committee,
    now: datetime,
    wanted: Slice,
    *,
    search: str = "",
    answer: str = "",
    skip: int = 0,
) -> Listed[Invited]:
    """Those invited in the order of their names, who have every word searched in their name. `answer` keeps those of
    one answer (`none`: who has not answered); `skip` is for sheets that are numbered.
    """
    here = exists().where(col(Membership.person_id) == col(Invitation.person_id), _held(committee, now))
    statement = _people().where(col(Invitation.committee_id) == committee.id, here, _named(search)).offset(skip)
    if answer:
        given = col(Invitation.answer)
        statement = statement.where(given.is_(None) if answer == "none" else given == answer)
    found = await PEOPLE_BY_NAME.read(session, statement, wanted)
    return Listed(await _read(session, committee.id, found.items), found.next)


async def invited_person(session: AsyncSession, committee_id: int, person_id: int) -> Invited | None:
    """One of those invited; None when it is not."""
    if not may_be_id(person_id):
        return None
    own = _people().where(col(Invitation.committee_id) == committee_id, col(Invitation.person_id) == person_id)
    rows = (await session.execute(own)).all()
    found = await _read(session, committee_id, rows)
    return found[0] if found else None


def _named(search: str) -> ColumnElement[bool]:
    """Whether the name has every word searched."""
    has_words: ColumnElement[bool] = true()
    for word in folded_words(search):
        has_words &= col(Person.folded_name).contains(word, autoescape=True)
    return has_words


def _people() -> Select[*tuple[Any, ...]]:
    statement: Select[*tuple[Any, ...]] = (
        select(
            col(Person.id),
            col(Person.name),
            col(Person.email),
            col(Person.function),
            col(Invitation.answer),
            col(Invitation.proxy_id),
            col(Invitation.answered_at),
            col(Invitation.noted_by),
            col(Invitation.present),
        )
        .select_from(Invitation)
        .join(Person, col(Person.id) == col(Invitation.person_id))
    )
    return statement


async def _read(session: AsyncSession, committee_id: int, rows: Sequence[Any]) -> list[Invited]:
    """Those of the rows, with who holds their proxies or noted their answers: one read more, if there are any."""
    named = {person for *_, proxy_id, _, noted_by, _ in rows for person in (proxy_id, noted_by) if person is not None}
    others: dict[int, tuple[str, bool | None]] = {}
    if named:
        here = and_(col(Invitation.person_id) == col(Person.id), col(Invitation.committee_id) == committee_id)
        found = await session.execute(
            select(col(Person.id), col(Person.name), col(Invitation.present))
            .outerjoin(Invitation, here)
            .where(any_of(col(Person.id), named))
        )
        others = {person_id: (name, present) for person_id, name, present in found}
    nobody = (None, None)
    return [
        Invited(
            person_id=person_id,
            name=name,
            email=email,
            function=function,
            answer=Answer(answer) if answer else None,
            proxy=others.get(proxy_id, nobody)[0],
            proxy_present=others.get(proxy_id, nobody)[1],
            proxy_id=proxy_id,
            answered_at=answered_at,
            noted_by=others.get(noted_by, nobody)[0],
            present=present,
        )
        for person_id, name, email, function, answer, proxy_id, answered_at, noted_by, present in rows
    ]
