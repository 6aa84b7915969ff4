"""Finances of members: one purchase frozen, invoiced and recovered in part, another one only declared."""

import io
from decimal import Decimal
from pathlib import Path

from litestar import Litestar
from openpyxl import load_workbook
from python_calamine import CalamineWorkbook
from sqlalchemy import text

from allocation.records.test_versions import freeze, read
from api_client import API, Connect, Program
from bills.scene import PURCHASE, buy
from factories import ARCACHON, BUYER, LUGOS, NOW, SALLES, Territory, file_needs, open_purchase
from pooling.allocation.configuration import FinanceConfiguration
from pooling.allocation.models import Charge
from pooling.bills.models import Bill, BillRate
from pooling.exports.writing import write_exports
from pooling.finances.files import EVERYBODYS
from pooling.finances.pages import computed_in_words
from pooling.kernel.clock import FixedClock
from pooling.kernel.database import Database
from pooling.recovery.models import EntryKind, RecoveryEntry
from pooling.settings import Settings
from web_client import Browser, SignIn, stand_on, text_of

FINANCES = "/g/bassin/finances"
FACILITATOR, FINANCE = "animation@bassin.example", "finances@arcachon.example"


async def test_every_member_over_all_purchases(
    app: Litestar,
    database: Database,
    territory: Territory,
    sign_in: SignIn,
    connect: Connect,
    clock: FixedClock,
    tmp_path: Path,
) -> None:
    """Arcachon pays suppliers for all; Salles paid the lorry (36 € with VAT) and was asked for its share."""
    bought = await buy(database, territory)
    async with database.transaction(territory.group_id) as session:
        await session.execute(text("UPDATE collections SET closed_at = opened_at"))
        await session.execute(text("UPDATE items SET fctva = true WHERE code = 'arceau'"))
        await session.execute(text("UPDATE members SET category = 'commune' WHERE code = :code"), {"code": SALLES})
        session.add(
            Charge(
                group_id=territory.group_id, purchase_id=bought.purchase_id, code="camion", label="Camion",
                amount_cents=30_00, key="equal", paid_by=SALLES,
            )
        )  # fmt: skip
    await freeze(await sign_in(BUYER))
    await invoiced(database, territory, bought.purchase_id, bought.suppliers["55210055400013"])
    declared = await open_purchase(database, territory, NOW, title="Autres arceaux", participants=(LUGOS,))
    await file_needs(database, territory, declared, "referent@lugos.example", NOW, arceau=1)

    facilitator, finance = await sign_in(FACILITATOR), await sign_in(FINANCE)
    await of_everybody(facilitator)
    await written_apart(app, facilitator, finance, database, clock, tmp_path)
    await of_salles(facilitator)
    await of_its_own(finance)
    await tells_the_same(facilitator, await connect(FACILITATOR))


async def invoiced(database: Database, territory: Territory, purchase_id: int, supplier_id: int) -> None:
    """The arches by a bill, Salles by a titre, of which it paid a part."""
    group_id, members = territory.group_id, territory.members
    async with database.transaction(group_id) as session:
        bill = Bill(
            group_id=group_id, purchase_id=purchase_id, supplier_id=supplier_id, same_as="arches", kind="invoice",
            number="F-1", state="accepted", ht_cents=3_600_00, vat_cents=720_00, ttc_cents=4_320_00,
            due_cents=4_320_00, noted_at=NOW, decided_at=NOW,
        )  # fmt: skip
        session.add(bill)
        await session.flush()
        session.add(
            BillRate(group_id=group_id, bill_id=bill.id, vat_rate=Decimal(20), base_cents=3_600_00, vat_cents=720_00)
        )
        for kind, cents, due_on in ((EntryKind.TITRE, 1_296_00, NOW.date()), (EntryKind.PAYMENT, 500_00, None)):
            session.add(
                RecoveryEntry(
                    group_id=group_id, purchase_id=purchase_id, noted_at=NOW, dated_on=NOW.date(), kind=kind,
                    debtor_id=members[SALLES], creditor_id=members[ARCACHON], number="T-1", cents=cents, due_on=due_on,
                )
            )  # fmt: skip


