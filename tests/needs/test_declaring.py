"""A référent declares; what was typed is never lost; a closed collection refuses with a clear page."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlmodel import col

from factories import BUYER, NOW, Territory, file_needs, open_purchase
from pooling.kernel.clock import FixedClock
from pooling.kernel.database import Database
from pooling.needs.models import Declaration, Need
from pooling.outbox.models import Message
from pooling.purchases.finding import item_ids
from pooling.purchases.models import Purchase
from web_client import TOKEN, SignIn, text_of

PAGE = "/g/bassin/achats/AG-2027-001/besoins/213302607"


async def fields(database: Database, territory: Territory, purchase_id: int) -> dict[str, str]:
    async with database.transaction(territory.group_id) as session:
        return {code: f"quantite-{item_id}" for code, item_id in (await item_ids(session, purchase_id)).items()}


async def filed(database: Database, territory: Territory) -> list[tuple[str, int]]:
    async with database.transaction(territory.group_id) as session:
        rows = await session.execute(
            select(col(Declaration.state), col(Need.quantity))
            .join(Need, col(Need.declaration_id) == col(Declaration.id))
            .order_by(col(Declaration.state), col(Need.item_id))
        )
        return [(state, quantity) for state, quantity in rows]


async def test_a_referent_keeps_a_draft_then_files_it(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    names = await fields(database, territory, await open_purchase(database, territory, NOW))
    browser = await sign_in("referent@lugos.example")
    shown = text_of(await browser.get("/g/bassin"))
    assert "Déclarer les besoins de Lugos" in shown
    assert "avant lundi 15 mars à 10 h (dans 14 jours)" in shown.replace("\u00a0", " ").lower()

    kept = await browser.post(f"{PAGE}/brouillon", {names["arceau"]: "1 2", "comment": "Devant l’école"}, page=PAGE)
    assert (kept.status_code, kept.headers["location"]) == (303, PAGE)
    assert await filed(database, territory) == [("draft", 12)]
    page = await browser.get(PAGE)
    assert 'value="12"' in page.text
    assert "Devant l’école" in page.text
    assert "Brouillon enregistré" in text_of(page)
    assert "Déposer le brouillon de Lugos" in text_of(await browser.get("/g/bassin"))

    await browser.post(f"{PAGE}/depot", {names["arceau"]: "12", names["abri"]: "1"}, page=PAGE)
    assert await filed(database, territory) == [("filed", 12), ("filed", 1)]
    assert "Votre déclaration est déposée" in text_of(await browser.get(PAGE))
    assert "Lugos" not in text_of(await browser.get("/g/bassin")).partition("Collectes en cours")[0]


async def test_bad_input_is_told_at_the_field_and_kept(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    names = await fields(database, territory, await open_purchase(database, territory, NOW))
    browser = await sign_in("referent@lugos.example")
    answer = await browser.post(
        f"{PAGE}/depot", {names["arceau"]: "douze", names["abri"]: "3", "comment": "<b>pressé</b>"}, page=PAGE
    )
    assert answer.status_code == 422
    assert "<title>Erreur&nbsp;: " in answer.text
    assert "Indiquez un nombre entier, par exemple 12." in answer.text
    assert 'value="douze"' in answer.text
    assert 'value="3"' in answer.text
    assert "&lt;b&gt;pressé&lt;/b&gt;" in answer.text
    assert await filed(database, territory) == []


async def test_filing_nothing_must_be_said(database: Database, territory: Territory, sign_in: SignIn) -> None:
    names = await fields(database, territory, await open_purchase(database, territory, NOW))
    browser = await sign_in("referent@lugos.example")
    assert (await browser.post(f"{PAGE}/depot", {}, page=PAGE)).status_code == 422
    both = await browser.post(f"{PAGE}/depot", {"no_need": "1", names["arceau"]: "2"}, page=PAGE)
    assert both.status_code == 422
    assert (await browser.post(f"{PAGE}/depot", {"no_need": "1"}, page=PAGE)).status_code == 303
    assert await filed(database, territory) == [("filed", 0), ("filed", 0)]


@pytest.mark.parametrize("comment", ["", "On en parle jeudi"])
async def test_what_a_draft_has_not_answered_is_no_answer(
    database: Database, territory: Territory, sign_in: SignIn, comment: str
) -> None:
    names = await fields(database, territory, await open_purchase(database, territory, NOW))
    browser = await sign_in("referent@lugos.example")
    await browser.post(f"{PAGE}/brouillon", {"comment": comment, **dict.fromkeys(names.values(), "")}, page=PAGE)
    assert await filed(database, territory) == []
    page = await browser.get(PAGE)
    assert "Brouillon enregistré" in text_of(page)
    assert 'value="0"' not in page.text
    assert (await browser.post(f"{PAGE}/depot", {"comment": comment}, page=PAGE)).status_code == 422

    await browser.post(f"{PAGE}/brouillon", {names["arceau"]: "0"}, page=PAGE)
    page = await browser.get(PAGE)
    assert f'name="{names["arceau"]}"' in page.text
    assert page.text.count('value="0"') == 1


async def test_a_draft_that_saves_itself_is_answered_for_a_script(
    database: Database, territory: Territory, sign_in: SignIn, clock: FixedClock
) -> None:
    names = await fields(database, territory, await open_purchase(database, territory, NOW))
    browser = await sign_in("referent@lugos.example")

    async def save(seen: str, typed: str) -> dict[str, str]:
        token = TOKEN.search((await browser.get(PAGE)).text)
        assert token is not None
        answer = await browser.client.post(
            f"{PAGE}/brouillon",
            data={"csrf": token[1], "seen": seen, names["arceau"]: typed},
            headers={"Sec-Fetch-Site": "same-origin", "Accept": "application/json"},
        )
        return {"status": str(answer.status_code), **answer.json()}

    kept = await save("none", "12")
    assert (kept["status"], kept["saved"]) == ("200", "Brouillon enregistré à 10\u00a0h")
    assert await filed(database, territory) == [("draft", 12)]
    assert await save(kept["seen"], "douze") == {"status": "200", "refused": True}
    stale = await save("none", "13")
    assert (stale["status"], stale["code"]) == ("409", "changed_meanwhile")
    assert await filed(database, territory) == [("draft", 12)]
    clock.instant = NOW + timedelta(days=14)
    browser = await sign_in("referent@lugos.example")
    closed = await save(kept["seen"], "13")
    assert (closed["status"], closed["code"]) == ("409", "collection_closed")
    assert "La collecte est close" in closed["message"]


async def test_a_draft_beside_what_is_filed_is_told_and_can_be_given_up(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    names = await fields(database, territory, await open_purchase(database, territory, NOW))
    browser = await sign_in("referent@lugos.example")
    await browser.post(f"{PAGE}/depot", {names["arceau"]: "4", "comment": "Place du marché"}, page=PAGE)
    await browser.post(f"{PAGE}/brouillon", {names["arceau"]: "9"}, page=PAGE)
    page = await browser.get(PAGE)
    assert 'value="9"' in page.text
    words = text_of(page)
    assert "déposé : 4" in words
    assert "« Place du marché »" in words
    assert "Votre brouillon modifie une déclaration déposée" in words
    assert "Déposer ou abandonner le brouillon qui modifie la déclaration de Lugos" in text_of(
        await browser.get("/g/bassin")
    )
    assert "un brouillon la modifie" in text_of(await browser.get(PAGE.rpartition("/")[0]))

    asked = await browser.get(f"{PAGE}/abandon")
    assert "La déclaration déposée reste telle quelle" in text_of(asked)
    assert await filed(database, territory) == [("draft", 9), ("filed", 4), ("filed", 0)]
    gone = await browser.post(f"{PAGE}/abandon", page=f"{PAGE}/abandon")
    assert (gone.status_code, gone.headers["location"]) == (303, PAGE)
    assert await filed(database, territory) == [("filed", 4), ("filed", 0)]
    assert 'value="4"' in (await browser.get(PAGE)).text
    assert "Lugos" not in text_of(await browser.get("/g/bassin")).partition("Collectes en cours")[0]
    assert (await browser.post(f"{PAGE}/abandon")).status_code == 409
    assert (await browser.get(f"{PAGE}/abandon")).status_code == 409


async def test_after_the_deadline_filing_is_refused_and_what_was_typed_is_shown(
    database: Database, territory: Territory, sign_in: SignIn, clock: FixedClock
) -> None:
    names = await fields(database, territory, await open_purchase(database, territory, NOW))
    clock.instant = NOW + timedelta(days=14)
    browser = await sign_in("referent@lugos.example")
    answer = await browser.post(f"{PAGE}/depot", {names["arceau"]: "7"}, page=PAGE)
    assert answer.status_code == 422
    assert "La collecte est close" in text_of(answer)
    assert ">7\u00a0arceaux" in answer.text
    assert await filed(database, territory) == []


async def test_nobody_else_files_for_a_member(database: Database, territory: Territory, sign_in: SignIn) -> None:
    names = await fields(database, territory, await open_purchase(database, territory, NOW))
    for email in (
        "referent@salles.example",
        "finances@arcachon.example",
        "observation@bassin.example",
        BUYER,
    ):
        answer = await (await sign_in(email)).post(f"{PAGE}/depot", {names["arceau"]: "7"})
        assert answer.status_code in {403, 404}, email
    assert await filed(database, territory) == []


async def test_a_rising_quantity_loses_its_place_a_falling_one_keeps_it(
    database: Database, territory: Territory
) -> None:
    purchase_id = await open_purchase(database, territory, NOW)
    for hours, arceaux, abris in ((1, 5, 2), (2, 4, 3)):
        await file_needs(
            database, territory, purchase_id, "referent@lugos.example", NOW + timedelta(hours=hours),
            arceau=arceaux, abri=abris,
        )  # fmt: skip
    async with database.transaction(territory.group_id) as session:
        rows = await session.execute(select(col(Need.quantity), col(Need.declared_at)).order_by(col(Need.item_id)))
        assert [tuple(row) for row in rows] == [(4, NOW + timedelta(hours=1)), (3, NOW + timedelta(hours=2))]


async def test_whoever_files_receives_what_was_filed(
    database: Database, territory: Territory, sign_in: SignIn, clock: FixedClock
) -> None:
    names = await fields(database, territory, await open_purchase(database, territory, NOW))
    browser = await sign_in("referent@lugos.example")
    filled = {names["arceau"]: "12", names["abri"]: "0", "comment": "Devant l’école"}
    await browser.post(f"{PAGE}/brouillon", filled, page=PAGE)
    assert await mails(database, territory, "needs_receipt") == [], "a draft counts for nothing"
    await browser.post(f"{PAGE}/depot", filled, page=PAGE)
    (receipt,) = await mails(database, territory, "needs_receipt")
    assert (receipt.recipient, receipt.sender_name) == ("referent@lugos.example", "Bassin")
    said = receipt.body_text.replace("\u00a0", " ").replace("\u202f", " ")
    assert receipt.subject.startswith("Déclaration de Lugos déposée")
    assert all(words in said for words in ("12 arceaux", "2 160,00 €", "Devant l’école", "avant lundi 15 mars"))
    assert "abri" not in said.lower()


async def test_the_mail_that_asks_says_what_for_at_which_price_and_who(
    database: Database, territory: Territory
) -> None:
    await open_purchase(database, territory, NOW)
    (asked,) = [
        mail for mail in await mails(database, territory, "needs_notice") if mail.recipient == "referent@lugos.example"
    ]
    said = asked.body_text.replace("\u00a0", " ").replace("\u202f", " ")
    assert all(words in said for words in ("Arceau posé : 180,00 € par arceau", "Arcachon", BUYER))
    assert asked.thread == "purchase-" + str(await only_purchase(database, territory))


async def mails(database: Database, territory: Territory, kind: str) -> list[Message]:
    async with database.transaction(territory.group_id) as session:
        return list((await session.execute(select(Message).where(col(Message.kind) == kind))).scalars())


async def only_purchase(database: Database, territory: Territory) -> int:
    async with database.transaction(territory.group_id) as session:
        return int((await session.execute(select(col(Purchase.id)))).scalar_one())
