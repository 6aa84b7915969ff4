"""Quotes noted by the lead buyer: typed, read from the template that the supplier filled in, by programs."""

import io
import zipfile
from datetime import date
from decimal import Decimal

import openpyxl
import pytest
from sqlalchemy import select
from sqlmodel import col

from api_client import API, Connect, problem
from factories import BUYER, NOW, Territory, open_purchase
from pooling.kernel.database import Database
from pooling.kernel.errors import Conflict, Invalid
from pooling.kernel.events import Event
from pooling.kernel.list_reading import Line, UnreadableListError
from pooling.purchases.finding import find_purchase, item_ids
from pooling.purchases.lots import arrange_lots
from pooling.purchases.queries import purchase_items
from pooling.purchases.schemas import LotIn, LotsIn
from pooling.quotes.keeping import add_quote
from pooling.quotes.queries import quotes_of
from pooling.quotes.schemas import QuoteIn, QuoteLineIn
from pooling.quotes.template_file import typed_in
from quotes.world import (
    FACILITATOR,
    PURCHASE,
    QUOTES,
    REFERENT,
    add_suppliers,
    buyer_of,
    closed_purchase,
    line,
    note,
)
from web_client import SignIn, text_of


async def test_a_quote_is_typed_corrected_and_removed(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    purchase_id = await closed_purchase(database, territory)
    cycles, _ = await add_suppliers(database, territory)
    async with database.transaction(territory.group_id) as session:
        items = await item_ids(session, purchase_id)
    rack, shelter = items["arceau"], items["abri"]
    browser, new = await sign_in(BUYER), f"{QUOTES}/nouveau"
    assert "Aucun devis pour l’instant" in text_of(await browser.get(QUOTES))
    page = f"{new}?fournisseur={cycles}"
    typed = {
        "supplier": cycles, "lot": "", f"prix-{rack}": "165,5", f"paliers-{rack}": "100 : 150 ; 50 : 160,25",
        f"lot-{rack}": "10", f"valeur-{rack}": "1 500", f"ref-{rack}": "AR-10", "livraison": "120", "delai": "21",
        "validite": "2027-05-31", "reference": "D-2027-12",
    }  # fmt: skip
    slips = {**typed, f"paliers-{rack}": "cent", f"lot-{shelter}": "2", "delai": "-1"}
    answer = await browser.post(new, slips, page=page)
    assert answer.status_code == 422
    for said in ("écrivez « quantité : prix »", "Indiquez le prix, ou videz le reste", "ce nombre est négatif"):
        assert said in text_of(answer), said
    assert 'value="165,5"' in answer.text, "what was typed stays"
    made = await browser.post(new, typed, page=page)
    assert made.status_code == 303, text_of(made)
    one = made.headers["location"]
    shown = text_of(await browser.get(one))
    for said in (
        "165,50 €",
        "160,25 € dès 50 arceaux",
        "vendu par 10",
        "1 500,00 € au moins",
        "non proposé",
        "21 jours",
    ):
        assert said in shown, said
    assert "a déjà un devis pour cela" in text_of(await browser.post(new, typed, page=page))
    change = f"{one}/modification"
    seen = (await browser.get(change)).text.partition('name="version" value="')[2].partition('"')[0]
    other = {**typed, "version": seen, "livraison": ""}
    assert (await browser.post(change, other, page=change)).status_code == 303
    again = await browser.post(change, {**typed, "version": seen}, page=change)
    assert (again.status_code, "a enregistré autre chose" in text_of(again)) == (422, True)
    piece = {"files": ("devis.txt", b"Prix fictifs", "text/plain")}
    assert (await browser.post(f"{one}/pieces", {}, page=one, files=piece)).status_code == 303
    assert "devis.txt" in text_of(await browser.get(one))
    removal = f"{one}/retrait"
    assert (await browser.post(removal, {}, page=removal)).headers["location"] == QUOTES
    async with database.transaction(territory.group_id) as session:
        told = await session.execute(select(Event).where(col(Event.name).startswith("quote.")).order_by(col(Event.id)))
        events = list(told.scalars())
        assert [event.name for event in events] == [
            "quote.noted", "quote.changed", "quote.files_added", "quote.removed",
        ]  # fmt: skip
        assert events[1].details["changed"] == {"Livraison": ["120,00\u00a0€ HT", None]}
        assert await quotes_of(session, purchase_id, NOW) == []
    journal = text_of(await (await sign_in(FACILITATOR)).get("/g/bassin/journal"))
    assert "a noté un devis de Cycles de l’exemple pour AG-2027-001" in journal
    assert (await (await sign_in(REFERENT)).get(QUOTES)).status_code == 403


async def test_quotes_wait_for_the_closing_and_stand_once_ordered(database: Database, territory: Territory) -> None:
    purchase_id = await open_purchase(database, territory, NOW)
    cycles, _ = await add_suppliers(database, territory)
    async with database.transaction(territory.group_id) as session:
        buyer = await buyer_of(session, territory)
        command = QuoteIn(lines=(line("arceau", "165"),))
        with pytest.raises(Conflict, match="une fois la collecte close"):
            await add_quote(session, buyer, purchase_id, cycles, None, command, NOW)


@pytest.mark.parametrize(
    ("lines", "lot", "field"),
    [
        ((), None, "lines"),
        ((line("velo", "1"),), None, "lines.velo"),
        ((line("arceau", "1"), line("arceau", "2")), None, "lines.arceau"),
        ((line("abri", "1"),), 1, "lines.abri"),
        ((line("arceau", "1"),), 7, "lot"),
    ],
)
async def test_a_quote_is_of_what_is_asked_for(
    database: Database, territory: Territory, lines: tuple[QuoteLineIn, ...], lot: int | None, field: str
) -> None:
    purchase_id = await closed_purchase(database, territory)
    cycles, _ = await add_suppliers(database, territory)
    async with database.transaction(territory.group_id) as session:
        buyer = await buyer_of(session, territory)
        racks = LotsIn(lots=(LotIn(number=1, title="Arceaux", items=("arceau",)),))
        await arrange_lots(session, buyer, purchase_id, racks, NOW)
        with pytest.raises(Invalid) as refused:
            await add_quote(session, buyer, purchase_id, cycles, lot, QuoteIn.model_construct(lines=lines), NOW)
        assert set(refused.value.errors) == {field}


@pytest.mark.parametrize("kind", ["xlsx", "ods"])
async def test_the_template_is_filled_in_read_and_kept(
    database: Database, territory: Territory, sign_in: SignIn, kind: str
) -> None:
    """Reading keeps nothing: it fills the form."""
    purchase_id = await closed_purchase(database, territory)
    cycles, _ = await add_suppliers(database, territory)
    browser = await sign_in(BUYER)
    template = (await browser.get(f"{QUOTES}/modele.{kind}")).content
    filled = _fill_in(template, kind)
    whose, reading = f"{QUOTES}/nouveau", f"{QUOTES}/lecture"
    sent = {"fichier": (f"devis.{kind}", filled, "application/octet-stream")}
    read = await browser.post(reading, {"supplier": cycles, "lot": ""}, page=whose, files=sent)
    assert read.status_code == 200, text_of(read)
    for value in ("149,9", "50 : 140", "35.5", "2027-06-30", "D-7"):
        assert f'value="{value}"' in read.text, value
    assert "Rien n’est encore enregistré" in text_of(read)
    async with database.transaction(territory.group_id) as session:
        assert await quotes_of(session, purchase_id, NOW) == []
    sent = {"fichier": ("devis.csv", b"Code;Prix\nvelo;12\n", "text/csv")}
    refused = await browser.post(reading, {"supplier": cycles, "lot": ""}, page=whose, files=sent)
    assert (refused.status_code, "n’est le code d’aucun article demandé" in text_of(refused)) == (422, True)


def _fill_in(template: bytes, kind: str) -> bytes:
    """As a supplier would: the racks at 149,90, from 50 on at 140; 35.50 of delivery, until 30 June."""
    return _in_workbook(template) if kind == "xlsx" else _in_open_document(template)


def _in_workbook(template: bytes) -> bytes:
    answers: dict[str, float | date | str] = {
        "@livraison": 35.5,
        "@validite": date(2027, 6, 30),
        "@reference": "D-7",
        "arceau": "149,9",
    }
    book = openpyxl.load_workbook(io.BytesIO(template))
    for row in book.worksheets[0].iter_rows(min_row=2):
        row[5].value = answers.get(str(row[0].value))
        if row[0].value == "arceau":
            assert row[3].value == 20, "what is needed for sure"
            row[6].value = "50 : 140"
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def _in_open_document(template: bytes) -> bytes:
    empty = "<table:table-cell/>"
    text = '<table:table-cell office:value-type="string"><text:p>{}</text:p></table:table-cell>'.format
    source = zipfile.ZipFile(io.BytesIO(template))
    content = source.read("content.xml").decode()
    for code, asked, given in (
        ("arceau", 7, empty + text("149,9") + text("50 : 140") + empty * 4),
        ("@livraison", 8, empty * 2 + text("35.5") + empty * 5),
        ("@validite", 9, empty * 3 + text("30/06/2027") + empty * 5),
        ("@reference", 9, empty * 3 + text("D-7") + empty * 5),
    ):
        before, mark, rest = content.partition(f"<text:p>{code}</text:p>")
        content = before + mark + rest.replace(empty * asked, given, 1)
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as book:
        for name in source.namelist():
            book.writestr(name, content if name == "content.xml" else source.read(name))
    return target.getvalue()


async def test_a_file_of_another_purchase_or_a_line_twice_is_refused(database: Database, territory: Territory) -> None:
    purchase_id = await closed_purchase(database, territory)
    async with database.transaction(territory.group_id) as session:
        purchase = await find_purchase(session, "AG-2027-001")
        items = await purchase_items(session, purchase_id)
    for cells, said in (
        (({"code": "arceau", "answer": "1", "purchase": "AG-2027-009"},), "celui de l’achat AG-2027-009"),
        (({"code": "arceau", "answer": "1"}, {"code": "arceau", "answer": "2"}), "déjà à la ligne 2"),
        (({"code": "@remise", "answer": "2"},), "n’est le code d’aucun article"),
    ):
        lines = [Line.of(number, of) for number, of in enumerate(cells, start=2)]
        with pytest.raises(UnreadableListError, match=said):
            typed_in(lines, purchase, items)


async def test_programs_note_read_and_remove(connect: Connect, database: Database, territory: Territory) -> None:
    await closed_purchase(database, territory)
    cycles, mobilier = await add_suppliers(database, territory)
    program, quotes = await connect(BUYER), f"{API}/purchases/AG-2027-001/quotes"
    one = {
        "supplier_id": cycles,
        "lines": [
            {
                "item": "arceau", "unit_price": "165.25", "pack": 10, "minimum_amount": "1500.00",
                "tiers": [{"from_quantity": 50, "unit_price": "160"}],
            }
        ],
        "delivery": "120.50",
        "delivery_days": 21,
    }  # fmt: skip
    made = await program.post(quotes, one)
    assert made.status_code == 201, made.text
    said = made.json()
    assert said["lines"][0]["minimum_amount"] == "1500"
    assert (said["delivery"], said["not_offered"], said["supplier"]) == ("120.5", ["abri"], "Cycles de l’exemple")
    put = {"lines": [{"item": "abri", "unit_price": "13000"}]}
    changed = await program.put(f"{quotes}/{said['id']}", put)
    assert (changed.status_code, changed.json()["not_offered"]) == (200, ["arceau"])
    assert problem(await program.post(quotes, {**one, "supplier_id": 10**9})) == (422, "invalid")
    assert problem(await program.post(quotes, {**one, "supplier_id": mobilier, "lines": []})) == (422, "invalid")
    assert (await program.post(f"{quotes}/{said['id']}/removal", {})).json() == {"items": []}
    assert (await (await connect(REFERENT)).get(quotes)).status_code == 403


async def test_what_two_quotes_say_is_read_together(database: Database, territory: Territory) -> None:
    purchase_id = await closed_purchase(database, territory)
    cycles, mobilier = await add_suppliers(database, territory)
    await note(database, territory, purchase_id, mobilier, line("arceau", "150"))
    await note(database, territory, purchase_id, cycles, line("arceau", "165"), line("abri", "13000"))
    async with database.transaction(territory.group_id) as session:
        items = await purchase_items(session, purchase_id)
        found = await quotes_of(session, purchase_id, NOW)
        assert [one.called for one in found] == ["Cycles de l’exemple", "Mobilier de l’exemple"]
        assert [[each.unit_price for each in one.content(items).lines] for one in found] == [
            [Decimal(165), Decimal(13000)], [Decimal(150)],
        ]  # fmt: skip
    assert PURCHASE in QUOTES