async def of_everybody(facilitator: Browser) -> None:
    shown = await read(facilitator, FINANCES)
    assert "1 achat à recalculer" in shown
    assert "Salles 1 308,00 € 1 332,00 € – 212,60 € 1 095,40 € 796,00 € 24,00 €" in shown, "nothing is planned yet"
    assert "Tous les membres 4 461,50 € 4 356,00 €" in shown, "what is invoiced: the bill and the lorry"
    assert (await facilitator.post(f"{FINANCES}/calcul", {}, page=FINANCES)).status_code == 303
    shown = await read(facilitator, FINANCES)
    assert "à recalculer" not in shown
    assert "Lugos 216,00 €" in shown, "what is only declared is planned"
    assert "Salles – 1 308,00 €" in shown
    assert "Salles – –" in await read(facilitator, f"{FINANCES}?annee=2026")


async def written_apart(
    app: Litestar, facilitator: Browser, finance: Browser, database: Database, clock: FixedClock, folder: Path
) -> None:
    """Everybody's files, where they are long, are those that would be downloaded at once; a member's own stay so."""
    kinds = ("xlsx", "ods", "csv")
    at_once = {kind: (await facilitator.get(f"{FINANCES}/liste.{kind}?annee=2027")).content for kind in kinds}
    stand_on(app, settings=Settings(data_dir=folder, direct_workbook_rows=0))
    home = f"{FINANCES}?annee=2027"
    for kind in kinds:
        answer = await facilitator.get(f"{FINANCES}/liste.{kind}?annee=2027")
        assert (answer.status_code, answer.headers["location"]) == (303, home), kind
        assert f'name="format" value="{kind}"' in (await facilitator.get(home)).text
        asked = await facilitator.post(f"{FINANCES}/fichiers", {"annee": "2027", "format": kind}, page=home)
        page = asked.headers["location"]
        assert "data-progress" in (await facilitator.get(page)).text
        assert await write_exports(database, clock, [EVERYBODYS]) == 1
        assert "Exercice 2027" in text_of(await facilitator.get(page))
        file = await facilitator.get(f"{page}/fichier")
        assert file.headers["content-disposition"] == f'attachment; filename="finances-bassin-2027.{kind}"'
        assert told(file.content) == told(at_once[kind]), kind
        assert (await finance.get(f"{page}/fichier")).status_code in {403, 404}
        own = await finance.get(f"{FINANCES}/liste.{kind}")
        assert own.status_code == 200, "its own are few"
        assert own.headers["content-disposition"] == f'attachment; filename="finances-{ARCACHON}.{kind}"'
    stand_on(app, settings=Settings(data_dir=folder))


def told(content: bytes) -> object:
    if not content.startswith(b"PK"):
        return content
    book = CalamineWorkbook.from_filelike(io.BytesIO(content))
    return {name: book.get_sheet_by_name(name).to_python() for name in book.sheet_names}


async def of_salles(facilitator: Browser) -> None:
    page = f"{FINANCES}/{SALLES}"
    shown = await read(facilitator, f"{page}?annee=2027")
    assert "AG-2027-001 Arceaux 2027, état n° 1 1 308,00 € 1 332,00 € – 212,60 € 1 095,40 €" in shown
    assert "2029 212,60 €" in shown, "two years after, as most communes"
    for href in ("couts/etats/1", "factures"):
        assert f'href="{PURCHASE}/{href}"' in (await facilitator.get(page)).text
    refused = await facilitator.post(f"{page}/fctva", {"years": "7", "version": ""}, page=page)
    assert refused.status_code == 422
    version = (await facilitator.get(page)).text.split('name="version" value="')[1].split('"')[0]
    for _ in range(2):
        await facilitator.post(f"{page}/fctva", {"years": "0", "version": version}, page=page)
    assert "2027 212,60 €" in await read(facilitator, page)
    stale = await facilitator.post(f"{page}/fctva", {"years": "1", "version": version}, page=page)
    assert (stale.status_code, "entre-temps" in text_of(stale) or "depuis que" in text_of(stale)) == (422, True)
    assert "Arcachon 796,00 € 12,00 € 784,00 € à payer" in await read(facilitator, f"{page}/comptes")
    both = await read(facilitator, f"{page}/comptes/{ARCACHON}")
    assert "AG-2027-001 Arceaux Salles 1 296,00 € 1 296,00 € 500,00 € 796,00 €" in both
    assert "a changé le régime de FCTVA de Salles" in await read(facilitator, "/g/bassin/journal")


