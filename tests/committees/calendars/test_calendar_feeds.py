"""A calendar that an application subscribes to, without signing in, by an address that is a key."""

import logging
import re
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from icalendar import Calendar, Event
from lxml import etree
from sqlalchemy import select, text
from sqlmodel import col

from factories import ARCACHON, NOW, Territory, make_purchase, make_territory, open_purchase
from factories import LUGOS as LUGOS_CODE
from pooling.bills.models import Bill
from pooling.collections.changing import begin_collection
from pooling.committees.calendars import feed_document
from pooling.committees.meetings.scheduling import cancel_committee, move_committee, schedule_committee
from pooling.committees.meetings.schemas import CommitteeIn, MoveIn
from pooling.committees.models import Answer
from pooling.kernel.clock import FixedClock
from pooling.kernel.database import Database
from pooling.kernel.events import record_event
from pooling.members.models import Role
from pooling.members.rights import Caller, HeldRole
from pooling.purchases.models import Purchase
from pooling.reminders.configuration import ReminderConfiguration
from web_client import Browser, SignIn, text_of

PAGE = "/g/bassin/calendrier"
FACILITATOR, LUGOS = "animation@bassin.example", "referent@lugos.example"
PARIS = ZoneInfo("Europe/Paris")
DAY = date(2027, 3, 30)


@pytest.fixture
def facilitator(territory: Territory) -> Caller:
    return territory.caller(FACILITATOR, HeldRole(Role.FACILITATOR))


async def plan(database: Database, caller: Caller, **changes: object) -> int:
    command = {"day": DAY, "hour": time(14), "place": "Mairie", "agenda": "Un point", "roles": (Role.REFERENT,)}
    async with database.transaction(caller.group_id) as session:
        return await schedule_committee(session, caller, CommitteeIn.model_validate({**command, **changes}), NOW)


async def subscribe(browser: Browser) -> str:
    """Makes an address in the page; returns its path."""
    shown = await browser.post(PAGE, page=PAGE)
    found = re.search(r'<code id="adresse">http://127\.0\.0\.1:8000(/calendrier/[^<]+)</code>', shown.text)
    assert found is not None, text_of(shown)
    assert shown.headers["referrer-policy"] == "no-referrer"
    return found[1]


async def events(visitor: Browser, address: str) -> Sequence[Event]:
    answer = await visitor.get(address)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/calendar; charset=utf-8")
    calendar = Calendar.from_ical(answer.content)
    assert str(calendar["METHOD"]) == "PUBLISH"
    return list(calendar.events)


async def test_the_feed_holds_ones_committees_and_the_groups_deadlines(
    database: Database, territory: Territory, sign_in: SignIn, visitor: Browser, facilitator: Caller
) -> None:
    committee = await plan(database, facilitator)
    await plan(database, facilitator, roles=(Role.FINANCE,))
    purchase = await open_purchase(database, territory, NOW)
    async with database.transaction(territory.group_id) as session:
        await session.execute(text("UPDATE purchases SET delivery_expected_on = '2027-06-01'"))
    found = await events(visitor, await subscribe(await sign_in(LUGOS)))
    meeting, closing, delivery = found
    assert str(meeting["UID"]).startswith(f"committee-{territory.group_id}-{committee}-{territory.people[LUGOS]}-")
    assert str(meeting["UID"]).endswith("@127.0.0.1")
    assert (meeting["SEQUENCE"], meeting.start) == (0, datetime(2027, 3, 30, 14, tzinfo=PARIS))
    assert "ATTENDEE" not in meeting
    assert str(closing["SUMMARY"]).startswith("Fin des déclarations : Arceaux")
    assert (closing.start, closing.end) == (
        datetime(2027, 3, 15, 9, 30, tzinfo=PARIS),
        datetime(2027, 3, 15, 10, tzinfo=PARIS),
    )
    assert {str(event["ORGANIZER"]) for event in found} == {"mailto:pooling@localhost"}
    assert str(delivery["UID"]) == f"delivery-{territory.group_id}-{purchase}@127.0.0.1"
    assert delivery.start == date(2027, 6, 1)


