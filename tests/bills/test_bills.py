"""A purchase's bills through its pages: read, typed, linked, matched, decided, and tied with what members share."""

import asyncio
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from api_client import API, Connect, problem
from bills.scene import BILLS, HELMETS, MAKER, NEEDS, PURCHASE, buy, invoice, receive
from factories import ARCACHON, BUYER, LUGOS, NOW, SALLES, Territory, open_purchase
from invoices.sample import cii, pdf
from pooling.bills.keeping import BillKnown, change_typed, keep_typed
from pooling.bills.schemas import BillIn, LineIn, RateIn
from pooling.kernel.database import Database
from pooling.members.entrance import caller_of
from web_client import Browser, SignIn, insisting, text_of

FINANCE = "finances@arcachon.example"
SAMPLES = Path(__file__).parents[2].parent / "shared" / "data" / "invoices"


async def send(browser: Browser, content: bytes, name: str = "facture.xml") -> str:
    """Sends a file on the page of bills; gives where the browser is led, or what the page says."""
    shown = await browser.get(BILLS)
    token = shown.text.split('name="csrf" value="')[1].split('"')[0]
    answer = await browser.client.post(
        BILLS, data={"csrf": token}, files={"file": (name, content)}, headers={"Sec-Fetch-Site": "same-origin"}
    )
    if answer.status_code == 303:
        return answer.headers["location"]
    assert answer.status_code == 422, text_of(answer)
    return text_of(answer)


async def read(browser: Browser, path: str) -> str:
    """What a page says, its blanks plain."""
    return text_of(await browser.get(path)).replace("\u202f", " ").replace("\u00a0", " ")


async def decide(browser: Browser, bill: str, what: str, reason: str = "") -> int:
    shown = await browser.get(bill)
    version = shown.text.split('name="version" value="')[1].split('"')[0]
    return (await browser.post(f"{bill}/{what}", {"reason": reason, "version": version}, page=bill)).status_code


async def test_a_whole_purchase_ties_to_the_cent(database: Database, territory: Territory, sign_in: SignIn) -> None:
    """Two suppliers, an award by line, two partial deliveries with a refusal, an invoice before the last delivery, a
    credit note.
    """
    bought = await buy(database, territory)
    arches, helmets = bought.orders
    buyer = await sign_in(BUYER)
    await receive(database, territory, bought, arches, {ARCACHON: 10, LUGOS: 2})
    early = await send(buyer, invoice("F1", arches, ("Arceau posé", 20, "180.00", "20.00")))
    assert early.startswith(f"{BILLS}/")
    page = await read(buyer, early)
    assert "Arceau posé : 20 facturés en tout, 12 reçus et acceptés à ce jour." in page
    assert f"Commande {arches}" in page
    assert await decide(buyer, early, "acceptation") == 422, "ahead of the goods, and no reason"
    assert await decide(buyer, early, "acceptation", "Livraison annoncée pour demain") == 303
    await receive(database, territory, bought, arches, {SALLES: 4, LUGOS: 2}, refused=2)
    await receive(database, territory, bought, helmets, {ARCACHON: 2, LUGOS: 6})
    credit = await send(buyer, invoice("A1", arches, ("arceau posé", 2, "180.00", "20.00"), credit=True))
    assert "Rien ne diffère de la commande" in await read(buyer, credit)
    assert await decide(buyer, credit, "acceptation") == 303
    exact = await send(buyer, invoice("C7", helmets, ("CASQUE-M", 8, "12.50", "5.50"), siren=HELMETS[:9]))
    assert "Rien ne diffère de la commande" in await read(buyer, exact)
    assert await decide(buyer, exact, "acceptation") == 303
    page = await read(buyer, BILLS)
    assert "18 facturés, 20 répartis" in page
    assert "3 documents acceptés, 3 993,50 € à payer." in page
    # 18 arches, 20 % VAT, and 8 helmets, 5.5 %: 3 240 + 648 + 100 + 5,50.
    assert "Facturée en partie" in page
    assert "Entièrement facturée" in page
    assert "les factures acceptées en diffèrent de −432,00 € TTC" in await read(buyer, f"{PURCHASE}/couts/gel")
    await receive(database, territory, bought, arches, {SALLES: 2})
    last = await send(buyer, invoice("F2", arches, ("Arceau posé", 2, "180.00", "20.00")))
    assert await decide(buyer, last, "acceptation") == 303
    page = await read(buyer, BILLS)
    assert "La répartition est au centime celle des factures acceptées" in page
    await _frozen_and_taken_back(buyer, exact)
    journal = await read(buyer, f"{PURCHASE}/journal")
    assert "a accepté la facture F1, 4 320,00 € TTC, malgré : Arceau posé : 20 facturés" in journal


