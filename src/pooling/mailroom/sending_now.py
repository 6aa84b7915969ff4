"""What the facilitator does by hand: sending an occasion's reminders now, trying a mail that failed once more."""

import logging
from collections.abc import Sequence

from sqlalchemy import exists, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import col

from pooling.accounts.models import Person
from pooling.kernel.database import group_of
from pooling.kernel.errors import Conflict, NotFound
from pooling.kernel.events import record_event
from pooling.kernel.tables import known_id
from pooling.mailroom.occasions import OccasionShown
from pooling.mailroom.words import offset_word
from pooling.members.mails import TO_AN_ADDRESS
from pooling.members.rights import Caller, Right
from pooling.outbox.failures import WITHDRAWN_PREFIX, is_hopeless
from pooling.outbox.mail import Mail
from pooling.outbox.models import Message, MessageState
from pooling.outbox.occasions import occasion
from pooling.reminders.hastening import send_now
from pooling.reminders.kinds import Context, DueReminder, Kind
from pooling.reminders.models import Reminder, ReminderState
from pooling.reminders.sending import of_kind
from pooling.reminders.settings import kinds_of_group

log = logging.getLogger(__name__)

REWRITTEN = f"{WITHDRAWN_PREFIX} it was written anew"
occasion(
    "reminders sent now",
    asked_by="a facilitator: « Envoyer maintenant »",
    to="those whom the reminder waits for",
    limit="each reminder leaves once, now or at its date",
    where=__name__,
)
occasion(
    "failed mail tried again",
    asked_by="a facilitator",
    to="the same recipient",
    limit="once for each failure",
    where=__name__,
)
NO_LONGER = "Ce courriel n’est plus d’actualité : il ne peut plus partir."


def kind_named(kinds: Sequence[Kind], name: str) -> Kind | None:
    return next((kind for kind in kinds if kind.name == name), None)


async def send_occasion(
    session: AsyncSession, caller: Caller, kinds: Sequence[Kind], occasion: OccasionShown, context: Context
) -> tuple[int, int]:
    """Sends what is planned for this occasion without waiting for its date.

    Returns how many reminders leave, and how many mails of them are written already (the next sweep writes the
    others).

    Raises:
        Conflict: their date is that of a rule, and an act of its own sends them.
        Forbidden: the caller does not manage committees.
    """
    caller.require(Right.MANAGE_REMINDERS)
    kind = kind_named(kinds, occasion.kind)
    if kind is None or kind.lawful:
        raise Conflict("Ces courriels ne s’envoient pas d’ici.", code="not_sent_here")
    which = (
        col(Reminder.subject_id) == occasion.subject_id,
        col(Reminder.revision) == occasion.revision,
        col(Reminder.offset_days) == occasion.offset_days,
    )
    count, written = await send_now(session, kind, which, context)
    if count:
        record_event(
            session,
            at=context.now,
            person_id=caller.person_id,
            subject=("group", caller.group_id),
            name="reminders.sent_now",
            details={
                "code": f"{kind.name} {occasion.subject_id}",
                "label": f"{kind.label}, {offset_word(occasion.offset_days)}"
                + (f", {occasion.subject.label}" if occasion.subject else ""),
                "people": count,
            },
        )
    return count, len(written)


async def retry_mail(
    session: AsyncSession, caller: Caller, kinds: Sequence[Kind], message_id: int, context: Context
) -> None:
    """Tries a mail that failed once more, at the address that its person has by now. A reminder is written anew, from
    what is true now.

    Raises:
        Conflict: it did not fail, or what it says is no longer true or of use.
        NotFound: the group has no such mail.
        Forbidden: the caller does not manage committees.
    """
    caller.require(Right.MANAGE_REMINDERS)
    message = await _failed(session, message_id)
    found = await session.execute(select(Reminder).where(col(Reminder.message_id) == message.id))
    reminder = found.scalars().first()
    kind = kind_named(kinds, message.kind)
    if reminder is not None and kind is not None:
        await _write_anew(session, kind, reminder, message, context)
        return
    if reminder is not None and await _is_superseded(session, reminder):
        raise Conflict(NO_LONGER, code="no_longer_true")
    if message.expires_at is not None and message.expires_at <= context.now:
        raise Conflict(NO_LONGER, code="no_longer_true")
    await session.execute(
        text("""
            UPDATE messages SET state = 'queued', attempts = 0, error = NULL, next_try_at = :now, recipient = COALESCE(
                (SELECT email FROM people p WHERE p.id = person_id AND purged_at IS NULL AND kind <> ALL (:as_it_is)),
                recipient)
            WHERE id = :id AND group_id = :group AND state = 'failed'"""),
        {"now": context.now, "id": message.id, "group": group_of(session), "as_it_is": list(TO_AN_ADDRESS)},
    )


async def _failed(session: AsyncSession, message_id: int) -> Message:
    found = await session.execute(
        select(Message)
        .where(col(Message.group_id) == group_of(session), col(Message.id) == known_id(message_id))
        .with_for_update()
    )
    message = found.scalar_one_or_none()
    if message is None:
        raise NotFound
    if message.state != MessageState.FAILED:
        raise Conflict("Ce courriel n’est pas en échec : il n’y a rien à réessayer.", code="not_failed")
    if is_hopeless(message.error or ""):
        raise Conflict(NO_LONGER, code="no_longer_true")
    return message


async def _write_anew(
    session: AsyncSession, kind: Kind, reminder: Reminder, message: Message, context: Context
) -> None:
    await session.execute(
        update(Reminder)
        .where(col(Reminder.id) == reminder.id)
        .values(state=ReminderState.PLANNED, message_id=None, settled_at=None),
        execution_options={"synchronize_session": False},
    )
    message.error = REWRITTEN
    await session.flush()
    _, written = await send_now(session, kind, (col(Reminder.id) == reminder.id,), context)
    if not written:
        raise Conflict(NO_LONGER, code="no_longer_true")


async def _is_superseded(session: AsyncSession, reminder: Reminder) -> bool:
    """Whether the person was told something newer about the same subject."""
    newer = aliased(Reminder)
    found = await session.scalar(
        select(
            exists().where(
                col(newer.group_id) == group_of(session),
                col(newer.kind) == reminder.kind,
                col(newer.subject_id) == reminder.subject_id,
                col(newer.person_id) == reminder.person_id,
                col(newer.revision) > reminder.revision,
            )
        )
    )
    return bool(found)


async def preview_mail(session: AsyncSession, kinds: Sequence[Kind], reminder_id: int, context: Context) -> Mail | None:
    """What this person would be told now; None when nothing can be said. Whatever writing it changed is undone."""
    found = await session.execute(
        select(Reminder, Person)
        .join(Person, col(Person.id) == col(Reminder.person_id))
        .where(col(Reminder.id) == reminder_id)
    )
    row = found.one_or_none()
    kind = kind_named(kinds, row[0].kind) if row is not None else None
    if row is None or kind is None:
        return None
    reminder, person = row
    (as_wanted,) = await kinds_of_group(session, [kind])
    due = DueReminder(
        reminder.id, reminder.kind, reminder.subject_id, reminder.revision, reminder.offset_days, reminder.due_at,
        reminder.useful_until, person.id, person.email, person.name, mail_key="…",
    )  # fmt: skip
    savepoint = await session.begin_nested()
    try:
        (mail,) = await as_wanted.render(session, [due], context)
    except Exception:  # what a feature cannot say yet, or no more: the page says so
        log.exception("the preview of the reminder %s %s failed", kind.name, reminder_id)
        return None
    finally:
        await savepoint.rollback()
    return of_kind(mail, as_wanted, due, context)
