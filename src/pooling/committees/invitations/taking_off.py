"""Whoever is no longer invited hears of it, and the meeting leaves their calendar: taken off by hand, or without a
role any more.
"""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import exists, or_, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.accounts.models import Person
from pooling.accounts.throttle import DAY, Allowance
from pooling.committees.invitations.answering import void_proxies
from pooling.committees.locking import locked_committee, record_change
from pooling.committees.models import Committee, Invitation
from pooling.committees.notices.changes import context_of_group
from pooling.committees.notices.writer import Recipient, Writer
from pooling.committees.queries import agendas_of, facilitators_addresses
from pooling.committees.rules import KINDS, TO_COME
from pooling.kernel.clock import Clock
from pooling.kernel.database import base_url_of, group_of
from pooling.kernel.tables import any_of, linked
from pooling.members.models import Membership
from pooling.members.rights import Caller
from pooling.outbox.occasions import occasion
from pooling.outbox.queueing import queue_mails, withdraw_messages
from pooling.reminders.models import Reminder, ReminderState

TAKEN_OFF_A_DAY = Allowance("committee-taken-off", "People taken off a committee", "a committee", 500, DAY, __name__)
TAKEN_OFF = occasion(
    "committee_taken_off",
    asked_by="a facilitator, who takes somebody off a committee or ends somebody’s last role",
    to="that person, if told of the meeting before",
    limit=str(TAKEN_OFF_A_DAY),
    where=__name__,
)


async def take_off(
    session: AsyncSession, caller: Caller | None, committee: Committee, people: Collection[int], now: datetime
) -> None:
    """Ends these invitations to a locked committee that is to come, and tells who knew of it. `caller` is None when the
    application does it by itself.

    Raises:
        TooMany: too many were taken off this committee today.
    """
    await TAKEN_OFF_A_DAY.count_here(session, committee.id, at=now, times=len(people))
    for person_id in people:  # one by hand; a few a year by themselves
        await void_proxies(session, committee, person_id, now)
        record_change(session, caller, committee, "person_uninvited", now, details={"person_id": person_id})
    told = await _told(session, committee, people, now)
    await session.execute(
        text(
            "DELETE FROM committee_invitations "
            "WHERE group_id = :group AND committee_id = :committee AND person_id = ANY (CAST(:people AS bigint[]))"
        ),
        {"group": group_of(session), "committee": committee.id, "people": list(people)},
    )
    if not told:
        return
    context = await context_of_group(session, base_url_of(session), now)
    agenda = (await agendas_of(session, [committee.id]))[committee.id]
    contacts = await facilitators_addresses(session)
    writer = Writer.of(session, committee, agenda, context, contacts, cancelled=True)
    await queue_mails(session, [writer.taken_off(TAKEN_OFF, recipient) for recipient in told], now)


async def _told(session: AsyncSession, committee: Committee, people: Collection[int], now: datetime) -> list[Recipient]:
    """Those who know of the meeting: a mail about it left, or they have answered. What has not left is taken back."""
    waiting = await session.execute(
        select(col(Reminder.message_id)).where(
            col(Reminder.kind).in_(KINDS),
            col(Reminder.subject_id) == committee.id,
            any_of(col(Reminder.person_id), people),
            col(Reminder.message_id).is_not(None),
        )
    )
    withdrawn = await withdraw_messages(session, [message for message in waiting.scalars() if message is not None])
    await session.execute(
        update(Reminder)
        .where(any_of(col(Reminder.message_id), withdrawn), col(Reminder.subject_id) == committee.id)
        .values(state=ReminderState.NOT_NEEDED, settled_at=now),
        execution_options={"synchronize_session": False},
    )
    told = exists().where(
        col(Reminder.kind).in_(KINDS),
        col(Reminder.subject_id) == committee.id,
        col(Reminder.person_id) == col(Person.id),
        col(Reminder.state) == ReminderState.SENT,
    )
    rows = await session.execute(
        select(col(Person.id), col(Person.email), col(Person.name), col(Person.mail_key), col(Invitation.answer))
        .join(Invitation, col(Invitation.person_id) == col(Person.id))
        .where(
            col(Invitation.committee_id) == committee.id,
            any_of(col(Person.id), people),
            col(Person.purged_at).is_(None),
            or_(told, col(Invitation.answer).is_not(None)),
        )
        .order_by(col(Person.id))
    )
    return [Recipient(*row) for row in rows]


async def take_off_departed(session: AsyncSession, clock: Clock) -> int:
    """A chore: whoever holds no role in the group any more is not invited to what is to come. Returns how many were."""
    now = clock.now()
    rows = await session.execute(
        select(col(Invitation.committee_id), col(Invitation.person_id))
        .join(Committee, linked(Committee.id, Invitation.committee_id))
        .where(
            col(Committee.state).in_([str(state) for state in TO_COME]),
            col(Committee.starts_at) > now,
            ~exists().where(col(Membership.person_id) == col(Invitation.person_id), col(Membership.ended_at).is_(None)),
        )
    )
    departed: dict[int, list[int]] = {}
    for committee_id, person_id in rows:
        departed.setdefault(committee_id, []).append(person_id)
    for committee_id, people in departed.items():
        await take_off(session, None, await locked_committee(session, committee_id), people, now)
    return sum(map(len, departed.values()))
