"""What else is said of an item: in its pages, by programs, for two people at once, in files and in copies."""

import io
from datetime import date
from decimal import Decimal
from typing import Any

import httpx
import pytest
from openpyxl import load_workbook
from sqlalchemy import select, text
from sqlmodel import col

from api_client import API, Connect, problem
from factories import ARCACHON, BUYER, NOW, Territory, make_purchase, open_purchase
from pooling.kernel.database import Database
from pooling.kernel.events import Event
from pooling.members.entrance import caller_of
from pooling.purchases.details import describe_item, details_of
from pooling.purchases.finding import find_purchase, item_ids
from pooling.purchases.item_files import MOST_OF_ITEM
from pooling.purchases.models import Emission, ItemNature
from pooling.purchases.schemas import DetailsIn
from web_client import TOKEN, Browser, SignIn, text_of

PURCHASE = "/g/bassin/achats/AG-2027-001"
ITEM = f"{PURCHASE}/articles/arceau"
DETAILS = f"{ITEM}/precisions"
ONE = f"{API}/purchases/AG-2027-001/items/arceau"
SAID = {
    "cpv": "34928400",
    "family": "Mobilier urbain",
    "nature": "supply",
    "emission": "low",
    "account": "21 52",
    "price_alone": "207,50",
    "price_source": "Devis de 2026",
    "priced_on": "15/12/2026",
}
PNG = b"\x89PNG\r\n\x1a\n une photo"


async def said_of(database: Database, territory: Territory, reference: str = "AG-2027-001") -> dict[str, DetailsIn]:
    async with database.transaction(territory.group_id) as session:
        purchase = await find_purchase(session, reference)
        ids = await item_ids(session, purchase.id)
        found = await details_of(session, purchase.id)
        return {code: found[item_id] for code, item_id in ids.items() if item_id in found}


async def describe(browser: Browser, values: dict[str, str]) -> httpx.Response:
    """As its form sends it."""
    shown = (await browser.get(DETAILS)).text
    version = shown.partition('name="version" value="')[2].partition('"')[0]
    return await browser.post(DETAILS, {"version": version, **values}, page=DETAILS)


async def test_an_item_is_described_while_declarations_run(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    await open_purchase(database, territory, NOW)
    buyer = await sign_in(BUYER)
    assert "Rien n’est encore précisé" in text_of(await buyer.get(ITEM))
    assert (await describe(buyer, SAID)).headers["location"] == ITEM
    assert (await said_of(database, territory))["arceau"] == DetailsIn(
        cpv="34928400-2",
        family="Mobilier urbain",
        nature=ItemNature.SUPPLY,
        emission=Emission.LOW,
        account="2152",
        price_alone=Decimal("207.5"),
        price_source="Devis de 2026",
        priced_on=date(2026, 12, 15),
    )
    shown = text_of(await (await sign_in("referent@lugos.example")).get(ITEM))
    said = ("34928400-2", "Mobilier urbain", "Fourniture", "Faibles émissions", "2152", "207,50 € HT", "Devis de 2026")
    for words in (*said, "15/12/2026"):
        assert words in shown
    assert "15,3 % de plus que le prix indicatif" in shown
    assert "Modifier ces précisions" not in shown
    journal = text_of(await buyer.get(f"{PURCHASE}/journal"))
    assert "a précisé l’article « Arceau posé » de" in journal
    assert "code CPV" in journal


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"cpv": "34928400-3"}, "cpv"),
        ({"account": "21A"}, "account"),
        ({"nature": "gift"}, "nature"),
        ({"nature": "outside"}, "nature"),
        ({"emission": "none"}, "emission"),
        ({"price_source": ""}, "price_source"),
        ({"priced_on": ""}, "priced_on"),
        ({"priced_on": "02/03/2027"}, "priced_on"),
        ({"price_alone": ""}, "price_alone"),
        ({"price_alone": "cher"}, "price_alone"),
        ({"family": "x" * 121}, "family"),
    ],
)
async def test_what_is_wrong_is_told_at_its_field_and_kept(
    wrong: dict[str, str], field: str, database: Database, territory: Territory, sign_in: SignIn
) -> None:
    await make_purchase(database, territory, NOW)
    answer = await describe(await sign_in(BUYER), {**SAID, **wrong})
    assert answer.status_code == 422
    assert f'id="erreur-champ-{field}"' in answer.text
    assert answer.text.count('id="erreur-champ-') == 1
    for name, value in {**SAID, **wrong}.items():
        assert name in {"nature", "emission"} or not value or f'value="{value}"' in answer.text, name
    assert await said_of(database, territory) == {}


