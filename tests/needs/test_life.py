"""A purchase's life on one page: its moments on a line of time, who has answered what, and reminding one member."""

from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete, select
from sqlmodel import col

from api_client import API, Connect, problem
from factories import ARCACHON, BUYER, LUGOS, NOW, SALLES, Territory, file_needs, make_purchase, open_purchase
from pooling.collections.models import Collection
from pooling.kernel.clock import FixedClock
from pooling.kernel.database import Database
from pooling.kernel.events import Event
from pooling.kernel.slices import Slice
from pooling.members.entrance import caller_of
from pooling.members.models import Membership
from pooling.needs.collection import close_collection
from pooling.needs.declaring import save_draft
from pooling.needs.freezing import freeze_consolidation
from pooling.needs.life import Moment, Status, drawing, moments
from pooling.needs.queries import Answered, member_page
from pooling.needs.schemas import DeclarationIn
from pooling.outbox.models import Message
from pooling.purchases.models import Purchase
from web_client import SignIn, text_of

PARIS = ZoneInfo("Europe/Paris")
PURCHASE = "/g/bassin/achats/AG-2027-001"
LIFE = f"{PURCHASE}/suivi"
FACILITATOR, OF_LUGOS, OF_SALLES = "animation@bassin.example", "referent@lugos.example", "referent@salles.example"


def purchase(**values: Any) -> Purchase:  # noqa: ANN401 - columns of the table
    own: dict[str, Any] = {"group_id": 1, "id": 1, "reference": "AG-2027-001", "title": "Arceaux", "created_at": NOW}
    return Purchase(**{**own, **values})


def test_what_is_done_what_is_planned_and_what_comes() -> None:
    opened = Collection(
        group_id=1, id=1, state="open", opened_at=NOW, scheduled_at=NOW, closes_at=NOW + timedelta(days=14), revision=1
    )
    told = moments(
        purchase(state="open", delivery_expected_on=date(2027, 9, 1)), opened, {"open": NOW, "draft": NOW}, None, PARIS
    )
    assert [(moment.label, moment.status, moment.day) for moment in told] == [
        ("Préparation", Status.DONE, date(2027, 3, 1)),
        ("Ouverture des déclarations", Status.DONE, date(2027, 3, 1)),
        ("Clôture des déclarations", Status.PLANNED, date(2027, 3, 15)),
        ("Consolidation figée", Status.OPEN, None),
        ("Commande", Status.OPEN, None),
        ("Livraison", Status.PLANNED, date(2027, 9, 1)),
        ("Solde", Status.OPEN, None),
    ]


def test_a_purchase_that_is_given_up_has_nothing_to_come() -> None:
    dates = {"draft": NOW, "cancelled": NOW + timedelta(days=3)}
    told = moments(purchase(state="cancelled", delivery_expected_on=date(2027, 9, 1)), None, dates, None, PARIS)
    assert [(moment.label, moment.status) for moment in told] == [
        ("Préparation", Status.DONE),
        ("Annulation", Status.GIVEN_UP),
    ]


def test_what_came_on_another_day_says_so() -> None:
    dates = {"draft": NOW, "delivered": NOW + timedelta(days=3)}
    told = moments(purchase(state="delivered", delivery_expected_on=date(2027, 3, 2)), None, dates, None, PARIS)
    assert next(moment for moment in told if moment.label == "Livraison").note == "prévue le 02/03/2027"


def test_there_is_no_line_without_two_days() -> None:
    assert drawing([Moment("a", Status.DONE, date(2027, 3, 1)), Moment("b", Status.OPEN)], date(2027, 3, 1)) is None


@given(st.lists(st.dates(date(2026, 1, 1), date(2030, 1, 1)), min_size=2, max_size=7), st.booleans())
def test_what_is_drawn_lies_in_the_picture_in_the_order_of_time(days: list[date], goes_on: bool) -> None:
    told = [Moment(str(day), Status.DONE, day) for day in days]
    if goes_on:
        told = [*told, Moment("Solde", Status.OPEN)]
    drawn = drawing(told, date(2027, 6, 1))
    assert (drawn is None) == (len({*days, *([date(2027, 6, 1)] if goes_on else [])}) == 1)
    if drawn is not None:
        assert (drawn.today is not None) == goes_on
        places = [mark.at for mark in drawn.marks]
        assert places == sorted(places)
        assert all(0 <= place <= 100 for place in [*places, drawn.today or 0])
        assert sorted(mark.number for mark in drawn.marks) == list(range(1, len(days) + 1))


