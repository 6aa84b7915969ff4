"""Suppliers that are asked answer on a page of their own, behind a mailed link and its code; what they offer is sealed
until the date.
"""

import re
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from api_client import API, Connect, problem
from factories import BUYER, NOW, Territory
from pooling.accounts.throttle import TooMany
from pooling.kernel.clock import FixedClock
from pooling.kernel.database import Database
from pooling.kernel.errors import Conflict, Invalid
from pooling.kernel.events import Event
from pooling.members.mails import Sender
from pooling.outbox.models import Message
from pooling.purchases.finding import item_ids
from pooling.quotes.asking import ASKS, AskIn, ask_quotes, remind_asked
from pooling.quotes.awarding import award
from pooling.quotes.comparing import compare
from pooling.quotes.keeping import add_quote
from pooling.quotes.models import Quote, QuoteKey
from pooling.quotes.opening import open_offers
from pooling.quotes.queries import quotes_of
from pooling.quotes.schemas import QuoteIn
from pooling.reminders.kinds import Context
from quotes.world import FACILITATOR, HOME, QUOTES, add_suppliers, buyer_of, closed_purchase, line, note
from web_client import TOKEN, Browser, SignIn, text_of

UNTIL = NOW + timedelta(days=10)
SENDER = Sender("Achats", BUYER)


async def ask(session: AsyncSession, territory: Territory, purchase_id: int, *suppliers: int, **more: Any) -> int:  # noqa: ANN401
    buyer = await buyer_of(session, territory)
    command = AskIn.model_validate({"suppliers": suppliers, "offers_until": UNTIL, **more})
    return await ask_quotes(session, buyer, purchase_id, command, SENDER, context(territory), FixedClock(NOW))


def context(territory: Territory) -> Context:
    return Context(territory.group_id, "bassin", "Bassin", ZoneInfo("Europe/Paris"), False, "http://x", NOW)


async def mailed(session: AsyncSession) -> list[tuple[str, str, str]]:
    """To whom, the path of the link, the code; the first one first."""
    rows = await session.execute(select(Message).where(col(Message.kind) == "quotes.asked").order_by(col(Message.id)))
    return [
        (
            one.recipient,
            re.search(r"(/offre/bassin/\S+)", one.body_text)[1],  # type: ignore[index]
            re.search(r"code (\d{4}\s\d{4})", one.body_text)[1],  # type: ignore[index]
        )
        for one in rows.scalars()
    ]


async def asked(database: Database, territory: Territory) -> tuple[int, int, list[tuple[str, str, str]]]:
    """Cycles and Mobilier were asked."""
    purchase_id = await closed_purchase(database, territory)
    suppliers = await add_suppliers(database, territory)
    async with database.transaction(territory.group_id) as session:
        assert await ask(session, territory, purchase_id, *suppliers) == 2
        return purchase_id, suppliers[0], await mailed(session)


async def opened(visitor: Browser, link: str, code: str) -> httpx.Response:
    await visitor.post(f"{link}/code", {"code": code}, page=link)
    return await visitor.get(link)


async def test_a_supplier_answers_behind_its_link(database: Database, territory: Territory, visitor: Browser) -> None:
    purchase_id, _, mails = await asked(database, territory)
    recipient, link, code = mails[0]
    assert recipient == "commandes@cycles.example"
    shown = await visitor.get(link)
    assert ("Arceau" in shown.text, "tapez le code" in text_of(shown)) == (False, True), "scanners open links"
    wrong = await visitor.post(f"{link}/code", {"code": "0000 0000"}, page=link)
    assert (wrong.status_code, "n’est pas celui du courriel" in text_of(wrong)) == (422, True)
    form = await opened(visitor, link, code)
    assert "20 arceaux" in text_of(form)
    assert form.headers["referrer-policy"] == "no-referrer"
    typed = await typed_in(database, territory, purchase_id, form)
    rack = next(name for name in typed if name.startswith("prix-"))
    slip = await visitor.post(link, {**typed, rack: "cher"}, page=link)
    assert (slip.status_code, 'value="cher"' in slip.text) == (422, True)
    assert (await visitor.post(link, typed, page=link)).status_code == 303
    assert "Votre offre est enregistrée" in text_of(await visitor.get(link))
    assert "a enregistré autre chose" in text_of(await visitor.post(link, typed, page=link))


