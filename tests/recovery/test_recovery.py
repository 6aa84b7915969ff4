"""A titre, partial payments, one withdrawn, a later version that lowers the debt: pages, files, programs."""

import io
import re

from openpyxl import load_workbook
from sqlalchemy import text

from allocation.records.test_versions import freeze, read
from api_client import API, Connect, Program
from bills.scene import PURCHASE, Bought, buy
from factories import ARCACHON, BUYER, LUGOS, NOW, SALLES, UNIVERSITY, Territory
from pooling.kernel.database import Database
from pooling.kernel.slices import Slice
from pooling.purchases.finding import find_purchase
from pooling.recovery.reading import (
    Account,
    Remaining,
    accounts_listed,
    accounts_of,
    all_accounts,
    remaining_of,
    remaining_of_all,
    total_of,
)
from pooling.recovery.rules import Standing
from web_client import Browser, SignIn, text_of

RECOVERY = f"{PURCHASE}/recouvrement"
PAGE = f"{RECOVERY}/{SALLES}"
FINANCE, OF_SALLES = "finances@arcachon.example", "referent@salles.example"


async def form_of(browser: Browser, territory: Territory, **fields: str) -> dict[str, str]:
    shown = (await browser.get(PAGE)).text
    seen = shown.split('name="seen" value="')[1].split('"')[0]
    return {"seen": seen, "creditor": str(territory.members[ARCACHON]), "dated_on": "2027-01-04", **fields}


async def note(browser: Browser, territory: Territory, **fields: str) -> None:
    answer = await browser.post(f"{PAGE}/ecritures", await form_of(browser, territory, **fields), page=PAGE)
    assert answer.status_code == 303, text_of(answer)


async def test_what_remains_follows_titres_payments_and_versions(
    database: Database, territory: Territory, sign_in: SignIn, connect: Connect
) -> None:
    bought = await buy(database, territory)
    buyer, finance, referent = await sign_in(BUYER), await sign_in(FINANCE), await sign_in(OF_SALLES)
    async with database.transaction(territory.group_id) as session:
        await session.execute(text("UPDATE collections SET closed_at = opened_at"))
    assert "0,00 €" not in await read(finance, RECOVERY), "nothing was ever due"
    await freeze(buyer)
    assert "Salles Arcachon 1 296,00 € – 1 296,00 € – 1 296,00 € Titre à émettre" in await read(finance, RECOVERY)

    wrong = await form_of(finance, territory, kind="titre", cents="1296", number="")
    refused = await finance.post(f"{PAGE}/ecritures", wrong, page=PAGE)
    assert refused.status_code == 422
    assert "Indiquez le numéro du titre." in text_of(refused)
    assert 'value="1296"' in refused.text, "what was typed is kept"
    small = await form_of(finance, territory, kind="titre", number="T-12", due_on="2027-01-05", cents="14,99")
    refused = await finance.post(f"{PAGE}/ecritures", small, page=PAGE)
    assert "Aucun titre n’est émis au-dessous de 15,00 €." in text_of(refused).replace("\u00a0", " ")
    titre = await form_of(finance, territory, kind="titre", number="T-12", due_on="2027-01-05", cents="1296")
    for _ in range(2):
        assert (await finance.post(f"{PAGE}/ecritures", titre, page=PAGE)).status_code == 303, "twice is once"
    stale = await finance.post(f"{PAGE}/ecritures", {**titre, "number": "T-13"}, page=PAGE)
    assert "entre-temps" in text_of(stale)
    await pay(finance, referent, territory, titre)
    await lower(bought, buyer, finance, territory)
    await tells_the_same(buyer, finance, await connect(BUYER))


async def pay(finance: Browser, referent: Browser, territory: Territory, titre: dict[str, str]) -> None:
    await note(finance, territory, kind="payment", cents="500", number="VIR 1")
    await note(finance, territory, kind="payment", cents="9", number="VIR 2")
    shown = await read(finance, PAGE)
    assert "Arcachon 1 296,00 € 1 296,00 € – 509,00 € 787,00 € En retard" in shown
    (entry,) = re.findall(r'<option value="(\d+)"[^>]*>Paiement VIR 2', (await finance.get(PAGE)).text)
    withdrawal = {"entry": entry, "reason": "Saisi deux fois"}
    assert (await finance.post(f"{PAGE}/retrait", withdrawal, page=PAGE)).status_code == 303
    assert "retiré : Saisi deux fois" in await read(referent, PAGE), "the member reads what concerns it"
    assert "796,00 € En retard" in await read(referent, PAGE)
    assert (await referent.get(f"{RECOVERY}/{LUGOS}")).status_code == 404
    assert (await referent.post(f"{PAGE}/ecritures", titre, page=PAGE)).status_code == 403
    assert "Relancer 1 membre en retard de paiement" in await read(finance, "/g/bassin")
    await note(finance, territory, kind="reminder", dated_on="2027-03-01")
    assert "Relancer 1 membre" not in await read(finance, "/g/bassin"), "it was just now"

    await note(finance, territory, kind="payment", cents="796", number="VIR 3")


