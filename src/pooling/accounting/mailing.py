"""Statements by mail, to the finance contacts of each member: asked for once, written and sent by the worker, kept as
they were sent.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.accounting.dues import dues_of
from pooling.accounting.fields import Entry
from pooling.accounting.models import StatementMail
from pooling.accounting.reading import LONGEST_NUMBER, BookedRecord, read_booked
from pooling.accounting.statement import PDF, statement_pdf
from pooling.allocation.configuration import FinanceConfiguration
from pooling.allocation.models import AllocationRecord
from pooling.allocation.records.opening import FoundRecord, find_record
from pooling.kernel.clock import Clock
from pooling.kernel.database import fetch, group_of
from pooling.kernel.events import record_event
from pooling.kernel.files import keep_file
from pooling.members.features import features_for
from pooling.members.rights import Caller
from pooling.outbox.mail import FICTIONAL, Fact, Mail
from pooling.outbox.occasions import occasion
from pooling.outbox.queueing import queue_mails
from pooling.purchases.finding import lock_purchase
from pooling.purchases.models import Purchase
from pooling.purchases.permissions import may_run
from pooling.web.typography import date_long, euros, of_name

ASKED = "allocation.statements_asked"
MAILED = occasion(
    "statement",
    asked_by="a lead buyer, who sends the statements of a frozen allocation",
    to="the finance contacts of those who take part",
    limit="one for each member of a record",
    where=__name__,
)
SENDING_FOR = timedelta(seconds=40)
"""How long the worker writes statements at a time: reminders are due meanwhile."""
_AT_MOST = 500

_FINANCE = """
    FROM memberships h JOIN members m ON m.group_id = h.group_id AND m.id = h.member_id
    JOIN people p ON p.id = h.person_id
    WHERE h.group_id = $1 AND h.role = 'finance' AND h.ended_at IS NULL"""
_ASK = f"""
INSERT INTO statement_mails (group_id, allocation_id, member, number, asked_at, asked_by, recipients)
SELECT $1, $2, member, CASE WHEN char_length(named) <= $6 THEN named ELSE 'R' || $2::bigint || '-' || place END,
    $3, $4, '[]'
FROM (
    SELECT member, place, $5 || '-' || place AS named, pays
    FROM (
        SELECT member, row_number() OVER (ORDER BY member COLLATE "C") AS place, ht <> 0 OR vat <> 0 AS pays
        FROM allocation_shares WHERE group_id = $1 AND allocation_id = $2
    ) AS placed
) AS numbered
WHERE pays AND member IN (SELECT m.code {_FINANCE})
ON CONFLICT (group_id, allocation_id, member) DO NOTHING
RETURNING member"""  # noqa: S608 - put together from constants
_CONTACTS = f"SELECT p.id, p.name, p.email {_FINANCE} AND m.code = $2 ORDER BY p.email"
_LACKS = f"""FROM allocation_shares
WHERE group_id = $1 AND allocation_id = $2 AND (ht <> 0 OR vat <> 0) AND member NOT IN (SELECT m.code {_FINANCE})"""
_LACKING = f"""
SELECT (SELECT count(*) {_LACKS}) AS lacking,
    ARRAY(SELECT name {_LACKS} ORDER BY member LIMIT 10) AS named"""


@dataclass(frozen=True)
class Mailing:
    """How far a record's statements are."""

    asked: int
    sent: int
    lacking: int
    """Who pays something and has no finance contact."""
    lacking_named: Sequence[str]


async def ask_statements(session: AsyncSession, caller: Caller, purchase_id: int, number: int, now: datetime) -> int:
    """Has the worker mail the statements of a record; returns of how many members. What was asked for before is not
    again.

    Raises:
        Forbidden: the caller is not a lead buyer of this purchase.
        NotFound: the purchase has no such record.
    """
    purchase = await lock_purchase(session, purchase_id)
    may_run.require(caller, purchase)
    record = await find_record(session, purchase_id, number)
    record.told()
    series = f"{purchase.reference.removeprefix('AG-')}-{record.number}"
    given = (group_of(session), record.id, now, caller.person_id, series, LONGEST_NUMBER)
    asked = await fetch(session, _ASK, *given)
    if asked:
        record_event(
            session,
            at=now,
            person_id=caller.person_id,
            subject=("purchase", purchase_id),
            name=ASKED,
            details={"number": number, "members": len(asked)},
        )
    return len(asked)