async def test_the_same_key_opens_the_news_of_purchases(
    database: Database, territory: Territory, sign_in: SignIn, visitor: Browser
) -> None:
    browser = await sign_in(LUGOS)
    shown = await browser.post(PAGE, page=PAGE)
    found = re.search(r'<code id="nouvelles">http://127\.0\.0\.1:8000(/calendrier/[^<]+\.atom)</code>', shown.text)
    assert found is not None
    before = await visitor.get(found[1])
    assert (before.status_code, before.headers["content-type"]) == (200, "application/atom+xml")
    assert before.headers["referrer-policy"] == "no-referrer"
    await make_purchase(database, territory, NOW, title="Encore en préparation")
    unchanged = await visitor.get(found[1], headers={"If-None-Match": before.headers["etag"]})
    assert (unchanged.status_code, unchanged.content) == (304, b"")
    await open_purchase(database, territory, NOW, title="Arceaux & <abris>")
    news = await visitor.get(found[1], headers={"If-None-Match": before.headers["etag"]})
    atom = {"a": "http://www.w3.org/2005/Atom"}
    root = etree.fromstring(news.content)
    (entry,) = root.findall("a:entry", atom)
    said = {tag: entry.findtext(f"a:{tag}", namespaces=atom) for tag in ("id", "title", "updated")}
    assert said["title"] == "Collecte ouverte\u00a0: Arceaux & <abris> (AG-2027-002)"
    assert re.fullmatch(rf"tag:127\.0\.0\.1,[0-9-]+:event-{territory.group_id}-[0-9]+", str(said["id"]))
    link = entry.find("a:link", atom)
    assert link is not None
    assert link.get("href") == "http://127.0.0.1:8000/g/bassin/achats/AG-2027-002"
    assert root.findtext("a:updated", namespaces=atom) == said["updated"] == "2027-03-01T09:00:00+00:00"
    assert (await visitor.get(found[1].replace(".atom", "x.atom"))).status_code == 404
    await _invoiced(database, territory, "AG-2027-002")
    root = etree.fromstring((await visitor.get(found[1])).content)
    titles = [entry.findtext("a:title", namespaces=atom) for entry in root.findall("a:entry", atom)]
    mine = "Facture reçue\u00a0: Arceaux & <abris> (AG-2027-002)"
    assert titles == [mine, mine, said["title"]], "the lead’s and one’s own, not another member’s"


async def _invoiced(database: Database, territory: Territory, reference: str) -> None:
    """Three invoices: what all share, a member's own, another member's."""
    async with database.transaction(territory.group_id) as session:
        purchase_id = await session.scalar(select(col(Purchase.id)).where(col(Purchase.reference) == reference))
        assert purchase_id is not None
        for member in (None, LUGOS_CODE, ARCACHON):
            bill = Bill(
                group_id=territory.group_id,
                purchase_id=purchase_id,
                member_id=territory.members[member] if member else None,
                same_as=f"552100554/{member}",
                kind="invoice",
                number="F1",
                ht_cents=0,
                vat_cents=0,
                ttc_cents=0,
                due_cents=0,
                noted_at=NOW,
            )
            session.add(bill)
            await session.flush()
            record_event(session, at=NOW, person_id=None, subject=("bill", bill.id), name="bill.noted")


async def test_in_a_demonstration_every_date_says_so(
    database: Database, territory: Territory, sign_in: SignIn, visitor: Browser, facilitator: Caller
) -> None:
    await plan(database, facilitator)
    await open_purchase(database, territory, NOW)
    async with database.transaction(territory.group_id) as session:
        await session.execute(text("UPDATE groups SET fictional = true"))
    said = [
        str(event["DESCRIPTION"]).splitlines() for event in await events(visitor, await subscribe(await sign_in(LUGOS)))
    ]
    assert [[line for line in lines[1:] if "/reponse" not in line] for lines in said] == [["1. Un point"], []]
    assert said[0][1].endswith("/reponse")
    assert all("fictifs" in lines[0] for lines in said)


