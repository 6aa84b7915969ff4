"""The lead buyer's work after the declarations: choosing a rule, freezing, amending; those concerned are told."""

from datetime import timedelta
from decimal import Decimal

import pytest
import pytest_asyncio
from sqlalchemy import select
from sqlmodel import col

from factories import BUYER, LUGOS, NOW, Territory, file_needs, open_purchase
from pooling.kernel.clock import FixedClock
from pooling.kernel.database import Database
from pooling.kernel.events import Event
from pooling.needs.models import Assignment, ConsolidationRecord, Need
from pooling.outbox.models import Message
from pooling.purchases.finding import item_ids
from pooling.purchases.schemas import ItemIn, TierIn
from web_client import SignIn, text_of

BASE = "/g/bassin/achats/AG-2027-001"
CONSOLIDATION = f"{BASE}/consolidation"
TIERED = ItemIn(
    code="arceau",
    name="Arceau posé",
    unit="arceau",
    unit_price=Decimal(180),
    pack=5,
    tiers=(TierIn(from_quantity=10, unit_price=Decimal(90)),),
)


@pytest_asyncio.fixture
async def closed(database: Database, territory: Territory, sign_in: SignIn) -> int:
    """Lugos 4 (up to 8), Salles 3: one pack and a half, and a tier at ten within reach of the tolerance."""
    purchase_id = await open_purchase(database, territory, NOW, items=(TIERED,))
    await file_needs(database, territory, purchase_id, "referent@salles.example", NOW, arceau=3)
    items = await ids(database, territory, purchase_id)
    page = f"{BASE}/besoins/{LUGOS}"
    lugos = await sign_in("referent@lugos.example")
    values = {f"quantite-{items['arceau']}": 4, f"jusqu-{items['arceau']}": 8, "seen": "none"}
    assert (await lugos.post(f"{page}/depot", values, page=page)).status_code == 303
    buyer = await sign_in(BUYER)
    assert (await buyer.post(f"{BASE}/cloture", {"reason": "Tous ont répondu"}, page=BASE)).status_code == 303
    return purchase_id


async def ids(database: Database, territory: Territory, purchase_id: int) -> dict[str, int]:
    async with database.transaction(territory.group_id) as session:
        return await item_ids(session, purchase_id)


async def assigned(database: Database, territory: Territory, number: int) -> dict[str, int]:
    names = {member_id: code for code, member_id in territory.members.items()}
    async with database.transaction(territory.group_id) as session:
        rows = await session.execute(
            select(col(Assignment.member_id), col(Assignment.quantity))
            .join(ConsolidationRecord, col(ConsolidationRecord.id) == col(Assignment.consolidation_id))
            .where(col(ConsolidationRecord.number) == number)
        )
        return {names[member]: quantity for member, quantity in rows}


async def mails(database: Database, territory: Territory, kind: str = "needs_notice") -> list[tuple[str, str]]:
    async with database.transaction(territory.group_id) as session:
        rows = await session.execute(
            select(col(Message.recipient), col(Message.subject))
            .where(col(Message.group_id) == territory.group_id, col(Message.kind) == kind)
            .order_by(col(Message.id))
        )
        return [(recipient, subject) for recipient, subject in rows]


