"""Reads for the list of committees and for one committee's reminders."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ScalarSelect, and_, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.committees.models import Committee, Invitation
from pooling.committees.rules import COMMITTEE, KINDS
from pooling.kernel.slices import Listed, Order, Slice
from pooling.kernel.tables import linked
from pooling.members.models import Membership
from pooling.outbox.models import Message, MessageState
from pooling.reminders.models import Reminder, ReminderState


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

    @property
    def tag(self) -> tuple[str, str]:
        """Its state, as a tag says it."""
        return COMMITTEE.tag(self.state), COMMITTEE.word(self.state)


async def committee_page(
    session: AsyncSession,
    now: datetime,
    wanted: Slice,
    *,
    past: bool,
) -> Listed[CommitteeLine]:
    """The committees to come (nearest first) or past (latest first)."""
    statement = select(
        col(Committee.id),
        col(Committee.title),
        col(Committee.state),
        col(Committee.starts_at),
        col(Committee.place),
        col(Committee.link),
        _count_invited(now),
    ).where(col(Committee.starts_at) <= now if past else col(Committee.starts_at) > now)
    order = Order(col(Committee.starts_at), col(Committee.id), latest_first=past)
    return (await order.read(session, statement, wanted)).each(lambda row: CommitteeLine(*row))


def _count_invited(now: datetime) -> ScalarSelect[int]:
    """How many are invited to a committee, as its own page counts them: those who had not left when it met, or have
    not by now. They are looked up in a list that the server hashes once for each committee: see `people_queries`.
    """
    met = func.least(col(Committee.starts_at), now)
    held = or_(col(Membership.ended_at).is_(None), col(Membership.ended_at) > met)
    here = col(Invitation.person_id).in_(select(col(Membership.person_id)).where(held).correlate(Committee))
    invited = (
        select(here.label("here"))
        .where(linked(Invitation.committee_id, Committee.id))
        .correlate(Committee)
        .offset(0)
        .subquery()
    )
    return select(func.count()).select_from(invited).where(invited.c.here).correlate(Committee).scalar_subquery()


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