async def test_two_people_see_both_versions(database: Database, territory: Territory, sign_in: SignIn) -> None:
    await make_purchase(database, territory, NOW)
    buyer, other = await sign_in(BUYER), await sign_in("animation@bassin.example")
    version = (await buyer.get(DETAILS)).text.partition('name="version" value="')[2].partition('"')[0]
    assert (await describe(other, {"family": "Voirie"})).status_code == 303
    refused = await buyer.post(DETAILS, {"version": version, **SAID}, page=DETAILS)
    assert refused.status_code == 422
    shown = text_of(refused)
    assert "Une autre personne a enregistré autre chose" in shown
    assert "Famille homogène Voirie Mobilier urbain" in shown
    assert (await said_of(database, territory))["arceau"].family == "Voirie"
    version = refused.text.partition('name="version" value="')[2].partition('"')[0]
    assert (await buyer.post(DETAILS, {"version": version, **SAID}, page=DETAILS)).status_code == 303
    assert (await said_of(database, territory))["arceau"].family == "Mobilier urbain"


async def test_nothing_is_said_of_a_purchase_that_is_over(
    database: Database, territory: Territory, sign_in: SignIn, connect: Connect
) -> None:
    purchase_id = await make_purchase(database, territory, NOW)
    async with database.transaction(territory.group_id) as session:
        await session.execute(text("UPDATE purchases SET state = 'settled' WHERE id = :id"), {"id": purchase_id})
    buyer = await sign_in(BUYER)
    assert "Modifier ces précisions" not in text_of(await buyer.get(ITEM))
    assert "ses articles ne changent plus" in text_of(await describe(buyer, SAID))
    assert problem(await (await connect(BUYER)).put(f"{ONE}/details", {"family": "x"})) == (409, "purchase_over")


async def test_programs_read_and_say_it(connect: Connect, database: Database, territory: Territory) -> None:
    await make_purchase(database, territory, NOW)
    program = await connect(BUYER)
    before = await program.get(ONE)
    assert before.json()["details"] == {
        "cpv": "",
        "family": "",
        "account": "",
        "nature": "",
        "emission": "",
        "price_alone": None,
        "price_source": "",
        "priced_on": None,
    }
    body = {"cpv": "34928400", "price_alone": "207.5", "price_source": "Devis", "priced_on": "2026-12-15"}
    put = await program.put(f"{ONE}/details", body, if_match=before.headers["etag"])
    assert put.status_code == 200
    assert put.json()["details"]["cpv"] == "34928400-2"
    assert put.json() == (await program.get(ONE)).json()
    listed = (await program.get(f"{API}/purchases/AG-2027-001")).json()["items"]
    assert listed[0] == put.json()
    assert problem(await program.put(f"{ONE}/details", body, if_match=before.headers["etag"])) == (
        412,
        "changed_meanwhile",
    )
    for wrong in ({"cpv": "1"}, {"price_alone": "1"}, {"price_source": "Devis"}, {"colour": "green"}, {"account": "x"}):
        assert problem(await program.put(f"{ONE}/details", wrong)) == (422, "invalid"), wrong
    future = {**body, "priced_on": "2027-12-15"}
    assert problem(await program.put(f"{ONE}/details", future)) == (422, "invalid")
    unknown = f"{API}/purchases/AG-2027-001/items/nothing"
    assert problem(await program.get(unknown)) == (404, "not_found")
    assert problem(await (await connect("referent@lugos.example")).put(f"{ONE}/details", body)) == (403, "forbidden")


async def test_a_program_prepares_a_purchase_with_them(connect: Connect, territory: Territory) -> None:
    item: dict[str, Any] = {"code": "vae", "name": "VAE", "unit_price": "1900", "details": {"cpv": "34422000"}}
    sent = {"title": "Vélos", "lead_member": ARCACHON, "items": [item]}
    program = await connect("animation@bassin.example")
    made = await program.post(f"{API}/purchases", sent)
    assert made.json()["items"][0]["details"]["cpv"] == "34422000-7"
    wrong = {**sent, "items": [{**item, "details": {"cpv": "34422000-1"}}]}
    refused = await program.post(f"{API}/purchases", wrong)
    assert problem(refused) == (422, "invalid")
    assert "items.0.details.cpv" in refused.text


