"""Freezing who pays what: numbered, opened again and downloaded exactly as it was, and what moved since."""

import csv
import io
import json
import re
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from html import unescape
from itertools import permutations
from typing import Any

from litestar import Litestar
from openpyxl import load_workbook
from sqlalchemy import select
from sqlmodel import col

from factories import ARCACHON, BUYER, LUGOS, NOW, SALLES, Territory, file_needs, open_purchase
from pooling.allocation.allocating import allocate_read
from pooling.allocation.case import read_purchase
from pooling.allocation.configuration import FctvaRate, FinanceConfiguration
from pooling.allocation.figures import PLACES
from pooling.allocation.kept import kept_of
from pooling.allocation.models import AllocationRecord, Charge, Subsidy
from pooling.allocation.records.freezing import freeze_allocation
from pooling.kernel.clock import FixedClock
from pooling.kernel.database import Database
from pooling.members.entrance import caller_of
from pooling.members.models import Member
from pooling.purchases.details import describe_item
from pooling.purchases.lots import arrange_lots
from pooling.purchases.models import Purchase
from pooling.purchases.schemas import DetailsIn, ItemIn, LotIn, LotsIn
from pooling.sharing.allocation_case import Need
from web_client import Browser, SignIn, stand_on, text_of

COSTS = "/g/bassin/achats/AG-2027-001/couts"
ITEMS = (
    ItemIn(code="arceau", name="Arceau posé", unit="arceau", unit_price=Decimal("33.33"), fctva=True),
    ItemIn(code="abri", name="Dépliant", unit="paquet", unit_price=Decimal("9.99"), vat_rate=Decimal("5.5")),
)


async def prepare(database: Database, territory: Territory) -> int:
    """An open purchase with two VAT rates, a mixed key, a discount, a capped subsidy and FCTVA: cents everywhere."""
    purchase_id = await open_purchase(database, territory, NOW, items=ITEMS, participants=(ARCACHON, LUGOS, SALLES))
    await file_needs(database, territory, purchase_id, "referent@lugos.example", NOW, arceau=7, abri=1)
    await file_needs(database, territory, purchase_id, "referent@salles.example", NOW, arceau=3, abri=5)
    mix = {"mix": [{"percent": "33.33", "key": "equal"}, {"percent": "66.67", "key": "population"}]}
    lines: dict[str, Any] = {"group_id": territory.group_id, "purchase_id": purchase_id}
    async with database.transaction(territory.group_id) as session:
        session.add_all(
            [
                Charge(**lines, code="livraison", label="Livraison", amount_cents=10000, key=mix, fctva=True),
                Charge(**lines, code="remise", label="Remise", amount_cents=-1001, key="amount"),
                Subsidy(**lines, code="aide", label="Aide", rate=Decimal("33.333333"), cap_per_unit_cents=1000),
            ]
        )
    return purchase_id


def version_in(page: str) -> str:
    return page.partition('name="version" value="')[2].partition('"')[0]


async def freeze(browser: Browser) -> str:
    url = f"{COSTS}/gel"
    page = await browser.get(url)
    answer = await browser.post(url, {"version": version_in(page.text)}, page=url)
    assert answer.status_code == 303
    return str(answer.headers["location"])


async def records(database: Database, territory: Territory) -> list[AllocationRecord]:
    async with database.transaction(territory.group_id) as session:
        return list((await session.execute(select(AllocationRecord).order_by(col(AllocationRecord.number)))).scalars())


def table_rows(page: str, caption: str) -> list[list[str]]:
    """The cells of a table's body as text, its first cell without the note."""
    table = next(part for part in page.split("<table")[1:] if f">{caption}</caption>" in part)
    body = table.partition("<tbody>")[2].partition("</tbody>")[0]
    rows = []
    for row in body.split("<tr>")[1:]:
        cells = re.findall(r"(?s)<t[hd][^>]*>(.*?)</t[hd]>", row)
        rows.append([" ".join(unescape(re.sub(r"<[^>]+>", " ", cell)).split()) for cell in cells])
    return rows


