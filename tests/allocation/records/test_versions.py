"""A later allocation is another version: why it was made, what it changed, and who owes whom by it."""

import csv
import io

from openpyxl import load_workbook
from sqlalchemy import text

from api_client import API, Connect, Program
from bills.scene import HELMETS, PURCHASE, buy
from factories import ARCACHON, BUYER, LUGOS, NOW, SALLES, Territory, file_needs, open_purchase
from pooling.allocation.models import Charge
from pooling.kernel.database import Database
from web_client import Browser, SignIn, text_of

RECORD = f"{PURCHASE}/couts/etats"


async def freeze(browser: Browser, **fields: str) -> None:
    page = f"{PURCHASE}/couts/gel"
    shown = await browser.get(page)
    version = shown.text.split('name="version" value="')[1].split('"')[0]
    answer = await browser.post(page, {"version": version, **fields}, page=page)
    assert answer.status_code == 303, text_of(answer)


async def read(browser: Browser, path: str) -> str:
    return text_of(await browser.get(path)).replace("\u202f", " ").replace("\u00a0", " ")


async def test_two_versions_side_by_side_and_who_owes_whom(
    database: Database, territory: Territory, sign_in: SignIn, connect: Connect
) -> None:
    """Salles paid the lorry, Arcachon pays suppliers for all."""
    bought = await buy(database, territory)
    async with database.transaction(territory.group_id) as session:
        await session.execute(text("UPDATE collections SET closed_at = opened_at"))
        session.add(
            Charge(
                group_id=territory.group_id, purchase_id=bought.purchase_id, code="camion", label="Camion",
                amount_cents=30_00, key="equal", paid_by=SALLES,
            )
        )  # fmt: skip
    buyer = await sign_in(BUYER)
    await freeze(buyer)
    taking = f"{PURCHASE}/receptions/ajustement"
    field = f"unites-{bought.items['arceau']}-{territory.members[LUGOS]}"
    version = (await buyer.get(taking)).text.split('name="version" value="')[1].split('"')[0]
    adjusted = await buyer.post(taking, {"version": version, field: "3", "reason": "Un arceau rendu"})
    assert adjusted.status_code == 303, text_of(adjusted)
    proposed = await buyer.get(f"{PURCHASE}/couts/gel")
    assert '<option value="amendment" selected>' in proposed.text, "what changed since is proposed"
    assert "Depuis l’état n° 1 : quantités ou prix ajustés (Un arceau rendu)." in text_of(proposed).replace(
        "\u00a0", " "
    )
    await freeze(buyer, cause="credit_note", reason="A-12, un arceau rendu")

    assert "Avoir : A-12, un arceau rendu" in await read(buyer, f"{PURCHASE}/couts")
    gaps = await read(buyer, f"{RECORD}/2/ecarts")
    assert "−216,00 € TTC de différence en tout" in gaps
    assert "Arceau posé Article 3 600,00 € 3 420,00 € −180,00 €" in gaps
    assert "Lugos 955,13 € 739,13 € −216,00 € 955,13 € 739,13 € −216,00 €" in gaps, "both versions, and the gap"
    assert "Tous les membres 4 461,50 € 4 245,50 € −216,00 €" in gaps
    referent = await sign_in("referent@lugos.example")
    assert "720,00 € 540,00 € −180,00 €" in await read(referent, f"{RECORD}/2/ecarts?avec=1&membre={LUGOS}")
    assert (await referent.get(f"{RECORD}/2/ecarts?avec=1&membre={SALLES}")).status_code == 404
    book = load_workbook(io.BytesIO((await buyer.get(f"{RECORD}/2/ecarts.xlsx")).content), data_only=True)
    rows = {row[1]: row for row in book["Par membre"].iter_rows(values_only=True)}
    assert rows["Lugos"][8:11] == (955.13, 739.13, -216), "TTC of both, and what lies between"
    moved = [row for row in book["Par membre et ligne"].values if row[1] == "Lugos"]
    assert [row[2:7] for row in moved] == [
        ("Article", "Arceau posé", 720, 540, -180),
        ("TVA", "taux 20\u00a0%", 146, 110, -36),
    ], "what did not move is not there"
    await says_who_owes_whom(buyer, await connect(BUYER))


async def test_a_lead_that_takes_no_part_is_called_by_its_name(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    """It has no share, from which names are read."""
    purchase_id = await open_purchase(database, territory, NOW, participants=(LUGOS, SALLES))
    for code in ("lugos", "salles"):
        await file_needs(database, territory, purchase_id, f"referent@{code}.example", NOW, arceau=2)
    buyer = await sign_in(BUYER)
    await freeze(buyer)
    shown = await read(buyer, f"{RECORD}/1/dettes")
    assert "compenser" not in shown, "nobody owes who is owed by it"
    listed = (await buyer.get(f"{RECORD}/1/dettes.csv")).content.decode("utf-8-sig")
    rows = {(row["Débiteur"], row["Créancier"]) for row in csv.DictReader(io.StringIO(listed), delimiter=";")}
    assert rows == {("Lugos", "Arcachon"), ("Salles", "Arcachon"), ("Arcachon", "Fournisseurs")}
    assert ARCACHON not in shown


async def says_who_owes_whom(buyer: Browser, program: Program) -> None:
    debts = await read(buyer, f"{RECORD}/2/dettes")
    assert "Lugos Arcachon factures des fournisseurs" in debts
    assert "Lugos Salles Camion 12,00 €" in debts
    at = f"{API}/purchases/AG-2027-001/allocation/records"
    kept = (await program.get(at)).json()["items"]
    assert [(one["number"], one["cause"]) for one in kept] == [(2, "credit_note"), (1, "")]
    owed = (await program.get(f"{at}/2/debts")).json()["items"]
    by = {(one["debtor"], one["creditor"] or one["supplier"], one["what"]): one["amount"] for one in owed}
    assert by[ARCACHON, SALLES, "camion"] == by[LUGOS, SALLES, "camion"] == "12.00"
    assert by[SALLES, ARCACHON, None] == "1296.00"
    assert by[ARCACHON, "Mobilier urbain exemple", None] == "4104.00", "19 arches with 20 %"
    assert by[ARCACHON, "Protections exemple", None] == "105.50", "8 helmets with 5,5 %"
    assert "Protections exemple 1 105,50 €" in debts, "each supplier is a creditor"
    book = load_workbook(io.BytesIO((await buyer.get(f"{RECORD}/2/dettes.xlsx")).content), data_only=True)
    rows = {(row[1], row[3], row[4]): row for row in book["Dettes"].iter_rows(values_only=True)}
    assert rows["Arcachon", "Protections exemple", "Factures des fournisseurs"][2::3] == (HELMETS, 105.5)
    assert ";Salles;Camion;12,00" in (await buyer.get(f"{RECORD}/2/dettes.csv")).text
    compared = (await program.get(f"{at}/2/differences?other=1")).json()
    moved = {one["id"]: one["ttc_moved"] for one in compared["members"]}
    assert moved == {ARCACHON: "0.00", LUGOS: "-216.00", SALLES: "0.00"}
    assert "Salles Arcachon 1 296,00 € 12,00 € 1 284,00 €" in debts, "arches, less the lorry, if they wish"