async def _frozen_and_taken_back(buyer: Browser, exact: str) -> None:
    """What stands beside a frozen record, while it ties and once a bill does not count any more."""
    costs = f"{PURCHASE}/couts/gel"
    shown = await buyer.get(costs)
    version = shown.text.split('name="version" value="')[1].split('"')[0]
    assert (await buyer.post(costs, {"version": version}, page=costs)).status_code == 303
    record = f"{PURCHASE}/couts/etats/1"
    await _said(buyer, "état de répartition n° 1 , figé, est celui des factures acceptées", BILLS)
    await _said(buyer, "Cet état est celui des factures acceptées", record)
    assert await decide(buyer, exact, "reprise", "Erreur") == 303
    await _said(buyer, "L’état de répartition n° 1 diffère des factures de −105,50 € TTC", BILLS)
    await _said(buyer, "diffèrent de cet état de −105,50 € TTC", record)


async def _said(browser: Browser, sentence: str, page: str) -> None:
    assert sentence in await read(browser, page)


async def test_one_number_given_twice_at_once_is_one_and_said(fresh_database: Database, territory: Territory) -> None:
    """Typed by two people, or corrected to by two, in purchases whose locks do not meet."""
    bought = await buy(fresh_database, territory)
    other = await open_purchase(fresh_database, territory, NOW, title="Autre")
    supplier = bought.suppliers[MAKER]

    def said(number: str) -> BillIn:
        rate = RateIn(vat_rate=Decimal(20), base_cents=100, vat_cents=20)
        line = LineIn(
            name="Port", quantity=Decimal(1), unit_price=Decimal(1), net_cents=100, vat_rate=Decimal(20)
        )  # fmt: skip
        amounts: dict[str, Any] = {"ht_cents": 100, "vat_cents": 20, "ttc_cents": 120, "due_cents": 120}
        return BillIn(number=number, issued_on=NOW.date(), lines=(line,), rates=(rate,), **amounts)

    async def type_in(purchase_id: int, number: str) -> int:
        async with fresh_database.transaction(territory.group_id) as session:
            buyer = await caller_of(session, territory.people[BUYER], territory.group_id)
            whose: dict[str, Any] = {"supplier_id": supplier, "orders": ()}
            return (await keep_typed(session, buyer, purchase_id, said(number), NOW, **whose)).id

    async def correct(purchase_id: int, bill: int) -> None:
        async with fresh_database.transaction(territory.group_id) as session:
            buyer = await caller_of(session, territory.people[BUYER], territory.group_id)
            whose: dict[str, Any] = {"supplier_id": supplier, "orders": (), "seen": None}
            await change_typed(session, buyer, purchase_id, bill, said("F-3"), NOW, **whose)

    typed = await asyncio.gather(*(type_in(bought.purchase_id, "F-1") for _ in range(3)), return_exceptions=True)
    assert sorted(type(one) is BillKnown for one in typed) == [False, True, True]
    bills = [(bought.purchase_id, await type_in(bought.purchase_id, "F-2")), (other, await type_in(other, "F-4"))]
    corrected = await asyncio.gather(*(correct(*one) for one in bills), return_exceptions=True)
    assert sorted(type(one) is BillKnown for one in corrected) == [False, True]


