"""A purchase under a mandate is ordered once everybody has deliberated: whoever has not is named, at the very step."""

from datetime import timedelta
from typing import Any

from api_client import API, Connect, problem
from factories import ARCACHON, BUYER, LUGOS, NOW, SALLES, Territory, file_needs, open_purchase
from pooling.kernel.clock import FixedClock
from pooling.kernel.database import Database
from pooling.members.entrance import caller_of
from pooling.needs.collection import close_collection
from pooling.needs.freezing import freeze_consolidation
from web_client import SignIn, text_of

ONE = f"{API}/purchases/AG-2027-001"
STEP = "/g/bassin/achats/AG-2027-001/etape"


async def consolidated(database: Database, territory: Territory, **options: Any) -> None:  # noqa: ANN401 - fields of PurchaseIn
    purchase_id = await open_purchase(database, territory, NOW, **options)
    if "participants" not in options:
        await file_needs(database, territory, purchase_id, "referent@lugos.example", NOW, abri=1)
    clock = FixedClock(NOW + timedelta(days=1))
    async with database.transaction(territory.group_id) as session:
        buyer = await caller_of(session, territory.people[BUYER], territory.group_id)
        await close_collection(session, buyer, purchase_id, clock, reason="Assez")
        await freeze_consolidation(session, buyer, purchase_id, clock, options={})


async def test_those_who_have_not_deliberated_are_named_before_the_order(
    database: Database, territory: Territory, connect: Connect, sign_in: SignIn
) -> None:
    await consolidated(database, territory)
    program, browser = await connect(BUYER), await sign_in(BUYER)
    assert (await program.put(f"{ONE}/procedure/plan", {"mandate": "full"})).status_code == 200
    refused = await program.post(f"{ONE}/step", {"state": "ordered"})
    assert problem(refused) == (409, "not_ready")
    assert "À noter" in refused.json()["title"]
    shown = text_of(await browser.get(STEP))
    for name in ("Arcachon", "Lugos", "Salles"):
        assert name in refused.json()["title"]
        assert name in shown.partition("À noter")[2]
    assert "UFR" not in shown.partition("À noter")[2], "units do not deliberate"
    assert (await browser.post(STEP, {"state": "ordered"}, page=STEP)).status_code == 422
    for code in (ARCACHON, LUGOS, SALLES):
        await program.put(f"{ONE}/procedure/members/{code}", {"deliberated_on": "2027-02-01"})
    assert (await program.post(f"{ONE}/step", {"state": "ordered"})).json()["state"] == "ordered"


async def test_without_a_mandate_nothing_is_asked(database: Database, territory: Territory, connect: Connect) -> None:
    await consolidated(database, territory)
    program = await connect(BUYER)
    assert (await program.post(f"{ONE}/step", {"state": "ordered"})).json()["state"] == "ordered"


async def test_units_of_one_legal_person_need_none(database: Database, territory: Territory, connect: Connect) -> None:
    await consolidated(database, territory, participants=("UFR-DROIT", "UFR-SANTE"))
    program = await connect(BUYER)
    await program.put(f"{ONE}/procedure/plan", {"mandate": "full"})
    assert (await program.post(f"{ONE}/step", {"state": "ordered"})).json()["state"] == "ordered"
