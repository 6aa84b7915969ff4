"""One occasion's people and the mail of each; mails that failed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, exists, func, or_, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.accounts.models import Person
from pooling.kernel.database import group_of
from pooling.kernel.errors import NotFound
from pooling.kernel.files import File
from pooling.kernel.slices import Listed, Order, Slice
from pooling.kernel.tables import any_of, folded_column, known_id
from pooling.kernel.text import folded_words
from pooling.mailroom.occasions import OccasionShown, OccasionState, occasion_state
from pooling.members.people_queries import PEOPLE_BY_NAME, is_here
from pooling.outbox.models import HAS_FAILED, Message
from pooling.reminders.models import Reminder, ReminderOptOut

FAILED_LATEST_FIRST = Order(col(Message.id), latest_first=True)
REMINDED_BY_NAME = Order(col(Person.folded_name), col(Reminder.id))


@dataclass(frozen=True)
class ReminderShown:
    """One person's reminder, and what became of its mail."""

    id: int
    person_id: int
    name: str
    email: str
    state: OccasionState
    due_at: datetime
    settled_at: datetime | None
    sent_at: datetime | None
    message_id: int | None
    error: str | None


def _reminders() -> Any:  # noqa: ANN401 - a Select of ten columns
    return (
        select(
            col(Reminder.id),
            col(Reminder.person_id),
            col(Person.name),
            col(Person.email),
            occasion_state(),
            col(Reminder.due_at),
            col(Reminder.settled_at),
            col(Message.sent_at),
            col(Reminder.message_id),
            col(Message.error),
        )
        .select_from(Reminder)
        .join(Person, col(Person.id) == col(Reminder.person_id))
        .outerjoin(Message, col(Message.id) == col(Reminder.message_id))
    )


async def people_of_occasion(
    session: AsyncSession, occasion: OccasionShown, wanted: Slice, *, state: str = "", search: str = ""
) -> Listed[ReminderShown]:
    """In the order of their names, those with every word searched."""
    named = folded_column(col(Person.name) + " " + col(Person.email))
    statement = _reminders().where(
        col(Reminder.kind) == occasion.kind,
        col(Reminder.subject_id) == occasion.subject_id,
        col(Reminder.revision) == occasion.revision,
        col(Reminder.offset_days) == occasion.offset_days,
        *(named.contains(word) for word in folded_words(search)),
    )
    if state:
        statement = statement.where(occasion_state() == state)
    return (await REMINDED_BY_NAME.read(session, statement, wanted)).each(_shown)


def _shown(row: Sequence[Any]) -> ReminderShown:
    id_, person_id, name, email, state, *others = row
    return ReminderShown(id_, person_id, name, email, OccasionState(state), *others)


async def find_reminder(session: AsyncSession, reminder_id: int) -> ReminderShown:
    """Raises:
    NotFound: the group has none with this id.
    """
    found = (await session.execute(_reminders().where(col(Reminder.id) == known_id(reminder_id)))).one_or_none()
    if found is None:
        raise NotFound
    return _shown(tuple(found))


@dataclass(frozen=True)
class MailShown:
    """What was written to somebody, as the facilitator may read it."""

    recipient: str
    subject: str
    text: str
    files: tuple[str, ...]


async def mail_of(session: AsyncSession, message_id: int) -> MailShown:
    """A mail of the group. The person's key is left out: with it the reader would act in that person's place.

    Raises:
        NotFound: there is none with this id.
    """
    found = await session.execute(
        select(Message, col(Person.mail_key))
        .outerjoin(Person, col(Person.id) == col(Message.person_id))
        .where(col(Message.group_id) == group_of(session), col(Message.id) == message_id)
    )
    row = found.one_or_none()
    if row is None:
        raise NotFound
    message, key = row
    text = message.body_text.replace(key, "…") if key else message.body_text
    return MailShown(message.recipient, message.subject, text, await file_names(session, message))


async def file_names(session: AsyncSession, mail: Any) -> tuple[str, ...]:  # noqa: ANN401 - a message or a mail
    """What goes along with a mail, by name."""
    calendar = ("invitation.ics",) if mail.calendar is not None else ()
    if not mail.attachments:
        return calendar
    found = await session.execute(select(col(File.id), col(File.name)).where(any_of(col(File.id), mail.attachments)))
    names = {file_id: name for file_id, name in found}
    return (*calendar, *(names[file_id] for file_id in mail.attachments if file_id in names))


@dataclass(frozen=True)
class FailedMail:
    """A mail that did not reach its person."""

    id: int
    kind: str
    recipient: str
    subject: str
    error: str
    at: datetime
    person_id: int | None
    """Who may be given another address: somebody who still has the one that failed, and a role."""
    reminder_id: int | None


NOT_WITHDRAWN = or_(col(Message.error).is_(None), ~col(Message.error).startswith("withdrawn:"))


async def failed_page(session: AsyncSession, wanted: Slice) -> Listed[FailedMail]:
    """The group's mails that failed, from the latest on."""
    statement = (
        select(
            col(Message.id),
            col(Message.kind),
            col(Message.recipient),
            col(Message.subject),
            func.coalesce(col(Message.error), ""),
            col(Message.next_try_at),
            col(Person.id),
        )
        .outerjoin(
            Person,
            and_(col(Person.id) == col(Message.person_id), col(Person.email) == col(Message.recipient), is_here()),
        )
        .where(
            col(Message.group_id) == group_of(session),
            text(f"messages.{HAS_FAILED}"),
            NOT_WITHDRAWN,
        )
    )
    found = await FAILED_LATEST_FIRST.read(session, statement, wanted)
    written = await session.execute(
        select(col(Reminder.message_id), col(Reminder.id)).where(
            any_of(col(Reminder.message_id), [row[0] for row in found.items])
        )
    )
    reminders = {message_id: reminder_id for message_id, reminder_id in written}
    return found.each(lambda row: FailedMail(*(*row, reminders.get(row[0]))))


async def has_failed(session: AsyncSession) -> bool:
    """Whether the group has a mail that failed."""
    failed = exists().where(col(Message.group_id) == group_of(session), text(f"messages.{HAS_FAILED}"), NOT_WITHDRAWN)
    return bool(await session.scalar(select(failed)))


async def opt_outs_page(session: AsyncSession, kind: str, wanted: Slice) -> Listed[tuple[int, str, str, datetime]]:
    """Who does without a kind of mail: (person, name, e-mail, since), by name."""
    statement = (
        select(col(Person.id), col(Person.name), col(Person.email), col(ReminderOptOut.at))
        .join(Person, col(Person.id) == col(ReminderOptOut.person_id))
        .where(col(ReminderOptOut.kind) == kind, col(ReminderOptOut.ended_at).is_(None))
    )
    found: Listed[Any] = await PEOPLE_BY_NAME.read(session, statement, wanted)
    return found


async def count_opt_outs(session: AsyncSession) -> dict[str, int]:
    """How many people do without each kind."""
    rows = await session.execute(
        select(col(ReminderOptOut.kind), func.count())
        .where(col(ReminderOptOut.ended_at).is_(None))
        .group_by(col(ReminderOptOut.kind))
    )
    return {kind: people for kind, people in rows}