async def answers(database: Database, territory: Territory) -> int:
    """Lugos has filed, Arcachon has filed nothing but a draft, Salles and two units say nothing."""
    purchase_id = await open_purchase(database, territory, NOW)
    await file_needs(database, territory, purchase_id, OF_LUGOS, NOW, arceau=4)
    async with database.transaction(territory.group_id) as session:
        referent = await caller_of(session, territory.people["referent@arcachon.example"], territory.group_id)
        draft = DeclarationIn(member_id=territory.members[ARCACHON], needs=())
        await save_draft(session, referent, purchase_id, draft, FixedClock(NOW))
    return purchase_id


@pytest.mark.parametrize(
    ("answer", "search", "named"),
    [
        (None, "", ["Arcachon", "Lugos", "Salles", "UFR de droit", "UFR de santé"]),
        (Answered.FILED, "", ["Lugos"]),
        (Answered.NO_NEED, "", []),
        (Answered.DRAFT, "", ["Arcachon"]),
        (Answered.SILENT, "", ["Salles", "UFR de droit", "UFR de santé"]),
        (Answered.SILENT, "SANTE ufr", ["UFR de santé"]),
        (None, "uf dro", ["UFR de droit"]),
        (None, "roit", []),
        (None, "%", ["Arcachon", "Lugos", "Salles", "UFR de droit", "UFR de santé"]),
    ],
)
async def test_members_are_filtered_and_searched(
    answer: Answered | None, search: str, named: list[str], database: Database, territory: Territory
) -> None:
    purchase_id = await answers(database, territory)
    async with database.transaction(territory.group_id) as session:
        listed = await member_page(session, purchase_id, Slice(), answer=answer, search=search)
        assert [line.name for line in listed.items] == named
        first = await member_page(session, purchase_id, Slice(size=1), answer=answer, search=search)
        assert [line.name for line in first.items] == named[:1]
        assert (first.next is not None) == (len(named) > 1)


async def test_the_page_shows_the_life_and_the_answers(
    database: Database, territory: Territory, sign_in: SignIn, clock: FixedClock
) -> None:
    await answers(database, territory)
    clock.instant = NOW + timedelta(days=1)
    browser = await sign_in(BUYER)
    page = await browser.get(LIFE)
    shown = text_of(page)
    assert "1. Préparation 01/03/2027 Fait" in shown
    assert "3. Clôture des déclarations 15/03/2027 Prévu" in shown
    assert "5. Commande – À venir" in shown
    assert page.text.count('class="life-mark') == 3
    assert "Sans réponse (3)" in shown
    assert "Brouillons (1)" in shown
    filtered = text_of(await browser.get(f"{LIFE}?etat=silent&q=salles"))
    assert "Salles Sans réponse" in filtered
    assert "UFR de droit" not in filtered
    assert "Aucun membre ne correspond" in text_of(await browser.get(f"{LIFE}?etat=draft&q=salles"))
    assert (await browser.get(f"{LIFE}?etat=whatever&apres=x")).status_code == 200
    referent = await sign_in(OF_LUGOS)
    assert (await referent.get(LIFE)).status_code == 403
    assert "/suivi" not in (await referent.get(PURCHASE)).text


async def test_a_draft_has_a_life_too(database: Database, territory: Territory, sign_in: SignIn) -> None:
    await make_purchase(database, territory, NOW)
    shown = text_of(await (await sign_in(BUYER)).get(LIFE))
    assert "rien n’est demandé aux membres" in shown
    assert "Relancer" not in shown


async def test_a_frozen_consolidation_is_a_moment(
    database: Database, territory: Territory, sign_in: SignIn, clock: FixedClock
) -> None:
    purchase_id = await answers(database, territory)
    clock.instant = NOW + timedelta(days=10)
    async with database.transaction(territory.group_id) as session:
        buyer = await caller_of(session, territory.people[BUYER], territory.group_id)
        await close_collection(session, buyer, purchase_id, clock, reason="Tous ont répondu")
        await freeze_consolidation(session, buyer, purchase_id, clock, options={})
    shown = text_of(await (await sign_in(BUYER)).get(LIFE))
    assert "3. Clôture des déclarations 11/03/2027 (prévue le 15/03/2027) Fait" in shown
    assert "4. Consolidation figée 11/03/2027 Fait" in shown
    assert "Relancer" not in shown


