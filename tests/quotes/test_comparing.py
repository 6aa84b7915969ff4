"""The comparison of a purchase's quotes: pages and programs, shares, criteria and marks."""

import pytest
from sqlalchemy import select
from sqlmodel import col

from api_client import API, Connect, problem
from factories import ARCACHON, BUYER, LUGOS, NOW, SALLES, Territory
from pooling.kernel.database import Database
from pooling.kernel.events import Event
from pooling.purchases import size
from pooling.purchases.finding import find_purchase
from pooling.quotes.comparing import compare, shares_of
from quotes.world import QUOTES, add_suppliers, closed_purchase, line, note
from web_client import SignIn, text_of


async def compared(database: Database, territory: Territory) -> tuple[int, int]:
    """20 racks and a shelter are needed. Cycles: everything, racks by 10, dear delivery; Mobilier: racks alone."""
    purchase_id = await closed_purchase(database, territory)
    cycles, mobilier = await add_suppliers(database, territory)
    everything = (line("arceau", "150", pack=10), line("abri", "13000"))
    one = await note(database, territory, purchase_id, cycles, *everything, delivery_cents=10_000, delivery_days=30)
    other = await note(database, territory, purchase_id, mobilier, line("arceau", "140.5"), delivery_days=10)
    return one, other


async def test_quotes_in_columns_and_what_is_best(database: Database, territory: Territory, sign_in: SignIn) -> None:
    await compared(database, territory)
    shown = text_of(await (await sign_in(BUYER)).get(f"{QUOTES}/comparaison"))
    for said in (
        "20 arceaux à 150,00 €",
        "20 arceaux à 140,50 € ; le moins cher",
        "Tout chez un seul, le moins cher Cycles de l’exemple 16 100,00 € 19 320,00 €",
        "Le moins cher de chaque article Mobilier de l’exemple, Cycles de l’exemple 15 910,00 €",
        "non proposé",
        "incomplet",
        "seul à tout proposer",
        "R2152-7",
    ):
        assert said in shown, said


async def test_what_each_member_would_pay_adds_up(
    database: Database, territory: Territory, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, _ = await compared(database, territory)
    async with database.transaction(territory.group_id) as session:
        purchase = await find_purchase(session, "AG-2027-001")
        found = await compare(session, purchase.id, NOW)
        (shares,) = await shares_of(session, purchase, found, [dict.fromkeys(found.baskets[one].lines, one)], NOW)
    assert shares == {LUGOS: (181_125, 217_350), SALLES: (1_428_875, 1_714_650)}
    assert sum(ttc for _, ttc in shares.values()) == found.baskets[one].ttc
    browser = await sign_in(BUYER)
    shown = text_of(await browser.get(f"{QUOTES}/parts"))
    assert "Lugos 2 173,50 € 1 811,25 € HT" in shown
    monkeypatch.setattr(size, "MANY", 1)
    assert "le calcul prend quelques secondes" in text_of(await browser.get(f"{QUOTES}/parts"))
    assert (await browser.get(f"{QUOTES}/parts?devis={10**12}")).status_code == 404
    assert ARCACHON not in shares


async def test_criteria_and_marks_with_their_reasons(database: Database, territory: Territory, sign_in: SignIn) -> None:
    one, other = await compared(database, territory)
    browser, page = await sign_in(BUYER), f"{QUOTES}/criteres"
    seen = (await browser.get(page)).text.partition('name="version" value="')[2].partition('"')[0]
    typed = {"version": seen, "nature-1": "delay", "poids-1": "60", "nature-2": "quality", "poids-2": "40"}
    refused = await browser.post(page, typed, page=page)
    assert (refused.status_code, "R2152-7" in text_of(refused)) == (422, True)
    typed |= {"nature-2": "environment", "critere-2": "Bois certifié"}
    assert (await browser.post(page, typed, page=page)).status_code == 303
    assert "a enregistré autre chose" in text_of(await browser.post(page, typed, page=page))
    for quote, mark in ((one, "15"), (other, "12,5")):
        marking = f"{QUOTES}/{quote}/notes"
        version = (await browser.get(marking)).text.partition('name="version" value="')[2].partition('"')[0]
        silent = await browser.post(marking, {"version": version, "note-2": mark}, page=marking)
        assert (silent.status_code, "Dites pourquoi" in text_of(silent)) == (422, True)
        said = {"version": version, "note-2": mark, "raison-2": "Certificat fourni"}
        assert (await browser.post(marking, said, page=marking)).status_code == 303
    answer = await browser.get(f"{QUOTES}/comparaison")
    shown = text_of(answer)
    assert "Mobilier de l’exemple 17 sur 20" in shown, "60 % of 20 and 40 % of 12.5"
    assert "Cycles de l’exemple 10 sur 20" in shown
    assert "12,5 Certificat fourni" in shown
    assert 'role="img"' in answer.text
    async with database.transaction(territory.group_id) as session:
        marked = select(Event).where(col(Event.name).in_(["quote.criteria_set", "quote.marked"]))
        told = await session.execute(marked.order_by(col(Event.id)))
        assert [event.details["changed"] for event in told.scalars()] == [
            {"Délai de livraison": [None, "60 %"], "Bois certifié": [None, "40 %"]},
            {"Bois certifié": [None, "15 sur 20, Certificat fourni"]},
            {"Bois certifié": [None, "12,5 sur 20, Certificat fourni"]},
        ]


async def test_programs_compare_and_judge(connect: Connect, database: Database, territory: Territory) -> None:
    one, other = await compared(database, territory)
    program, quotes = await connect(BUYER), f"{API}/purchases/AG-2027-001/quotes"
    price_alone = {"criteria": [{"kind": "price", "weight": "100"}]}
    assert problem(await program.put(f"{quotes}/criteria", price_alone)) == (422, "invalid")
    life_cycle = {"criteria": [{"kind": "life_cycle", "weight": "100"}]}
    assert (await program.put(f"{quotes}/criteria", life_cycle)).json()["criteria"][0][
        "label"
    ] == "Coût du cycle de vie"
    for quote, cost in ((one, "30000"), (other, "40000")):
        given = {"marks": [{"number": 1, "cost": cost, "reason": "Dix ans"}]}
        assert (await program.put(f"{quotes}/{quote}/marks", given)).json()["marks"][0]["cost"] == cost
    mark = {"marks": [{"number": 1, "mark": "12", "reason": "Non"}]}
    assert problem(await program.put(f"{quotes}/{one}/marks", mark)) == (422, "invalid")
    found = (await program.get(f"{quotes}/comparison")).json()
    assert [(each["quote_id"], each["ttc"], each["complete"], each["score"]) for each in found["quotes"]] == [
        (one, "19320", True, "20"),
        (other, "3372", False, "15"),
    ]
    assert (found["best"], found["earliest"]) == (one, one)
    assert found["by_item"] == {
        "items": {"arceau": other, "abri": one},
        "ht": "15910",
        "ttc": "19092",
        "complete": True,
    }