def cents(text: str) -> int:
    """`−1 234,56 €` as a page writes it, which has a dash for nothing; `-1234.56` or `1234,56` as files do."""
    if text == "–":
        return 0
    plain = re.sub(r"[\s€+]", "", text).replace("−", "-").replace(",", ".")
    return int((Decimal(plain) * 100).to_integral_exact())


async def test_a_dear_purchase_is_listed_with_its_records(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    """Beyond 21 million euros, which are more cents than a whole number of PostgreSQL's smaller kind holds."""
    dear = (ItemIn(code="navette", name="Navette", unit_price=Decimal(30_000_000), vat_rate=Decimal(0)),)
    purchase_id = await open_purchase(database, territory, NOW, items=dear)
    await file_needs(database, territory, purchase_id, "referent@lugos.example", NOW, navette=1)
    browser = await sign_in(BUYER)
    await freeze(browser)
    said = text_of(await browser.get(COSTS))
    assert said.count("30 000 000,00 €") >= 2, "the total, and that of the record"


async def test_page_preview_record_json_xlsx_and_csv_show_the_same_figures(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    await prepare(database, territory)
    browser = await sign_in(BUYER)
    await freeze(browser)
    (record,) = await records(database, territory)
    names = ("ht", "vat", "ttc", "subsidies", "fctva", "net")
    expected = {}
    for member in record.result["members"]:
        subsidies = sum(cents(value) for value in member["subsidies"].values())
        expected[member["id"]] = [
            subsidies if name == "subsidies" else cents(member[name]) for name in names
        ]  # fmt: skip
    assert sorted(expected) == sorted([ARCACHON, LUGOS, SALLES])
    assert all(any(figures) for figures in expected.values()), "every member has figures to compare"
    assert sum(figures[3] for figures in expected.values()) == 12998, "80.00, the cap, and 49.98"

    page = await browser.get(COSTS)
    shown = {}
    for first, *figures in table_rows(page.text, "Répartition des coûts entre les membres"):
        shown[first.rpartition(" ")[2]] = [cents(figure) for figure in figures[:6]]
    assert shown == expected

    again = await browser.get(f"{COSTS}/etats/1")
    opened = {}
    for first, *figures in table_rows(again.text, "Répartition des coûts entre les membres"):
        opened[first.rpartition(" ")[2]] = [cents(figure) for figure in figures[:6]]
    assert opened == expected

    edit = f"{COSTS}/frais/remise"
    typed = {"label": "Remise", "amount": "-10,01", "vat_rate": "20", "key": "amount", "items": "all", "scope": "all"}
    preview = await browser.post(edit, {**typed, "step": "preview"}, page=edit)
    codes = {"Arcachon": ARCACHON, "Lugos": LUGOS, "Salles": SALLES}
    previewed = {codes[row[0]]: row[1:] for row in table_rows(preview.text, "Ce que paierait chaque membre")}
    shares = {member["id"]: member["charges"].get("remise", "0") for member in record.result["members"]}
    for code, (share, before, after, change) in previewed.items():
        assert [cents(share), cents(before), cents(after), cents(change)] == [
            cents(shares[code]), expected[code][2], expected[code][2], 0,
        ]  # fmt: skip
    assert previewed.keys() == expected.keys()

    for base in (COSTS, f"{COSTS}/etats/1"):
        written = json.loads((await browser.get(f"{base}/repartition.json")).content)
        about = written.pop("about")
        assert written == record.result
        assert about["group"] == "Bassin"
        assert about["currency"] == "EUR"
        sheet = load_workbook(io.BytesIO((await browser.get(f"{base}/repartition.xlsx")).content))["Répartition"]
        rows = [row for row in sheet.iter_rows(values_only=True) if row[0] in expected]
        assert {
            str(row[0]): [cents(str(round(Decimal(str(value)), 2))) for value in row[2:8]] for row in rows
        } == expected
        written = (await browser.get(f"{base}/repartition.csv")).content.decode("utf-8-sig")
        lines = [line for line in csv.reader(io.StringIO(written), delimiter=";") if line and line[0] in expected]
        assert {line[0]: [cents(value) for value in line[2:8]] for line in lines} == expected


async def test_each_file_says_which_document_it_is(database: Database, territory: Territory, sign_in: SignIn) -> None:
    """A record's never looks like an estimate: number, date, basis, group, currency."""
    await prepare(database, territory)
    browser = await sign_in(BUYER)
    await freeze(browser)
    at = {"csv": "01/03/2027 10:00:00", "json": "2027-03-01T10:00:00+01:00"}
    for base, title, dated, name in (
        (COSTS, "Répartition estimée", "chiffres du lundi 1er mars 2027 à 10 h, qui peuvent", "repartition-estimee"),
        (f"{COSTS}/etats/1", "État de répartition n° 1", "figé lundi 1er mars 2027 à 10 h", "etat-1-2027-03-01"),
    ):
        answer = await browser.get(f"{base}/repartition.csv")
        assert f'filename="AG-2027-001-{name}.csv"' in answer.headers["content-disposition"]
        text = answer.content.decode("utf-8-sig")
        (row, *_) = csv.DictReader(io.StringIO(text), delimiter=";")
        about = json.loads((await browser.get(f"{base}/repartition.json")).content)["about"]
        book: Any = load_workbook(io.BytesIO((await browser.get(f"{base}/repartition.xlsx")).content))
        assert book.sheetnames[:2] == ["Lisez-moi", "Répartition"]
        said = {str(what): str(value) for what, value in book["Lisez-moi"].iter_rows(min_row=2, values_only=True)}
        for facts in (row, said):
            assert facts["Document"].replace("\u00a0", " ") == title
            assert facts["Quantités retenues"] == "quantités déclarées à ce jour"
            assert (facts["Groupe"], facts["Devise"]) == ("Bassin", "EUR")
            assert facts["Achat"].startswith("AG-2027-001 ")
        assert about["document"].replace("\u00a0", " ") == title
        assert dated in said["Date"].replace("\u00a0", " ")
        assert {"csv": row["Date"], "json": about["at"]} == at, "a date is one"
        assert said.get("Version de la règle") == ("1" if base != COSTS else None)
        assert all(str(sheet.oddHeader.left.text).replace("\u00a0", " ").startswith(title) for sheet in book)


async def test_a_record_keeps_names_and_figures_whatever_happens_next(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    await prepare(database, territory)
    browser = await sign_in(BUYER)
    assert await freeze(browser) == f"{COSTS}/etats/1"
    before = {kind: (await browser.get(f"{COSTS}/etats/1/repartition.{kind}")).content for kind in ("csv", "json")}
    async with database.transaction(territory.group_id) as session:
        charge = (await session.execute(select(Charge).where(col(Charge.code) == "livraison"))).scalar_one()
        charge.amount_cents, charge.label = 25000, "Transport"
        lugos = await session.get_one(Member, (territory.group_id, territory.members[LUGOS]))
        lugos.name = "Lugos-le-Neuf"
    for kind, content in before.items():
        assert (await browser.get(f"{COSTS}/etats/1/repartition.{kind}")).content == content
    record = text_of(await browser.get(f"{COSTS}/etats/1"))
    assert "Lugos-le-Neuf" not in record
    assert "Figé lundi 1er mars 2027 à 10 h, par Achats Arcachon." in record

    costs = await browser.get(COSTS)
    assert "Les chiffres ont changé depuis l’état n° 1 3 membres sont concernés" in text_of(costs)
    moved = {row[0]: row[7] for row in table_rows(costs.text, "Répartition des coûts entre les membres")}
    assert sum(cents(change.partition(" net ")[0]) for change in moved.values()) == 18000, "150 € and their VAT"
    assert moved[f"Lugos-le-Neuf {LUGOS}"].startswith("+")

    assert await freeze(browser) == f"{COSTS}/etats/2"
    listed = table_rows((await browser.get(COSTS)).text, "États de répartition figés")
    assert [row[:3] for row in listed] == [
        ["État n° 2", "01/03/2027", "Achats Arcachon"],
        ["État n° 1", "01/03/2027", "Achats Arcachon"],
    ]
    assert cents(listed[0][3]) - cents(listed[1][3]) == 18000
    assert "Les chiffres ont changé" not in text_of(await browser.get(COSTS))


async def test_pressing_twice_freezes_once(database: Database, territory: Territory, sign_in: SignIn) -> None:
    await prepare(database, territory)
    browser = await sign_in(BUYER)
    url = f"{COSTS}/gel"
    page = await browser.get(url)
    assert "Quantités retenues : quantités déclarées à ce jour." in text_of(page)
    assert await records(database, territory) == [], "asking freezes nothing"
    form = {"version": version_in(page.text)}
    assert (await browser.post(url, form, page=url)).status_code == 303
    twice = await browser.post(url, form, page=url)
    assert twice.status_code == 422
    assert "Les chiffres ont changé depuis l’affichage" in text_of(twice)
    assert [record.number for record in await records(database, territory)] == [1]


async def test_figures_that_moved_since_the_page_was_shown_are_not_frozen(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    purchase_id = await prepare(database, territory)
    browser = await sign_in(BUYER)
    url = f"{COSTS}/gel"
    form = {"version": version_in((await browser.get(url)).text)}
    await file_needs(database, territory, purchase_id, "referent@lugos.example", NOW, arceau=8, abri=1)
    assert (await browser.post(url, form, page=url)).status_code == 422
    assert await records(database, territory) == []


async def test_what_is_the_same_in_another_order_is_the_same(database: Database, territory: Territory) -> None:
    """PostgreSQL gives rows back in any order that no ORDER BY asks for, and another one the next time."""
    purchase_id = await prepare(database, territory)
    async with database.transaction(territory.group_id) as session:
        read = await read_purchase(session, purchase_id, "Arceaux", FinanceConfiguration())

    async def figures(needs: Sequence[Need]) -> str:
        *_, fingerprint = kept_of(await allocate_read(replace(read, case=replace(read.case, needs=tuple(needs)))))
        return fingerprint

    shown = await figures(read.case.needs)
    assert len(read.case.needs) == 4
    for needs in permutations(read.case.needs):
        assert await figures(needs) == shown
    assert await figures(read.case.needs[1:]) != shown


async def test_who_sees_what_of_costs_and_records(database: Database, territory: Territory, sign_in: SignIn) -> None:
    await prepare(database, territory)
    await freeze(await sign_in(BUYER))
    files = [f"{base}/repartition.{kind}" for base in (COSTS, f"{COSTS}/etats/1") for kind in ("xlsx", "csv", "json")]
    for email, whole in (
        (BUYER, True),
        ("animation@bassin.example", True),
        ("finances@arcachon.example", True),
        ("referent@lugos.example", False),
        ("observation@bassin.example", False),
    ):
        browser = await sign_in(email)
        for path in files:
            assert (await browser.get(path)).status_code == (200 if whole else 403), (email, path)
        assert (await browser.get(f"{COSTS}/{SALLES}")).status_code == (200 if whole else 404), email
        record = text_of(await browser.get(f"{COSTS}/etats/1"))
        assert ("Salles" in record) is whole, email
    lugos = await sign_in("referent@lugos.example")
    assert (await lugos.get(f"{COSTS}/{LUGOS}")).status_code == 200
    assert "Lugos" in text_of(await lugos.get(f"{COSTS}/etats/1"))
    for path in ("etats/2", "etats/0", "etats/-1", "etats/99999999999999999999", "etats/un", "inconnu"):
        assert (await lugos.get(f"{COSTS}/{path}")).status_code == 404, path


async def test_why_gives_every_step_to_the_cent(database: Database, territory: Territory, sign_in: SignIn) -> None:
    await prepare(database, territory)
    shown = text_of(await (await sign_in(BUYER)).get(f"{COSTS}/{LUGOS}"))
    # 333.30 € of racks for 10 units, 7 for Lugos: 233.31 € exactly; leaflets 59.94 € for 6, 1 for Lugos.
    assert "Article, Arceau posé : 233,31 €" in shown
    assert "333,30 € × 7 unités ÷ 10 unités = 233,31 € exactement" in shown
    # Populations 11 092 + 1 208 + 8 208 = 20 508: 33.33 % ÷ 3 + 66.67 % × 1 208 ÷ 20 508 of 100 €.
    assert "66,67 %, population : 1 208 habitants sur 20 508 habitants" in shown
    assert "valeur figée le 01/03/2027" in shown
    assert "Part exacte 100,00 € × 15,03711917" in shown
    assert "FCTVA estimé : " in shown
    assert "Taux de 16,404 % (CGCT, art. L1615-6, depuis le 01/01/2015)" in shown


async def test_the_fctva_rate_of_the_purchases_date_is_used_and_named(
    app: Litestar, database: Database, territory: Territory, sign_in: SignIn
) -> None:
    old = FctvaRate.model_validate(
        {"rate": "16.404", "valid_from": "2015-01-01", "valid_to": "2027-05-31", "source": "ancien"}
    )
    new = FctvaRate.model_validate(
        {"rate": "10", "valid_from": "2027-06-01", "source": "loi fictive", "to_confirm": True}
    )
    stand_on(app, FinanceConfiguration(fctva=(old, new)))
    await prepare(database, territory)
    browser = await sign_in(BUYER)
    assert "FCTVA estimé au taux de 16,404 % (ancien, depuis le 01/01/2015)" in text_of(await browser.get(COSTS))
    async with database.transaction(territory.group_id) as session:
        purchase = (await session.execute(select(Purchase))).scalar_one()
        purchase.delivery_expected_on = new.valid_from
    assert "FCTVA estimé au taux de 10 % (loi fictive, depuis le 01/06/2027, à confirmer)" in text_of(
        await browser.get(COSTS)
    )


async def test_the_workbook_says_what_items_are_filed_under_as_it_was_when_it_was_frozen(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    """Live files follow what is said; a record keeps it."""
    purchase_id = await prepare(database, territory)
    browser = await sign_in(BUYER)

    async def references(path: str) -> list[list[Any]]:
        book = load_workbook(io.BytesIO((await browser.get(f"{COSTS}{path}/repartition.xlsx")).content))
        columns = [PLACES[name] for name in ("code", "label", "lot", "cpv", "family", "nature", "section", "account")]
        return [[row[place].value for place in columns] for row in book["Détail"].iter_rows(min_row=3, max_row=4)]

    arceau, abri = ["arceau", "Arceau posé"], ["abri", "Dépliant", None, None, None, None, "Fonctionnement", None]
    assert await references("") == [[*arceau, *abri[2:]], abri], "both cost less than 500 € with VAT"
    async with database.transaction(territory.group_id) as session:
        buyer = await caller_of(session, territory.people[BUYER], territory.group_id)
        lots = LotsIn(lots=(LotIn(number=1, title="Mobilier", cpv="34928400-2", items=("arceau",)),))
        await arrange_lots(session, buyer, purchase_id, lots, NOW)
        await describe_item(session, buyer, purchase_id, "arceau", DetailsIn(family="Voirie", account="2152"), NOW)
    shown = [
        [*arceau, "Lot n°\u00a01\u00a0: Mobilier", "34928400-2", "Voirie", None, "Investissement", "2152"],
        abri,
    ]
    assert await references("") == shown
    async with database.transaction(territory.group_id) as session:
        await freeze_allocation(session, buyer, purchase_id, "AG-2027-001", FixedClock(NOW))
    async with database.transaction(territory.group_id) as session:
        await describe_item(session, buyer, purchase_id, "arceau", DetailsIn(account="2188"), NOW)
    assert [row[-1] for row in await references("")] == ["2188", None]
    assert await references("/etats/1") == shown
