"""One walk: page, API, JSON, CSV, XLSX, ODS, statement, recovery and accounting file say the same of every
line and member, to the cent, for a purchase with lines of every kind; and mailing statements, once.
"""

import csv
import io
import json
import re
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from openpyxl import load_workbook
from pypdf import PdfReader
from sqlalchemy import text

from accounting.test_layouts import booked
from allocation.records.test_books import detail_of_files
from allocation.records.test_costs_frozen import COSTS, cents, table_rows
from allocation.records.test_versions import freeze
from api_client import API, Connect, Program, problem
from bills.scene import BILLS, MAKER, invoice
from bills.test_bills import decide, read, send
from factories import ARCACHON, BUYER, LUGOS, NOW, SALLES, Territory, file_needs, open_purchase
from pooling.accounting.configuration import EXPENSES, RECEIPTS, Layout
from pooling.accounting.mailing import forget_recipients, mail_statements
from pooling.accounting.reading import BookedRecord
from pooling.accounting.rows import rows_of
from pooling.accounting.statement import statement_pdf
from pooling.accounting.statement_export import STATEMENTS
from pooling.accounting.writing import write_layout
from pooling.allocation.figures import KINDS, PLACES
from pooling.allocation.models import Charge, Subsidy
from pooling.allocation.records.workbook import detail_json, write_allocation_csv, write_allocation_workbook
from pooling.exports.writing import write_exports
from pooling.kernel.clock import FixedClock
from pooling.kernel.database import Database
from pooling.members.entrance import caller_of
from pooling.purchases.details import describe_item
from pooling.purchases.schemas import DetailsIn, ItemIn, TierIn
from pooling.recovery.rules import WORDS, RecoveryState
from pooling.recovery.workbook import FILE_NAMES
from pooling.sharing.shared_lines import LineKind
from pooling.suppliers.keeping import SupplierIn, add_supplier
from sharing.test_workbooks import CASE
from web_client import Browser, SignIn, text_of

FINANCE, FACILITATOR = "finances@arcachon.example", "animation@bassin.example"
RECORD = f"{COSTS}/etats/1"
PURCHASE = COSTS.removesuffix("/couts")
NAMES = {ARCACHON: "Arcachon", LUGOS: "Lugos", SALLES: "Salles"}
SUMMED = ("ht", "vat", "ttc", "subsidies", "fctva", "net")
ITEMS = (
    ItemIn(
        code="arceau", name="Arceau posé", unit="arceau", unit_price=Decimal("33.33"), fctva=True,
        tiers=(TierIn(from_quantity=8, unit_price=Decimal("31.2345")),),
    ),
    ItemIn(code="velo", name="Vélo", unit="vélo", unit_price=Decimal("1900.10"), fctva=True),
    ItemIn(code="depliant", name="Dépliant", unit="paquet", unit_price=Decimal("9.99"), vat_rate=Decimal("5.5")),
)  # fmt: skip
KEYS: tuple[object, ...] = (
    *("equal", "quantity", "amount", "population", "agents"),
    {"weights": {ARCACHON: "1.5", LUGOS: "2", SALLES: "0"}},
    {"percents": {ARCACHON: "12.5", LUGOS: "87.5"}},
    {"mix": [{"percent": "50", "key": "equal"}, {"percent": "50", "key": "population"}]},
)
Figures = Mapping[str, Sequence[int]]


