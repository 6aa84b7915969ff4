"""Reads about committees."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, ScalarSelect, Select, and_, exists, func, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped
from sqlmodel import col

from pooling.accounts.models import Person
from pooling.committees.models import AgendaItem, Committee, Invitation
from pooling.committees.rules import KINDS
from pooling.kernel.errors import NotFound
from pooling.members.models import Membership, Role
from pooling.outbox.models import Message, MessageState
from pooling.reminders.models import Reminder, ReminderState

PAGE_SIZE = 50
LARGEST_ID = 2**63 - 1
Row = TypeVar("Row")


def holds_a_role(person_id: Mapped[int]) -> ColumnElement[bool]:
    """Whether the person still is in the group: one who left gets nothing more."""
    return exists().where(col(Membership.person_id) == person_id, col(Membership.ended_at).is_(None))


def invited(since: ColumnElement[Any], *which: ColumnElement[bool]) -> Select[Any]:
    """A reminder's audience: those invited to these committees who still hold a role, each concerned since a moment."""
    return (
        select(
            col(Invitation.committee_id).label("subject_id"),
            col(Committee.revision).label("revision"),
            col(Invitation.person_id).label("person_id"),
            since.label("since"),
        )
        .join(
            Committee,
            and_(
                col(Committee.group_id) == col(Invitation.group_id),
                col(Committee.id) == col(Invitation.committee_id),
            ),
        )
        .where(*which, holds_a_role(col(Invitation.person_id)))
    )


async def facilitators_addresses(session: AsyncSession) -> tuple[str, ...]:
    """Who to ask, the longest in charge first."""
    rows = await session.execute(
        select(col(Person.email))
        .join(Membership, col(Membership.person_id) == col(Person.id))
        .where(col(Membership.role) == Role.FACILITATOR, col(Membership.ended_at).is_(None))
        .order_by(col(Membership.id))
    )
    return tuple(rows.scalars())


async def agendas_of(session: AsyncSession, committees: Collection[int]) -> dict[int, list[AgendaItem]]:
    """The agenda of each of these committees, in order."""
    rows = await session.execute(
        select(AgendaItem)
        .where(col(AgendaItem.committee_id).in_(committees))
        .order_by(col(AgendaItem.position), col(AgendaItem.id))
    )
    agendas: dict[int, list[AgendaItem]] = {committee_id: [] for committee_id in committees}
    for item in rows.scalars():
        agendas[item.committee_id].append(item)
    return agendas


@dataclass(frozen=True)
class CommitteeLine:
    """A committee in a list."""

    id: int
    title: str
    state: str
    starts_at: datetime
    place: str
    link: str
    invited: int


async def committee_page(
    session: AsyncSession,
    now: datetime,
    *,
    past: bool,
    after: tuple[datetime, int] | None = None,
    size: int = PAGE_SIZE,
) -> tuple[list[CommitteeLine], tuple[datetime, int] | None]:
    """A page of the committees to come (nearest first) or past (latest first), and where the next begins."""
    key = tuple_(col(Committee.starts_at), col(Committee.id))
    statement = select(
        col(Committee.id),
        col(Committee.title),
        col(Committee.state),
        col(Committee.starts_at),
        col(Committee.place),
        col(Committee.link),
        _count_invited(now),
    )
    if past:
        statement = statement.where(col(Committee.starts_at) <= now).order_by(
            col(Committee.starts_at).desc(), col(Committee.id).desc()
        )
    else:
        statement = statement.where(col(Committee.starts_at) > now).order_by(
            col(Committee.starts_at), col(Committee.id)
        )
    if after is not None:
        statement = statement.where(key < after if past else key > after)
    lines = [CommitteeLine(*row) for row in await session.execute(statement.limit(size + 1))]
    shown = lines[:size]
    return shown, (shown[-1].starts_at, shown[-1].id) if len(lines) > size else None


def _count_invited(now: datetime) -> ScalarSelect[int]:
    """How many are invited to a committee, as its own page counts them: those who had not left when it met, or have
    not by now. They are looked up in a list that the server hashes once for each committee: see `people_queries`.
    """
    met = func.least(col(Committee.starts_at), now)
    held = or_(col(Membership.ended_at).is_(None), col(Membership.ended_at) > met)
    here = col(Invitation.person_id).in_(select(col(Membership.person_id)).where(held).correlate(Committee))
    invited = (
        select(here.label("here"))
        .where(col(Invitation.group_id) == col(Committee.group_id), col(Invitation.committee_id) == col(Committee.id))
        .correlate(Committee)
        .offset(0)
        .subquery()
    )
    return select(func.count()).select_from(invited).where(invited.c.here).correlate(Committee).scalar_subquery()


def known_id(typed: int) -> int:
    """An id that a row may have.

    Raises:
        NotFound: none has.
    """
    if not 0 < typed <= LARGEST_ID:
        raise NotFound
    return typed


async def found(session: AsyncSession, statement: Select[Row]) -> Row:
    """The one row that the statement asks for.

    Raises:
        NotFound: the group has none.
    """
    row = (await session.execute(statement)).scalar_one_or_none()
    if row is None:
        raise NotFound
    return row


async def committee_by_id(session: AsyncSession, committee_id: int) -> Committee:
    """The committee.

    Raises:
        NotFound: the group has none with this id.
    """
    return await found(session, select(Committee).where(col(Committee.id) == known_id(committee_id)))


async def answers_of(
    session: AsyncSession, committees: Collection[int], people: Collection[int]
) -> dict[tuple[int, int], str | None]:
    """What these people have answered, by (committee, person)."""
    rows = await session.execute(
        select(col(Invitation.committee_id), col(Invitation.person_id), col(Invitation.answer)).where(
            col(Invitation.committee_id).in_(committees),
            col(Invitation.person_id).in_(people),
            col(Invitation.answer).is_not(None),
        )
    )
    return {(committee_id, person_id): answer for committee_id, person_id, answer in rows}


@dataclass(frozen=True)
class ReminderLine:
    """How the reminders of one offset stand, for the facilitator."""

    kind: str
    offset_days: int
    due_at: datetime
    planned: int
    sent: int
    """Written and not failed: in the outbox or at the mail server."""
    failed: int
    dropped: int
    """Missed, superseded or no longer needed."""


async def reminder_lines(session: AsyncSession, committee: Committee) -> list[ReminderLine]:
    """The reminders of the committee's present revision, by offset."""
    failed = and_(
        col(Reminder.state) == ReminderState.SENT,
        exists().where(col(Message.id) == col(Reminder.message_id), col(Message.state) == MessageState.FAILED),
    )
    rows = await session.execute(
        select(
            col(Reminder.kind),
            col(Reminder.offset_days),
            func.min(col(Reminder.due_at)),
            func.count().filter(col(Reminder.state) == ReminderState.PLANNED),
            func.count().filter(col(Reminder.state) == ReminderState.SENT, ~failed),
            func.count().filter(failed),
            func.count().filter(
                col(Reminder.state).in_([ReminderState.MISSED, ReminderState.SUPERSEDED, ReminderState.NOT_NEEDED])
            ),
        )
        .where(
            col(Reminder.kind).in_(KINDS),
            col(Reminder.subject_id) == committee.id,
            col(Reminder.revision) == committee.revision,
        )
        .group_by(col(Reminder.kind), col(Reminder.offset_days))
        .order_by(func.min(col(Reminder.due_at)))
    )
    return [ReminderLine(*row) for row in rows]
