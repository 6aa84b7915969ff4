"""What is assigned follows what members really take: as receipts say it, at the price that was ordered."""

from decimal import Decimal

from sqlalchemy import text

from api_client import API, Connect, problem
from bills.scene import BILLS, PURCHASE, Bought, buy, invoice, receive
from bills.test_bills import decide, read, send
from factories import ARCACHON, BUYER, LUGOS, SALLES, Territory
from ordering import ordered
from pooling.kernel.database import Database
from pooling.needs.consolidating import current_consolidation
from pooling.purchases.models import Purchase
from pooling.receipts.taking import read_taking
from web_client import Browser, SignIn, text_of

PAGE = f"{PURCHASE}/receptions/ajustement"


async def bought_yesterday(database: Database, territory: Territory) -> Bought:
    """As `buy`, closed before what the pages' clock says is now."""
    bought = await buy(database, territory)
    await closed_yesterday(database, territory)
    return bought


async def closed_yesterday(database: Database, territory: Territory) -> None:
    async with database.transaction(territory.group_id) as session:
        await session.execute(text("UPDATE collections SET closed_at = opened_at"))


async def assigned(database: Database, territory: Territory) -> dict[tuple[str, str], int]:
    """Units of the latest consolidation, by item and member."""
    async with database.transaction(territory.group_id) as session:
        rows = await session.execute(
            text("""
                SELECT i.code, m.code, a.quantity FROM assignments a
                JOIN items i ON i.id = a.item_id JOIN members m ON m.id = a.member_id
                WHERE a.consolidation_id = (SELECT max(id) FROM consolidations) AND a.quantity > 0""")
        )
        return {(item, member): units for item, member, units in rows}


async def shown(browser: Browser, query: str = "") -> tuple[dict[str, str], str]:
    """What the boxes of the page hold, and its words."""
    answer = await browser.get(PAGE + query)
    assert answer.status_code == 200, text_of(answer)
    boxes = {}
    for piece in answer.text.split("<input ")[1:]:
        tag = piece.split(">")[0]
        if 'name="' in tag and 'value="' in tag:
            boxes[tag.split('name="')[1].split('"')[0]] = tag.split('value="')[1].split('"')[0]
    boxes.pop("csrf", None)
    return boxes, text_of(answer)