async def every_kind_of_line(database: Database, territory: Territory) -> int:
    """Tiers, charges by every key, a discount in percent, aids by rate and by amount with caps, FCTVA, two rates."""
    purchase_id = await open_purchase(database, territory, NOW, items=ITEMS, participants=(ARCACHON, LUGOS, SALLES))
    await file_needs(database, territory, purchase_id, "referent@lugos.example", NOW, arceau=7, depliant=1)
    await file_needs(database, territory, purchase_id, "referent@salles.example", NOW, arceau=3, velo=2, depliant=5)
    lines: dict[str, Any] = {"group_id": territory.group_id, "purchase_id": purchase_id}
    async with database.transaction(territory.group_id) as session:
        session.add_all(
            Charge(**lines, code=f"frais{place}", label=f"Frais {place}", amount_cents=1001 + place, key=key)
            for place, key in enumerate(KEYS)
        )
        session.add_all(
            [
                Charge(**lines, code="remise", label="Remise", percent=Decimal("-2.5"), key="amount", fctva=True),
                Subsidy(**lines, code="taux", label="Au taux", rate=Decimal(40), cap_per_unit_cents=25_000),
                Subsidy(**lines, code="plafond", label="Plafonnée", rate=Decimal("33.33"), items=["velo"],
                        cap_total_cents=50_001),
                Subsidy(**lines, code="somme", label="Forfait", amount_cents=777, items=["depliant"],
                        charges=["frais0"], public=False),
            ]
        )  # fmt: skip
        await session.execute(text("UPDATE members SET agents = 10 + id, population = COALESCE(population, 5)"))
        buyer = await caller_of(session, territory.people[BUYER], territory.group_id)
        await describe_item(session, buyer, purchase_id, "velo", DetailsIn(account="21828", cpv="34430000-0"), NOW)
    return purchase_id


def figure(cell: str) -> int:
    """Of a page that shows nothing as a dash."""
    return 0 if cell == "–" else cents(cell)


def by_member(rows: Iterable[tuple[str, Mapping[str, int]]]) -> dict[str, list[int]]:
    """What lines come to for each member."""
    found: dict[str, list[int]] = {}
    for code, amounts in rows:
        sums = found.setdefault(code, [0] * len(SUMMED))
        for place, name in enumerate(SUMMED):
            sums[place] += amounts[name]
    return found


def of_files(xlsx: bytes, ods: bytes, detail_csv: bytes, lines: Iterable[Mapping[str, Any]]) -> dict[str, list[int]]:
    """« Détail » in each kind of file: the same lines, cell by cell; what they come to for each member."""
    told = detail_of_files(xlsx, ods, detail_csv, lines)
    assert told["json"], "there are lines to compare"
    assert told["xlsx"] == told["ods"] == told["csv"] == told["json"]
    return by_member((row[0], {name: round(float(row[PLACES[name]]) * 100) for name in SUMMED}) for row in told["json"])


def amounts_in(pdf: bytes) -> str:
    """The text of a statement without spaces: `Total HT:1234,56€`."""
    read = "".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)
    return re.sub(r"\s+", "", read).replace("\u202f", "")


def says(pdf: bytes, figures: Sequence[int]) -> None:
    said = amounts_in(pdf)
    ht, vat, ttc, subsidies, fctva, net = (
        f"{value / 100:.2f}".replace(".", ",").replace("-", "−") for value in figures
    )
    for label, amount in (("TotalHT:", ht), ("TotalTVA:", vat), ("TotalTTC:", ttc), ("Coûtnet:", net)):
        assert f"{label}{amount}€" in said
    for label, amount, value in (("Subventionsattendues:", subsidies, figures[3]), ("FCTVAestimé:", fctva, figures[4])):
        turned = amount.removeprefix("−") if value < 0 else f"−{amount}"
        assert (f"{label}{turned}€" in said) is bool(value)


async def test_every_document_says_the_same(
    database: Database, territory: Territory, sign_in: SignIn, connect: Connect, clock: FixedClock
) -> None:
    """As it was invoiced, with an adjustment, and again after a credit note: pages, files, titres, accounts."""
    await every_kind_of_line(database, territory)
    browser, program = await sign_in(BUYER), await connect(FINANCE)
    invoiced = await bill_all(database, territory, browser)
    walk = Walk(database, clock, browser, program, await connect(FACILITATOR), await sign_in(FACILITATOR))
    await freeze(browser)
    first = await walk.says_the_same(1)
    assert sum(figures[2] for figures in first.values()) == invoiced, "members pay what the supplier asks for"
    await titres_say_the_same(browser, program, {code: first[code][2] for code in (LUGOS, SALLES)})

    credited = await credit(database, territory, browser)
    await freeze(browser, cause="credit_note", reason="A-1")
    later = await walk.says_the_same(2)
    assert sum(figures[2] for figures in later.values()) == invoiced - credited
    await versions_say_the_same(browser, program, first, later)
    await reductions_say_the_same(browser, program, first, later)


