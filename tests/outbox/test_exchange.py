"""What is said to a mail server for each mail, at one go or one after the other, and what its answers come to."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pooling.outbox.exchange import in_whole_lines, stuffed
from pooling.outbox.models import Message
from pooling.outbox.smtp import SmtpTransport
from pooling.outbox.transport import Connection, Fault, NotSent

NOW = datetime(2027, 3, 1, 9, tzinfo=UTC)
TAKES = {"MAIL": "250 OK", "RCPT": "250 OK", "DATA": "354 go on", ".": "250 taken"}


class Server:
    """Answers each command as it is told to, and notes what came at one go."""

    def __init__(self, *, pipelining: bool) -> None:
        self.answers = dict(TAKES)
        self.pipelining = pipelining
        self.heard: list[list[str]] = []
        """The commands that came together, each by its first word; `.` is the end of a mail."""
        self.mails: list[bytes] = []
        self.announced = asyncio.Event()
        self.silent_after = ""
        """Once this was answered, nothing is."""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220-here\r\n220 ready\r\n")
        unread = b""
        mail: list[bytes] | None = None
        while data := await reader.read(65_536):
            *lines, unread = (unread + data).split(b"\r\n")
            words: list[str] = []
            for line in lines:
                if mail is not None and line != b".":
                    mail.append(line)
                    continue
                word = line.split()[0].decode().upper()
                words.append(word)
                if mail is not None:
                    self.mails.append(b"\r\n".join(mail))
                    mail = None
                answer = self._answer(word)
                writer.write(answer.encode())
                if word == self.silent_after:
                    await reader.read()  # until it is left
                    writer.close()
                    return
                mail = [] if answer.startswith("354") else None
                if answer.startswith("421"):
                    writer.close()
                    return
            self.heard += [words] if words else []
            if "DATA" in words:
                self.announced.set()
        writer.close()

    def _answer(self, word: str) -> str:
        if word == "EHLO":
            return "250-here\r\n250-PIPELINING\r\n250 SIZE\r\n" if self.pipelining else "250 here\r\n"
        return f"{self.answers.get(word, '250 OK')}\r\n"


@asynccontextmanager
async def connected(server: Server) -> AsyncIterator[Connection]:
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    transport = SmtpTransport(urlsplit(f"smtp://127.0.0.1:{port}"), sender="a@b.example", host="c.example")
    async with listening, transport.connection() as connection:
        yield connection


def message(subject: str = "Rappel") -> Message:
    return Message(
        id=1, kind="essai", recipient="d@e.example", subject=subject, body_text="Bonjour", body_html="<p>Bonjour</p>",
        created_at=NOW, next_try_at=NOW,
    )  # fmt: skip


async def test_where_it_is_offered_a_mail_is_opened_at_one_go() -> None:
    server = Server(pipelining=True)
    async with connected(server) as connection:
        await connection.send(message(), NOW)
        await connection.send(message(), NOW)
    assert server.heard == [["EHLO"], *[["MAIL", "RCPT", "DATA"], ["."]] * 2, ["QUIT"]]


async def test_where_it_is_not_every_answer_is_waited_for() -> None:
    server = Server(pipelining=False)
    async with connected(server) as connection:
        await connection.send(message(), NOW)
    assert server.heard == [["EHLO"], ["MAIL"], ["RCPT"], ["DATA"], ["."], ["QUIT"]]


@pytest.mark.parametrize("is_ours", [True, False])
async def test_a_mail_is_announced_before_it_is_known_to_be_ours_and_said_after(is_ours: bool) -> None:
    server, ours = Server(pipelining=True), asyncio.get_running_loop().create_future()
    async with connected(server) as connection:
        sending = asyncio.create_task(connection.send(message(), NOW, ours=ours))
        await server.announced.wait()
        assert (sending.done(), server.mails) == (False, [])
        ours.set_result(is_ours)
        await sending
    assert len(server.mails) == is_ours
    assert server.heard[2:] == ([["."], ["QUIT"]] if is_ours else [])


async def test_the_next_mail_is_announced_behind_the_one_before() -> None:
    server, ours = Server(pipelining=True), asyncio.get_running_loop().create_future()
    first, second = message("Premier"), message("Second")
    async with connected(server) as connection:
        await connection.send(first, NOW, then=second)
        sending = asyncio.create_task(connection.send(second, NOW, ours=ours))
        await asyncio.sleep(0.05)
        assert (sending.done(), len(server.mails)) == (False, 1), "it is said once what became of the first is kept"
        ours.set_result(True)
        await sending
    assert server.heard == [["EHLO"], ["MAIL", "RCPT", "DATA"], [".", "MAIL", "RCPT", "DATA"], ["."], ["QUIT"]]
    assert [mail.split(b"\r\n")[0] for mail in server.mails] == [b"Subject: Premier", b"Subject: Second"]


async def test_where_commands_are_said_one_by_one_nothing_is_announced_before() -> None:
    server, first, second = Server(pipelining=False), message(), message()
    async with connected(server) as connection:
        await connection.send(first, NOW, then=second)
        await connection.send(second, NOW)
    assert server.heard == [["EHLO"], *[["MAIL"], ["RCPT"], ["DATA"], ["."]] * 2, ["QUIT"]]


async def test_what_was_announced_and_is_not_ours_any_more_is_not_said() -> None:
    server, ours = Server(pipelining=True), asyncio.get_running_loop().create_future()
    ours.set_result(False)
    first, second = message(), message()
    async with connected(server) as connection:
        await connection.send(first, NOW, then=second)
        await connection.send(second, NOW, ours=ours)
    assert (len(server.mails), ["QUIT"] in server.heard) == (1, False)


@pytest.mark.parametrize(
    ("answers", "faults"),
    [
        ({"RCPT": "550 5.1.1 no such user", "DATA": "554 no valid recipients"}, [None, Fault.PERMANENT]),
        ({"RCPT": "550 5.1.1 no such user", ".": "250 taken"}, [None, Fault.PERMANENT]),
        ({".": "554 5.6.0 not such a text"}, [Fault.PERMANENT, Fault.PERMANENT]),
        ({".": "452 4.3.1 disk full"}, [Fault.TRANSIENT, Fault.TRANSIENT]),
        ({"MAIL": "421 4.7.0 closing"}, [None, Fault.SERVER]),
        ({"DATA": "no number"}, [None, Fault.SERVER]),
    ],
)
async def test_each_of_two_is_told_what_was_answered_to_itself(
    answers: dict[str, str], faults: list[Fault | None]
) -> None:
    """What is answered to the next one’s announcement is no matter of the one that was taken: it would leave twice."""
    server, found = Server(pipelining=True), list[Fault | None]()
    mails = [message("Premier"), message("Second"), message("Troisième")]
    async with connected(server) as connection:
        connection_of: Any = connection
        told = connection_of.exchange._say

        def say(*commands: bytes) -> Any:  # noqa: ANN401 - from the first mail’s end on
            server.answers |= answers if commands[0].endswith(b"\r\n.\r\n") else {}
            return told(*commands)

        connection_of.exchange._say = say
        for mail, then in pairwise(mails):
            try:
                await connection.send(mail, NOW, then=then)
                found.append(None)
            except NotSent as refused:
                found.append(refused.fault)
    assert found == faults


async def test_a_server_that_takes_a_mail_and_then_hangs_has_taken_it() -> None:
    server, first, second = Server(pipelining=True), message(), message()
    async with connected(server) as connection:
        server.silent_after = "."
        await asyncio.wait_for(connection.send(first, NOW, then=second), 5)
    assert len(server.mails) == 1


REFUSALS = [
    ({"MAIL": "553 5.1.8 not from there", "RCPT": "503 first MAIL", "DATA": "503 first MAIL"}, Fault.SERVER),
    ({"RCPT": "550 5.1.1 no such user", "DATA": "554 no valid recipients"}, Fault.PERMANENT),
    ({"RCPT": "550 5.1.1 no such user", ".": "554 no valid recipients"}, Fault.PERMANENT),
    ({"RCPT": "450 4.2.1 mailbox busy", "DATA": "554 no valid recipients"}, Fault.TRANSIENT),
    ({"DATA": "451 4.3.0 not now"}, Fault.TRANSIENT),
    ({".": "554 5.6.0 not such a text"}, Fault.PERMANENT),
    ({".": "452 4.3.1 disk full"}, Fault.TRANSIENT),
]


@pytest.mark.parametrize("pipelining", [True, False], ids=["at one go", "one by one"])
@pytest.mark.parametrize(("answers", "fault"), REFUSALS)
async def test_what_is_refused_is_told_and_the_next_mail_leaves(
    answers: dict[str, str], fault: Fault, pipelining: bool
) -> None:
    server = Server(pipelining=pipelining)
    async with connected(server) as connection:
        server.answers |= answers
        with pytest.raises(NotSent) as refused:
            await connection.send(message("Premier"), NOW)
        assert refused.value.fault is fault
        assert refused.value.reason == next(said for said in answers.values())
        server.answers |= TAKES
        await connection.send(message("Second"), NOW)
    assert ["RSET"] in server.heard
    said = [mail.split(b"\r\n")[0] for mail in server.mails if mail]
    first = [b"Subject: Premier"] if answers.keys() == {"."} else []  # otherwise it was refused before it was said
    assert said == [*first, b"Subject: Second"]


@pytest.mark.parametrize("pipelining", [True, False], ids=["at one go", "one by one"])
@pytest.mark.parametrize("step", TAKES)
@pytest.mark.parametrize("said", ["421 4.7.0 closing", "no number", "99"])
async def test_who_leaves_or_says_nonsense_is_no_fault_of_the_mail(step: str, said: str, pipelining: bool) -> None:
    server = Server(pipelining=pipelining)
    async with connected(server) as connection:
        server.answers[step] = said
        with pytest.raises(NotSent) as refused:
            await connection.send(message(), NOW)
    assert refused.value.fault is Fault.SERVER


@given(st.text("a.\r\n", max_size=40).map(str.encode))
def test_no_mail_ends_before_its_end(mail: bytes) -> None:
    whole = in_whole_lines(mail)
    sent = stuffed(whole) + b".\r\n"
    assert (b"\r\n" + sent).find(b"\r\n.\r\n") == len(sent) - 3
    assert sent.count(b"\r") == sent.count(b"\n") == sent.count(b"\r\n")
    lines = sent.split(b"\r\n")[:-2]
    assert b"".join(line.removeprefix(b".") + b"\r\n" for line in lines) == whole
    assert whole.replace(b"\r\n", b"") == mail.replace(b"\r", b"").replace(b"\n", b"")
