"""« Nous n’avons pas de besoin » is an answer: counted, shown as such, never reminded, taken back until the closing."""

import io
from datetime import timedelta

from python_calamine import CalamineWorkbook
from sqlalchemy import select
from sqlmodel import col

from api_client import API, Connect, problem
from factories import BUYER, LUGOS, NOW, Territory, file_needs, open_purchase
from pooling.kernel.clock import FixedClock
from pooling.kernel.database import Database
from pooling.kernel.list_reading import Line
from pooling.needs.importing import COLUMNS, import_needs
from pooling.needs.queries import coverage
from pooling.needs.reminder_queries import closings_of
from pooling.outbox.models import Message
from web_client import Browser, SignIn, text_of

BASE = "/g/bassin/achats/AG-2027-001"
PAGE = f"{BASE}/besoins/{LUGOS}"
MINE = f"{API}/purchases/AG-2027-001/declarations/{LUGOS}"
REFERENT = "referent@lugos.example"
BUTTON = "Nous n’avons pas de besoin"


async def answer(browser: Browser, **also: str) -> None:
    assert (await browser.post(f"{PAGE}/depot", {"no_need": "1", **also}, page=PAGE)).status_code == 303


async def test_one_button_answers_and_the_answer_is_shown_as_such(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    purchase_id = await open_purchase(database, territory, NOW)
    browser = await sign_in(REFERENT)
    assert BUTTON in text_of(await browser.get(PAGE))
    await answer(browser, comment="Nous en avons assez")
    page = await browser.get(PAGE)
    assert "Vous avez répondu : pas de besoin" in text_of(page)
    assert "Nous en avons assez" in page.text
    assert BUTTON not in text_of(page)
    assert "Lugos" not in text_of(await browser.get("/g/bassin")).partition("Collectes en cours")[0]
    async with database.transaction(territory.group_id) as session:
        counted = await coverage(session, purchase_id)
        closing = (await closings_of(session, [purchase_id]))[purchase_id]
        receipt = (await session.execute(select(Message).where(col(Message.kind) == "needs_receipt"))).scalar_one()
    assert (counted.filed, counted.no_need, counted.in_need) == (1, 1, 0)
    assert (closing.filed, closing.no_need) == (1, 1)
    assert receipt.subject.startswith("Pas de besoin pour Lugos")
    assert "revenir sur cette réponse" in receipt.body_text

    buyer = await sign_in(BUYER)
    listed = text_of(await buyer.get(f"{BASE}/besoins"))
    assert "Pas de besoin" in listed
    assert "dont 1 sans besoin" in listed
    assert "dont 1 sans besoin" in text_of(await buyer.get(BASE))
    assert "dont 1 sans besoin" in text_of(await buyer.get(f"{BASE}/consolidation"))
    workbook = await buyer.get(f"{BASE}/consolidation/arceau/consolidation.xlsx")
    named = CalamineWorkbook.from_filelike(io.BytesIO(workbook.content)).get_sheet_by_name("Pas de besoin").to_python()
    assert named == [["Code", "Membre"], [LUGOS, "Lugos"]]
    assert "1 réponse « pas de besoin »" in text_of(await buyer.get(f"{BASE}/cloture"))
    facilitator = await sign_in("animation@bassin.example")
    journal = text_of(await facilitator.get("/g/bassin/journal"))
    assert "a déposé la déclaration de Lugos pour" in journal
    assert "(pas de besoin)" in journal


async def test_the_button_never_wins_over_quantities(database: Database, territory: Territory, sign_in: SignIn) -> None:
    await open_purchase(database, territory, NOW)
    browser = await sign_in(REFERENT)
    form = (await browser.get(PAGE)).text
    assert form.index("Vérifier et déposer</button>") < form.index(f"{BUTTON}</button>"), "Enter presses the first"


async def test_it_is_taken_back_and_the_member_is_silent_again(
    database: Database, territory: Territory, sign_in: SignIn, clock: FixedClock
) -> None:
    purchase_id = await open_purchase(database, territory, NOW)
    browser = await sign_in(REFERENT)
    await answer(browser)
    for email in ("referent@salles.example", BUYER, "animation@bassin.example"):
        refused = await (await sign_in(email)).post(f"{PAGE}/retrait")
        assert refused.status_code in {403, 404}, email
    assert (await browser.post(f"{PAGE}/retrait", page=PAGE)).headers["location"] == PAGE
    assert "Déclarer les besoins de Lugos" in text_of(await browser.get("/g/bassin"))
    assert (await browser.post(f"{PAGE}/retrait")).status_code == 409, "once"
    async with database.transaction(territory.group_id) as session:
        counted = await coverage(session, purchase_id)
    assert (counted.filed, counted.no_need) == (0, 0)
    facilitator = await sign_in("animation@bassin.example")
    assert "a retiré la réponse « pas de besoin » de Lugos" in text_of(await facilitator.get("/g/bassin/journal"))

    await answer(browser)
    clock.instant = NOW + timedelta(days=14)
    browser = await sign_in(REFERENT)
    assert (await browser.post(f"{PAGE}/retrait")).status_code == 409, "the collection is closed"
    assert "Réponse : pas de besoin" in text_of(await browser.get(PAGE))


async def test_what_was_filed_with_units_is_not_taken_back(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    purchase_id = await open_purchase(database, territory, NOW)
    browser = await sign_in(REFERENT)
    await answer(browser)
    seen = (await browser.get(PAGE)).text.partition('name="seen" value="')[2].partition('"')[0]
    await file_needs(database, territory, purchase_id, REFERENT, NOW + timedelta(minutes=1), arceau=2)
    assert (await browser.post(f"{PAGE}/retrait", {"seen": seen})).status_code == 409
    assert (await browser.post(f"{PAGE}/retrait")).status_code == 409
    assert "Vous avez répondu" not in text_of(await browser.get(PAGE)), "units in its place"


async def test_programs_answer_and_take_back(connect: Connect, database: Database, territory: Territory) -> None:
    await open_purchase(database, territory, NOW)
    program = await connect(REFERENT)
    done = await program.put(MINE, {"state": "filed", "no_need": True, "comment": "Rien cette année"})
    assert (done.json()["filed"]["no_need"], done.json()["filed"]["needs"]) == (True, [])
    (line,) = (await program.get(MINE.rpartition("/")[0])).json()["items"]
    assert (line["state"], line["no_need"]) == ("filed", True)
    stale = done.headers["etag"]
    await program.put(MINE, {"state": "draft", "needs": [{"item": "arceau", "quantity": 1}]})
    assert problem(await program.post(f"{MINE}/withdrawal", {}, If_Match=stale)) == (412, "changed_meanwhile")
    gone = (await program.post(f"{MINE}/withdrawal", {})).json()
    assert gone["filed"] is None
    assert gone["draft"]["no_need"] is False
    assert problem(await program.post(f"{MINE}/withdrawal", {})) == (409, "no_answer")


async def test_a_list_answers_too(database: Database, territory: Territory) -> None:
    purchase_id = await open_purchase(database, territory, NOW)

    async def imported(*rows: tuple[str, str]) -> int:
        lines = [
            Line.of(place, {"member": LUGOS, "item": item, "quantity": units}, COLUMNS)
            for place, (item, units) in enumerate(rows, 2)
        ]
        async with database.transaction(territory.group_id) as session:
            await import_needs(session, "AG-2027-001", lines, FixedClock(NOW))
            return (await coverage(session, purchase_id)).no_need

    assert await imported(("arceau", "0")) == 1
    assert await imported(("arceau", "0"), ("abri", "1")) == 0
    assert await imported(("arceau", "0"), ("abri", "0")) == 1