async def bill_all(database: Database, territory: Territory, buyer: Browser) -> int:
    """The supplier's only bill, a cent dearer at one rate, is accepted; what it comes to with VAT."""
    async with database.transaction(territory.group_id) as session:
        lead = await caller_of(session, territory.people[BUYER], territory.group_id)
        await add_supplier(session, lead, SupplierIn(name="Mobilier urbain exemple", siret=MAKER), NOW)
    bases: dict[str, Decimal] = {}
    for line in json.loads((await buyer.get(f"{COSTS}/detail.json")).content)["lines"]:
        rate = f"{Decimal(line['vat_rate']):.2f}"
        bases[rate] = bases.get(rate, Decimal(0)) + Decimal(line["ht"])
    bases["20.00"] += Decimal("0.01")
    return await accept(
        buyer, invoice("F-1", "", *((f"À {rate} %", 1, str(base), rate) for rate, base in bases.items()))
    )


async def credit(database: Database, territory: Territory, buyer: Browser) -> int:
    """A credit note of 100,01 € before VAT is accepted, and shared as a discount; what it comes to with VAT."""
    lines: dict[str, Any] = {"group_id": territory.group_id}
    async with database.transaction(territory.group_id) as session:
        lines["purchase_id"] = (await session.execute(text("SELECT id FROM purchases"))).scalar_one()
        session.add(Charge(**lines, code="avoir", label="Avoir A-1", amount_cents=-100_01, key="amount", fctva=True))
    credited = await accept(buyer, invoice("A-1", "", ("Avoir", 1, "100.01", "20.00"), credit=True))
    assert "La répartition est au centime celle des factures acceptées" in await read(buyer, BILLS)
    return credited


async def accept(buyer: Browser, content: bytes) -> int:
    """A bill by its file; its total with VAT."""
    bill = await send(buyer, content)
    assert bill.startswith(BILLS), bill
    assert await decide(buyer, bill, "acceptation", "Sans commande ici") == 303, await read(buyer, bill)
    (total,) = re.findall(rb"<ram:GrandTotalAmount>(.*?)<", content)
    return cents(total.decode())


