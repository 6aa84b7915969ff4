"""Reads about committees."""

from collections.abc import Collection, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, exists, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped
from sqlmodel import col

from pooling.accounts.models import Person
from pooling.committees.models import AgendaItem, Committee, Difficulty, Invitation
from pooling.committees.rules import whole_title
from pooling.kernel.database import one_row
from pooling.kernel.tables import any_of, known_id, linked
from pooling.members.models import Membership, Role
from pooling.reminders.configuration import Schedule
from pooling.reminders.kinds import Occasion, Subject
from pooling.reminders.rules import still_due
from pooling.web.typography import date_long

PAGE_SIZE = 50


def holds_a_role(person_id: ColumnElement[int] | Mapped[int]) -> ColumnElement[bool]:
    """Whether the person still is in the group: one who left gets nothing more."""
    return exists().where(col(Membership.person_id) == person_id, col(Membership.ended_at).is_(None))


def invited_people(since: ColumnElement[Any], *which: ColumnElement[bool]) -> Select[Any]:
    """A reminder's audience: those invited to these committees who still hold a role, each concerned since a moment."""
    return (
        select(
            col(Invitation.committee_id).label("subject_id"),
            col(Committee.revision).label("revision"),
            col(Invitation.person_id).label("person_id"),
            since.label("since"),
        )
        .join(Committee, linked(Committee.id, Invitation.committee_id))
        .where(*which, holds_a_role(col(Invitation.person_id)))
    )


async def occasions_before(
    session: AsyncSession, schedule: Schedule, zone: ZoneInfo, *which: ColumnElement[bool]
) -> list[Occasion]:
    """A reminder's plan: when to speak of these committees, on the schedule before each meets."""
    rows = await session.execute(
        select(col(Committee.id), col(Committee.revision), col(Committee.local_start), col(Committee.starts_at)).where(
            *which
        )
    )
    return [
        Occasion(committee_id, revision, offset, due_at, useful_until=starts_at)
        for committee_id, revision, local_start, starts_at in rows
        for offset, due_at in still_due(
            local_start.date(), schedule.offsets, schedule.hour, zone, useful_until=starts_at
        )
    ]


async def facilitators_addresses(session: AsyncSession) -> tuple[str, ...]:
    """Who to ask, the longest in charge first."""
    rows = await session.execute(
        select(col(Person.email))
        .join(Membership, col(Membership.person_id) == col(Person.id))
        .where(col(Membership.role) == Role.FACILITATOR, col(Membership.ended_at).is_(None))
        .order_by(col(Membership.id))
    )
    return tuple(rows.scalars())


async def mail_key_of(session: AsyncSession, person_id: int) -> str:
    """The secret that stands in this person's mails."""
    found = await session.execute(select(col(Person.mail_key)).where(col(Person.id) == person_id))
    return found.scalar_one()


async def whole_titles(session: AsyncSession, committee_id: int) -> list[str]:
    """The agenda as documents say it."""
    rows = await session.execute(
        select(col(AgendaItem.title), col(Difficulty.content))
        .outerjoin(Difficulty, linked(Difficulty.id, AgendaItem.difficulty_id))
        .where(col(AgendaItem.committee_id) == committee_id)
        .order_by(col(AgendaItem.position), col(AgendaItem.id))
    )
    return [whole_title(title, difficulty) for title, difficulty in rows]


async def agendas_of(session: AsyncSession, committees: Collection[int]) -> dict[int, list[AgendaItem]]:
    """The agenda of each of these committees, in order."""
    rows = await session.execute(
        select(AgendaItem)
        .where(any_of(col(AgendaItem.committee_id), committees))
        .order_by(col(AgendaItem.position), col(AgendaItem.id))
    )
    agendas: dict[int, list[AgendaItem]] = {committee_id: [] for committee_id in committees}
    for item in rows.scalars():
        agendas[item.committee_id].append(item)
    return agendas


async def committee_by_id(session: AsyncSession, committee_id: int) -> Committee:
    """The committee.

    Raises:
        NotFound: the group has none with this id.
    """
    return await one_row(session, select(Committee).where(col(Committee.id) == known_id(committee_id)))


async def answers_of(
    session: AsyncSession, committees: Collection[int], people: Collection[int]
) -> dict[tuple[int, int], str | None]:
    """What these people have answered, by (committee, person)."""
    rows = await session.execute(
        select(col(Invitation.committee_id), col(Invitation.person_id), col(Invitation.answer)).where(
            any_of(col(Invitation.committee_id), committees),
            any_of(col(Invitation.person_id), people),
            col(Invitation.answer).is_not(None),
        )
    )
    return {(committee_id, person_id): answer for committee_id, person_id, answer in rows}


async def name_committees(session: AsyncSession, ids: Sequence[int]) -> dict[int, Subject]:
    rows = await session.execute(
        select(col(Committee.id), col(Committee.title), col(Committee.local_start)).where(
            any_of(col(Committee.id), ids)
        )
    )
    return {
        key: Subject(f"{title} du {date_long(local_start.date())}", f"comites/{key}")
        for key, title, local_start in rows
    }
