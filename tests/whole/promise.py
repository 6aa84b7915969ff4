"""The promise about reminders, put to what a storm left behind: every breach of it, in words."""

import asyncpg
from sqlalchemy import text

from outbox.moody_sink import NEVER
from pooling.worker import CONNECTIONS
from whole.chaos import PATIENCE, WORKERS, Chaos, Meeting

IN_FLIGHT = (WORKERS + 2) * CONNECTIONS
"""Mails that may be under way at one moment: one for each connection, also of who was just killed or came by hand."""
IN_HAND = PATIENCE + 1
"""For so long a mail that was being sent when its committee moved may still come in."""


async def breaches(chaos: Chaos) -> list[str]:
    """Every breach of the promise, in words."""
    return [
        *_out_of_date(chaos),
        *_too_often(chaos),
        *_unstable(chaos),
        *[breach for meeting in chaos.meetings for breach in await _left_out(chaos, meeting)],
        *await _lost(chaos),
    ]


def _out_of_date(chaos: Chaos) -> list[str]:
    """What was said of a committee after it was no longer true, but for the mails that were just being sent."""
    broken = []
    for meeting in chaos.meetings:
        arrivals = [arrival for arrival in chaos.sink.arrivals if arrival.uid == meeting.uid()]
        for at, revision in meeting.changes:
            late = [arrival.at - at for arrival in arrivals if arrival.sequence + 1 < revision and arrival.at > at]
            if late and (len(late) > IN_FLIGHT or max(late) > IN_HAND):
                broken.append(
                    f"{len(late)} mails of {meeting.uid()} came up to {max(late):.1f} s after revision {revision}"
                )
    return broken


def allowed_twice(chaos: Chaos) -> int:
    """One for each open connection of each process that crashed, or whose database was cut off."""
    crashed = chaos.happened["kill"] + chaos.happened["cut"] * (WORKERS + chaos.happened["remind_by_hand"])
    return crashed * CONNECTIONS


def twice(chaos: Chaos) -> int:
    return len(chaos.sink.arrivals) - len({arrival.message_id for arrival in chaos.sink.arrivals})


def _too_often(chaos: Chaos) -> list[str]:
    several = twice(chaos)
    return [] if several <= allowed_twice(chaos) else [f"{several} mails came twice"]


def _unstable(chaos: Chaos) -> list[str]:
    seen: dict[str, tuple[str, str, int]] = {}
    return [
        f"{arrival.message_id} is the name of two mails"
        for arrival in chaos.sink.arrivals
        if seen.setdefault(arrival.message_id, key := (arrival.recipient, arrival.uid, arrival.sequence)) != key
    ]


async def _left_out(chaos: Chaos, meeting: Meeting) -> list[str]:
    """Who was told something knows the latest; who was not has it still to come."""
    knows: dict[str, int] = {}
    for arrival in chaos.sink.arrivals:
        if arrival.uid == meeting.uid():
            knows[arrival.recipient] = max(knows.get(arrival.recipient, -1), arrival.sequence)
    async with chaos.database.transaction(meeting.group_id) as session:
        rows = await session.execute(
            text("SELECT p.email FROM reminders r JOIN people p ON p.id = r.person_id WHERE r.kind = 'committee' "
                 "AND r.subject_id = :id AND r.revision = :revision AND r.state = 'planned'"),
            {"id": meeting.id, "revision": meeting.revision},
        )  # fmt: skip
        to_come = set(rows.scalars())
    return [
        f"{email} knows revision {knows.get(email, -1) + 1} of {meeting.uid()}, which is at {meeting.revision}"
        for email in chaos.people
        if email != NEVER
        and (knows[email] + 1 != meeting.revision if email in knows else not meeting.cancelled and email not in to_come)
    ]


async def _lost(chaos: Chaos) -> list[str]:
    """Reminders and mails that ended otherwise than they should."""
    connection = await asyncpg.connect(chaos.addresses.superuser)
    try:
        rows = await connection.fetch(
            "SELECT id, recipient, state, error, floor(extract(epoch FROM created_at))::bigint AS made FROM messages"
        )
    finally:
        await connection.close()
    arrived = {arrival.message_id for arrival in chaos.sink.arrivals}
    sent = [f"<pooling.{row['id']}.{row['made']}@achats.example>" for row in rows if row["state"] == "sent"]
    return [
        *(f"{message_id} is said to be sent and never came" for message_id in sent if message_id not in arrived),
        *(
            f"the mail {row['id']} to {row['recipient']} failed: {row['error']}"
            for row in rows
            if row["state"] == "failed" and row["recipient"] != NEVER and not row["error"].startswith("withdrawn:")
        ),
    ]