@dataclass
class Walk:
    """Who looks, and at what."""

    database: Database
    clock: FixedClock
    browser: Browser
    program: Program
    facilitator: Program
    everybody: Browser
    """The facilitator's browser."""

    async def says_the_same(self, number: int) -> Figures:
        """What a record that was frozen just now says of each member, as every document has it."""
        record = f"{COSTS}/etats/{number}"
        expected = await self.shares(record)
        await self.pages(record, expected)
        for base in (COSTS, record):
            names = ("repartition.xlsx", "repartition.ods", "detail.csv", "detail.json")
            xlsx, ods, listed, detail = [(await self.browser.get(f"{base}/{name}")).content for name in names]
            assert of_files(xlsx, ods, listed, json.loads(detail)["lines"]) == expected, base
        numbers = await self.accounting(record, number, expected)
        await self.statements(record, numbers, expected, "F-1,A-1" if number > 1 else "F-1")
        await self.finances(expected)
        return expected

    async def shares(self, record: str) -> Figures:
        """By the record's JSON and, of what is shared now, by the API."""
        told = json.loads((await self.browser.get(f"{record}/repartition.json")).content)["members"]
        live = (await self.program.get(f"{API}/purchases/AG-2027-001/allocation")).json()["members"]
        expected, now = (
            {
                member["id"]: [
                    *(cents(member[name]) for name in ("ht", "vat", "ttc")),
                    sum(cents(value) for value in member["subsidies"].values()),
                    *(cents(member[name]) for name in ("fctva", "net")),
                ]
                for member in members
            }
            for members in (told, live)
        )
        assert sorted(expected) == sorted(NAMES)
        assert all(figures[0] for figures in expected.values())
        assert now == expected
        return expected

    async def pages(self, record: str, expected: Figures) -> None:
        for page in (record, COSTS):
            shown = table_rows((await self.browser.get(page)).text, "Répartition des coûts entre les membres")
            assert {row[0].rpartition(" ")[2]: [cents(figure) for figure in row[1:7]] for row in shown} == expected
        page = text_of(await self.browser.get(record))
        assert ("Des titres sont déjà notés" in page) is record.endswith("/2"), "one was issued in between"
        debts = table_rows((await self.browser.get(f"{record}/dettes")).text, "Dettes")
        owed = {row[0]: cents(row[3]) for row in debts if row[1] == NAMES[ARCACHON]}
        assert owed == {NAMES[code]: figures[2] for code, figures in expected.items() if code != ARCACHON}

    async def accounting(self, record: str, number: int, expected: Figures) -> dict[str, str]:
        """Both files; the numbers of statements, each with whose it is."""
        address = f"{API}/purchases/AG-2027-001/allocation/accounting?record={number}&layout=titres"
        titles = await self.program.get(address)
        assert titles.headers["content-type"] == "text/csv; charset=windows-1252"
        assert titles.headers["x-transliterated"] == "0"
        assert titles.content == (await self.browser.get(f"{record}/comptabilite/titres")).content
        rows = list(csv.DictReader(io.StringIO(titles.content.decode("cp1252")), delimiter=";"))
        assert {row["SIREN du débiteur"]: [cents(row[name]) for name in ("HT", "TVA", "TTC")] for row in rows} == {
            code: figures[:3] for code, figures in expected.items() if code != ARCACHON
        }, "the lead owes itself nothing"
        written = (await self.browser.get(f"{record}/comptabilite/mandats")).content.decode("cp1252")
        booked_lines = list(csv.DictReader(io.StringIO(written), delimiter=";"))
        for code, figures in expected.items():
            mine = [line for line in booked_lines if line["SIREN"] == code and "autres membres" not in line["Objet"]]
            assert [sum(cents(line[name]) for line in mine) for name in ("HT", "TVA", "TTC")] == figures[:3]
        whole = sum(figures[2] for figures in expected.values())
        assert sum(cents(line["TTC"]) for line in booked_lines if line["SIREN"] == ARCACHON) == whole, (
            "the lead pays for all"
        )
        debts = (await self.program.get(f"{API}/purchases/AG-2027-001/allocation/records/{number}/debts")).json()
        assert sum(cents(one["amount"]) for one in debts["items"] if not one["creditor"]) == whole
        bikes = [line for line in booked_lines if line["Objet"].startswith("Vélo")]
        assert {(line["Section"], line["Article"], "autres" in line["Objet"]) for line in bikes} == {
            ("Investissement", "21828", False),
            ("Investissement", "4581", True),
        }
        assert (await self.browser.get(f"{record}/comptabilite/autre")).status_code == 404
        return {line["Numéro"]: line["SIREN"] for line in booked_lines}

    async def statements(self, record: str, numbers: Mapping[str, str], expected: Figures, bills: str) -> None:
        asks = {"quoi": STATEMENTS.name, "etat": record.rpartition("/")[2], "part": "1"}
        asked = await self.browser.post(f"{COSTS}/classeurs", asks, page=f"{record}/releves")
        assert await write_exports(self.database, self.clock, [STATEMENTS]) == 1
        content = (await self.browser.get(f"{asked.headers['location']}/fichier")).content
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            assert sorted(archive.namelist()) == sorted(f"{number}.pdf" for number in numbers)
            for number, code in numbers.items():
                says(archive.read(f"{number}.pdf"), expected[code])
                assert f"Facturesdesfournisseurs:{bills}" in amounts_in(archive.read(f"{number}.pdf"))

    async def finances(self, expected: Figures) -> None:
        """The finance home and its API: engaged, subsidies, FCTVA, net."""
        names = ("engaged", "subsidies", "fctva", "net")
        listed = (await self.facilitator.get(f"{API}/finances?limit=200")).json()["items"]
        told = {one["member"]: [cents(one[name]) for name in names] for one in listed if one["member"] in expected}
        assert told == {code: figures[2:] for code, figures in expected.items()}
        shown = table_rows((await self.everybody.get("/g/bassin/finances")).text, "Par membre")
        rows = {row[0]: row for row in shown}
        for code, figures in expected.items():
            _, engaged, _, *others = rows[NAMES[code]]
            assert [figure(cell) for cell in (engaged, *others[:3])] == figures[2:]