async def test_an_offer_and_its_documents_that_are_sent_twice_are_taken_once(
    database: Database, territory: Territory, visitor: Browser
) -> None:
    purchase_id, _, mails = await asked(database, territory)
    _, link, code = mails[0]
    form = await opened(visitor, link, code)
    typed = await typed_in(database, territory, purchase_id, form)

    async def twice(path: str, **sent: Any) -> list[httpx.Response]:  # noqa: ANN401
        token = TOKEN.search((await visitor.get(link)).text)
        assert token is not None
        data = {"csrf": token[1], **sent.pop("data", {})}
        headers = {"Sec-Fetch-Site": "same-origin"}
        return [await visitor.client.post(path, data=data, headers=headers, **sent) for _ in range(2)]

    sheet = {"files": ("Fiche.pdf", b"%PDF-1.7 arceau", "application/pdf")}
    answers = [*await twice(link, data=typed), *await twice(f"{link}/pieces", files=sheet)]
    piece = re.search(rf"{link}/pieces/\d+", (await visitor.get(link)).text)
    assert piece is not None
    answers += await twice(f"{piece[0]}/retrait")
    assert [(one.status_code, one.headers.get("location")) for one in answers] == [(303, link)] * 6


async def typed_in(
    database: Database, territory: Territory, purchase_id: int, form: httpx.Response
) -> dict[str, object]:
    """Racks at 149 €, in 12 days."""
    async with database.transaction(territory.group_id) as session:
        rack = (await item_ids(session, purchase_id))["arceau"]
    seen = form.text.partition('name="version" value="')[2].partition('"')[0]
    return {"version": seen, f"prix-{rack}": "149", "delai": "12"}


async def answered(database: Database, territory: Territory, visitor: Browser) -> tuple[int, str, dict[str, object]]:
    """The quote that Cycles made itself, its link, what it typed."""
    purchase_id, _, mails = await asked(database, territory)
    _, link, code = mails[0]
    typed = await typed_in(database, territory, purchase_id, await opened(visitor, link, code))
    assert (await visitor.post(link, typed, page=link)).status_code == 303
    async with database.transaction(territory.group_id) as session:
        (quote,) = (await session.execute(select(Quote))).scalars()
    return quote.id, link, typed


async def test_its_own_documents_come_with_its_offer_sealed_alike(
    database: Database, territory: Territory, visitor: Browser, sign_in: SignIn, clock: FixedClock
) -> None:
    purchase_id, _, mails = await asked(database, territory)
    _, link, code = mails[0]
    sheet = {"files": ("Fiche.pdf", b"%PDF-1.7 arceau", "application/pdf")}
    assert (await visitor.post(f"{link}/pieces", files=sheet)).status_code == 404, "its code was not typed"
    typed = await typed_in(database, territory, purchase_id, await opened(visitor, link, code))
    early = await visitor.post(f"{link}/pieces", files=sheet, page=link)
    assert "Enregistrez d’abord votre offre" in text_of(early)
    assert (await visitor.post(link, typed, page=link)).status_code == 303
    wrong = {"files": ("Fiche.pdf", b"MZ\x90\x00", "application/pdf")}
    refused = await visitor.post(f"{link}/pieces", files=wrong, page=link)
    assert (refused.status_code, 'value="149"' in refused.text) == (422, True), "what was offered stays on the page"
    assert (await visitor.post(f"{link}/pieces", files=sheet, page=link)).status_code == 303
    shown = await visitor.get(link)
    piece = re.search(r'href="(/offre/[^"]+/pieces/\d+)"', shown.text)[1]  # type: ignore[index]
    assert (await visitor.get(piece)).content == sheet["files"][1]
    buyer = await sign_in(BUYER)
    assert (await buyer.get(piece)).status_code == 404, "another browser"
    assert (await buyer.post(f"{piece}/retrait")).status_code == 404
    async with database.transaction(territory.group_id) as session:
        events = await session.execute(select(Event).where(col(Event.name).startswith("quote.")))
        assert [event.name for event in events.scalars()] == ["quote.asked"]
        (quote,) = (await session.execute(select(Quote))).scalars()
    own = f"{QUOTES}/{quote.id}/pieces/{piece.rpartition('/')[2]}"
    assert (await buyer.get(own)).status_code == 404, "sealed"
    twice = await visitor.post(f"{link}/pieces", files=sheet, page=link)
    assert twice.status_code == 303
    other = [one for one in re.findall(r'href="(/offre/[^"]+/pieces/\d+)"', (await visitor.get(link)).text)][-1]
    assert (await visitor.post(f"{other}/retrait", page=link)).status_code == 303
    assert (await visitor.get(other)).status_code == 404
    clock.instant = UNTIL
    assert (await (await sign_in(BUYER)).get(own)).content == sheet["files"][1]
    late = await visitor.post(f"{link}/pieces", files=sheet, page="/accessibilite")
    assert "La date de réponse est passée" in text_of(late)
    assert (await visitor.post(f"{piece}/retrait", page="/accessibilite")).status_code == 409
    assert "Fiche.pdf" in text_of(await visitor.get(link))