async def test_it_follows_what_changes(
    database: Database, sign_in: SignIn, visitor: Browser, facilitator: Caller, clock: FixedClock
) -> None:
    committee = await plan(database, facilitator)
    address = await subscribe(await sign_in(LUGOS))
    command = MoveIn(day=date(2027, 4, 6), hour=time(9), place="Mairie")
    async with database.transaction(facilitator.group_id) as session:
        await move_committee(
            session,
            facilitator,
            committee,
            command,
            NOW,
            base_url="https://achats.example",
            reminders=ReminderConfiguration(),
        )
    (moved,) = await events(visitor, address)
    assert (moved["SEQUENCE"], moved.start) == (1, datetime(2027, 4, 6, 9, tzinfo=PARIS))
    async with database.transaction(facilitator.group_id) as session:
        await cancel_committee(
            session,
            facilitator,
            committee,
            NOW,
            reason="Grève",
            base_url="https://achats.example",
            reminders=ReminderConfiguration(),
        )
    (cancelled,) = await events(visitor, address)
    assert (cancelled["SEQUENCE"], str(cancelled["STATUS"])) == (2, "CANCELLED")
    clock.instant = datetime(2027, 4, 6, 9, tzinfo=PARIS) + timedelta(days=30)
    assert await events(visitor, address) == []


@pytest.mark.parametrize(
    ("answer", "transparency"),
    [(None, "OPAQUE"), (Answer.YES, "OPAQUE"), (Answer.NO, "TRANSPARENT")],
)
async def test_who_does_not_come_stays_free(
    database: Database, sign_in: SignIn, visitor: Browser, facilitator: Caller, answer: str | None, transparency: str
) -> None:
    await plan(database, facilitator)
    async with database.transaction(facilitator.group_id) as session:
        await session.execute(text("UPDATE committee_invitations SET answer = :answer"), {"answer": answer})
    (event,) = await events(visitor, await subscribe(await sign_in(LUGOS)))
    assert str(event["TRANSP"]) == transparency


