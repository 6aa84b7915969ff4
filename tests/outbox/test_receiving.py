"""What comes back to the address that mails are sent from, read in a mailbox that is only looked into."""

import logging
import socket
from datetime import datetime, timedelta
from email.message import EmailMessage
from typing import Any

import pytest
from icalendar import Calendar
from sqlalchemy import text

from ground.database import OUR_FEATURES
from outbox.imap_server import ImapServer, running
from pooling.committees.invitations.answering import answer_invitation
from pooling.committees.models import Answer
from pooling.members.models import Role
from pooling.members.rights import HeldRole
from pooling.outbox.failures import NO_SUCH_ADDRESS, failure_words
from pooling.outbox.mailbox import LARGEST, Mailbox
from pooling.outbox.receiving import receive
from pooling.outbox.returned import Bounce, returned
from reminders.scene import J15, Scene

HOST = "achats.example"
LUGOS, SALLES = "referent@lugos.example", "referent@salles.example"


def notification(
    message_id: str, *, action: str = "failed", whole: bool = False, said: str = "550 5.1.1 no such user"
) -> bytes:
    """As a mail server sends it (RFC 3464)."""
    original = "message/rfc822" if whole else "text/rfc822-headers"
    return f"""From: MAILER-DAEMON@mx.example
To: achats@bassin.example
Subject: Undelivered
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b
Content-Type: text/plain

Sorry.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example

Final-Recipient: rfc822; x@y.example
Action: {action}
Status: 5.1.1
Diagnostic-Code: smtp; {said}

--b
Content-Type: {original}

From: achats@bassin.example
Message-ID: {message_id}
Subject: Convocation

--b--
""".replace("\n", "\r\n").encode()


def reply(asked: Calendar, status: str, *, uid: str = "", at: datetime = J15, sequence: int | None = None) -> bytes:
    """As a calendar program answers an invitation (RFC 6047)."""
    (event,) = asked.events
    said = "\r\n".join([
        "BEGIN:VCALENDAR", "PRODID:-//calendar//FR", "VERSION:2.0", "METHOD:REPLY", "BEGIN:VEVENT",
        f"UID:{uid or event['UID']}", f"SEQUENCE:{event['SEQUENCE'] if sequence is None else sequence}",
        f"DTSTAMP:{at:%Y%m%dT%H%M%SZ}", f"ORGANIZER:{event['ORGANIZER']}",
        f"ATTENDEE;PARTSTAT={status};CN=X:{event['ATTENDEE']}", "END:VEVENT", "END:VCALENDAR", "",
    ])  # fmt: skip
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "x@y.example", "achats@bassin.example", "Accepté"
    mail.set_content("Accepté")
    mail.add_alternative(said, subtype="calendar", params={"method": "REPLY"})
    return bytes(mail)


def written_by_somebody() -> bytes:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = LUGOS, "achats@bassin.example", "Re: Convocation"
    mail.set_content("Je viendrai peut-être. METHOD:REPLY")
    return bytes(mail)


def calendar_of(mail: EmailMessage) -> Calendar:
    (found,) = [one for one in mail.walk() if one.get_content_type() == "text/calendar"]
    return Calendar.from_ical(found.get_content())


async def read(scene: Scene, mailbox: Mailbox) -> tuple[int, int]:
    report = await receive(scene.database, mailbox, scene.clock, HOST, OUR_FEATURES.calendar_replies)
    return report.bounced, report.answered


async def rows(scene: Scene, statement: str) -> list[tuple[Any, ...]]:
    async with scene.database.transaction(scene.territory.group_id) as session:
        return [tuple(row) for row in (await session.execute(text(statement), {"to": SALLES})).all()]


async def answers(scene: Scene) -> dict[str, str | None]:
    return dict(
        await rows(scene, "SELECT email, answer FROM committee_invitations i JOIN people p ON p.id = i.person_id")
    )