def tells_price(text: str) -> bool:
    """As a number, not as three digits of a form's token."""
    return re.search(r"\b149\b", text) is not None


async def test_nobody_knows_of_an_offer_before_the_date(
    database: Database, territory: Territory, visitor: Browser, sign_in: SignIn, connect: Connect
) -> None:
    """By no page, program, event or mail, nor by a number of anything."""
    quote, _, _ = await answered(database, territory, visitor)
    buyer, program = await sign_in(BUYER), await connect(BUYER)
    async with database.transaction(territory.group_id) as session:
        supplier = (await session.get_one(Quote, (territory.group_id, quote))).supplier_id
        events = await session.execute(select(Event).where(col(Event.name).startswith("quote.")))
        assert [event.name for event in events.scalars()] == ["quote.asked"]
        assert len(await mailed(session)) == 2, "no mail says that it came"
        await open_offers(session, FixedClock(NOW))
        assert not await session.scalar(select(Event).where(col(Event.name) == "quote.opened"))
    pages = [f"{QUOTES}{path}" for path in ("", "/comparaison", "/parts", "/attribution", "/demandes")]
    for page in [*pages, f"{HOME}/fournisseurs/{supplier}", HOME]:
        answer = await buyer.get(page)
        assert (answer.status_code, tells_price(answer.text)) == (200, False), page
    for reader in (buyer, await sign_in(FACILITATOR)):
        assert "Aucun devis pour l’instant" in text_of(await reader.get(QUOTES))
    for path in ("quotes", "quotes/comparison", "awards"):
        assert not tells_price((await program.get(f"{API}/purchases/AG-2027-001/{path}")).text)
    assert (await buyer.get(f"{QUOTES}/{quote}")).status_code == 404
    assert (await program.get(f"{API}/purchases/AG-2027-001/quotes/{quote}")).status_code == 404


async def test_at_the_date_offers_are_opened_and_stand(
    database: Database, territory: Territory, visitor: Browser, sign_in: SignIn, clock: FixedClock
) -> None:
    quote, link, typed = await answered(database, territory, visitor)
    clock.instant = UNTIL
    late = await visitor.post(link, {**typed, "version": ""}, page="/accessibilite")
    assert "La date de réponse est passée" in text_of(late)
    own = text_of(await visitor.get(link))
    assert "Ce que vous avez proposé" in own
    assert "149,00 €" in own
    buyer = await sign_in(BUYER)
    shown = await buyer.get(f"{QUOTES}/{quote}")
    assert ("149,00 €" in text_of(shown), tells_price(shown.text)) == (True, True)
    assert "Comparer les devis reçus" in text_of(await buyer.get(HOME))
    async with database.transaction(territory.group_id) as session:
        for _ in range(2):
            await open_offers(session, clock)
        told = await session.execute(select(Event).where(col(Event.name) == "quote.opened"))
        assert [one.details["changed"] for one in told.scalars()] == [{"offres reçues": [None, "Cycles de l’exemple"]}]
    clock.instant = UNTIL + timedelta(days=31)
    assert (await visitor.get(link)).status_code == 404