async def test_shares_follow_what_came_at_the_price_ordered(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    """Refused, never delivered, delivered in excess: each pays what it took, though a tier is no longer reached."""
    bought = await bought_yesterday(database, territory)
    arches, _ = bought.orders
    item = bought.items["arceau"]
    async with database.transaction(territory.group_id) as session:  # 20 reach it, fewer do not
        await session.execute(
            text("INSERT INTO price_tiers (group_id, item_id, from_quantity, unit_price) VALUES (:g, :i, 20, 150)"),
            {"g": territory.group_id, "i": item},
        )
        await session.execute(text("UPDATE order_items SET unit_price = 150 WHERE item_id = :i"), {"i": item})
    await receive(database, territory, bought, arches, {ARCACHON: 10, SALLES: 7})
    await receive(database, territory, bought, arches, {LUGOS: 1}, refused=3)
    buyer = await sign_in(BUYER)
    boxes, words = await shown(buyer)
    field = {code: f"unites-{item}-{territory.members[code]}" for code in (ARCACHON, LUGOS, SALLES)}
    assert [boxes[field[code]] for code in field] == ["10", "4", "7"], "3 of Lugos are still awaited"
    assert "1 ligne diffère" in words
    completion = f"{PURCHASE}/receptions/1/completion"
    assert (await buyer.post(completion, {"reason": "Modèle arrêté"})).status_code == 303
    assert "2 lignes attribuées ne sont pas" in text_of(await buyer.get(f"{PURCHASE}/receptions"))
    boxes, words = await shown(buyer)
    assert [boxes[field[code]] for code in field] == ["10", "1", "7"]

    for slip, said in (
        ({"version": "x"}, "Vérifiez de nouveau"),
        ({field[LUGOS]: "-1"}, "négatif"),
        ({"reason": ""}, "Dites pourquoi"),
    ):
        assert said in text_of(await buyer.post(PAGE, {**boxes, "reason": "Abîmés", **slip}))
    answer = await buyer.post(PAGE, {**boxes, "reason": "Abîmés ou en trop"})
    assert answer.status_code == 303, text_of(answer)
    assert await assigned(database, territory) == {
        ("arceau", ARCACHON): 10,
        ("arceau", LUGOS): 1,
        ("arceau", SALLES): 7,
        ("casque-m", ARCACHON): 2,
        ("casque-m", LUGOS): 6,
    }
    costs = await read(buyer, f"{PURCHASE}/couts")
    assert "2 800,00 € d’articles au prix de la commande" in costs, "18 at 150, 8 at 12,50"
    async with database.transaction(territory.group_id) as session:
        told = await session.execute(
            text("SELECT recipient, body_text FROM messages WHERE subject LIKE 'Quantités ou%'")
        )
        mails = {recipient: body for recipient, body in told}
    assert sorted(mails) == ["referent@lugos.example", "referent@salles.example"]
    assert "1 au lieu de 4" in mails["referent@lugos.example"]
    assert "Abîmés ou en trop" in mails["referent@lugos.example"]
    journal = await read(buyer, f"{PURCHASE}/journal")
    assert "a ajusté ce qui est attribué dans" in journal
    consolidation = await read(buyer, f"{PURCHASE}/consolidation")
    assert "Consolidation n° 2" in consolidation
    assert "Ce que les membres prennent" in consolidation
    assert "la colonne « Pris »" in (await read(buyer, f"{PURCHASE}/consolidation/arceau")).replace("La", "la")
    again = await buyer.post(PAGE, {**(await shown(buyer))[0], "reason": "Encore"})
    assert "Rien ne change" in text_of(again)


async def test_a_price_as_invoiced_makes_shares_tie(database: Database, territory: Territory, sign_in: SignIn) -> None:
    """What « Ce qui est facturé » says to mend leads to the adjustment, filled in."""
    bought = await bought_yesterday(database, territory)
    arches, helmets = bought.orders
    buyer = await sign_in(BUYER)
    await receive(database, territory, bought, arches, {ARCACHON: 10, LUGOS: 4, SALLES: 6})
    await receive(database, territory, bought, helmets, {ARCACHON: 2, LUGOS: 6})
    for content in (
        invoice("F1", arches, ("Arceau posé", 20, "181.50", "20.00")),
        invoice("C1", helmets, ("Casque", 8, "12.50", "20.00"), siren="732829320"),
    ):
        assert await decide(buyer, await send(buyer, content), "acceptation", "C’est le bon prix") == 303
    page = (await buyer.get(BILLS)).text
    links = [piece.split('"')[0] for piece in page.split('href="')[1:] if "/ajustement?" in piece.split('"')[0]]
    assert [link.partition("?")[2] for link in links] == ["prix-arceau=181%2C5", "tva-casque-m=20"]
    boxes, _ = await shown(buyer, "?" + "&".join(link.partition("?")[2] for link in links))
    assert (boxes["prix-arceau"], boxes["tva-casque-m"]) == ("181,5", "20")
    answer = await buyer.post(PAGE, {**boxes, "reason": "Facturé ainsi, accepté"})
    assert answer.status_code == 303, text_of(answer)
    assert "La répartition est au centime celle des factures acceptées" in await read(buyer, BILLS)


async def test_no_longer_awaited_and_no_longer_paid_at_once(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    """The order's next version and what is assigned say the same."""
    bought = await bought_yesterday(database, territory)
    arches, _ = bought.orders
    await receive(database, territory, bought, arches, {ARCACHON: 10, LUGOS: 2, SALLES: 6})
    buyer = await sign_in(BUYER)
    answer = await buyer.post(f"{PURCHASE}/receptions/1/ajustement", {"reason": "Plus fabriqué"})
    assert answer.status_code == 303, text_of(answer)
    assert (await assigned(database, territory))["arceau", LUGOS] == 2
    async with database.transaction(territory.group_id) as session:
        purchase = await session.get_one(Purchase, (territory.group_id, bought.purchase_id))
        assert (await read_taking(session, purchase)).differing == 0


async def test_programs_adjust_what_is_assigned(database: Database, territory: Territory, connect: Connect) -> None:
    bought = await bought_yesterday(database, territory)
    arches, _ = bought.orders
    await receive(database, territory, bought, arches, {SALLES: 8})
    buyer = await connect(BUYER)
    at = f"{API}/purchases/AG-2027-001/receipts/taking"
    read_ = await buyer.get(at)
    assert [(one["member"]["code"], one["assigned"], one["units"]) for one in read_.json()["lines"]] == [(SALLES, 6, 8)]
    said = {"because": "Mesuré", "lines": [{"item": "arceau", "member": ARCACHON, "units": 9}]}
    wrong = await buyer.post(at, {**said, "lines": [{"item": "tente", "member": LUGOS, "units": 1}]})
    assert "lines.0.item" in wrong.text
    tag = read_.headers["etag"]
    made = await buyer.post(at, {**said, "prices": [{"item": "arceau", "unit_price": "179.5"}]}, if_match=tag)
    assert made.status_code == 200, made.text
    assert (made.json()["consolidation"], made.json()["adjusted"]) == (2, True)
    assert problem(await buyer.post(at, said, if_match=tag)) == (412, "changed_meanwhile")
    units = await assigned(database, territory)
    assert (units["arceau", ARCACHON], units["arceau", SALLES], units["arceau", LUGOS]) == (9, 8, 4)
    kept = (await buyer.get(f"{API}/purchases/AG-2027-001/consolidation")).json()
    assert kept["adjusted"]
    assert (kept["items"]["arceau"]["order"], kept["items"]["arceau"]["total"]) == (21, "3769.50")
    assert kept["items"]["arceau"]["unit_price"] == "179.5"


async def test_what_is_adjusted_is_not_made_anew_from_declarations(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    """One order has left, the other is a draft: nothing is adjusted before the first leaves, and after that what a
    rule would make anew would lose it. The draft follows.
    """
    purchase_id = await ordered(database, territory)
    await closed_yesterday(database, territory)
    buyer = await sign_in(BUYER)
    assert "Aucune commande n’est partie" in text_of(await buyer.get(PAGE))
    async with database.transaction(territory.group_id) as session:
        await session.execute(text("UPDATE orders SET state = 'sent', sent_at = created_at WHERE number = 1"))
    boxes, _ = await shown(buyer)
    async with database.transaction(territory.group_id) as session:
        ids = await session.execute(text("SELECT code, id FROM items"))
        items = {code: id_ for code, id_ in ids}
    box = f"unites-{items['abri']}-{territory.members[LUGOS]}"
    answer = await buyer.post(PAGE, {**boxes, box: "3", "reason": "Deux de plus"})
    assert answer.status_code == 303, text_of(answer)
    path = f"{PURCHASE}/consolidation"
    assert "ne se refait plus" in text_of(await buyer.post(path, {"reason": "Autrement"}))
    sending = text_of(await buyer.post(f"{PURCHASE}/commandes/2/envoi", {"way": "otherwise", "how": "Par courrier"}))
    assert "refaites les brouillons" in sending
    async with database.transaction(territory.group_id) as session:
        frozen = await current_consolidation(session, purchase_id)
    assert frozen is not None
    assert frozen.terms is not None
    assert frozen.terms["abri"].unit_price == Decimal(14000)
