"""From a queued message to the mail server, whatever the server does."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import pytest
from sqlalchemy import text

from factories import NOW
from outbox.sink import Sink, running
from pooling.outbox.delivery import BATCH, DELAYS, MAILS_A_CONNECTION
from pooling.outbox.envelope import Attachment
from pooling.outbox.leases import LEASE, Batch, Contents, steps_of_their_own
from pooling.outbox.mail import Mail
from pooling.outbox.models import Message
from pooling.outbox.queueing import queue_mails
from pooling.outbox.smtp import SmtpTransport
from reminders.scene import Scene

ANNE, BENOIT, CLAIRE = "a@commune.example", "b@commune.example", "c@commune.example"


async def test_mails_go_out_over_one_connection_in_order(scene: Scene) -> None:
    await scene.queue(ANNE, BENOIT, CLAIRE)
    report = await scene.deliver()
    assert (report.sent, scene.sink.recipients, scene.sink.connections) == (3, [ANNE, BENOIT, CLAIRE], 1)
    assert {row[1] for row in await scene.messages()} == {"sent"}
    assert (await scene.deliver()).sent == 0


async def test_a_refused_address_fails_alone(scene: Scene) -> None:
    scene.sink.refused_addresses[BENOIT] = "550 5.1.1 no such mailbox"
    await scene.queue(ANNE, BENOIT, CLAIRE)
    report = await scene.deliver()
    assert (report.sent, report.failed, scene.sink.recipients) == (2, 1, [ANNE, CLAIRE])
    assert (await scene.messages())[1] == (BENOIT, "failed", 1, "550 5.1.1 no such mailbox")


async def test_a_server_that_relays_for_nobody_loses_no_mail(scene: Scene) -> None:
    scene.sink.refused_addresses[ANNE] = "554 5.7.1 relay access denied"
    await scene.queue(ANNE)
    assert (await scene.deliver()).retried == 1
    assert (await scene.messages())[0][1] == "queued"


async def test_not_now_is_tried_five_times_over_a_day(scene: Scene) -> None:
    scene.sink.busy = "451 4.3.0 try again later"
    await scene.queue(ANNE)
    for tries, delay in enumerate(DELAYS, start=1):
        await scene.deliver()
        assert (await scene.messages())[0][1:3] == ("queued", tries)
        scene.clock.instant += delay - timedelta(seconds=1)
        assert (await scene.deliver()).retried == 0
        scene.clock.instant += timedelta(seconds=1)
    assert (await scene.deliver()).failed == 1
    assert (await scene.messages())[0][1:3] == ("failed", 5)
    assert timedelta(hours=20) < scene.now - NOW <= timedelta(hours=24)


async def test_a_later_try_succeeds(scene: Scene) -> None:
    scene.sink.busy = "451 4.3.0 try again later"
    await scene.queue(ANNE)
    await scene.deliver()
    scene.sink.busy = None
    scene.clock.instant += DELAYS[0]
    assert (await scene.deliver()).sent == 1


async def test_an_expired_code_is_not_sent(scene: Scene) -> None:
    await scene.queue(ANNE, expires_at=scene.now + timedelta(minutes=10))
    scene.clock.instant += timedelta(minutes=10)
    report = await scene.deliver()
    assert (report.sent, report.failed, scene.sink.recipients) == (0, 1, [])


async def test_a_code_is_tried_again_only_while_it_is_valid(scene: Scene) -> None:
    scene.sink.busy = "451 4.3.0 try again later"
    await scene.queue(ANNE, expires_at=scene.now + timedelta(minutes=10))
    await scene.deliver()
    scene.clock.instant += DELAYS[0]
    assert (await scene.deliver()).failed == 1  # the third try would come too late


async def test_who_waits_in_front_of_a_screen_goes_first(scene: Scene) -> None:
    await scene.queue(ANNE, BENOIT)
    await queue_code(scene, CLAIRE)
    await scene.deliver(batch=2)
    assert scene.sink.recipients == [CLAIRE, ANNE, BENOIT]


async def queue_code(scene: Scene, recipient: str) -> None:
    async with scene.database.transaction() as session:
        code = Mail(kind="code", recipient=recipient, subject="Code", why="Votre code.", urgent=True)
        await queue_mails(session, [code], scene.now)


async def test_who_asks_for_a_code_during_a_long_mailing_waits_for_a_few_mails_only(scene: Scene) -> None:
    """Over the same connection: the server sees one mailing."""
    await scene.queue(*(f"p{number}@commune.example" for number in range(3 * BATCH)))
    scene.sink.answer.clear()
    mailing = asyncio.create_task(scene.deliver())
    await scene.sink.reached.wait()
    await queue_code(scene, CLAIRE)
    scene.sink.answer.set()
    assert (await mailing).sent == 3 * BATCH + 1
    assert scene.sink.recipients.index(CLAIRE) <= BATCH <= 10
    assert scene.sink.connections == 1


@dataclass
class Said:
    """A server that takes whatever it is told, and keeps in which order; `meanwhile` goes on before it answers."""

    meanwhile: Callable[[int], Awaitable[None]]
    recipients: list[str] = field(default_factory=list)
    last_of_all: list[str] = field(default_factory=list)
    """Behind which nothing was announced."""

    @asynccontextmanager
    async def connection(self) -> AsyncIterator["Said"]:
        yield self

    async def send(
        self,
        message: Message,
        now: datetime,  # noqa: ARG002
        attachments: Sequence[Attachment] = (),  # noqa: ARG002
        *,
        ours: Awaitable[bool] | None = None,
        then: Message | None = None,
    ) -> None:
        assert ours is not None
        assert await ours
        self.recipients.append(message.recipient)
        if then is None:
            self.last_of_all.append(message.recipient)
        await self.meanwhile(len(self.recipients))


async def test_behind_each_mail_of_a_mailing_the_next_one_is_announced(scene: Scene) -> None:
    """What is to be said next is taken while a mail is said, not once all that was taken is gone."""
    recipients = [f"p{number:02}@commune.example" for number in range(4 * BATCH)]
    await scene.queue(*recipients)

    async def nothing(_: int) -> None:
        await asyncio.sleep(0)

    server = Said(nothing)
    assert (await scene.deliver(server)).sent == len(recipients)
    assert server.recipients == recipients
    assert server.last_of_all == recipients[-1:]


@pytest.mark.parametrize("place", [1, BATCH - 1, 2 * BATCH])
@pytest.mark.parametrize("seconds", [0.0, 0.1])
async def test_ten_mails_at_most_are_said_before_a_code(real_scene: Scene, place: int, seconds: float) -> None:
    """Whenever it is asked for: more may have been taken since the mail in hand is being said."""
    await real_scene.queue(*(f"p{number}@commune.example" for number in range(4 * BATCH)))

    async def asked(said: int) -> None:
        if said == place:
            await asyncio.sleep(seconds)
            await queue_code(real_scene, CLAIRE)

    server = Said(asked)
    assert (await real_scene.deliver(server)).sent == 4 * BATCH + 1
    assert server.recipients.index(CLAIRE) - (place - 1) <= BATCH


async def test_a_server_slower_than_a_lease_gets_each_mail_once(scene: Scene) -> None:
    """What waits is taken once more together with others, and is not there twice for that."""
    recipients = [f"p{number:02}@commune.example" for number in range(2 * BATCH)]
    await scene.queue(*recipients)

    async def slow(_: int) -> None:
        scene.clock.instant += LEASE

    server = Said(slow)
    report = await scene.deliver(server)
    assert (report.sent, report.lost_leases) == (len(recipients), 0)
    assert sorted(server.recipients) == recipients


async def test_the_next_mails_are_found_without_sorting_those_that_are_due_at_the_same_moment(scene: Scene) -> None:
    await scene.queue(*(f"p{number}@commune.example" for number in range(3 * BATCH)))
    async with scene.database.transaction() as session:
        for other_way in ("seqscan", "bitmapscan", "sort"):
            await session.execute(text(f"SET LOCAL enable_{other_way} = off"))
        plan = await session.execute(
            text("""
                EXPLAIN SELECT id FROM messages WHERE state IN ('queued', 'sending') AND next_try_at <= now()
                ORDER BY priority, next_try_at, id LIMIT 10""")
        )
    assert "Sort" not in "\n".join(plan.scalars())


async def test_a_long_mailing_changes_connections_and_claims_no_mail_in_vain(scene: Scene) -> None:
    await scene.queue(*(f"p{number}@commune.example" for number in range(MAILS_A_CONNECTION + 1)))
    report = await scene.deliver()
    assert (report.sent, report.postponed, scene.sink.connections) == (MAILS_A_CONNECTION + 1, 0, 2)


@pytest.mark.parametrize("trouble", ["down", "hanging", "dropping"])
async def test_a_server_in_trouble_costs_no_try(scene: Scene, trouble: str) -> None:
    """For days: then it is back, and all goes out."""
    transport = scene.sink.transport(seconds=0.05)
    if trouble == "down":
        closed = Sink()
        async with running(closed):
            pass  # its port is now nobody's
        transport = closed.transport(seconds=0.05)
    scene.sink.hangs = trouble == "hanging"
    scene.sink.drops_after_data = 99 if trouble == "dropping" else 0
    await scene.queue(ANNE, BENOIT)
    for _ in range(8):
        report = await scene.deliver(transport)
        assert report.server_trouble
        scene.clock.instant += timedelta(hours=6)
    assert [row[1:3] for row in await scene.messages()] == [("queued", 0), ("queued", 0)]
    scene.sink.hangs, scene.sink.drops_after_data = False, 0
    assert (await scene.deliver()).sent == 2
    assert sorted(scene.sink.recipients) == [ANNE, BENOIT]


async def test_a_mail_that_makes_the_server_stumble_does_not_hold_up_the_others(scene: Scene) -> None:
    scene.sink.drops_after_data = 1
    await scene.queue(ANNE, BENOIT, CLAIRE)
    await scene.deliver()
    scene.clock.instant += timedelta(minutes=1)
    await scene.deliver()
    assert scene.sink.recipients == [BENOIT, CLAIRE]
    scene.clock.instant += timedelta(minutes=1)
    await scene.deliver()
    assert scene.sink.recipients == [BENOIT, CLAIRE, ANNE]


async def test_a_server_that_ends_connections_gets_new_ones(scene: Scene) -> None:
    scene.sink.refused_addresses[BENOIT] = "421 4.7.0 too many mails on this connection"
    await scene.queue(ANNE, BENOIT, CLAIRE)
    report = await scene.deliver()
    assert (report.sent, scene.sink.recipients) == (2, [ANNE, CLAIRE])
    assert scene.sink.connections == 2
    assert (await scene.messages())[1][1:3] == ("queued", 0)


async def test_an_expired_lease_is_as_good_as_queued(scene: Scene) -> None:
    """A delivery that was killed: nothing of it is left but its lease."""
    await scene.queue(ANNE)
    async with steps_of_their_own(scene.database) as steps:
        await Batch(steps, Contents()).claim(scene.now, 10)
    assert (await scene.deliver()).sent == 0
    scene.clock.instant += LEASE
    assert (await scene.deliver()).sent == 1


@pytest.mark.parametrize(("seconds", "prolonged"), [(10, False), (20, True)])
async def test_a_lease_is_prolonged_once_some_of_it_is_gone(scene: Scene, *, seconds: int, prolonged: bool) -> None:
    await scene.queue(ANNE)
    async with steps_of_their_own(scene.database) as steps:
        mine, other = Batch(steps, Contents()), Batch(steps, Contents())
        await mine.claim(scene.now, 1)
        assert await mine.hold(mine.waiting[0], scene.now + timedelta(seconds=seconds))
        await other.claim(scene.now + LEASE, 1)
    assert bool(other.waiting) is not prolonged


async def test_a_lost_lease_is_noticed_before_sending(scene: Scene) -> None:
    """A delivery so slow that another one took over: what it still held is not sent twice."""
    await scene.queue(ANNE, BENOIT)
    scene.sink.answer.clear()
    slow = asyncio.create_task(scene.deliver())
    await scene.sink.reached.wait()
    scene.clock.instant += LEASE
    async with steps_of_their_own(scene.database) as steps:
        other = Batch(steps, Contents())
        await other.claim(scene.now, 10)
    assert len(other.waiting) == 2
    scene.sink.answer.set()
    report = await slow
    assert report.lost_leases == 1
    assert scene.sink.recipients == [ANNE]


async def test_a_delivery_that_is_stopped_finishes_the_mail_in_hand_and_frees_the_others(scene: Scene) -> None:
    await scene.queue(ANNE, BENOIT)
    scene.sink.answer.clear()
    task = asyncio.create_task(scene.deliver())
    await scene.sink.reached.wait()
    for _ in range(2):
        task.cancel()
        await asyncio.sleep(0)
    assert not task.done()
    scene.sink.answer.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert [row[1] for row in await scene.messages()] == ["sent", "queued"]
    assert (await scene.deliver()).sent == 1
    assert scene.sink.recipients == [ANNE, BENOIT]


@pytest.mark.parametrize("subject", ["Bonjour\r\nBcc: intrus@ailleurs.example", "Bonjour\nX-Intrus: oui"])
async def test_nothing_typed_becomes_a_header(scene: Scene, subject: str) -> None:
    await scene.queue(ANNE, subject=subject)
    await scene.deliver()
    mail = scene.sink.received[0]
    assert str(mail["Subject"]).startswith("Bonjour ")
    assert mail["Bcc"] is None
    assert mail["X-Intrus"] is None
    assert scene.sink.recipients == [ANNE]


@pytest.mark.parametrize(
    "address", ["a@b.example\r\nRCPT TO:<c@d.example>", "a@b.example, c@d.example", "é@b.example", ""]
)
async def test_an_address_that_is_none_fails_alone(scene: Scene, address: str) -> None:
    await scene.queue(address, BENOIT)
    report = await scene.deliver()
    assert (report.sent, report.failed, scene.sink.recipients) == (1, 1, [BENOIT])


async def test_what_a_mail_says_of_itself(scene: Scene) -> None:
    (message_id,) = await scene.queue(ANNE)
    await scene.deliver()
    mail = scene.sink.received[0]
    assert mail["Message-ID"] == f"<pooling.{message_id}.{int(NOW.timestamp())}@achats.example>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Date"].datetime == NOW
    assert mail["From"] == "Bassin <pooling@territoire.example>"
    assert [part.get_content_type() for part in mail.walk()] == [
        "multipart/alternative",
        "text/plain",
        "text/html",
    ]


async def test_two_deliveries_at_once_send_each_mail_once(real_scene: Scene) -> None:
    recipients = [f"p{number}@commune.example" for number in range(60)]
    await real_scene.queue(*recipients)
    reports = await asyncio.gather(*(real_scene.deliver(batch=7) for _ in range(3)))
    assert sum(report.sent for report in reports) == 60
    assert sorted(real_scene.sink.recipients) == sorted(recipients)


def test_smtp_addresses_are_understood() -> None:
    transport = SmtpTransport(urlsplit("smtp://us%40er:p%3Aw@mail.example:587"), sender="a@b.example", host="h")
    client = transport._client()
    assert (client.hostname, client.port) == ("mail.example", 587)
    assert client._start_tls_on_connect is True


async def test_a_domain_with_accents_is_mailed_by_its_name_in_ascii(scene: Scene) -> None:
    await scene.queue("contact@mairie-arès.example", "référent@mairie.example")
    report = await scene.deliver()
    assert (report.sent, report.failed) == (1, 1)
    assert scene.sink.recipients == ["contact@xn--mairie-ars-76a.example"]
