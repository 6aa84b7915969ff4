"""Clés de répartition: the group's own weights, given until the collection opens, read-only afterwards."""

from datetime import timedelta

import pytest
from sqlalchemy import select, text
from sqlmodel import col

from factories import ARCACHON, BUYER, LUGOS, NOW, SALLES, Territory, make_purchase
from pooling.allocation.editing import member_numbers as member_lists
from pooling.allocation.models import Charge
from pooling.kernel.clock import FixedClock
from pooling.kernel.database import Database
from pooling.kernel.events import Event
from pooling.members.entrance import caller_of
from pooling.needs.collection import open_collection
from web_client import SignIn, text_of

COSTS = "/g/bassin/achats/AG-2027-001/couts"
KEYS = f"{COSTS}/cles"
NEW = f"{COSTS}/frais/nouveau"


def version_in(page: str) -> str:
    return page.partition('name="version" value="')[2].partition('"')[0]


async def weights(database: Database, territory: Territory) -> dict[str, str]:
    async with database.transaction(territory.group_id) as session:
        rows = await session.execute(
            text("SELECT m.code, p.weight FROM participations p JOIN members m ON m.id = p.member_id "
                 "WHERE p.weight IS NOT NULL")
        )  # fmt: skip
        return {code: f"{weight.normalize():f}" for code, weight in rows}


async def test_weights_are_given_then_frozen_and_share_a_charge(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    purchase_id = await make_purchase(database, territory, NOW, participants=(ARCACHON, LUGOS, SALLES))
    browser = await sign_in(BUYER)
    boxes = {code: f"weights-{territory.members[code]}" for code in (ARCACHON, LUGOS, SALLES)}
    page = await browser.get(KEYS)
    assert "Ce sont les valeurs d’aujourd’hui" in text_of(page)
    typed = {boxes[LUGOS]: "1,5", boxes[SALLES]: "3", "version": version_in(page.text)}
    bad = await browser.post(KEYS, {**typed, boxes[ARCACHON]: "1e3"}, page=KEYS)
    assert bad.status_code == 422
    assert "Arcachon : Indiquez un nombre" in text_of(bad)
    assert 'value="1e3"' in bad.text
    assert 'value="1,5"' in bad.text
    assert (await browser.post(KEYS, typed, page=KEYS)).status_code == 303
    assert await weights(database, territory) == {LUGOS: "1.5", SALLES: "3"}
    async with database.transaction(territory.group_id) as session:
        event = (await session.execute(select(Event).where(col(Event.name) == "weights.given"))).scalar_one()
        assert event.details == {"before": {}, "after": {LUGOS: "1.5", SALLES: "3"}}

    stale = await browser.post(KEYS, {boxes[LUGOS]: "9", "version": typed["version"]}, page=KEYS)
    assert stale.status_code == 422
    assert "Lugos 1,5 9 Salles 3 –" in text_of(stale)
    assert await weights(database, territory) == {LUGOS: "1.5", SALLES: "3"}

    charge = {"label": "Étude", "amount": "450", "vat_rate": "20", "key": "own_weights", "scope": "all", "step": "save"}
    assert (await browser.post(NEW, charge, page=NEW)).status_code == 303
    shown = text_of(await browser.get(COSTS))
    assert "Lugos 213302607 150,00 € 30,00 € 180,00 €" in shown
    assert "Salles 213304983 300,00 € 60,00 € 360,00 €" in shown

    async with database.transaction(territory.group_id) as session:
        buyer = await caller_of(session, territory.people[BUYER], territory.group_id)
        await open_collection(session, buyer, purchase_id, NOW + timedelta(days=9), FixedClock(NOW))
    frozen = await browser.get(KEYS)
    assert "Valeurs figées le 01/03/2027" in text_of(frozen)
    assert 'name="weights-' not in frozen.text
    late = await browser.post(KEYS, {boxes[LUGOS]: "9", "version": ""}, page=COSTS)
    assert late.status_code == 409
    assert await weights(database, territory) == {LUGOS: "1.5", SALLES: "3"}


async def test_many_members_are_pasted_and_each_bad_line_is_named(
    database: Database, territory: Territory, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(member_lists, "MOST_BOXES", 2)
    await make_purchase(database, territory, NOW, participants=(ARCACHON, LUGOS, SALLES))
    browser = await sign_in(BUYER)
    page = await browser.get(KEYS)
    assert '<textarea class="input" id="champ-weights"' in page.text
    version = version_in(page.text)
    pasted = f"Code\tPoids\n{LUGOS}\t1,5\n999999999\t4\n{SALLES};trois\n{LUGOS};2"
    bad = await browser.post(KEYS, {"weights": pasted, "version": version}, page=KEYS)
    assert bad.status_code == 422
    said = text_of(bad)
    assert "Ligne 3 : « 999999999 » ne participe pas à cet achat" in said
    assert "ligne 4 : Indiquez un nombre, par exemple 12,5" in said
    assert f"ligne 5 : « {LUGOS} » est déjà plus haut" in said
    assert "Ligne 2" not in said
    assert "trois" in bad.text
    good = await browser.post(KEYS, {"weights": f"{LUGOS};1,5\r\n{SALLES}\t3\r\n", "version": version}, page=KEYS)
    assert good.status_code == 303
    assert await weights(database, territory) == {LUGOS: "1.5", SALLES: "3"}
    assert f"{LUGOS};1,5\n{SALLES};3" in (await browser.get(KEYS)).text

    charge = {"label": "Étude", "amount": "450", "vat_rate": "20", "key": "percents", "shown": "percents"}
    percents = f"{ARCACHON};50\n{LUGOS};47,5"
    short = await browser.post(NEW, {**charge, "percents": percents, "step": "save"}, page=NEW)
    assert "Il manque 2,5 points" in text_of(short)
    kept = await browser.post(NEW, {**charge, "percents": f"{percents}\n{SALLES};2,5", "step": "save"}, page=NEW)
    assert kept.status_code == 303
    async with database.transaction(territory.group_id) as session:
        stored = (await session.execute(select(Charge))).scalar_one()
    assert stored.key == {"percents": {ARCACHON: "50", LUGOS: "47.5", SALLES: "2.5"}}


async def test_everybody_reads_the_keys_and_only_the_lead_buyer_writes(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    await make_purchase(database, territory, NOW)
    for email in ("referent@lugos.example", "observation@bassin.example", "finances@arcachon.example"):
        page = await (await sign_in(email)).get(KEYS)
        assert "1 208" in text_of(page), email
        assert 'name="weights-' not in page.text, email


async def test_a_charge_for_which_no_key_was_chosen_is_shown_again(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    await make_purchase(database, territory, NOW)
    browser = await sign_in(BUYER)
    answer = await browser.post(NEW, {"label": "Livraison", "amount": "100", "vat_rate": "20"}, page=NEW)
    assert answer.status_code == 422
    assert 'value="Livraison"' in answer.text