async def test_each_member_that_orders_pays_its_own(database: Database, territory: Territory, sign_in: SignIn) -> None:
    bought = await buy(database, territory, mandate="procedure_only")
    buyer, finance, referent = await sign_in(BUYER), await sign_in(FINANCE), await sign_in("referent@lugos.example")
    whose = {ARCACHON: (10, 2), LUGOS: (4, 6), SALLES: (6, 0)}
    arches = list(bought.orders)[:3]
    helmets = list(bought.orders)[3:]
    members = sorted(whose, key=lambda code: territory.members[code])
    sent = []
    for place, (code, reference) in enumerate(zip(members, arches, strict=True)):
        units = whose[code][0]
        await receive(database, territory, bought, reference, {code: units})
        sent.append(await send(buyer, invoice(f"F{place}", reference, ("Arceau posé", units, "180.00", "20.00"))))
    for code, reference in zip([code for code in members if whose[code][1]], helmets, strict=True):
        units = whose[code][1]
        await receive(database, territory, bought, reference, {code: units})
        content = invoice(f"C{units}", reference, ("Casque", units, "12.50", "5.50"), siren=HELMETS[:9])
        sent.append(await send(buyer, content))
    for bill in sent:
        assert await decide(buyer, bill, "acceptation") == 303
    shown = await read(buyer, BILLS)
    assert "La répartition est au centime celle des factures acceptées" in shown, "each share is its own bills"
    costs = await read(buyer, f"{PURCHASE}/couts/{ARCACHON}")
    assert "De sa facture à ce que donne le calcul" in costs, "25,00 and 75,00 at 5,5 % are 1,38 and 4,13, in all 5,50"
    own = await read(referent, BILLS)
    assert "2 documents acceptés, 943,13 € à payer." in own, "720 + 144, 75 + 4,13"
    assert "F0" not in own
    others = next(bill for bill, code in zip(sent, members, strict=False) if code == SALLES)
    assert (await referent.get(others)).status_code == 404
    assert (await finance.get(sent[0])).status_code == 200


async def test_one_invoice_of_several_orders(database: Database, territory: Territory, sign_in: SignIn) -> None:
    """Named at the head, or line by line; the lead pays what the supplier invoices of orders of several members."""
    bought = await buy(database, territory, mandate="procedure_only")
    buyer = await sign_in(BUYER)
    arches, helmets = list(bought.orders)[:3], list(bought.orders)[3:]
    members = sorted(NEEDS, key=lambda code: territory.members[code])
    for code, reference in zip(members, arches, strict=True):
        await receive(database, territory, bought, reference, {code: NEEDS[code][0]})
    takers = [code for code in members if NEEDS[code][1]]
    for code, reference in zip(takers, helmets, strict=True):
        await receive(database, territory, bought, reference, {code: NEEDS[code][1]})
    whole = await send(buyer, invoice("F1", ", ".join(arches), ("Arceau posé", 20, "180.00", "20.00")))
    page = await read(buyer, whole)
    assert "Rien ne diffère des commandes" in page
    assert f"Commandes {', '.join(arches)}" in page
    assert ", ".join(f"{NEEDS[code][0]} de {one}" for code, one in zip(members, arches, strict=True)) in page
    ticked = {"orders": [bought.orders[one] for one in arches[:2]], "version": "1"}
    assert (await buyer.post(f"{whole}/commande", ticked, page=whole)).status_code == 303
    assert "facturés en tout, " in await read(buyer, whole), "more than those two orders ask for"
    added = {**ticked, "order": bought.orders[arches[2]], "version": "2"}
    assert (await buyer.post(f"{whole}/commande", added, page=whole)).status_code == 303
    mixed = {"orders": [bought.orders[arches[0]], bought.orders[helmets[0]]], "version": "3"}
    refused = await buyer.post(f"{whole}/commande", mixed, page=whole)
    assert "fournisseurs différents" in text_of(refused)
    assert await decide(buyer, whole, "acceptation") == 303
    lines = [("Casque", NEEDS[code][1], "12.50", "5.50") for code in takers]
    content = invoice("C1", "?", *lines, siren=HELMETS[:9])
    for reference in helmets:
        named = f"<ram:IssuerAssignedID>{reference}</ram:IssuerAssignedID>"
        named = f"<ram:BuyerOrderReferencedDocument>{named}</ram:BuyerOrderReferencedDocument>"
        opened = "<ram:SpecifiedLineTradeAgreement"
        content = content.replace(f"{opened}>".encode(), f"{opened} >{named}".encode(), 1)
    content = content.replace(b":2017<", b":2017#conformant#urn:factur-x.eu:1p0:extended<")
    each = await send(buyer, content)
    assert "Rien ne diffère des commandes" in await read(buyer, each)
    assert await decide(buyer, each, "acceptation") == 303
    page = await read(buyer, BILLS)
    assert "La répartition est au centime celle des factures acceptées" in page
    assert page.count("Entièrement facturée") == 5
    assert "864,00 €" in page, "of Lugos’ four arches, its part of the one invoice"
    assert "a rattaché la facture F1 aux commandes" in await read(buyer, f"{PURCHASE}/journal")


