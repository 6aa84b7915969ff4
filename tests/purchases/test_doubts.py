"""What is hardly meant is told, and done only when somebody insists and says why."""

from datetime import date
from decimal import Decimal

import pytest

from api_client import API, Connect, problem
from factories import ARCACHON, Territory
from journal.test_journal import JOURNAL
from pooling.kernel.database import Database
from pooling.purchases.doubts import doubts_of_purchase
from pooling.purchases.schemas import ItemIn, TierIn
from purchases.test_preparing import FILLED, PAGE
from web_client import SignIn, insisting, text_of

TODAY = date(2027, 3, 1)


def item(rate: str = "20", *tiers: str, price: str = "100") -> ItemIn:
    return ItemIn(
        code="velo",
        name="Vélo",
        unit="vélo",
        unit_price=Decimal(price),
        vat_rate=Decimal(rate),
        tiers=tuple(TierIn(from_quantity=10 * n, unit_price=Decimal(tier)) for n, tier in enumerate(tiers, start=1)),
    )


@pytest.mark.parametrize(
    ("items", "delivery", "said"),
    [
        ((item("5.55"),), None, "« Vélo » : 5,55\u202f% n’est pas un taux de TVA en vigueur"),
        ((item("20", "90", "95"),), None, "« Vélo » : à partir de 20, le prix monte de 90,00\u202f€ à 95,00\u202f€."),
        ((item("20", "120"),), None, "« Vélo » : à partir de 10, le prix monte de 100,00\u202f€ à 120,00\u202f€."),
        ((item("20", "90", "0.9"),), None, "« Vélo » : à partir de 20, le prix tombe de 90,00\u202f€ à 0,90\u202f€."),
        ((item("20", price="0"),), None, "« Vélo » : le prix est de 0 €."),
        ((item("20", price="1500000"),), None, "« Vélo » : 1\u202f500\u202f000,00\u202f€ pour une seule unité (vélo)."),
        ((), date(2020, 3, 12), "La livraison souhaitée, jeudi 12 mars 2020, est passée."),
        ((), date(2062, 3, 12), "La livraison souhaitée, dimanche 12 mars 2062, est dans plus de cinq ans."),
    ],
)
def test_what_is_hardly_meant_is_told(items: tuple[ItemIn, ...], delivery: date | None, said: str) -> None:
    (sentence,) = doubts_of_purchase(items, delivery, TODAY)
    assert sentence.replace("\xa0", "\u202f").startswith(said)


@pytest.mark.parametrize("rate", ["0", "2.1", "5.5", "8.5", "10", "20.00"])
def test_what_is_usual_is_not(rate: str) -> None:
    assert doubts_of_purchase((item(rate, "90", "80"),), date(2027, 9, 30), TODAY) == []


async def test_whoever_insists_says_why_and_the_journal_keeps_it(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    browser = await sign_in("animation@bassin.example")
    doubtful = {**FILLED, "delivery": "12/03/2020", "tva-2": "5,55"}
    first = await browser.post(PAGE, doubtful, page=PAGE)
    assert first.status_code == 422
    shown = text_of(first)
    assert "La livraison souhaitée, jeudi 12 mars 2020, est passée." in shown
    assert "« Antivol » : 5,55" in shown
    assert 'value="VAE de service"' in first.text

    insists = insisting(first)
    for left_out in ("confirmed", "because"):
        again = await browser.post(PAGE, {**doubtful, **insists, left_out: ""}, page=PAGE)
        assert again.status_code == 422, left_out
        assert f'id="erreur-champ-{left_out}"' in again.text

    other = await browser.post(PAGE, {**doubtful, "tva-2": "5,56", **insists}, page=PAGE)
    assert other.status_code == 422, "insisting on one doubt covers no other"
    assert "« Antivol » : 5,56" in text_of(other)

    done = await browser.post(PAGE, {**doubtful, **insists}, page=PAGE)
    assert done.status_code == 303
    journal = text_of(await browser.get(JOURNAL))
    assert "a insisté, malgré un avertissement, pour" in journal
    assert "Vérifié au téléphone" in journal
    purchase = text_of(await browser.get("/g/bassin/achats/AG-2027-001"))
    assert "5,55 %" in purchase, "what was typed is what is shown"


async def test_a_program_is_told_and_sends_its_reason(territory: Territory, connect: Connect) -> None:
    program = await connect("animation@bassin.example")
    doubtful = {"title": "Vélos", "lead_member": ARCACHON, "delivery_expected_on": "2020-03-12"}
    refused = await program.post(f"{API}/purchases", doubtful)
    assert problem(refused) == (422, "doubtful")
    assert "est passée" in refused.json()["errors"]["confirmed"]
    made = await program.post(f"{API}/purchases", {**doubtful, "confirmed": "Reprise d’un ancien achat"})
    assert made.status_code == 201


async def test_a_correction_doubts_another_day_of_delivery(territory: Territory, sign_in: SignIn) -> None:
    browser, page = await sign_in("animation@bassin.example"), "/g/bassin/achats/AG-2027-001/modification"
    assert (await browser.post(PAGE, FILLED, page=PAGE)).status_code == 303
    typed = {"title": "Vélos", "lead_member": ARCACHON, "participation": "all", "delivery": "2020-03-12"}
    doubted = await browser.post(page, typed, page=page)
    assert doubted.status_code == 422
    assert "est passée" in text_of(doubted)
    assert (await browser.post(page, {**typed, **insisting(doubted)}, page=page)).status_code == 303
    same = await browser.post(page, {**typed, "title": "Vélos de service"}, page=page)
    assert same.status_code == 303, "what was insisted on is not asked again"