async def versions_say_the_same(browser: Browser, program: Program, first: Figures, later: Figures) -> None:
    """Both side by side: page, workbook, API."""
    expected = {
        code: [figure for place in (2, 5) for figure in (was[place], now[place], now[place] - was[place])]
        for code, was, now in ((code, first[code], later[code]) for code in NAMES)
    }
    gaps = f"{COSTS}/etats/2/ecarts"
    shown = table_rows((await browser.get(gaps)).text, "Membre par membre")
    assert {row[0]: [figure(cell) for cell in row[1:]] for row in shown} == {
        NAMES[code]: figures for code, figures in expected.items()
    }
    book = load_workbook(io.BytesIO((await browser.get(f"{gaps}.xlsx")).content), data_only=True)
    rows: Iterable[Sequence[Any]] = list(book["Par membre"].values)[1:-1]
    assert {row[0]: [round(figure * 100) for figure in row[8:14]] for row in rows} == expected
    moved: dict[str, int] = {}
    lines_moved: Sequence[Sequence[Any]] = list(book["Par membre et ligne"].values)[1:]
    for code, _, kind, _, *_, gap in lines_moved:
        if kind != KINDS[LineKind.SUBSIDY]:
            moved[code] = moved.get(code, 0) + round(gap * 100)
    more = {code: figures[2] for code, figures in expected.items() if figures[2]}
    assert moved == more, "lines come to what the member pays more"
    at = f"{API}/purchases/AG-2027-001/allocation/records/2/differences?other=1"
    told = (await program.get(at)).json()
    assert {
        one["id"]: [cents(one[name]) for name in ("ttc", "ttc_moved", "net", "net_moved")] for one in told["members"]
    } == {code: [figures[1], figures[2], figures[4], figures[5]] for code, figures in expected.items()}
    lines = {
        row[0]: [figure(cell) for cell in row[1:]]
        for row in table_rows((await browser.get(gaps)).text, "Ligne par ligne")
    }
    assert lines["Avoir A-1 Frais mutualisés"] == [0, -100_01, -100_01]