async def of_its_own(finance: Browser) -> None:
    listed = await read(finance, FINANCES)
    assert "Vos membres" in listed
    assert "Salles" not in listed
    shown = await read(finance, f"{FINANCES}/{ARCACHON}")
    assert "3 024,00 €" in shown, "the bill of 4 320 € less the titre of 1 296 €"
    assert (await finance.get(f"{FINANCES}/{SALLES}")).status_code == 404
    assert "12,00 € 796,00 € 784,00 € à recevoir" in await read(finance, f"{FINANCES}/{ARCACHON}/comptes")


async def tells_the_same(facilitator: Browser, program: Program) -> None:
    """Pages, files and programs; members together are the group."""
    content = (await facilitator.get(f"{FINANCES}/liste.xlsx?annee=2027")).content
    book = load_workbook(io.BytesIO(content), data_only=True)
    rows = {row[1]: row for row in book["Membres"].iter_rows(values_only=True)}
    assert rows["Salles"][3:10] == (1308, 1332, 0, 212.6, 1095.4, 796, 24)
    (total,) = [row for row in book["Membres"].iter_rows(values_only=True) if row[0] == "Total"]
    assert total[3:5] == (4461.5, 4356), "the stored values too"
    assert (
        ";1;0,00;1308,00;1332,00;0,00;212,60;1095,40;2027;"
        in (await facilitator.get(f"{FINANCES}/{SALLES}/liste.csv")).text
    )
    head = (await facilitator.get(f"{FINANCES}/liste.csv")).text.splitlines()[0].split(";")
    assert len(head) == len(set(head)), "what reads by titles finds each column"
    assert (await facilitator.get(f"{FINANCES}/liste.ods")).content.startswith(b"PK")
    salles = (await program.get(f"{API}/finances/{SALLES}?year=2027")).json()
    assert (salles["engaged"], salles["to_pay"], salles["fctva_expected"]) == ("1308.00", "796.00", {"2027": "212.60"})
    listed = (await program.get(f"{API}/finances?limit=200")).json()["items"]
    assert next(one for one in listed if one["member"] == SALLES)["invoiced"] == salles["invoiced"] == "1332.00"
    (line,) = (await program.get(f"{API}/finances/{SALLES}/purchases")).json()["items"]
    assert (line["reference"], line["record"], line["net"]) == ("AG-2027-001", 1, "1095.40")
    (balance,) = [
        one
        for one in (await program.get(f"{API}/finances/{SALLES}/balances")).json()["items"]
        if one["member"] == ARCACHON
    ]
    assert balance["balance"] == "784.00"


def test_delays_follow_the_kind_whatever_its_accents() -> None:
    delays = FinanceConfiguration().fctva_delays_on(NOW.date())
    assert delays is not None
    assert [delays.of_kind(kind) for kind in ("Communaute de communes", "commune", "")] == [0, 2, 2]


def test_what_a_press_computed_is_said() -> None:
    assert computed_in_words(0, -9) == "Les chiffres sont à jour."
    assert computed_in_words(0, 2) == "Les chiffres sont à jour. 2\u00a0achats restent à recalculer."
    assert computed_in_words(1, 0) == "1\u00a0grand achat se calcule\u00a0: rechargez la page dans quelques instants."
    assert computed_in_words(2, 0).startswith("2\u00a0grands achats se calculent\u00a0: ")