@pytest.mark.usefixtures("closed")
async def test_the_effect_of_a_choice_is_seen_before_it_is_made(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    buyer = await sign_in(BUYER)
    by_default = text_of(await buyer.get(CONSOLIDATION)).replace("\u00a0", " ")
    assert "900,00 €" in by_default, "ten at the price of the tier"
    other = await buyer.get(f"{CONSOLIDATION}?regle-arceau=proportional&lot-arceau=round_down&tolerance-arceau=non")
    assert "10" in text_of(other)
    item = text_of(await buyer.get(f"{CONSOLIDATION}/arceau")).replace("\u00a0", " ")
    assert "Lugos" in item
    assert "4 à 8" in item
    assert await assigned(database, territory, 1) == {}, "a GET freezes nothing"


@pytest.mark.usefixtures("closed")
async def test_freezing_keeps_the_choice_that_was_shown(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    buyer = await sign_in(BUYER)
    values = {"regle-arceau": "first_come", "lot-arceau": "round_up", "tolerance-arceau": "non"}
    assert (await buyer.post(CONSOLIDATION, values, page=CONSOLIDATION)).status_code == 303
    assert await assigned(database, territory, 1) == {LUGOS: 7, "213304983": 3}
    async with database.transaction(territory.group_id) as session:
        record = (await session.execute(select(ConsolidationRecord))).scalar_one()
    assert record.options["arceau"]["rule"] == "first_come"
    assert "Consolidation n° 1" in text_of(await buyer.get(CONSOLIDATION))


async def test_freezing_again_takes_a_reason_and_tells_those_whose_units_change(
    database: Database, territory: Territory, sign_in: SignIn, closed: int
) -> None:
    buyer = await sign_in(BUYER)
    await buyer.post(CONSOLIDATION, {"regle-arceau": "proportional"}, page=CONSOLIDATION)
    before = await mails(database, territory)
    silent = await buyer.post(CONSOLIDATION, {"regle-arceau": "max_min"}, page=CONSOLIDATION)
    assert silent.status_code == 422
    assert await assigned(database, territory, 2) == {}
    page = f"{BASE}/besoins/213304983/modification"
    field = (await ids(database, territory, closed))["arceau"]
    changed = await buyer.post(page, {f"quantite-{field}": "1", "reason": "Demande de Salles"}, page=page)
    assert changed.status_code == 303
    assert await assigned(database, territory, 2) == {LUGOS: 4, "213304983": 1}
    told = (await mails(database, territory))[len(before) :]
    assert {recipient for recipient, _ in told} == {"referent@lugos.example", "referent@salles.example"}
    assert "Demande de Salles" in text_of(await buyer.get(CONSOLIDATION))


async def test_an_amendment_says_who_when_why_before_and_after(
    database: Database, territory: Territory, sign_in: SignIn, closed: int
) -> None:
    buyer = await sign_in(BUYER)
    page = f"{BASE}/besoins/{LUGOS}/modification"
    item = (await ids(database, territory, closed))["arceau"]
    field, most = f"quantite-{item}", f"jusqu-{item}"
    assert (await buyer.post(page, {field: "6"}, page=page)).status_code == 422, "no reason"
    same = await buyer.post(page, {field: "4", most: "8", "reason": "Rien"}, page=page)
    assert same.status_code == 422, "nothing changes"
    assert (await buyer.post(page, {field: "6", "reason": "Erreur de saisie"}, page=page)).status_code == 303
    async with database.transaction(territory.group_id) as session:
        event = (await session.execute(select(Event).where(col(Event.name) == "declaration.amended"))).scalar_one()
        units = (await session.execute(select(col(Need.quantity)).order_by(col(Need.quantity)))).scalars().all()
    assert (event.person_id, event.at, event.reason) == (territory.people[BUYER], NOW, "Erreur de saisie")
    assert (event.details["before"], event.details["after"]) == (
        {"arceau": {"quantity": 4, "up_to": 8}},
        {"arceau": {"quantity": 6, "up_to": 6}},
    )
    assert list(units) == [3, 6]


@pytest.mark.usefixtures("closed")
async def test_only_the_lead_buyer_freezes_and_amends(territory: Territory, sign_in: SignIn) -> None:
    for email in ("animation@bassin.example", "referent@lugos.example", "finances@arcachon.example"):
        browser = await sign_in(email)
        assert (await browser.post(CONSOLIDATION, {})).status_code == 403, email
        assert (await browser.post(f"{BASE}/besoins/{LUGOS}/modification", {})).status_code == 403, email
        assert (await browser.post(f"{BASE}/annulation", {"reason": "x"})).status_code == 403, email


async def test_moving_the_deadline_tells_everyone_and_supersedes_its_reminders(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    await open_purchase(database, territory, NOW)
    assert len(await mails(database, territory)) == 4, "opening invites every référent"
    buyer, page = await sign_in(BUYER), f"{BASE}/prolongation"
    shown = await buyer.get(page)
    assert 'value="2027-03-15"' in shown.text
    assert (await buyer.post(page, {"closes_on": "2027-03-19", "closes_at": "18 h"}, page=page)).status_code == 422
    for hour in ("18 h", "tard"):
        said = text_of(await buyer.post(page, {"closes_on": "2027-02-01", "closes_at": hour}, page=page))
        assert "Choisissez une date de clôture à venir" in said, "all that is wrong at once"
        assert "Dites pourquoi" in said
    values = {"closes_on": "19/03/2027", "closes_at": "18 h", "reason": "Conseils municipaux"}
    assert (await buyer.post(page, values, page=page)).status_code == 303
    told = (await mails(database, territory))[4:]
    assert len(told) == 4
    assert all("19 mars à 18" in subject.replace("\u00a0", " ") for _, subject in told)


async def test_a_closed_collection_opens_again_with_a_reason(
    database: Database, territory: Territory, sign_in: SignIn, clock: FixedClock, closed: int
) -> None:
    buyer, page = await sign_in(BUYER), f"{BASE}/prolongation"
    values = {"closes_on": "30/03/2027", "closes_at": "12:00", "reason": "Oubli d’une commune"}
    assert (await buyer.post(page, values, page=page)).status_code == 303
    clock.instant = NOW + timedelta(hours=1)
    await file_needs(database, territory, closed, "referent@salles.example", clock.instant, arceau=9)


async def test_a_cancelled_purchase_takes_nothing_more(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    await open_purchase(database, territory, NOW)
    buyer, page = await sign_in(BUYER), f"{BASE}/annulation"
    assert (await buyer.post(page, {}, page=page)).status_code == 422
    assert (await buyer.post(page, {"reason": "Crédits non votés"}, page=page)).status_code == 303
    assert (await buyer.post(page, {"reason": "Encore"}, page="/compte")).status_code == 409
    lugos = await sign_in("referent@lugos.example")
    assert (await lugos.post(f"{BASE}/besoins/{LUGOS}/depot", {"no_need": "1"})).status_code == 422
    assert "Annulé" in text_of(await lugos.get(BASE))


async def test_two_people_of_one_member_do_not_overwrite_each_other_unseen(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    purchase_id = await open_purchase(database, territory, NOW)
    field = f"quantite-{(await ids(database, territory, purchase_id))['arceau']}"
    page = f"{BASE}/besoins/{LUGOS}"
    first, second = await sign_in("referent@lugos.example"), await sign_in("referent@lugos.example")
    assert (await first.post(f"{page}/depot", {field: "5", "seen": "none"}, page=page)).status_code == 303
    late = await second.post(f"{page}/depot", {field: "8", "seen": "none"}, page=page)
    assert late.status_code == 422
    shown = text_of(late)
    assert "Version enregistrée" in shown
    assert "5 arceaux" in shown.replace("\u00a0", " "), "what was kept"
    assert 'value="8"' in late.text, "what was typed"