async def test_a_link_opens_in_the_browser_where_its_code_was_typed_and_dies_of_wrong_ones(
    database: Database,
    territory: Territory,
    visitor: Browser,
    app: Any,  # noqa: ANN401
) -> None:
    _, _, mails = await asked(database, territory)
    _, link, code = mails[0]
    assert "Ce qui est demandé" in text_of(await opened(visitor, link, code))
    other = Browser(app, database)
    assert "tapez le code" in text_of(await other.get(link))
    assert "tapez le code" in text_of(await opened(other, link, mails[1][2])), "another supplier’s code"
    for _ in range(10):
        await other.post(f"{link}/code", {"code": "1"}, page=link)
    assert (await other.get(link)).status_code == 404
    assert (await visitor.get(link)).status_code == 404
    assert (await visitor.get("/offre/nulle-part/x")).status_code == 404
    await other.close()


async def test_only_hashes_of_links_and_codes_are_kept(database: Database, territory: Territory) -> None:
    _, _, mails = await asked(database, territory)
    async with database.transaction(territory.group_id) as session:
        keys = list((await session.execute(select(QuoteKey))).scalars())
    for _, link, code in mails:
        token = link.rpartition("/")[2].encode()
        assert all(token not in key.token_hash and code.encode() not in key.code_hash for key in keys)
    assert len(keys) == 2


async def test_the_date_is_said_once_and_only_put_off(database: Database, territory: Territory) -> None:
    purchase_id, cycles, _ = await asked(database, territory)
    async with database.transaction(territory.group_id) as session:
        with pytest.raises(Invalid, match="à corriger") as refused:
            await ask(session, territory, purchase_id, cycles, offers_until=UNTIL - timedelta(days=1))
        assert "ne peut qu’être repoussée" in refused.value.errors["offers_until"]
        assert await ask(session, territory, purchase_id, offers_until=UNTIL + timedelta(days=5)) == 2, "all are told"
        mails = (
            await session.execute(
                select(col(Message.subject), col(Message.body_text)).where(col(Message.kind) == "quotes.asked")
            )
        ).all()
        kinds = sorted((subject[:6], "est repoussée" in body, "déjà répondu" in body) for subject, body in mails)
        assert kinds == [("Demand", False, False)] * 2 + [("Rappel", True, True)] * 2
        buyer = await buyer_of(session, territory)
        clock = FixedClock(NOW + timedelta(days=12))
        command = QuoteIn(lines=(line("arceau", "1"),))
        with pytest.raises(Invalid) as awaited:
            await add_quote(session, buyer, purchase_id, cycles, None, command, clock.instant)
        assert "peut encore répondre" in awaited.value.errors["supplier"]
        assert await remind_asked(session, buyer, purchase_id, SENDER, context(territory), clock) == 2
        late = FixedClock(UNTIL + timedelta(days=5))
        with pytest.raises(Conflict, match="rien à rappeler"):
            await remind_asked(session, buyer, purchase_id, SENDER, context(territory), late)
        later = AskIn(suppliers=(cycles,), offers_until=UNTIL + timedelta(days=20))
        with pytest.raises(Conflict, match="est passée"):
            await ask_quotes(session, buyer, purchase_id, later, SENDER, context(territory), late)
        await add_quote(session, buyer, purchase_id, cycles, None, command, late.instant)