async def titres_say_the_same(browser: Browser, program: Program, owed: Mapping[str, int]) -> None:
    """What remains to recover, and a titre for it."""
    at = f"{API}/purchases/AG-2027-001"
    listed = (await program.get(f"{at}/recovery")).json()["items"]
    assert {one["debtor"]: cents(one["to_issue"]) for one in listed} == owed
    titre = {"kind": "titre", "creditor": ARCACHON, "dated_on": "2027-01-04", "number": "T-1", "due_on": "2027-02-04"}
    path = f"{at}/recovery/{LUGOS}"
    seen = await program.get(path)
    entry = {**titre, "amount": f"{owed[LUGOS] / 100:.2f}"}
    made = [await program.post(f"{path}/entries", entry, idempotency_key="a") for _ in range(2)]
    assert [answer.status_code for answer in made] == [201, 201], made[0].text
    assert made[0].json() == made[1].json(), "made once"
    stale = await program.post(f"{path}/entries", entry, if_match=seen.headers["etag"])
    assert problem(stale) == (412, "changed_meanwhile")
    (account,) = made[0].json()["accounts"]
    assert (cents(account["issued"]), cents(account["to_issue"])) == (owed[LUGOS], 0)
    for noted in (
        {"kind": "reminder", "dated_on": "2027-03-01"},
        {"kind": "payment", "dated_on": "2027-02-01", "number": "VIR 1", "amount": "0.07"},
    ):
        made.append(await program.post(f"{path}/entries", {"creditor": ARCACHON, **noted}))
        assert made[-1].status_code == 201, made[-1].text
    assert await recovery_says_the_same(browser, program) == {LUGOS: "overdue", SALLES: "to_issue"}
    payment = next(one for one in made[-1].json()["entries"] if one["kind"] == "payment")
    withdrawn = await program.post(f"{path}/entries/{payment['id']}/withdrawal", {"reason": "Annulé"})
    assert cents(withdrawn.json()["accounts"][0]["paid"]) == 0
    wrong = await program.post(f"{path}/entries", {**titre, "amount": "0", "number": ""})
    assert sorted(wrong.json()["errors"]) == ["amount", "number"]
    small = await program.post(f"{path}/entries", {**titre, "amount": "14.99"})
    assert "au-dessous de 15,00" in small.json()["errors"]["amount"]


async def reductions_say_the_same(browser: Browser, program: Program, first: Figures, later: Figures) -> None:
    """The titre that was issued is too high by now; reduced in the page, and paid, nothing is left to do."""
    issued, owed = first[LUGOS][2], later[LUGOS][2]
    assert await recovery_says_the_same(browser, program) == {LUGOS: "to_reduce", SALLES: "to_issue"}
    listed = (await program.get(f"{API}/purchases/AG-2027-001/recovery")).json()["items"]
    assert {one["debtor"]: (cents(one["owed"]), cents(one["to_issue"])) for one in listed} == {
        LUGOS: (owed, owed - issued),
        SALLES: (later[SALLES][2],) * 2,
    }
    page = f"{PURCHASE}/recouvrement/{LUGOS}"
    for kind, number, amount in (("reduction", "R-1", issued - owed), ("payment", "VIR 2", owed)):
        shown = (await browser.get(page)).text
        (creditor,) = re.findall(r'<option value="(\d+)"[^>]*>Arcachon', shown)
        fields = {"kind": kind, "number": number, "cents": f"{amount / 100:.2f}".replace(".", ",")}
        fields |= {"seen": shown.split('name="seen" value="')[1].split('"')[0], "creditor": creditor}
        answer = await browser.post(f"{page}/ecritures", {**fields, "dated_on": "2027-03-01"}, page=page)
        assert answer.status_code == 303, text_of(answer)
    assert await recovery_says_the_same(browser, program) == {LUGOS: "paid", SALLES: "to_issue"}


async def recovery_says_the_same(browser: Browser, program: Program) -> Mapping[str, str]:
    """The page is what programs read, and so are the files; how each debtor stands."""
    listed = (await program.get(f"{API}/purchases/AG-2027-001/recovery")).json()["items"]
    amounts = ("owed", "issued", "to_issue", "paid", "remaining")
    rows = table_rows((await browser.get(f"{PURCHASE}/recouvrement")).text, "Par débiteur")
    assert [[row[0], row[1], *map(cents, row[2:7]), row[7]] for row in rows] == [
        [
            *(NAMES[one["debtor"]], NAMES[one["creditor"]]),
            *(cents(one[name]) for name in amounts),
            WORDS[RecoveryState(one["state"])],
        ]
        for one in listed
    ]
    await files_say_the_same(browser, listed)
    return {one["debtor"]: one["state"] for one in listed}


