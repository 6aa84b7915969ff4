"""Other programs are told of events: signed, again and again where they do not answer, by nobody who may not."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select, update
from sqlmodel import col
from standardwebhooks import Webhook as Library
from standardwebhooks.webhooks import WebhookVerificationError

from factories import NOW, Territory, make_purchase
from ground.web import SECRET
from ordering import CLOCK, LATER, buyer_of, ordered
from pooling.features import FEATURES
from pooling.kernel.clock import FixedClock
from pooling.kernel.database import Database
from pooling.kernel.events import Event, record_event
from pooling.kernel.leases import Lease
from pooling.members.entrance import caller_of
from pooling.orders.sending import say_sent
from pooling.outbox.models import Message
from pooling.webhooks.delivering import LEASE, PURPOSE, Sender, deliver_webhooks
from pooling.webhooks.forgetting import KEPT, forget_deliveries
from pooling.webhooks.keeping import WebhookIn, add_webhook, rotate_secret
from pooling.webhooks.models import DeliveryState, Webhook, WebhookAttempt, WebhookDelivery
from pooling.webhooks.rules import DELAYS, fault_of, is_public, next_try
from pooling.webhooks.sending import Trouble, send
from web_client import SignIn, text_of
from webhooks.receiver import Receiver, receiving

FACILITATOR = "animation@bassin.example"
LIST = "/g/bassin/webhooks"
KINDS = ("purchase.open", "purchase.closed", "purchase.ordered", "order.sent")


@given(st.integers(1, len(DELAYS)), st.floats(0, 1, exclude_max=True))
def test_tries_go_on_for_three_days_and_never_come_early(tries: int, chance: float) -> None:
    again = next_try(tries, NOW, chance)
    assert again is not None
    assert DELAYS[tries - 1] <= again - NOW <= DELAYS[tries - 1] * 1.1
    assert next_try(len(DELAYS) + 1, NOW, chance) is None
    assert timedelta(days=3) <= sum(DELAYS, timedelta()) <= timedelta(days=4)


@pytest.mark.parametrize(
    ("retry_after", "wait"),
    [
        ("120", timedelta(minutes=2)),
        ("1", timedelta(seconds=5)),  # not before its own turn
        ("99999999999", timedelta(hours=24)),
        ("Mon, 01 Mar 2027 10:00:00 GMT", timedelta(hours=1)),
        ("Mon, 01 Mar 2027 08:00:00 GMT", timedelta(seconds=5)),
        *((nonsense, timedelta(seconds=5)) for nonsense in ("", "soon", "-5", "１２０", "Mon, 99 Foo")),
    ],
)
def test_what_it_asks_to_wait_is_honoured(retry_after: str, wait: timedelta) -> None:
    assert next_try(1, NOW, 0.0, retry_after) == NOW + wait


@pytest.mark.parametrize(
    ("address", "public"),
    [
        *((address, True) for address in ("93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c")),
        *((address, False) for address in ("127.0.0.1", "10.1.2.3", "192.168.0.1", "172.16.9.9", "169.254.169.254")),
        *((address, False) for address in ("0.0.0.0", "100.64.0.1", "224.0.0.1", "255.255.255.255", "240.0.0.1")),
        *((address, False) for address in ("::1", "::", "fe80::1%eth0", "fd00::1", "ff02::1", "nonsense")),
        *((address, False) for address in ("::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "64:ff9b::a01:203")),
    ],
)
def test_which_addresses_are_public(address: str, public: bool) -> None:
    assert is_public(address) is public


@pytest.mark.parametrize(
    ("url", "private", "wrong"),
    [
        ("https://logiciel.example.fr/hook?a=b", False, False),
        ("https://logiciel.example.fr:8443/", False, False),
        ("http://logiciel.example.fr/", False, True),
        ("http://127.0.0.1:8080/", True, False),
        *((url, False, True) for url in ("https://127.0.0.1/", "https://[::1]/", "https://10.0.0.1:8443/x")),
        *(
            (url, True, True)
            for url in ("ftp://x.fr/", "https://", "https://a:b@x.fr/", "https://x.fr/#a", "https://é.fr/")
        ),
        *(
            (url, True, True)
            for url in ("https://x.fr:0/", "https://x.fr:99999/", "https://x.fr/a b", "https://[::1", "x")
        ),
        ("https://x.fr/" + "a" * 500, False, True),
    ],
)
def test_which_addresses_can_be_told(url: str, private: bool, wrong: bool) -> None:
    assert (fault_of(url, private=private) is not None) is wrong


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as one:
        yield one


@dataclass
class Hooks:
    """Tells programs in the present, as whose signatures they can verify."""

    database: Database
    territory: Territory
    clock: FixedClock
    purchase_id: int

    @property
    def sender(self) -> Sender:
        return Sender(self.database, self.clock, SECRET, private=True)

    async def add(self, url: str, *kinds: str) -> tuple[int, str]:
        async with self.database.transaction(self.territory.group_id) as session:
            caller = await caller_of(session, self.territory.people[FACILITATOR], self.territory.group_id)
            command = WebhookIn(url=url, label=url[-20:], kinds=kinds or KINDS)
            webhook, secret = await add_webhook(
                session, caller, command, self.sender.box(), self.clock.now(), known=KINDS, private=True
            )
            return webhook.id, secret

    async def happen(self, name: str = "purchase.open", *, after: type[Exception] | None = None) -> None:
        async with self.database.transaction(self.territory.group_id) as session:
            record_event(
                session,
                at=self.clock.now(),
                person_id=None,
                subject=("purchase", self.purchase_id),
                name=name,
                change=("draft", "open"),
            )
            await session.flush()
            if after is not None:
                raise after

    async def deliver(self, **later: float) -> int:
        self.clock.instant += timedelta(**later)
        return await deliver_webhooks(self.sender)

    async def states(self) -> list[str]:
        async with self.database.transaction(self.territory.group_id) as session:
            found = await session.execute(select(col(WebhookDelivery.state)).order_by(col(WebhookDelivery.id)))
            return list(found.scalars())

    async def attempts(self) -> list[tuple[int | None, str]]:
        async with self.database.transaction(self.territory.group_id) as session:
            found = await session.execute(
                select(col(WebhookAttempt.status), col(WebhookAttempt.error)).order_by(col(WebhookAttempt.id))
            )
            return [(status, error) for status, error in found]

    async def webhook(self) -> Webhook:
        async with self.database.transaction(self.territory.group_id) as session:
            return (await session.execute(select(Webhook))).scalar_one()


@pytest.fixture
async def hooks(database: Database, territory: Territory, clock: FixedClock) -> Hooks:
    purchase_id = await make_purchase(database, territory, NOW)
    clock.instant = datetime.now(UTC)
    return Hooks(database, territory, clock, purchase_id)


async def test_an_event_is_sent_signed_thin_and_once(hooks: Hooks, receiver: Receiver) -> None:
    _, secret = await hooks.add(receiver.url, "purchase.open")
    await hooks.happen("purchase.open")
    await hooks.happen("purchase.closed")  # of which it is not told
    with pytest.raises(ZeroDivisionError):
        await hooks.happen(after=ZeroDivisionError)  # what did not happen is not told
    assert await hooks.deliver() == 1
    assert await hooks.deliver(minutes=1) == 0
    ((headers, body),) = receiver.received
    told = Library(secret).verify(body, headers)
    assert told["type"] == "purchase.open"
    assert told["data"] == {
        "event": told["data"]["event"],
        "group": "bassin",
        "subject": "purchase",
        "id": hooks.purchase_id,
        "purchase": "AG-2027-001",
        "from": "draft",
        "to": "open",
        "url": told["data"]["url"],
    }
    assert told["data"]["url"].endswith("/api/v1/groups/bassin/purchases/AG-2027-001")
    with pytest.raises(WebhookVerificationError):
        Library(secret).verify(body.replace("open", "closed"), headers)
    assert await hooks.states() == [DeliveryState.DELIVERED]
    assert await hooks.attempts() == [(204, "")]


async def test_what_happens_to_an_order_names_its_purchase(
    database: Database, territory: Territory, receiver: Receiver, clock: FixedClock
) -> None:
    clock.instant = LATER
    purchase_id = await ordered(database, territory)
    hooks = Hooks(database, territory, clock, purchase_id)
    await hooks.add(receiver.url, "order.sent")
    async with database.transaction(territory.group_id) as session:
        await say_sent(session, await buyer_of(session, territory), purchase_id, CLOCK, how="Par courrier", number=1)
    assert await hooks.deliver() == 1
    told = json.loads(receiver.received[0][1])
    assert (told["type"], told["data"]["subject"], told["data"]["purchase"]) == ("order.sent", "order", "AG-2027-001")


async def test_what_is_refused_comes_again_in_its_time(hooks: Hooks, receiver: Receiver) -> None:
    await hooks.add(receiver.url)
    receiver.answers = [(500, {}), (503, {"Retry-After": "7200"}), (302, {"Location": receiver.url})]
    await hooks.happen()
    assert await hooks.deliver() == 0
    assert await hooks.deliver(seconds=4) == 0
    assert len(receiver.received) == 1
    await hooks.deliver(seconds=10)
    await hooks.deliver(minutes=110)
    assert len(receiver.received) == 2, "it asked for two hours"
    await hooks.deliver(minutes=11)
    assert len(receiver.received) == 3, "what leads elsewhere is not followed"
    assert await hooks.deliver(hours=1) == 1
    assert await hooks.attempts() == [(500, ""), (503, ""), (302, ""), (204, "")]
    assert len({headers["webhook-id"] for headers, _ in receiver.received}) == 1
    assert len({body for _, body in receiver.received}) == 1
    assert (await hooks.webhook()).failing_since is None


@pytest.mark.parametrize(("answer", "tries", "because"), [(410, 1, "gone"), (500, 10, "failing")])
async def test_an_address_that_answers_no_more_is_stopped_and_said(
    hooks: Hooks, receiver: Receiver, sign_in: SignIn, answer: int, tries: int, because: str
) -> None:
    webhook_id, _ = await hooks.add(receiver.url)
    receiver.answers = [(answer, {})] * 20
    await hooks.happen()
    for _ in range(12):
        await hooks.deliver(hours=27)
    assert len(receiver.received) == tries
    assert (await hooks.webhook()).stopped == because
    await hooks.happen()
    assert await hooks.states() == [DeliveryState.FAILED]
    async with hooks.database.transaction(hooks.territory.group_id) as session:
        told = (
            await session.execute(
                select(col(Message.recipient), col(Message.body_text)).where(col(Message.kind) == "webhook_stopped")
            )
        ).all()
    assert [recipient for recipient, _ in told] == [FACILITATOR]
    assert f"/g/bassin/webhooks/{webhook_id}" in told[0][1]
    browser = await sign_in(FACILITATOR)
    page = f"{LIST}/{webhook_id}"
    assert "Plus rien n’est envoyé à cette adresse" in text_of(await browser.get(page))
    assert "a arrêté les envois au webhook" in text_of(await browser.get("/g/bassin/journal"))
    receiver.answers = []
    assert (await browser.post(f"{page}/reprise", page=page)).status_code == 303
    await hooks.happen()
    assert await hooks.deliver() == 1


async def test_a_new_secret_signs_beside_the_former_for_a_day(hooks: Hooks, receiver: Receiver) -> None:
    webhook_id, former = await hooks.add(receiver.url)
    async with hooks.database.transaction(hooks.territory.group_id) as session:
        caller = await caller_of(session, hooks.territory.people[FACILITATOR], hooks.territory.group_id)
        _, secret = await rotate_secret(session, caller, webhook_id, hooks.sender.box(), hooks.clock.now())
    await hooks.happen()
    await hooks.deliver()
    headers, body = receiver.received[0]
    for known in (former, secret):
        Library(known).verify(body, headers)
    await hooks.happen("purchase.closed")
    hooks.clock.instant += timedelta(hours=25)
    await hooks.deliver()
    headers, _ = receiver.received[1]
    assert " " not in headers["webhook-signature"]


async def test_nothing_is_sent_into_this_network_unless_it_is_allowed(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    for host in ("127.0.0.1", "localhost"):
        url = receiver.url.replace("127.0.0.1", host)
        assert (await send(url, "{}", {}, private=False)).trouble == Trouble.PRIVATE
    url, found = receiver.url.replace("127.0.0.1", "rebound.example"), ("203.0.113.7", "9.9.9.9", "127.0.0.1")

    async def looked_up(_: str, port: int, **__: object) -> list[tuple[object, ...]]:
        lookups.append(port)
        return [(0, 0, 0, "", (address, port)) for address in found[-len(lookups) :]]

    lookups: list[int] = []
    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", looked_up)
    for _ in range(2):  # at first it leads here alone, then to a public address too: none of them is tried
        assert (await send(url, "{}", {}, private=False)).trouble == Trouble.PRIVATE
    monkeypatch.undo()
    assert (len(lookups), receiver.received) == (2, []), "what was looked up is what is connected to"
    assert (await send(receiver.url, "{}", {}, private=True)).status == 204
    assert (await send("http://127.0.0.1:9/", "{}", {}, private=True)).trouble == Trouble.UNREACHABLE
    assert (await send("https://name.invalid/", "{}", {}, private=True)).trouble == Trouble.UNREACHABLE
    https = receiver.url.replace("http:", "https:")
    assert (await send(https, "{}", {}, private=True)).trouble in {Trouble.CERTIFICATE, Trouble.UNREACHABLE}


async def test_what_a_killed_worker_held_is_sent_by_another(hooks: Hooks, receiver: Receiver) -> None:
    """It had claimed it, and was not heard of again."""
    await hooks.add(receiver.url)
    await hooks.happen()
    async with hooks.database.transaction() as session:
        assert await Lease("webhook_deliveries", LEASE).claim(session, hooks.clock.now(), most=5)
    assert await hooks.deliver(seconds=30) == 0
    assert await hooks.deliver(seconds=31) == 1


async def test_one_that_hangs_keeps_nobody_else_waiting(
    fresh_database: Database, territory: Territory, clock: FixedClock
) -> None:
    purchase_id = await make_purchase(fresh_database, territory, NOW)
    clock.instant = datetime.now(UTC)
    hooks = Hooks(fresh_database, territory, clock, purchase_id)
    with receiving() as slow, receiving() as quick:
        slow.free.clear()
        for one in (slow, quick):
            await hooks.add(one.url)
        for _ in range(3):
            await hooks.happen()
        async with asyncio.timeout(300):
            delivering = asyncio.create_task(hooks.deliver())
            for _ in range(3):
                await asyncio.to_thread(quick.came.acquire)
            assert len(slow.received) == 1, "one thing at a time"
            slow.free.set()
            assert await delivering == 6
        ids = [json.loads(body)["data"]["event"] for _, body in quick.received]
        assert ids == sorted(ids)


async def test_a_delivery_is_sent_once_more(hooks: Hooks, receiver: Receiver, sign_in: SignIn) -> None:
    webhook_id, _ = await hooks.add(receiver.url)
    await hooks.happen()
    await hooks.deliver()
    browser = await sign_in(FACILITATOR)
    page = f"{LIST}/{webhook_id}"
    shown = await browser.get(page)
    assert "réponse 204" in text_of(shown)
    again = shown.text.partition(f'action="{page}/envois/')[2].partition('"')[0]
    assert (await browser.post(f"{page}/envois/{again}", page=page)).status_code == 303
    assert await hooks.deliver() == 1
    assert len({headers["webhook-id"] for headers, _ in receiver.received}) == 1
    assert (await browser.post(f"{page}/envois/99/renvoi", page=page)).status_code == 404


async def test_a_facilitator_adds_an_address_and_sees_its_secret_once(
    sign_in: SignIn, database: Database, territory: Territory
) -> None:
    browser = await sign_in(FACILITATOR)
    new = f"{LIST}/nouveau"
    typed = {"label": "Logiciel de finances", "url": "https://10.0.0.1/hook", "kinds": ["purchase.open"]}
    refused = await browser.post(new, typed, page=new)
    assert refused.status_code == 422
    assert "Cette adresse est celle d’un réseau privé" in text_of(refused)
    assert "https://10.0.0.1/hook" in refused.text
    nothing = await browser.post(new, {**typed, "url": "https://x.example/", "kinds": []}, page=new)
    assert "Cochez au moins un événement." in text_of(nothing)
    unknown = await browser.post(new, {**typed, "url": "https://x.example/", "kinds": ["group.created"]}, page=new)
    assert "Choisissez parmi les événements proposés." in text_of(unknown)
    added = await browser.post(new, {**typed, "url": "https://x.example/"}, page=new)
    assert added.status_code == 200
    secret = added.text.partition('id="secret">')[2].partition("<")[0]
    assert secret.startswith("whsec_")
    listed = await browser.get(LIST)
    assert "Logiciel de finances" in listed.text
    async with database.transaction(territory.group_id) as session:
        webhook = (await session.execute(select(Webhook))).scalar_one()
        events = (await session.execute(select(Event).where(col(Event.subject_kind) == "webhook"))).scalars().all()
    assert secret.encode() not in webhook.secret
    assert Sender(database, FixedClock(NOW), SECRET).box().open(webhook.secret) == secret
    assert secret not in str([event.details for event in events])
    page = f"{LIST}/{webhook.id}"
    assert secret not in (await browser.get(page)).text
    form = f"{page}/fiche"
    seen = (await browser.get(form)).text.partition('name="seen" value="')[2].partition('"')[0]
    changed = {**typed, "url": "https://x.example/2", "seen": seen}
    assert (await browser.post(form, changed, page=form)).status_code == 303
    assert "Quelqu’un a changé cette adresse entre-temps" in text_of(await browser.post(form, changed, page=form))
    replaced = await browser.post(f"{page}/secret", page=f"{page}/secret")
    assert "Pendant 24 heures, l’ancien secret signe aussi." in text_of(replaced)
    gone = await browser.post(f"{page}/suppression", page=f"{page}/suppression")
    assert gone.headers["location"] == LIST
    assert (await browser.get(page)).status_code == 404
    assert (await (await sign_in("referent@lugos.example")).get(LIST)).status_code == 403


async def test_what_was_sent_is_forgotten(hooks: Hooks, receiver: Receiver) -> None:
    await hooks.add(receiver.url)
    await hooks.happen()
    await hooks.deliver()
    for later, left in ((timedelta(0), 1), (KEPT, 0)):
        async with hooks.database.transaction(hooks.territory.group_id) as session:
            await forget_deliveries(session, FixedClock(hooks.clock.now() + later))
            count = (await session.execute(select(func.count()).select_from(WebhookAttempt))).scalar_one()
        assert count == left


def test_what_can_be_told_is_in_the_journal() -> None:
    """Each event that a feature announces has a sentence."""
    sentences = {name for feature in FEATURES for name in feature.events.sentences}
    announced = [name for feature in FEATURES for name in feature.announced]
    assert set(KINDS) | {"purchase.delivered", "purchase.settled"} <= set(announced) <= sentences
    assert len(announced) == len(set(announced))


def test_the_secrets_have_a_key_of_their_own() -> None:
    assert PURPOSE != "second factor"


async def test_a_secret_that_cannot_be_read_stops_no_other(hooks: Hooks, receiver: Receiver) -> None:
    """The installation's key was changed: the address is to get another secret."""
    await hooks.add(receiver.url)
    async with hooks.database.transaction(hooks.territory.group_id) as session:
        await session.execute(update(Webhook).values(secret=b"closed by another key"))
    await hooks.happen()
    assert await hooks.deliver() == 0
    assert await hooks.states() == [DeliveryState.FAILED]
    assert receiver.received == []
