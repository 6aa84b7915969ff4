"""What was prepared is corrected or deleted until the collection opens, by whoever prepares or runs it."""

import pytest
from sqlalchemy import select, text
from sqlmodel import col

from factories import ARCACHON, BUYER, LUGOS, NOW, SALLES, Territory, make_purchase, open_purchase
from pooling.allocation.models import Charge
from pooling.kernel.database import Database
from pooling.kernel.errors import NotFound
from pooling.kernel.events import Event
from pooling.members.models import Member
from pooling.purchases.finding import find_purchase
from pooling.purchases.queries import participants
from web_client import Browser, SignIn, text_of

PURCHASE = "/g/bassin/achats/AG-2027-001"
CORRECTION, DELETION = f"{PURCHASE}/modification", f"{PURCHASE}/suppression"
CORRECTED = {
    "title": "Arceaux et abris",
    "description": "Pour les gares",
    "lead_member": LUGOS,
    "participation": "some",
    "participants": SALLES,
    "delivery": "30/09/2027",
}


async def post(browser: Browser, path: str, values: dict[str, str] | None = None) -> int:
    return (await browser.post(path, values or {}, page=path)).status_code


async def test_everything_that_was_typed_is_corrected(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    await make_purchase(database, territory, NOW)
    facilitator = await sign_in("animation@bassin.example")
    assert CORRECTION in (await facilitator.get(PURCHASE)).text
    page = await facilitator.get(CORRECTION)
    assert 'value="Arceaux"' in page.text
    assert await post(facilitator, CORRECTION, CORRECTED) == 303
    async with database.transaction(territory.group_id) as session:
        purchase = await find_purchase(session, "AG-2027-001")
        lead = await session.get(Member, (territory.group_id, purchase.lead_member_id))
        assert lead is not None
        assert [line.code for line in await participants(session, purchase.id)] == [SALLES]
        event = (await session.execute(select(Event).where(col(Event.name) == "purchase.corrected"))).scalar_one()
    assert (purchase.title, purchase.description, lead.code) == ("Arceaux et abris", "Pour les gares", LUGOS)
    assert str(purchase.delivery_expected_on) == "2027-09-30"
    assert event.details["changed"]["title"] == ["Arceaux", "Arceaux et abris"]
    journal = text_of(await facilitator.get("/g/bassin/journal"))
    assert "participants retirés : « Arcachon, Lugos, UFR de droit, UFR de santé »" in journal
    assert 'value="2027-09-30"' in (await facilitator.get(CORRECTION)).text, "what was corrected is shown again"


async def test_who_goes_on_taking_part_keeps_its_weight(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    await make_purchase(database, territory, NOW)
    async with database.transaction(territory.group_id) as session:
        await session.execute(text("UPDATE participations SET weight = 7"))
    facilitator = await sign_in("animation@bassin.example")
    assert await post(facilitator, CORRECTION, CORRECTED) == 303
    assert await post(facilitator, CORRECTION, {**CORRECTED, "participation": "all"}) == 303
    async with database.transaction(territory.group_id) as session:
        rows = await session.execute(text("SELECT weight::int FROM participations ORDER BY weight NULLS LAST"))
        assert list(rows.scalars()) == [7, None, None, None, None]


async def test_who_may_correct_and_give_it_another_lead(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    await make_purchase(database, territory, NOW)
    lead, buyer, other = [
        await sign_in(email) for email in ("referent@arcachon.example", BUYER, "referent@lugos.example")
    ]
    assert (await other.get(CORRECTION)).status_code == 403
    assert CORRECTION not in (await other.get(PURCHASE)).text
    for browser in (lead, buyer):
        assert await post(browser, CORRECTION, CORRECTED) == 403, "Lugos is not theirs to commit"
        assert await post(browser, CORRECTION, {**CORRECTED, "lead_member": ARCACHON}) == 303


async def test_wrong_fields_are_told_and_kept(database: Database, territory: Territory, sign_in: SignIn) -> None:
    await make_purchase(database, territory, NOW)
    facilitator = await sign_in("animation@bassin.example")
    wrong = {**CORRECTED, "title": "", "delivery": "demain", "description": "À garder", "lead_member": "999"}
    answer = await facilitator.post(CORRECTION, wrong, page=CORRECTION)
    assert answer.status_code == 422
    assert {f'id="erreur-champ-{field}"' in answer.text for field in ("title", "delivery")} == {True}
    assert "À garder" in answer.text


async def test_it_is_deleted_and_its_reference_never_comes_back(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    purchase_id = await make_purchase(database, territory, NOW)
    facilitator, buyer = await sign_in("animation@bassin.example"), await sign_in(BUYER)
    assert DELETION in (await facilitator.get(CORRECTION)).text
    assert "2 articles sont supprimés avec lui" in text_of(await facilitator.get(DELETION))
    answer = await facilitator.post(DELETION, page=DELETION)
    assert answer.headers["location"] == "/g/bassin/achats"
    assert (await facilitator.get(PURCHASE)).status_code == 404
    assert (await buyer.get("/g/bassin")).status_code == 404, "the role went with the purchase"
    assert "a supprimé l’achat AG-2027-001 « Arceaux », encore en préparation" in text_of(
        await facilitator.get("/g/bassin/journal")
    )
    await make_purchase(database, territory, NOW)
    async with database.transaction(territory.group_id) as session:
        assert (await find_purchase(session, "AG-2027-002")).id != purchase_id
        with pytest.raises(NotFound):
            await find_purchase(session, "AG-2027-001")


async def test_what_hangs_on_it_keeps_it(database: Database, territory: Territory, sign_in: SignIn) -> None:
    purchase_id = await make_purchase(database, territory, NOW)
    async with database.transaction(territory.group_id) as session:
        session.add(
            Charge(
                group_id=territory.group_id,
                purchase_id=purchase_id,
                code="pose",
                label="Pose",
                amount_cents=1,
                key="equal",
            )
        )
    facilitator = await sign_in("animation@bassin.example")
    answer = await facilitator.post(DELETION, page=DELETION)
    assert (answer.status_code, "se rattachent à cet achat" in text_of(answer)) == (409, True)
    assert (await facilitator.get(PURCHASE)).status_code == 200


async def test_an_open_collection_is_neither_corrected_nor_deleted(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    await open_purchase(database, territory, NOW)
    facilitator = await sign_in("animation@bassin.example")
    assert CORRECTION not in (await facilitator.get(PURCHASE)).text
    for path, values in ((CORRECTION, CORRECTED), (DELETION, {})):
        assert (await facilitator.get(path)).status_code == 409
        assert (await facilitator.post(path, values)).status_code == 409