async def test_items_that_are_written_anew_keep_what_was_said(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    """Renamed or not; what leaves takes its own along."""
    await make_purchase(database, territory, NOW)
    buyer = await sign_in(BUYER)
    await describe(buyer, SAID)
    await send(buyer, [("photo.png", PNG)])
    page = f"{PURCHASE}/articles"
    shown = (await buyer.get(page)).text
    assert 'name="code-1" value="arceau"' in shown
    renamed = {"lignes": "1", "code-1": "arceau", "nom-1": "Arceau scellé", "prix-1": "180", "tva-1": "20"}
    assert (await buyer.post(page, renamed, page=page)).status_code == 303
    assert (await said_of(database, territory))["arceau"].family == "Mobilier urbain"
    assert "photo.png" in text_of(await buyer.get(ITEM))
    assert (await buyer.get(f"{PURCHASE}/articles/abri")).status_code == 404
    other = {"lignes": "1", "nom-1": "Borne", "prix-1": "90", "tva-1": "20"}
    assert (await buyer.post(page, other, page=page)).status_code == 303
    assert await said_of(database, territory) == {}
    async with database.transaction(territory.group_id) as session:
        for table in ("attached_files", "files", "file_contents"):
            assert (await session.execute(text(f"SELECT count(*) FROM {table}"))).scalar_one() == 0


async def test_a_purchase_prepared_after_another_one_begins_with_them(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    await make_purchase(database, territory, NOW)
    buyer = await sign_in(BUYER)
    await describe(buyer, SAID)
    facilitator, new = await sign_in("animation@bassin.example"), "/g/bassin/achats/nouveau"
    form = {
        "title": "La suite",
        "kind": "goods",
        "lead_member": ARCACHON,
        "participation": "all",
        "like": "AG-2027-001",
        "lignes": "1",
        "nom-1": "Arceau posé",
        "prix-1": "190",
        "tva-1": "20",
    }
    made = await facilitator.post(new, form, page=new)
    assert made.status_code == 303, text_of(made)
    (copied,) = (await said_of(database, territory, "AG-2027-002")).values()
    assert copied == (await said_of(database, territory))["arceau"]


async def send(browser: Browser, files: list[tuple[str, bytes]]) -> httpx.Response:
    token = TOKEN.search((await browser.get(DETAILS)).text)
    assert token is not None
    return await browser.client.post(
        f"{ITEM}/pieces",
        data={"csrf": token[1]},
        files=[("files", (name, content, "application/x-lie")) for name, content in files],
        headers={"Sec-Fetch-Site": "same-origin"},
    )


async def test_a_photo_is_shown_and_a_document_downloaded(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    await open_purchase(database, territory, NOW)
    buyer = await sign_in(BUYER)
    assert (await send(buyer, [("photo.png", PNG), ("fiche.pdf", b"%PDF-1.7\n")])).headers["location"] == ITEM
    reader = await sign_in("observation@bassin.example")
    shown = (await reader.get(ITEM)).text
    picture = shown.partition('<img class="photo" src="')[2].partition('"')[0]
    got = await reader.get(picture)
    assert (got.content, got.headers["content-type"]) == (PNG, "image/png")
    assert got.headers["content-disposition"].startswith("attachment")
    assert shown.count('class="photo"') == 1
    assert "fiche.pdf" in shown
    assert "/retrait" not in shown, "whoever reads changes nothing"
    assert (await reader.get(picture.replace("/arceau/", "/abri/"))).status_code == 404, "it goes with one item"
    too_many = await send(buyer, [(f"{place}.png", PNG) for place in range(MOST_OF_ITEM - 1)])
    assert too_many.status_code == 422
    assert "il y en a déjà 2" in text_of(too_many)
    assert (await send(buyer, [])).status_code == 422
    assert (await send(buyer, [("vide.png", b"")])).status_code == 422
    assert (await send(reader, [("photo.png", PNG)])).status_code == 403
    assert (await buyer.post(f"{picture}/retrait", page=ITEM)).headers["location"] == ITEM
    assert (await buyer.get(picture)).status_code == 404
    async with database.transaction(territory.group_id) as session:
        names = await session.execute(select(col(Event.name)).where(col(Event.name).like("purchase.file%")))
        assert sorted(names.scalars()) == ["purchase.file_removed", "purchase.files_added"]


async def test_a_purchase_in_preparation_goes_with_its_photos(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    await make_purchase(database, territory, NOW)
    buyer = await sign_in(BUYER)
    await describe(buyer, SAID)
    await send(buyer, [("photo.png", PNG)])
    assert (await buyer.post(f"{PURCHASE}/suppression", page=f"{PURCHASE}/suppression")).status_code == 303
    async with database.transaction(territory.group_id) as session:
        assert (await session.execute(text("SELECT count(*) FROM file_contents"))).scalar_one() == 0


async def test_the_order_says_what_items_are_filed_under(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    purchase_id = await open_purchase(database, territory, NOW)
    async with database.transaction(territory.group_id) as session:
        buyer = await caller_of(session, territory.people[BUYER], territory.group_id)
        said = DetailsIn(cpv="34928400-2", nature=ItemNature.SUPPLY)
        await describe_item(session, buyer, purchase_id, "arceau", said, NOW)
    got = await (await sign_in(BUYER)).get(f"{PURCHASE}/consolidation/commande.xlsx")
    sheet = load_workbook(io.BytesIO(got.content))["Commande"]
    titles = [cell.value for cell in sheet[1]]
    first = [cell.value for cell in sheet[2]]
    assert (first[titles.index("CPV")], first[titles.index("Nature")]) == ("34928400-2", "Fourniture")
