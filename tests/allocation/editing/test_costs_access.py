"""Who may touch a purchase's costs, until when, and what a hostile label does: nothing."""

from sqlalchemy import select
from sqlmodel import col

from factories import BUYER, LUGOS, NOW, Territory, file_needs, make_purchase, open_purchase
from pooling.allocation.models import Charge
from pooling.kernel.database import Database
from pooling.purchases.models import Purchase
from web_client import SignIn, text_of

COSTS = "/g/bassin/achats/AG-2027-001/couts"
NEW = f"{COSTS}/frais/nouveau"
DELIVERY = {"label": "Livraison", "amount": "100,00", "vat_rate": "20", "key": "equal", "scope": "all", "step": "save"}


async def stored(database: Database, territory: Territory) -> list[Charge]:
    async with database.transaction(territory.group_id) as session:
        return list((await session.execute(select(Charge).order_by(col(Charge.id)))).scalars())


async def bought(database: Database, territory: Territory) -> int:
    """An open purchase in which two communes have filed: Lugos 7 racks, Salles 3."""
    purchase_id = await open_purchase(database, territory, NOW)
    await file_needs(database, territory, purchase_id, "referent@lugos.example", NOW, arceau=7)
    await file_needs(database, territory, purchase_id, "referent@salles.example", NOW, arceau=3)
    return purchase_id


async def test_nobody_but_the_lead_buyer_of_this_purchase_edits(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    await bought(database, territory)
    await (await sign_in(BUYER)).post(NEW, DELIVERY, page=NEW)
    other_id = await make_purchase(database, territory, NOW, title="Autre achat")
    async with database.transaction(territory.group_id) as session:
        secret = {"code": "secret", "label": "Autre", "amount_cents": 1, "key": "equal"}
        session.add(Charge.model_validate({"group_id": territory.group_id, "purchase_id": other_id, **secret}))
    for email in ("referent@lugos.example", "finances@arcachon.example", "observation@bassin.example"):
        other = await sign_in(email)
        for path in (NEW, f"{COSTS}/frais/livraison", f"{COSTS}/frais/livraison/suppression", f"{COSTS}/gel"):
            assert (await other.get(path)).status_code == 403, (email, path)
            assert (await other.post(path, DELIVERY)).status_code == 403, (email, path)
        for path in (f"{COSTS}/cles", f"{COSTS}/subventions/nouvelle"):
            assert (await other.post(path, {})).status_code == 403, (email, path)
    buyer = await sign_in(BUYER)
    for path in (f"{COSTS}/frais/secret", f"{COSTS}/frais/secret/suppression", f"{COSTS}/subventions/livraison"):
        assert (await buyer.get(path)).status_code == 404, path
        assert (await buyer.post(path, DELIVERY)).status_code == 404, path
    assert [charge.label for charge in await stored(database, territory)] == ["Livraison", "Autre"]


async def test_a_settled_purchase_changes_no_more(database: Database, territory: Territory, sign_in: SignIn) -> None:
    purchase_id = await bought(database, territory)
    browser = await sign_in(BUYER)
    await browser.post(NEW, DELIVERY, page=NEW)
    async with database.transaction(territory.group_id) as session:
        purchase = await session.get_one(Purchase, (territory.group_id, purchase_id))
        purchase.state = "settled"
    for path in (NEW, f"{COSTS}/frais/livraison", f"{COSTS}/frais/livraison/suppression"):
        answer = await browser.post(path, {**DELIVERY, "label": "Tard"})
        assert answer.status_code == 409, path
        assert "ses coûts ne changent plus" in text_of(answer)
    assert "Ajouter des frais" not in text_of(await browser.get(COSTS))
    assert [charge.label for charge in await stored(database, territory)] == ["Livraison"]


async def test_html_in_a_label_is_shown_as_it_was_typed(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    await bought(database, territory)
    browser = await sign_in(BUYER)
    label = "<script>alert(1)</script> & Cie"
    await browser.post(NEW, {**DELIVERY, "label": label}, page=NEW)
    (charge,) = await stored(database, territory)
    for path in (COSTS, f"{COSTS}/frais/{charge.code}", f"{COSTS}/{LUGOS}", f"{COSTS}/frais/{charge.code}/suppression"):
        page = await browser.get(path)
        assert "<script>alert" not in page.text
        assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; Cie" in page.text, path