async def test_what_came_back_counts_once_and_is_left_where_it_is(scene: Scene) -> None:
    scene.database._info["reads_answers"] = True
    committee = await scene.schedule(LUGOS, SALLES)
    scene.clock.instant = J15
    await scene.work()
    sent = {str(mail["To"]): mail for mail in scene.sink.received}
    asked = {email: calendar_of(mail) for email, mail in sent.items()}
    assert asked[LUGOS].events[0]["ATTENDEE"].params["RSVP"] == "TRUE"
    assert asked[LUGOS].events[0]["UID"] != asked[SALLES].events[0]["UID"], "nobody answers for another"
    bounced = str(sent[SALLES]["Message-ID"])
    name, _, host = str(asked[SALLES].events[0]["UID"]).partition("@")
    guessed = f"{name[:-1]}{'1' if name.endswith('0') else '0'}@{host}"
    at = J15 + timedelta(minutes=2)
    server = ImapServer([(content, at) for content in (
        written_by_somebody(),
        notification(bounced, action="delayed"),
        notification(bounced.replace(HOST, "elsewhere.example")),
        notification(bounced),
        notification(bounced, whole=True),
        reply(asked[SALLES], "DECLINED", uid=guessed),
        reply(asked[LUGOS], "ACCEPTED", sequence=7),
        reply(asked[LUGOS], "TENTATIVE"),
        reply(asked[LUGOS], "ACCEPTED", at=at + timedelta(days=400)),
    )])  # fmt: skip
    scene.clock.instant = at + timedelta(minutes=1)
    async with running(server):
        mailbox = Mailbox.at(server.url)
        assert await read(scene, mailbox) == (1, 1)
        assert await answers(scene) == {LUGOS: "yes", SALLES: None}
        ((state, error),) = await rows(scene, "SELECT state, error FROM messages WHERE recipient = :to")
        assert (state, failure_words(str(error))) == ("failed", NO_SUCH_ADDRESS)
        assert server.read == [2, 3, 4, 5, 6, 7, 8, 9], "what people write is not read"
        assert await read(scene, mailbox) == (0, 0)
        assert len(server.read) == 8, "nor anything twice, as long as the worker runs"

        # Another worker reads all of it again, after somebody changed their mind and the mail left once more.
        scene.clock.instant += timedelta(hours=1)
        lugos = scene.territory.caller(LUGOS, HeldRole(Role.REFERENT))
        async with scene.database.transaction(scene.territory.group_id) as session:
            await answer_invitation(session, lugos, committee, Answer.NO, scene.clock)
        await rows(scene, "UPDATE messages SET state = 'queued', error = NULL WHERE recipient = :to RETURNING id")
        await scene.deliver()
        assert await read(scene, Mailbox.at(server.url)) == (0, 0)
        assert await answers(scene) == {LUGOS: "no", SALLES: None}
        server.validity, server.mails = 2, [(reply(asked[SALLES], "ACCEPTED", at=scene.now), scene.now)]
        assert await read(scene, mailbox) == (0, 1), "numbers that begin anew are other mails"
    words = {command.split()[0] + (command.split()[1] if command.startswith("UID") else "") for command in server.asked}
    assert words == {"CAPABILITY", "LOGIN", "EXAMINE", "UIDSEARCH", "UIDFETCH", "LOGOUT"}


async def test_a_mailbox_that_cannot_be_read_is_told_and_ends_nothing(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        away = f"imap://a:b@127.0.0.1:{closed.getsockname()[1]}"
    async with running(ImapServer()) as server:
        for url in (away, server.url.replace("word", "wrong")):
            with caplog.at_level(logging.WARNING):
                assert await read(scene, Mailbox.at(url)) == (0, 0)
        assert caplog.text.count("the mailbox cannot be read") == 2
        assert "wrong" not in caplog.text


NESTED = b"--a\r\nContent-Type: message/rfc822\r\n\r\n"
ODD = b"\r\n".join((
    b"BEGIN:VCALENDAR", b"METHOD:REPLY", b"BEGIN:VEVENT", b"SEQUENCE:x", b"DTSTAMP:y", b"ATTENDEE:z", b"END:VEVENT",
    b"END:VCALENDAR", b"",
))  # fmt: skip
MESSAGE_ID = f"<pooling.12.1800000000@{HOST}>"


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (notification(MESSAGE_ID), Bounce(12, 1_800_000_000, "550 5.1.1 no such user")),
        (notification(MESSAGE_ID, said="no\n such\tuser"), Bounce(12, 1_800_000_000, "5.1.1 no such user")),
        (notification(MESSAGE_ID, said="x" * 9000), Bounce(12, 1_800_000_000, ("5.1.1 " + "x" * 9000)[:500])),
        (notification(MESSAGE_ID)[:LARGEST], Bounce(12, 1_800_000_000, "550 5.1.1 no such user")),
        (notification(MESSAGE_ID, action="relayed"), None),
        (notification("<other@achats.example>"), None),
        (notification("<pooling.0.1@achats.example>"), None),
        (written_by_somebody(), None),
        (b"", None),
        (b"\xff\x00" * 500, None),
        (b"Content-Type: multipart/mixed; boundary=a\r\n\r\n" + NESTED * 3000, None),
        (b"Content-Type: text/calendar; charset=nonsense\r\n\r\nBEGIN:VCALENDAR\r\nMETHOD:REPLY\r\n", None),
        (b"Content-Type: text/calendar\r\n\r\n" + ODD, None),
    ],
)  # fmt: skip
def test_what_a_mail_says_to_a_program(content: bytes, found: Any) -> None:  # noqa: ANN401
    assert returned(content, HOST) == found
