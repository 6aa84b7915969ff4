"""Writing mails down: rows of the transaction that causes them, so that they exist exactly if it does."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import islice

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from pooling.kernel.database import fetch
from pooling.outbox.mail import Mail, rendered
from pooling.outbox.models import MessageState

WITHDRAWN = "withdrawn: what it said is no longer true"

# The ids are drawn before the rows are written, so that they come back in the order of the mails.
_INSERT = """
WITH given AS MATERIALIZED (
    SELECT nextval(pg_get_serial_sequence('messages', 'id')) AS id, mail.*
    FROM unnest($3::text[], $4::bigint[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[],
        $11::text[], $12::text[], $13::integer[], $14::timestamptz[], $15::text[]) WITH ORDINALITY
        AS mail(kind, person_id, recipient, subject, body_text, body_html, calendar, attachments, unsubscribe_url,
            thread, priority, expires_at, reply_to, place)
), written AS (
    INSERT INTO messages (id, group_id, person_id, kind, recipient, subject, body_text, body_html, calendar,
        attachments, unsubscribe_url, thread, reply_to, sender_name, state, priority, attempts, next_try_at,
        expires_at, created_at)
    SELECT id, $1::bigint, person_id, kind, recipient, subject, body_text, body_html, calendar,
        CAST(attachments AS bigint[]), unsubscribe_url, thread, reply_to,
        COALESCE((SELECT name FROM groups WHERE id = $1::bigint), ''),
        'queued', priority, 0, $2::timestamptz, expires_at, $2::timestamptz
    FROM given
)
SELECT id FROM given ORDER BY place"""


AT_ONCE = 500
"""Mails that are held as text at a time, and written in one statement; others have their turn in between."""


async def queue_mails(session: AsyncSession, mails: Iterable[Mail], now: datetime) -> list[int]:
    """Writes the mails for the transaction's group or none; returns their ids in order."""
    ids, waiting = list[int](), iter(mails)
    while some := list(islice(waiting, AT_ONCE)):
        ids += await _queue(session, some, now)
    return ids


async def _queue(session: AsyncSession, mails: Sequence[Mail], now: datetime) -> list[int]:
    said = [rendered(mail) for mail in mails]
    rows = await fetch(
        session,
        _INSERT,
        session.info.get("group_id"),
        now,
        [mail.kind for mail in mails],
        [mail.person_id for mail in mails],
        [mail.recipient for mail in mails],
        [one.subject for one in said],
        [one.text for one in said],
        [one.html for one in said],
        [mail.calendar for mail in mails],
        # Each as one text: PostgreSQL has no array of arrays of different lengths.
        [f"{{{','.join(map(str, mail.attachments))}}}" for mail in mails],
        [mail.unsubscribe_url for mail in mails],
        [mail.thread for mail in mails],
        [0 if mail.urgent else 1 for mail in mails],
        [mail.expires_at for mail in mails],
        [", ".join(mail.reply_to) for mail in mails],
    )
    return [row["id"] for row in rows]


_COPIES = text("""
INSERT INTO messages (group_id, person_id, kind, recipient, subject, body_text, body_html, calendar,
    attachments, thread, reply_to, sender_name, state, priority, attempts, next_try_at, expires_at, created_at)
SELECT CAST(:group_id AS bigint), reader.person_id, :kind, reader.email, :subject, :body_text, :body_html, NULL,
    CAST(:attachments AS bigint[]), CAST(:thread AS text), CAST(:reply_to AS text),
    COALESCE((SELECT name FROM groups WHERE id = CAST(:group_id AS bigint)), ''),
    'queued', 1, 0, :now, CAST(:expires_at AS timestamptz), :now
FROM unnest(CAST(:people AS bigint[]), CAST(:emails AS text[])) AS reader(person_id, email)
""")


async def queue_copies(session: AsyncSession, mail: Mail, readers: Sequence[tuple[int, str]], now: datetime) -> None:
    """Writes the same mail to many people (id, address), rendered once: tens of thousands take a second."""
    said = rendered(mail)
    await session.execute(
        _COPIES,
        {
            "group_id": session.info.get("group_id"),
            "now": now,
            "kind": mail.kind,
            "subject": said.subject,
            "body_text": said.text,
            "body_html": said.html,
            "attachments": list(mail.attachments),
            "thread": mail.thread,
            "reply_to": ", ".join(mail.reply_to),
            "expires_at": mail.expires_at,
            "people": [person_id for person_id, _ in readers],
            "emails": [email for _, email in readers],
        },
    )


async def withdraw_messages(session: AsyncSession, ids: Sequence[int]) -> set[int]:
    """Takes back what has not left yet, because it is no longer true; returns those taken back.

    A delivery that holds one finds out when it checks its lease, just before it would have sent it.
    """
    rows = await session.execute(
        text("""
            UPDATE messages SET state = :failed, lease = NULL, error = :reason
            WHERE id = ANY (CAST(:ids AS bigint[])) AND state IN ('queued', 'sending') RETURNING id"""),
        {"ids": list(ids), "failed": str(MessageState.FAILED), "reason": WITHDRAWN},
    )
    return set(rows.scalars())