async def mailing_of(session: AsyncSession, record: FoundRecord) -> Mailing:
    counted = await fetch(
        session,
        "SELECT count(*) AS asked, count(sent_at) AS sent FROM statement_mails "
        "WHERE group_id = $1 AND allocation_id = $2",
        *(group_of(session), record.id),
    )
    lacking = await fetch(session, _LACKING, group_of(session), record.id)
    return Mailing(counted[0]["asked"], counted[0]["sent"], lacking[0]["lacking"], lacking[0]["named"])


async def mail_statements(session: AsyncSession, clock: Clock) -> int:
    """A chore: writes and sends statements that are asked for, as many as it manages in a while."""
    begun, sent = clock.now(), 0
    waiting = (
        select(StatementMail)
        .where(col(StatementMail.sent_at).is_(None))
        .order_by(col(StatementMail.asked_at), col(StatementMail.allocation_id), col(StatementMail.member))
        .limit(_AT_MOST)
        .with_for_update(skip_locked=True)
    )
    for mail in list((await session.execute(waiting)).scalars()):
        sent += await _send(session, mail, clock)
        if clock.now() - begun > SENDING_FOR:
            break
    return sent


async def _send(session: AsyncSession, mail: StatementMail, clock: Clock) -> bool:
    """Whether it left: of a member whose last finance contact has gone meanwhile, it may be asked for again."""
    contacts = await fetch(session, _CONTACTS, group_of(session), mail.member)
    if not contacts:
        await session.delete(mail)
        return False
    now = await clock.at_database(session)
    record = await session.get_one(AllocationRecord, (group_of(session), mail.allocation_id))
    purchase = await session.get_one(Purchase, (group_of(session), record.purchase_id))
    found = await find_record(session, purchase.id, record.number)
    finance = features_for(session).configuration(FinanceConfiguration)
    booked = await read_booked(session, purchase, found, now, finance, only=mail.member)
    entry = next(booked.entries())
    pdf = await asyncio.to_thread(statement_pdf, booked, entry)
    file = await keep_file(session, f"{entry.number}.pdf", PDF, pdf, now)
    mail.sent_at, mail.file_id = now, file.id
    mail.recipients = [{"name": row["name"], "email": row["email"]} for row in contacts]
    await queue_mails(session, [_written(booked, entry, file.id, row["id"], row["email"]) for row in contacts], now)
    await session.flush()
    return True


async def forget_recipients(session: AsyncSession, before: datetime) -> None:
    """Which file left, and when, stays; to whom is forgotten with time."""
    await session.execute(
        update(StatementMail)
        .where(col(StatementMail.sent_at) < before, col(StatementMail.recipients) != [])
        .values(recipients=[])
        .execution_options(synchronize_session=False)
    )


def _written(booked: BookedRecord, entry: Entry, file_id: int, person_id: int, email: str) -> Mail:
    dues = dues_of(entry.buying, entry.code, entry.lines, entry.owed)
    facts = (
        Fact("Relevé", entry.number),
        Fact("Membre", entry.name),
        *(
            Fact(
                "À payer",
                f"{euros(due.cents)} TTC à {due.creditor.name}, "
                + (f"au plus tard le {date_long(due.due_on)}" if due.due_on else due.by),
            )
            for due in dues
        ),
        Fact("Engagement", entry.engaged),
    )
    return Mail(
        kind=MAILED,
        recipient=email,
        person_id=person_id,
        subject=f"Relevé {entry.number} : {entry.purchase}",
        why=(
            f"Vous suivez les finances {of_name(entry.name)} : voici son relevé pour l’achat {entry.purchase}, d’après "
            f"l’état de répartition n° {entry.record}."
        ),
        paragraphs=("Le PDF joint dit ce qui a été acheté, pourquoi cette part, quoi payer, à qui et quand.",),
        facts=tuple(fact for fact in facts if fact.value),
        notice=FICTIONAL if booked.fictional else None,
        attachments=(file_id,),
        thread=f"statements-{booked.record.id}",
    )