async def test_nobody_chooses_while_suppliers_may_answer(database: Database, territory: Territory) -> None:
    purchase_id = await closed_purchase(database, territory)
    cycles, mobilier = await add_suppliers(database, territory)
    one = await note(database, territory, purchase_id, mobilier, line("arceau", "150"), line("abri", "1"))
    async with database.transaction(territory.group_id) as session:
        await ask(session, territory, purchase_id, cycles)
        buyer, choice = await buyer_of(session, territory), {"arceau": one, "abri": one}
        with pytest.raises(Conflict, match="attendez pour choisir"):
            await award(session, buyer, purchase_id, choice, FixedClock(NOW), reason="Le moins cher")
        await award(session, buyer, purchase_id, choice, FixedClock(UNTIL), reason="Le moins cher")


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"offers_until": NOW}, "offers_until"),
        ({"offers_until": NOW + timedelta(days=500)}, "offers_until"),
        ({"suppliers": (10**9,)}, "suppliers"),
        ({"suppliers": ()}, "suppliers"),
        ({"lot": 4}, "lot"),
    ],
)
async def test_who_cannot_be_asked_and_when(
    database: Database, territory: Territory, more: dict[str, Any], field: str
) -> None:
    purchase_id = await closed_purchase(database, territory)
    cycles, _ = await add_suppliers(database, territory)
    async with database.transaction(territory.group_id) as session:
        with pytest.raises(Invalid) as refused:
            await ask(session, territory, purchase_id, **{"suppliers": (cycles,), **more})
        assert set(refused.value.errors) == {field}


async def test_the_lead_buyer_asks_and_reminds_on_a_page(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    purchase_id = await closed_purchase(database, territory)
    cycles, _ = await add_suppliers(database, territory)
    browser, page = await sign_in(BUYER), f"{QUOTES}/demandes"
    typed = {"suppliers": [cycles], "lot": "", "jour": "2027-03-03", "heure": "12:00", "message": "Livraison à Lugos"}
    wrong = await browser.post(page, {**typed, "jour": "2027-02-01"}, page=page)
    assert (wrong.status_code, "Choisissez une date à venir" in text_of(wrong)) == (422, True)
    assert (await browser.post(page, typed, page=page)).status_code == 303
    shown = text_of(await browser.get(page))
    assert "Cycles de l’exemple tout l’achat commandes@cycles.example 01/03/2027" in shown
    assert "Rappeler la date aux fournisseurs" in text_of(await browser.get(HOME))
    assert (await browser.post(f"{page}/rappel", {}, page=page)).status_code == 303
    assert "Rappeler la date aux fournisseurs" not in text_of(await browser.get(HOME))
    async with database.transaction(territory.group_id) as session:
        (first, again) = (await session.execute(select(Message).where(col(Message.kind) == "quotes.asked"))).scalars()
        assert "Livraison à Lugos" in first.body_text
        assert again.recipient == first.recipient
        assert (await compare(session, purchase_id, NOW)).quotes == await quotes_of(session, purchase_id, NOW) == []


async def test_asking_stops_at_its_limit(database: Database, territory: Territory) -> None:
    """One more mail than a person may send in a day, and none of them leaves."""
    purchase_id = await closed_purchase(database, territory)
    suppliers = await add_suppliers(database, territory)
    async with database.transaction() as session:
        key = f"{ASKS.key}:{territory.people[BUYER]}"
        kept = {"key": key, "at": NOW, "most": ASKS.most - 1}
        await session.execute(text("INSERT INTO throttles (key, since, count) VALUES (:key, :at, :most)"), kept)
    async with database.transaction(territory.group_id) as session:
        with pytest.raises(TooMany):
            await ask(session, territory, purchase_id, *suppliers)
        assert await mailed(session) == []


async def test_programs_ask_and_remind(connect: Connect, database: Database, territory: Territory) -> None:
    await closed_purchase(database, territory)
    cycles, mobilier = await add_suppliers(database, territory)
    program, requests = await connect(BUYER), f"{API}/purchases/AG-2027-001/quotes/requests"
    assert (await program.get(requests)).json() == {"offers_until": None, "requests": []}
    sent = {"suppliers": [cycles, mobilier], "offers_until": UNTIL.isoformat()}
    asked_ = await program.post(requests, sent)
    assert [one["supplier_id"] for one in asked_.json()["requests"]] == [cycles, mobilier]
    earlier = {**sent, "offers_until": (UNTIL - timedelta(days=1)).isoformat()}
    assert problem(await program.post(requests, earlier)) == (422, "invalid")
    assert (await program.post(f"{requests}/reminding", {})).status_code == 200
    async with database.transaction(territory.group_id) as session:
        assert len(await mailed(session)) == 4