async def test_what_is_not_clear_is_said_and_nothing_is_lost(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    bought = await buy(database, territory)
    arches, _ = bought.orders
    buyer, finance = await sign_in(BUYER), await sign_in(FINANCE)
    first = await send(finance, invoice("F1", arches, ("Arceau posé", 5, "185.00", "20.00")))
    again = await send(buyer, invoice("f 1", arches, ("Arceau posé", 5, "185.00", "20.00")))
    assert again == first
    assert "est déjà là" in await read(buyer, first)
    assert "185,00 € l’unité, 180,00 € à la commande, soit 25,00 € HT de plus" in await read(buyer, first)
    stale = await buyer.post(f"{first}/acceptation", {"reason": "Vu", "version": "7"}, page=first)
    assert "Une autre personne a changé cette facture" in text_of(stale)
    assert await decide(buyer, first, "contestation") == 422
    assert await decide(buyer, first, "contestation", "Prix de la commande : 180 €") == 303
    mail = (await buyer.get(first)).text
    assert "mailto:commandes%40mobilier.example" in mail
    unknown = await send(
        buyer, invoice("X1", "AG-2027-001-9", ("Arceau posé", 1, "180.00", "20.00"), siren="130018351")
    )
    page = await read(buyer, unknown)
    assert "que le groupe ne connaît pas encore" in page
    assert "n’a pas de commande « AG-2027-001-9 »" in page
    asked = await buyer.get(f"{unknown}/fournisseur")
    assert 'value="FR' in asked.text
    assert 'value="Mobilier urbain exemple"' in asked.text
    assert await decide(buyer, unknown, "acceptation", "Oui") == 422
    known = {"supplier": bought.suppliers[MAKER], "version": "1"}
    assert (await buyer.post(f"{unknown}/fournisseur", known, page=f"{unknown}/fournisseur")).status_code == 303
    linked = await buyer.post(f"{unknown}/commande", {"order": bought.orders[arches], "version": "2"}, page=unknown)
    assert linked.status_code == 303
    assert "20 % Arceau posé TVA par taux" in await read(buyer, unknown), "its line is matched"
    matching = f"{unknown}/rapprochement"
    none = await buyer.post(matching, {"line-0": "", "version": "3"}, page=matching)
    assert none.status_code == 303
    assert "aucun article commandé n’y correspond" in await read(buyer, unknown)
    assert await decide(buyer, unknown, "refus", "Pas pour nous") == 303
    await _in_dollars(buyer, arches)
    charge = await buyer.get(f"{PURCHASE}/couts/frais/nouveau?label=Arrondi&amount=0,01&vat_rate=20")
    assert 'value="Arrondi"' in charge.text
    reader = await sign_in("referent@salles.example")
    assert (await reader.get(first)).status_code == 404
    assert "Lire et garder" not in await read(reader, BILLS)


async def test_programs_bring_an_invoice_once_and_decide(
    database: Database, territory: Territory, connect: Connect
) -> None:
    bought = await buy(database, territory)
    arches, _ = bought.orders
    program, at = await connect(BUYER), f"{API}/purchases/AG-2027-001/bills"

    async def bring(content: bytes, key: str) -> httpx.Response:
        headers = {"content-type": "application/octet-stream", "idempotency-key": key}
        return await program.client.post(at, content=content, headers=headers)

    file = invoice("F1", arches, ("Arceau posé", 5, "180.00", "20.00"))
    made = await bring(file, "a")
    assert (made.status_code, made.json()["orders"], made.json()["state"]) == (201, [arches], "to_check"), made.text
    assert (await bring(file, "a")).json() == made.json(), "asked again, answered alike"
    again = await bring(invoice("f 1", arches, ("Arceau posé", 5, "180.00", "20.00")), "b")
    assert problem(again) == (409, "bill_known")
    refused = await bring(b"<html></html>", "c")
    assert (refused.status_code, "une page web" in refused.text) == (422, True)
    one = f"{at}/{made.json()['id']}"
    assert {each["code"] for each in made.json()["differences"]} >= {"ahead_of_receipt"}
    assert (await program.post(f"{one}/acceptance", {})).status_code == 422, "something differs: a reason is asked for"
    accepted = await program.post(f"{one}/acceptance", {"reason": "Livraison demain"})
    assert accepted.json()["state"] == "accepted"
    assert len((await program.get(at)).json()["items"]) == 1


async def _in_dollars(buyer: Browser, arches: str) -> None:
    dollars = await send(buyer, invoice("US1", arches, ("Arceau posé", 1, "180.00", "20.00")).replace(b"EUR", b"USD"))
    said = await read(buyer, dollars)
    assert ["elle n’est rapprochée d’aucune commande" in said, "180,00 USD" in said, "€" in said] == [True, True, False]
    assert "2 documents sont à décider, pour 1 110,00 €" in await read(buyer, BILLS), "dollars are no euros"
    assert await decide(buyer, dollars, "acceptation", "Oui") == 422


async def test_an_invoice_is_typed_with_the_same_checks(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    bought = await buy(database, territory)
    arches, _ = bought.orders
    buyer = await sign_in(BUYER)
    page = f"{BILLS}/saisie"
    begun = await buyer.get(f"{page}?commande={arches}")
    assert 'value="Arceau posé"' in begun.text
    typed: dict[str, object] = {
        "supplier": bought.suppliers[MAKER], "order": bought.orders[arches], "kind": "invoice", "number": "P-12",
        "issued_on": "2027-04-02", "name-1": "Arceau posé", "quantity-1": "20", "price-1": "180", "rate-1": "20",
        "item-1": "arceau", "ttc": "4 321,00",
    }  # fmt: skip
    slipped = await buyer.post(page, {**typed, "issued_on": "hier"}, page=page)
    assert slipped.status_code == 422
    assert 'value="P-12"' in slipped.text
    doubted = await buyer.post(page, typed, page=page)
    assert "HT + TVA fait 4 320,00 €" in text_of(doubted).replace("\u202f", " ").replace("\u00a0", " ")
    kept = await buyer.post(page, {**typed, **insisting(doubted, "Le papier le dit")}, page=page)
    assert kept.status_code == 303, text_of(kept)
    bill = kept.headers["location"]
    twice = await buyer.post(page, {**typed, "ttc": ""}, page=page)
    assert "est déjà là" in text_of(twice)
    correction = f"{bill}/correction"
    mended = await buyer.post(correction, {**typed, "ttc": "4320", "version": "1"}, page=correction)
    assert mended.status_code == 303
    assert "HT + TVA" not in await read(buyer, bill)
    advance = {"order": bought.orders[arches], "cents": "1 000", "paid_on": "2027-03-15"}
    assert (await buyer.post(f"{BILLS}/avances", advance, page=BILLS)).status_code == 303
    assert "1 000,00 € versés, 0,00 € déduits, 1 000,00 € à déduire encore." in await read(buyer, BILLS)
    for name in ("liste.xlsx", "liste.csv"):
        assert (await buyer.get(f"{BILLS}/{name}")).status_code == 200


async def test_what_a_file_lacks_is_completed(database: Database, territory: Territory, sign_in: SignIn) -> None:
    bought = await buy(database, territory)
    arches, _ = bought.orders
    buyer = await sign_in(BUYER)
    whole = invoice("F1", arches, ("Arceau posé", 20, "180.00", "20.00")).decode()
    start, end = (
        whole.index("<ram:IncludedSupplyChainTradeLineItem>"),
        whole.rindex("</ram:IncludedSupplyChainTradeLineItem>"),
    )
    short = whole[:start] + whole[end + len("</ram:IncludedSupplyChainTradeLineItem>") :]
    bill = await send(buyer, short.replace("urn:cen.eu:en16931:2017", "urn:factur-x.eu:1p0:basicwl").encode())
    assert "n’a pas de lignes" in await read(buyer, bill)
    page = f"{bill}/lignes"
    begun = await buyer.get(page)
    assert 'value="Arceau posé"' in begun.text
    lines = {"name-1": "Arceau posé", "quantity-1": "19", "price-1": "180", "rate-1": "20", "item-1": "arceau",
             "vatrate-1": "20", "base-1": "3600", "vat-1": "720", "version": "1"}  # fmt: skip
    assert "Lignes − remises + frais" in text_of(await buyer.post(page, lines, page=page))
    done = await buyer.post(page, {**lines, "quantity-1": "20"}, page=page)
    assert done.status_code == 303
    assert "20 facturés en tout, 0 reçu et accepté" in await read(buyer, bill)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "Choisissez le fichier"),
        (b"bonjour", "XML"),
        (pdf(), "ne contient pas de facture électronique"),
        (cii().replace(b"81.90", b"99999999999999999999.90"), "plus grand qu’aucune facture"),
        (pdf(("a.xml", cii()), ("b.xml", cii(number="F2"))), "2 factures différentes"),
    ],
    ids=["nothing", "text", "plain pdf", "huge", "several"],
)
async def test_refused_files_leave_the_page_with_the_sentence(
    database: Database, territory: Territory, sign_in: SignIn, content: bytes, said: str
) -> None:
    await buy(database, territory)
    assert said in await send(await sign_in(BUYER), content)


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the sample invoices are not beside this checkout")
async def test_every_sample_is_read_or_refused(database: Database, territory: Territory, sign_in: SignIn) -> None:
    await buy(database, territory)
    buyer = await sign_in(BUYER)
    files = [*SAMPLES.glob("*.pdf"), *SAMPLES.glob("*.xml"), *SAMPLES.glob("cas-limites/cas/*/facture.pdf")]
    for path in sorted(files):
        led = await send(buyer, path.read_bytes(), path.name)
        if led.startswith(BILLS):
            shown = await buyer.get(led)
            assert shown.status_code == 200, path
            assert "Télécharger le fichier reçu" in text_of(shown)
            assert (await buyer.get(f"{led}/fichier")).status_code == 200, path
        else:
            assert "Corrigez cette erreur" in led, path
    assert (await buyer.get(BILLS)).status_code == 200