async def files_say_the_same(browser: Browser, listed: Sequence[Mapping[str, Any]]) -> None:
    """Recovery's files are what programs read, cell by cell; a day is a day."""
    xlsx, written = [(await browser.get(f"{PURCHASE}/recouvrement/{name}")).content for name in FILE_NAMES.values()]
    sheet: Iterable[Sequence[Any]] = load_workbook(io.BytesIO(xlsx), data_only=True)["Recouvrement"].values
    titles, *rows, foot = sheet
    head, *lines = csv.reader(io.StringIO(written.decode("utf-8-sig")), delimiter=";")
    assert head[: len(titles)] == list(titles)
    amounts = ("owed", "issued", "to_issue", "paid", "remaining")
    told = [
        (one["debtor"], one["creditor"], *(cents(one[name]) for name in amounts), one["reminded_on"]) for one in listed
    ]
    assert {row[-1] for row in told} == {None, "2027-03-01"}, "one was reminded"
    assert [
        (row[0], row[2], *(round(figure * 100) for figure in row[4:9]), row[9] and row[9].date().isoformat())
        for row in rows
    ] == told
    assert [
        (row[0], row[2], *(cents(figure) for figure in row[4:9]), "-".join(reversed(row[9].split("/"))) or None)
        for row in lines
    ] == told
    words = [WORDS[RecoveryState(one["state"])] for one in listed]
    assert [(row[1], row[3], row[10]) for row in rows] == [(row[1], row[3], row[10]) for row in lines]
    assert [row[10] for row in rows] == words
    assert [round(figure * 100) for figure in foot[4:9]] == [sum(row[place] for row in told) for place in range(2, 7)]


@pytest.mark.parametrize("sign", [1, -1], ids=["invoice", "credit note"])
def test_so_it_is_with_an_adjustment_to_the_invoice_and_a_credit_note(sign: int) -> None:
    """A credit is the exact opposite: amounts turned, shares turned."""
    case = {**CASE, "members": [{"id": "02159"}, {"id": "b"}, {"id": "c"}]}
    case["needs"] = [{**need, "member": {"=2+2": "b"}.get(need["member"], need["member"])} for need in CASE["needs"]]
    if sign < 0:
        turned = {
            "scope": "all",
            "vat_rate": "20",
            "key": {"weights": {"02159": "2", "b": "1", "c": "4"}},
            "fctva": True,
        }
        case = {
            "case": "Avoir",
            "members": case["members"],
            "charges": [{"id": "avoir", "amount": "-100.01", **turned}],
            "fctva_rate": "16.404",
            "invoice": [{"vat_rate": "20", "ht": "-100.02", "vat": "-20.00"}],
        }
    of = booked(case)
    expected = {
        member.id: [member.ht, member.vat, member.ttc, member.subsidised, member.fctva, member.net]
        for member in of.stated.result.results
    }
    assert sum(figures[0] for figures in expected.values()) == of.stated.result.totals.ht
    assert any(line.kind == "adjustment" for line in of.stated.result.lines)
    result, labels, books = of.stated.result, of.stated.labels, of.books
    xlsx, ods, listed = io.BytesIO(), io.BytesIO(), io.BytesIO()
    write_allocation_workbook(xlsx, result, labels, books=books)
    write_allocation_workbook(ods, result, labels, books=books, kind="ods")
    write_allocation_csv(listed, result, labels, "detail", books=books)
    files = (xlsx.getvalue(), ods.getvalue(), listed.getvalue())
    assert of_files(*files, detail_json(result, labels, books)) == expected
    for entry in of.entries():
        says(statement_pdf(of, entry), expected[entry.code])
    owed = {entry.number: expected[entry.code][2] for entry in of.entries()}
    assert accounting(of, RECEIPTS) == owed
    paid = accounting(of, EXPENSES)
    assert paid.pop("") == sum(owed.values()), "the lead pays suppliers for all, and takes nothing"
    assert paid == owed