async def test_nothing_new_is_said_in_one_line(
    database: Database, sign_in: SignIn, visitor: Browser, facilitator: Caller, clock: FixedClock
) -> None:
    await plan(database, facilitator)
    address = await subscribe(await sign_in(LUGOS))
    first = await visitor.get(address)
    assert first.headers["cache-control"] == "private, no-cache"
    assert first.headers["referrer-policy"] == "no-referrer"
    assert "REFRESH-INTERVAL;VALUE=DURATION:PT6H" in first.text
    assert "X-PUBLISHED-TTL:PT6H" in first.text
    assert first.text.count("BEGIN:VTIMEZONE") == 1
    clock.instant += timedelta(hours=6)
    again = await visitor.get(address, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    await plan(database, facilitator, title="Un autre")
    changed = await visitor.get(address, headers={"If-None-Match": first.headers["etag"]})
    assert changed.status_code == 200


async def test_an_address_that_opens_nothing(
    database: Database, territory: Territory, sign_in: SignIn, visitor: Browser
) -> None:
    """Whatever is wrong with it, the answer is the same."""
    browser = await sign_in(LUGOS)
    address = await subscribe(browser)
    other = await make_territory(database, NOW, slug="autre")
    wrong = [
        address.replace("/bassin/", "/autre/"),
        address.replace("/bassin/", "/nulle-part/"),
        address.removesuffix(".ics"),
        address.replace(".ics", "x.ics"),
        "/calendrier/bassin/.ics",
        f"/calendrier/bassin/{'x' * 5000}.ics",
    ]
    assert other.group_id != territory.group_id
    assert [(await visitor.get(path)).status_code for path in wrong] == [404] * len(wrong)
    assert (await visitor.get("/calendrier/bassin/%00.ics")).status_code == 400, (
        "refused at the door, like any zero byte"
    )
    feed = re.search(rf"{PAGE}/(\d+)/retrait", (await browser.get(PAGE)).text)
    assert feed is not None
    stranger = await sign_in(FACILITATOR)
    assert (await stranger.post(f"{PAGE}/{feed[1]}/retrait")).status_code == 404
    assert (await visitor.get(address)).status_code == 200
    assert (await browser.post(f"{PAGE}/{feed[1]}/retrait", page=PAGE)).status_code == 303
    assert (await visitor.get(address)).status_code == 404


@pytest.mark.parametrize(
    "ending",
    ["UPDATE memberships SET ended_at = now() WHERE role = 'referent'", "UPDATE groups SET archived_at = now()"],
)
async def test_who_left_and_what_is_archived_have_no_calendar(
    database: Database, territory: Territory, sign_in: SignIn, visitor: Browser, ending: str
) -> None:
    address = await subscribe(await sign_in(LUGOS))
    async with database.transaction(territory.group_id) as session:
        await session.execute(text(ending))
    assert (await visitor.get(address)).status_code == 404


async def test_only_the_hash_is_kept_and_it_is_shown_once(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    browser = await sign_in(LUGOS)
    token = (await subscribe(browser)).rsplit("/", 1)[1].removesuffix(".ics")
    assert len(token) >= 43, "256 bits"
    assert token not in (await browser.get(PAGE)).text
    async with database.transaction(territory.group_id) as session:
        for table in ("calendar_feeds", "events"):
            rows = await session.execute(text(f"SELECT CAST(t AS text) FROM {table} t"))
            assert not any(token in row for row in rows.scalars())


async def test_there_are_ten_at_most(territory: Territory, sign_in: SignIn) -> None:
    browser = await sign_in(LUGOS)
    for _ in range(10):
        await subscribe(browser)
    assert (await browser.post(PAGE, page=PAGE)).status_code == 409


async def test_the_key_is_in_no_log(
    sign_in: SignIn, visitor: Browser, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Not even when the calendar cannot be made."""
    address = await subscribe(await sign_in(LUGOS))

    async def failing(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(feed_document, "feed_of", failing)
    monkeypatch.setattr(logging.getLogger("httpx"), "disabled", True)  # the visitor's own
    with caplog.at_level(logging.DEBUG):
        assert (await visitor.get(address)).status_code == 500
    token = address.rsplit("/", 1)[1].removesuffix(".ics")
    assert "/calendrier/" in caplog.text
    assert token not in caplog.text


async def test_one_committee_is_added_by_hand(database: Database, sign_in: SignIn, facilitator: Caller) -> None:
    committee = await plan(database, facilitator)
    answer = await (await sign_in(LUGOS)).get(f"/g/bassin/comites/{committee}/comite.ics")
    assert answer.headers["content-disposition"] == 'attachment; filename="comite-2027-03-30.ics"'
    calendar = Calendar.from_ical(answer.content)
    assert str(calendar["METHOD"]) == "PUBLISH"
    assert str(calendar.events[0]["UID"]).startswith(f"committee-{facilitator.group_id}-{committee}-")


async def test_deadlines_speak_the_words_of_their_kind(
    database: Database, territory: Territory, sign_in: SignIn, visitor: Browser
) -> None:
    await open_purchase(database, territory, NOW, title="Covoiturage", kind="service", items=())
    async with database.transaction(territory.group_id) as session:
        await session.execute(text("UPDATE purchases SET delivery_expected_on = '2027-06-01'"))
        made = await session.execute(
            text(
                "INSERT INTO rounds (group_id, reference, title, content, state, method, budget, impact_weight, "
                "cost_weight, ease_weight, urgency_weight, weighting, secret, turnout_shown, closes_at, created_at) "
                "VALUES (:group, 'TP-2027-001', 'Nos actions', '', 'open', 'points', 10, 0, 0, 0, 0, 'member', true, "
                "true, :closes, :now) RETURNING id"
            ),
            {"group": territory.group_id, "closes": NOW + timedelta(days=9), "now": NOW},
        )
        begin_collection(session, ("round", made.scalar_one()), NOW + timedelta(days=9), NOW)
    browser = await sign_in(LUGOS)
    said = [str(event["SUMMARY"]) for event in await events(visitor, await subscribe(browser))]
    assert said == [
        "Fin des réponses : Covoiturage – Bassin",
        "Mise en service prévue : Covoiturage – Bassin",
        "Fin du vote : Nos actions – Bassin",
    ]
    year = text_of(await browser.get("/g/bassin/comites?annee=2027"))
    assert "Clôture des réponses : Covoiturage" in year
    assert "Mise en service prévue : Covoiturage" in year
    assert "Clôture du vote : Nos actions" in year
