"""What was filed is mailed to whoever filed it, and to the others of the member who do not do without."""

from sqlalchemy import select
from sqlmodel import col

from factories import ARCACHON, NOW, Territory, open_purchase
from pooling.accounts.models import Person
from pooling.kernel.database import Database
from pooling.outbox.models import Message
from pooling.purchases.finding import item_ids
from web_client import SignIn, text_of

PAGE = f"/g/bassin/achats/AG-2027-001/besoins/{ARCACHON}"
REFERENT, FINANCE = "referent@arcachon.example", "finances@arcachon.example"


async def receipts(database: Database, territory: Territory) -> dict[str, Message]:
    async with database.transaction(territory.group_id) as session:
        found = await session.execute(
            select(Message).where(col(Message.kind) == "needs_receipt").order_by(col(Message.id))
        )
        return {mail.recipient: mail for mail in found.scalars()}


async def test_a_receipt_has_the_content_for_whoever_filed_and_the_others_of_the_member(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    purchase_id = await open_purchase(database, territory, NOW)
    async with database.transaction(territory.group_id) as session:
        rack = (await item_ids(session, purchase_id))["arceau"]
    browser = await sign_in(REFERENT)
    typed = {f"quantite-{rack}": "4", f"jusqu-{rack}": "6", f"note-{rack}": "Gare", f"engagement-{rack}": "E-14"}
    await browser.post(f"{PAGE}/depot", {**typed, "comment": "Sur dalle"}, page=PAGE)
    sent = await receipts(database, territory)
    assert set(sent) == {REFERENT, FINANCE}
    for mail in sent.values():
        for body in (mail.body_text, mail.body_html):
            plain = body.replace("\u00a0", " ").replace("\u202f", " ")
            for words in ("4 arceaux, jusqu’à 6 arceaux", "Gare", "engagement E-14", "720,00 €", "Sur dalle"):
                assert words in plain, words
    assert "Vous avez déposé la déclaration" in sent[REFERENT].body_text
    assert sent[REFERENT].unsubscribe_url is None, "whoever files is owed it"
    assert "a déposé la déclaration" in sent[FINANCE].body_text
    assert "Vous avez" not in sent[FINANCE].body_text


async def test_a_colleague_does_without_by_one_click_or_by_choice(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    await open_purchase(database, territory, NOW)
    browser, finance = await sign_in(REFERENT), await sign_in(FINANCE)
    await browser.post(f"{PAGE}/depot", {"no_need": "1"}, page=PAGE)
    copy = (await receipts(database, territory))[FINANCE]
    assert "a répondu" in copy.body_text
    assert "n’a pas de besoin" in copy.body_text.replace("\u00a0", " ")
    async with database.transaction() as session:
        key = (await session.execute(select(col(Person.mail_key)).where(col(Person.email) == FINANCE))).scalar_one()
    assert copy.unsubscribe_url is not None
    assert copy.unsubscribe_url.endswith(f"/courriels/bassin/needs_receipt/{key}")
    assert "Déclaration déposée par un collègue" in text_of(await finance.get("/g/bassin/mes-courriels"))

    await finance.post("/g/bassin/mes-courriels", {"kinds": "committee"}, page="/g/bassin/mes-courriels")
    await browser.post(f"{PAGE}/depot", {"no_need": "1"}, page=PAGE)
    async with database.transaction(territory.group_id) as session:
        found = await session.execute(select(col(Message.recipient)).where(col(Message.kind) == "needs_receipt"))
        assert sorted(found.scalars()) == [FINANCE, REFERENT, REFERENT]