async def mails(database: Database, territory: Territory) -> list[str]:
    async with database.transaction(territory.group_id) as session:
        found = await session.execute(select(col(Message.recipient)).where(col(Message.kind) == "needs_deadline"))
        return sorted(found.scalars())


async def test_one_member_is_reminded_once_a_day(
    database: Database, territory: Territory, sign_in: SignIn, clock: FixedClock
) -> None:
    await answers(database, territory)
    browser, salles = await sign_in(BUYER), f"{PURCHASE}/besoins/{SALLES}/relance"
    done = await browser.post(salles, page=LIFE)
    assert (done.status_code, done.headers["location"]) == (303, LIFE)
    assert "1 relance est prête pour les référents de Salles" in text_of(await browser.get(LIFE))
    assert await mails(database, territory) == [OF_SALLES]
    assert f'action="{salles}"' not in (await browser.get(LIFE)).text
    assert "relancé depuis moins d’un jour" in text_of(await browser.get(f"{LIFE}?q=salles"))
    assert "pas de référent à relancer" in text_of(await browser.get(f"{LIFE}?q=sante"))
    again = await browser.post(salles, page=LIFE)
    assert again.status_code == 409
    assert "recommencez demain" in text_of(again)
    async with database.transaction(territory.group_id) as session:
        events = await session.execute(select(Event).where(col(Event.name) == "collection.member_reminded"))
        (event,) = events.scalars()
        assert event.details["member_id"] == territory.members[SALLES]
    assert "a relancé les référents de Salles pour" in text_of(await browser.get(f"{PURCHASE}/journal"))
    # Then all the others: who was reminded already is not, of the same reminder.
    assert (await browser.post(f"{PURCHASE}/relance", page=LIFE)).headers["location"] == LIFE
    assert (await mails(database, territory)).count(OF_SALLES) == 1
    clock.instant = NOW + timedelta(days=2)
    await browser.sign_in(territory.people[BUYER])
    assert (await browser.post(salles, page=LIFE)).status_code == 303
    clock.instant = NOW + timedelta(days=4)
    await browser.sign_in(territory.people[BUYER])
    nothing = await browser.post(salles, page=LIFE)
    assert nothing.status_code == 409
    assert "plus de relance à envoyer aux référents de Salles" in text_of(nothing)


async def test_nobody_is_reminded_within_a_day_of_all(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    await answers(database, territory)
    browser = await sign_in(FACILITATOR)
    assert (await browser.post(f"{PURCHASE}/relance", page=LIFE)).status_code == 303
    refused = await browser.post(f"{PURCHASE}/besoins/{SALLES}/relance", page=LIFE)
    assert refused.status_code == 409
    assert "recommencez demain" in text_of(refused)


async def test_programs_filter_and_remind(connect: Connect, database: Database, territory: Territory) -> None:
    purchase_id = await answers(database, territory)
    program, listed = await connect(BUYER), f"{API}/purchases/AG-2027-001/declarations"
    silent = (await program.get(f"{listed}?answer=silent&search=salles")).json()["items"]
    assert [line["member"]["code"] for line in silent] == [SALLES]
    assert problem(await program.get(f"{listed}?answer=perhaps")) == (422, "invalid")
    assert (await program.post(f"{listed}/{SALLES}/reminding", None)).json() == {"reminders": 1}
    assert problem(await program.post(f"{listed}/{SALLES}/reminding", None)) == (409, "already_reminded")
    assert problem(await program.post(f"{listed}/{LUGOS}/reminding", None)) == (409, "already_filed")
    assert problem(await (await connect(OF_SALLES)).post(f"{listed}/{SALLES}/reminding", None)) == (403, "forbidden")
    async with database.transaction(territory.group_id) as session:
        await session.execute(delete(Membership).where(col(Membership.member_id) == territory.members["UFR-DROIT"]))
    assert problem(await program.post(f"{listed}/UFR-DROIT/reminding", None)) == (409, "nobody_to_remind")
    async with database.transaction(territory.group_id) as session:
        buyer = await caller_of(session, territory.people[BUYER], territory.group_id)
        await close_collection(session, buyer, purchase_id, FixedClock(NOW + timedelta(hours=1)), reason="Assez")
    assert problem(await program.post(f"{listed}/{SALLES}/reminding", None)) == (409, "collection_closed")