async def lower(bought: Bought, buyer: Browser, finance: Browser, territory: Territory) -> None:
    """A credit note, once all is paid."""
    taking = f"{PURCHASE}/receptions/ajustement"
    field = f"unites-{bought.items['arceau']}-{territory.members[SALLES]}"
    version = (await buyer.get(taking)).text.split('name="version" value="')[1].split('"')[0]
    await buyer.post(taking, {"version": version, field: "5", "reason": "Un arceau rendu"})
    await freeze(buyer, cause="credit_note", reason="A-12")
    lowered = "Arcachon 1 080,00 € 1 296,00 € −216,00 € 1 296,00 € −216,00 € Trop-perçu à rembourser"
    assert lowered in await read(finance, PAGE)
    assert "Rembourser 1 trop-perçu" in await read(finance, "/g/bassin")
    await note(finance, territory, kind="reduction", number="R-1", cents="216")
    await note(finance, territory, kind="reimbursement", cents="216")
    assert "Arcachon 1 080,00 € 1 080,00 € – 1 080,00 € – Payé" in await read(finance, PAGE)


async def test_who_became_another_member_has_its_accounts_there_alone(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    await buy(database, territory)
    await freeze(await sign_in(BUYER))
    async with database.transaction(territory.group_id) as session:
        purchase_id = (await find_purchase(session, "AG-2027-001")).id
        today = NOW.date()
        owed = {one.debtor: one.standing.owed for one in await all_accounts(session, purchase_id, today)}
        assert owed.keys() >= {SALLES, LUGOS}
        await session.execute(
            text(
                "UPDATE members SET merged_into_id = :lugos, retired_on = '2027-01-01', retired_because = 'Fusion' "
                "WHERE code = :salles"
            ),
            {"lugos": territory.members[LUGOS], "salles": SALLES},
        )
        former = await accounts_listed(session, purchase_id, today, Slice(), only=[SALLES])
        assert former.items == []
        for accounts in (
            (await accounts_listed(session, purchase_id, today, Slice(), only=[LUGOS])).items,
            await accounts_of(session, purchase_id, today, territory.members[LUGOS]),
        ):
            assert [one.standing.owed for one in accounts] == [owed[SALLES] + owed[LUGOS]]


ENTANGLED = """
    INSERT INTO allocation_debts SELECT group_id, allocation_id, debtor, :other, what, 7, 0
    FROM allocation_debts WHERE debtor = :lugos;
    INSERT INTO allocation_debts SELECT group_id, allocation_id, creditor, :other, what, 5, 0
    FROM allocation_debts WHERE debtor = :lugos AND creditor = :lead;
    INSERT INTO recovery_entries (group_id, purchase_id, debtor_id, creditor_id, kind, dated_on, number, due_on, cents,
        noted_at, withdrawn_because)
    SELECT group_id, :purchase, :noted, :lead_id, 'titre', '2027-01-04', 'T-1', '2027-01-05', 300, now(), ''
    FROM members WHERE id = :noted;
    UPDATE members SET merged_into_id = :lugos_id, retired_on = '2027-01-01', retired_because = 'Fusion'
    WHERE code = :salles;
    UPDATE members SET merged_into_id = :lead_id, retired_on = '2027-01-01', retired_because = 'Fusion'
    WHERE code = :other"""
"""One became another, one its creditor, one has a titre and no debt."""


async def test_debtors_who_are_chosen_first_have_the_same_accounts(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    await buy(database, territory)
    await freeze(await sign_in(BUYER))
    today, members = NOW.date(), territory.members
    async with database.transaction(territory.group_id) as session:
        purchase_id = (await find_purchase(session, "AG-2027-001")).id
        values = {
            "purchase": purchase_id,
            "lead_id": members[ARCACHON],
            "lugos_id": members[LUGOS],
            "lead": ARCACHON,
            "lugos": LUGOS,
            "salles": SALLES,
            "other": UNIVERSITY,
            "noted": members["UFR-DROIT"],
        }
        for statement in ENTANGLED.split(";"):
            await session.execute(text(statement), values)
        accounts = await all_accounts(session, purchase_id, today)
        assert len(accounts) >= 2
        for size in (1, 2, 50):
            found: list[Account] = []
            wanted = Slice(size=size)
            while True:
                listed = await accounts_listed(session, purchase_id, today, wanted, many=0)
                found += listed.items
                if listed.next is None:
                    break
                wanted = Slice(listed.next, size)
            assert found == accounts
        total = await total_of(session, purchase_id, today)
        assert total == Standing(*map(sum, zip(*(one.standing for one in accounts), strict=True)))
        remaining = await remaining_of_all(session, [purchase_id], today)
        assert remaining == total.owed - total.paid
        assert await remaining_of(session, [purchase_id], today, list(members.values())) == {
            member: Remaining(
                sum(one.standing.owed - one.standing.paid for one in accounts if one.debtor_id == member),
                sum(one.standing.owed - one.standing.paid for one in accounts if one.creditor_id == member),
            )
            for account in accounts
            for member in (account.debtor_id, account.creditor_id)
        }


async def tells_the_same(buyer: Browser, finance: Browser, program: Program) -> None:
    book = load_workbook(io.BytesIO((await finance.get(f"{RECOVERY}/liste.xlsx")).content), data_only=True)
    rows = {row[1]: row for row in book["Recouvrement"].iter_rows(values_only=True)}
    assert rows["Salles"][4:9] == (1080, 1080, 0, 1080, 0)
    assert ";1080,00;1080,00;0,00;1080,00;0,00;" in (await finance.get(f"{RECOVERY}/liste.csv")).text
    listed = (await program.get(f"{API}/purchases/AG-2027-001/recovery")).json()["items"]
    salles = next(one for one in listed if one["debtor"] == SALLES)
    assert (salles["creditor"], salles["paid"], salles["remaining"], salles["state"]) == (
        ARCACHON,
        "1080.00",
        "0.00",
        "paid",
    )
    journal = await read(buyer, "/g/bassin/journal")
    assert "a noté pour Salles, sur AG-2027-001" in journal
    assert "Titre T-12, 1 296,00 €" in journal
