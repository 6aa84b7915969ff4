"""Telling those already told that a committee was moved or cancelled: once, in the same transaction."""

from datetime import datetime

from sqlalchemy import and_, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.accounts.models import Person
from pooling.accounts.throttle import DAY, Allowance
from pooling.committees.models import Committee, Invitation
from pooling.committees.notices.writer import Change, Recipient, Writer
from pooling.committees.queries import agendas_of, facilitators_addresses, holds_a_role
from pooling.committees.rules import CHANGE, CONVOCATION, KINDS, REMINDER
from pooling.kernel.database import insert_many
from pooling.members.models import Group
from pooling.outbox.occasions import occasion
from pooling.outbox.queueing import queue_mails, withdraw_messages
from pooling.reminders.kinds import Context
from pooling.reminders.models import Reminder, ReminderState

CHANGES = Allowance("committee-changes", "Changes of a committee’s date or place", "a committee", 50, DAY, __name__)
occasion(
    CHANGE,
    asked_by="a facilitator, who moves or cancels a committee",
    to="those already told of it",
    limit=f"{CHANGES}; what has not left yet is taken back",
    where=__name__,
)


async def tell_change(
    session: AsyncSession, committee: Committee, change: Change, now: datetime, *, base_url: str, reason: str
) -> int:
    """Ends what was planned for the former revision and tells those already told; returns how many.

    The committee carries its new revision and is locked by the caller.
    """
    # First the rows that a sweep may be turning into messages at this moment: it waits for us, or we for it.
    await session.execute(
        update(Reminder)
        .where(
            col(Reminder.kind).in_((REMINDER, CONVOCATION)),
            col(Reminder.subject_id) == committee.id,
            col(Reminder.state) == ReminderState.PLANNED,
        )
        .values(state=ReminderState.SUPERSEDED, settled_at=now),
        execution_options={"synchronize_session": False},
    )
    await _withdraw_unsent(session, committee)
    told = await _told(session, committee)
    if not told:
        return 0
    context = await context_of_group(session, base_url, now)
    contacts = await facilitators_addresses(session)
    agenda = (await agendas_of(session, [committee.id]))[committee.id]
    writer = Writer.of(session, committee, agenda, context, contacts, cancelled=change is Change.CANCELLED)
    mails = [writer.change(CHANGE, recipient, change, reason) for recipient in told]
    messages = await queue_mails(session, mails, now)
    await insert_many(
        session,
        Reminder,
        [
            {
                "kind": CHANGE,
                "subject_id": committee.id,
                "revision": committee.revision,
                "offset_days": 0,
                "person_id": recipient.person_id,
                "due_at": now,
                "useful_until": committee.starts_at,
                "state": str(ReminderState.SENT),
                "message_id": message_id,
                "settled_at": now,
            }
            for recipient, message_id in zip(told, messages, strict=True)
        ],
    )
    return len(told)


async def _withdraw_unsent(session: AsyncSession, committee: Committee) -> None:
    """What waits in the outbox about this committee is no longer true."""
    messages = await session.execute(
        select(col(Reminder.message_id)).where(
            col(Reminder.kind).in_(KINDS),
            col(Reminder.subject_id) == committee.id,
            col(Reminder.message_id).is_not(None),
        )
    )
    await withdraw_messages(session, [message for message in messages.scalars() if message is not None])


async def _told(session: AsyncSession, committee: Committee) -> list[Recipient]:
    """Those who are still invited and know the date, or should: a mail about this committee was written to them, or was
    due when it was superseded (the worker was late), or they have answered from its page.
    """
    late = and_(col(Reminder.state) == ReminderState.SUPERSEDED, col(Reminder.due_at) <= col(Reminder.settled_at))
    told = select(col(Reminder.person_id)).where(
        col(Reminder.kind).in_(KINDS),
        col(Reminder.subject_id) == committee.id,
        or_(col(Reminder.state) == ReminderState.SENT, late),
    )
    rows = await session.execute(
        select(col(Person.id), col(Person.email), col(Person.name), col(Person.mail_key), col(Invitation.answer))
        .join(Invitation, col(Invitation.person_id) == col(Person.id))
        .where(
            col(Invitation.committee_id) == committee.id,
            or_(col(Person.id).in_(told), col(Invitation.answer).is_not(None)),
            holds_a_role(col(Person.id)),
        )
        .order_by(col(Person.id))
    )
    return [Recipient(*row) for row in rows]


async def context_of_group(session: AsyncSession, base_url: str, now: datetime) -> Context:
    """The transaction's group, as mails speak for it."""
    group = (await session.execute(select(Group))).scalar_one()
    return Context(group.id, group.slug, group.name, group.zone, group.fictional, base_url, now)
