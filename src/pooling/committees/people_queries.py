"""Reads about who is invited, what they answered, who came. A committee may have 35 000 people invited: they are read
page by page, and counted by the database.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select, true, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import col

from pooling.accounts.models import Person
from pooling.committees.models import Answer, Committee, Invitation
from pooling.committees.queries import LARGEST_ID
from pooling.kernel.text import search_text
from pooling.members.models import Group, Membership
from pooling.members.people_queries import folded

PAGE_SIZE = 50


def is_of_the_group(committee: Committee, now: datetime) -> ColumnElement[bool]:
    """Whether the invited person is in the group still, or was when the committee met: who left before does not count
    among those invited, who left since still does.
    """
    moment = min(now, committee.starts_at)
    return exists().where(
        col(Membership.person_id) == col(Invitation.person_id),
        or_(col(Membership.ended_at).is_(None), col(Membership.ended_at) > moment),
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
    holder = aliased(Invitation)
    answer, present = col(Invitation.answer), col(Invitation.present)
    rows = await session.execute(
        select(
            func.count(),
            func.count().filter(answer == Answer.YES),
            func.count().filter(answer == Answer.NO),
            func.count().filter(answer == Answer.PROXY),
            func.count().filter(present.is_(True)),
            func.count().filter(present.is_(False)),
            func.count().filter(present.is_not(True), col(holder.present).is_(True)),
        )
        .select_from(Invitation)
        .outerjoin(
            holder,
            and_(
                col(holder.group_id) == col(Invitation.group_id),
                col(holder.committee_id) == col(Invitation.committee_id),
                col(holder.person_id) == col(Invitation.proxy_id),
            ),
        )
        .where(col(Invitation.committee_id) == committee.id, is_of_the_group(committee, now))
    )
    return Counts(*rows.one())


async def quorum_percent(session: AsyncSession) -> int | None:
    """The share that the group set; None: no quorum."""
    found: int | None = (await session.execute(select(col(Group.quorum_percent)))).scalar_one()
    return found


@dataclass(frozen=True)
class Invited:
    """Somebody invited, what they answered, whether they came."""

    person_id: int
    name: str
    email: str
    function: str
    answer: Answer | None
    proxy: str | None
    """Who holds their proxy."""
    proxy_id: int | None
    proxy_present: bool | None
    answered_at: datetime | None
    present: bool | None
    sort_key: str = ""


async def invited_page(
    session: AsyncSession,
    committee: Committee,
    now: datetime,
    *,
    search: str = "",
    answer: str = "",
    after: tuple[str, int] | None = None,
    size: int = PAGE_SIZE,
    skip: int = 0,
) -> tuple[list[Invited], tuple[str, int] | None]:
    """Those invited in the order of their names, who have every word searched in their name; and where the next page
    starts. `answer` keeps those of one answer (`none`: who has not answered); `skip` is for sheets that are numbered.
    """
    name = folded(col(Person.name)).collate("C")
    statement = (
        _invited(name)
        .where(col(Invitation.committee_id) == committee.id, is_of_the_group(committee, now), _named(search))
        .order_by(name, col(Person.id))
        .offset(skip)
        .limit(size + 1)
    )
    if answer:
        given = col(Invitation.answer)
        statement = statement.where(given.is_(None) if answer == "none" else given == answer)
    if after is not None:
        statement = statement.where(tuple_(name, col(Person.id)) > after)
    found = [_read(*row) for row in await session.execute(statement)]
    shown = found[:size]
    return shown, (shown[-1].sort_key, shown[-1].person_id) if len(found) > size else None


async def invited_person(session: AsyncSession, committee_id: int, person_id: int) -> Invited | None:
    """One of those invited; None when it is not."""
    if not 0 < person_id <= LARGEST_ID:
        return None
    name = folded(col(Person.name))
    rows = await session.execute(
        _invited(name).where(col(Invitation.committee_id) == committee_id, col(Person.id) == person_id)
    )
    found = rows.first()
    return _read(*found) if found else None


def _named(search: str) -> ColumnElement[bool]:
    """Whether the name has every word searched."""
    has_words: ColumnElement[bool] = true()
    for word in search_text(search).split():
        has_words &= folded(col(Person.name)).contains(word, autoescape=True)
    return has_words


def _invited(name: ColumnElement[str]) -> Select[*tuple[Any, ...]]:
    holder, holding = aliased(Person), aliased(Invitation)
    statement: Select[*tuple[Any, ...]] = (
        select(
            col(Person.id),
            col(Person.name),
            col(Person.email),
            col(Person.function),
            col(Invitation.answer),
            col(holder.name),
            col(Invitation.proxy_id),
            col(holding.present),
            col(Invitation.answered_at),
            col(Invitation.present),
            name,
        )
        .select_from(Invitation)
        .join(Person, col(Person.id) == col(Invitation.person_id))
        .outerjoin(holder, col(holder.id) == col(Invitation.proxy_id))
        .outerjoin(
            holding,
            and_(
                col(holding.group_id) == col(Invitation.group_id),
                col(holding.committee_id) == col(Invitation.committee_id),
                col(holding.person_id) == col(Invitation.proxy_id),
            ),
        )
    )
    return statement


def _read(person_id: int, name: str, email: str, function: str, answer: str | None, *others: Any) -> Invited:  # noqa: ANN401
    return Invited(person_id, name, email, function, Answer(answer) if answer else None, *others)
