"""A note, a budget and an engagement number for each line: typed, shown to whoever buys, kept with what is frozen."""

import io
from typing import Any

import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import select, text
from sqlmodel import col

from api_client import API, Connect, problem
from factories import BUYER, LUGOS, NOW, Territory, open_purchase
from pooling.kernel.clock import FixedClock
from pooling.kernel.database import Database
from pooling.members.models import Budget
from pooling.needs.details import filed_details
from pooling.purchases.finding import item_ids
from web_client import SignIn, text_of

BASE = "/g/bassin/achats/AG-2027-001"
LAW = f"{BASE}/besoins/UFR-DROIT"
REFERENT = "referent@droit.example"
ONE = f"{API}/purchases/AG-2027-001/declarations"


async def budget_of(database: Database, territory: Territory, code: str) -> int:
    async with database.transaction(territory.group_id) as session:
        found = await session.execute(select(col(Budget.id)).where(col(Budget.code) == code))
        return found.scalar_one()


async def fields(database: Database, territory: Territory, purchase_id: int) -> dict[str, int]:
    async with database.transaction(territory.group_id) as session:
        return await item_ids(session, purchase_id)


async def test_what_is_said_of_a_line_reaches_whoever_buys_and_pays(
    database: Database, territory: Territory, sign_in: SignIn, clock: FixedClock
) -> None:
    purchase_id = await open_purchase(database, territory, NOW)
    items, budget = (
        await fields(database, territory, purchase_id),
        await budget_of(database, territory, "900-D"),
    )
    rack, shelter = items["arceau"], items["abri"]
    browser = await sign_in(REFERENT)
    said = {
        f"quantite-{rack}": "4", f"note-{rack}": "Devant l’amphi", f"budget-{rack}": str(budget),
        f"engagement-{rack}": "E-2027-14", f"note-{shelter}": "Déjà équipés",
    }  # fmt: skip
    await browser.post(f"{LAW}/brouillon", said, page=LAW)
    page = await browser.get(LAW)
    for name, value in said.items():
        if not name.startswith("budget"):
            assert f'name="{name}"' in page.text
            assert f'value="{value}"' in page.text
    assert f'<option value="{budget}" selected>900-D Budget droit</option>' in page.text
    assert 'value="0"' not in page.text, "a note is no answer"
    await browser.post(f"{LAW}/depot", said, page=LAW)

    buyer = await sign_in(BUYER)
    shown = text_of(await buyer.get(f"{BASE}/consolidation/arceau"))
    for words in ("Devant l’amphi", "900-D Budget droit", "E-2027-14"):
        assert words in shown
    assert "Devant l’amphi · budget 900-D Budget droit · engagement E-2027-14" in text_of(await buyer.get(LAW))
    rows = sheet(await buyer.get(f"{BASE}/consolidation/arceau/consolidation.xlsx"), "Notes, budgets, engagements")
    assert rows[1][:6] == ["UFR-DROIT", "UFR de droit", "900-D", "Budget droit", "E-2027-14", "Devant l’amphi"]

    await buyer.post(f"{BASE}/cloture", {"reason": "Tous ont répondu"}, page=f"{BASE}/cloture")
    amended = f"{LAW}/modification"
    await buyer.post(amended, {f"quantite-{rack}": "5", "reason": "Un de plus"}, page=amended)
    assert (await buyer.post(f"{BASE}/consolidation", {}, page=f"{BASE}/consolidation")).status_code == 303
    async with database.transaction(territory.group_id) as session:
        kept = (await session.execute(text("SELECT details FROM consolidations"))).scalar_one()
        assert [(line.item, line.member) for line in await filed_details(session, purchase_id)] == [
            ("arceau", "UFR-DROIT"),
            ("abri", "UFR-DROIT"),
        ], "the lead buyer changes quantities, what is said is the member's"
    assert kept["arceau"]["UFR-DROIT"] == {
        "note": "Devant l’amphi", "budget": "900-D", "budget_label": "Budget droit", "engagement": "E-2027-14",
    }  # fmt: skip
    rows = sheet(await buyer.get(f"{BASE}/couts/repartition.xlsx"), "Notes, budgets, engagements")
    assert rows[1][:7] == [
        "UFR-DROIT", "UFR de droit", "Arceau posé", "900-D", "Budget droit", "E-2027-14", "Devant l’amphi",
    ]  # fmt: skip