def accounting(of: BookedRecord, layout: Layout) -> dict[str, int]:
    file = io.BytesIO()
    write_layout(file, layout, rows_of(of, layout.rows))
    found: dict[str, int] = {}
    for row in csv.DictReader(io.StringIO(file.getvalue().decode("cp1252")), delimiter=";"):
        found[row["Numéro"]] = found.get(row["Numéro"], 0) + cents(row["TTC"])
    return found


async def nobody_is_left_to_get_it(
    database: Database, territory: Territory, browser: Browser, clock: FixedClock
) -> None:
    """A statement whose contacts are gone before it left may be asked for again."""
    gone = text("UPDATE memberships SET ended_at = now() WHERE role = 'finance'")
    back = text("UPDATE memberships SET ended_at = NULL WHERE role = 'finance'")
    async with database.transaction(territory.group_id) as session:
        await session.execute(gone)
        assert await mail_statements(session, clock) == 0, "nobody is left to get it"
        await session.execute(back)
    answer = await browser.post(f"{RECORD}/releves/envoi", page=f"{RECORD}/releves")
    assert "1 relevé part" in text_of(await browser.get(answer.headers["location"])), "asked for again"


async def test_statements_are_mailed_once_to_who_follows_the_money(
    database: Database, territory: Territory, sign_in: SignIn, clock: FixedClock
) -> None:
    await every_kind_of_line(database, territory)
    browser = await sign_in(BUYER)
    await freeze(browser)
    page = await browser.get(f"{RECORD}/releves")
    assert "Sans contact « finances » dans le groupe : Lugos, Salles." in text_of(page)
    for said in ("1 relevé part dans les minutes", "aucun ne part deux fois"):
        answer = await browser.post(f"{RECORD}/releves/envoi", page=f"{RECORD}/releves")
        assert said in text_of(await browser.get(answer.headers["location"]))
    await nobody_is_left_to_get_it(database, territory, browser, clock)
    for sent in (1, 0):
        async with database.transaction(territory.group_id) as session:
            assert await mail_statements(session, clock) == sent
    async with database.transaction(territory.group_id) as session:
        mails = await session.execute(
            text("SELECT recipient, subject, attachments FROM messages WHERE kind = 'statement'")
        )
        ((recipient, subject, attachments),) = mails.all()
        number = (await session.execute(text("SELECT number FROM statement_mails"))).scalar_one()
    assert recipient == FINANCE
    assert number in subject
    assert len(attachments) == 1
    shown = text_of(await browser.get(f"{RECORD}/releves"))
    assert f"Arcachon (PDF) {number} ," in shown
    assert FINANCE in shown
    async with database.transaction(territory.group_id) as session:
        await forget_recipients(session, NOW)
        kept_to = text("SELECT jsonb_array_length(recipients) FROM statement_mails")
        assert (await session.execute(kept_to)).scalar_one() == 1
        await forget_recipients(session, clock.now() + timedelta(days=1))
        assert (await session.execute(kept_to)).scalar_one() == 0
    finance, lugos = await sign_in(FINANCE), await sign_in("referent@lugos.example")
    kept = await finance.get(f"{RECORD}/releves/envoyes/{ARCACHON}")
    assert amounts_in(kept.content).startswith("BassinRelevén°")
    assert (await lugos.get(f"{RECORD}/releves/{LUGOS}")).headers["content-type"] == "application/pdf"
    assert f'{RECORD}/releves/{LUGOS}" download>Relevé de Lugos (PDF)</a>' in (await lugos.get(RECORD)).text
    assert (await lugos.get(f"{RECORD}/releves/{ARCACHON}")).status_code == 404
    assert (await lugos.get(f"{RECORD}/releves")).status_code == 403
    assert (await lugos.post(f"{RECORD}/releves/envoi")).status_code == 403