def sheet(answer: Any, name: str) -> list[list[Any]]:  # noqa: ANN401 - a response, cells
    assert answer.status_code == 200
    return CalamineWorkbook.from_filelike(io.BytesIO(answer.content)).get_sheet_by_name(name).to_python()


async def test_a_budget_is_the_members_own(database: Database, territory: Territory, sign_in: SignIn) -> None:
    purchase_id = await open_purchase(database, territory, NOW)
    rack = (await fields(database, territory, purchase_id))["arceau"]
    other = await budget_of(database, territory, "900-S")
    browser = await sign_in(REFERENT)
    for budget in (str(other), "x", "9" * 30):
        answer = await browser.post(
            f"{LAW}/depot", {f"quantite-{rack}": "4", f"budget-{rack}": budget, f"note-{rack}": "Gardée"}, page=LAW
        )
        assert answer.status_code == 422, budget
        assert "Gardée" in answer.text


async def test_what_is_too_long_is_told_at_its_field(database: Database, territory: Territory, sign_in: SignIn) -> None:
    purchase_id = await open_purchase(database, territory, NOW)
    rack = (await fields(database, territory, purchase_id))["arceau"]
    browser = await sign_in(REFERENT)
    typed = {f"quantite-{rack}": "4", f"note-{rack}": "n" * 301, f"engagement-{rack}": "e" * 41}
    answer = await browser.post(f"{LAW}/depot", typed, page=LAW)
    assert answer.status_code == 422
    assert f'id="erreur-champ-note-{rack}"' in answer.text
    assert f'id="erreur-champ-engagement-{rack}"' in answer.text
    assert "n" * 301 in answer.text


async def test_programs_say_and_read_it(connect: Connect, database: Database, territory: Territory) -> None:
    await open_purchase(database, territory, NOW)
    program = await connect(REFERENT)
    line = {
        "item": "arceau", "quantity": 2, "up_to": 2, "note": "Devant l’amphi", "budget": "900-D", "engagement": "E-14",
    }  # fmt: skip
    done = (await program.put(f"{ONE}/UFR-DROIT", {"state": "filed", "needs": [line]})).json()
    assert done["filed"]["needs"] == [line]
    wrong = await program.put(f"{ONE}/UFR-DROIT", {"state": "filed", "needs": [{**line, "budget": "900-S"}]})
    assert problem(wrong) == (422, "invalid")
    assert list(wrong.json()["errors"]) == ["needs.0.budget"]
    consolidation = (await (await connect(BUYER)).get(f"{API}/purchases/AG-2027-001/consolidation")).json()
    assert consolidation["items"]["arceau"]["details"] == {
        "UFR-DROIT": {
            "note": "Devant l’amphi", "budget": "900-D", "budget_label": "Budget droit", "engagement": "E-14",
        }
    }  # fmt: skip
    assert consolidation["items"]["abri"]["details"] == {}


@pytest.mark.parametrize("kept", [True, False])
async def test_filed_again_a_line_says_what_it_says_now(
    connect: Connect, database: Database, territory: Territory, *, kept: bool
) -> None:
    purchase_id = await open_purchase(database, territory, NOW)
    program = await connect("referent@lugos.example")
    first = {"item": "arceau", "quantity": 2, "note": "Une note"}
    await program.put(f"{ONE}/{LUGOS}", {"state": "filed", "needs": [first]})
    await program.put(f"{ONE}/{LUGOS}", {"state": "filed", "needs": [first if kept else {**first, "note": ""}]})
    async with database.transaction(territory.group_id) as session:
        assert [line.detail.note for line in await filed_details(session, purchase_id)] == ["Une note"] * kept
