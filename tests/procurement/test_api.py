"""By programs: what applies to a purchase, its plan, what members say of themselves."""

from typing import Any

import pytest
from sqlalchemy import text

from api_client import API, Connect, problem
from factories import BUYER, LUGOS, NOW, SALLES, Territory, file_needs, make_purchase, open_purchase
from pooling.kernel.database import Database
from pooling.members.entrance import caller_of
from pooling.purchases.details import describe_item
from pooling.purchases.lots import arrange_lots
from pooling.purchases.schemas import DetailsIn, LotIn, LotsIn

ONE = f"{API}/purchases/AG-2027-001/procedure"
PLAN: dict[str, Any] = {
    "family": "Mobilier urbain",
    "options": "8200.00",
    "renewals": 1,
    "maximum": None,
    "procedure": "",
    "launched_on": None,
    "mandate": "full",
    "convention_signed_on": None,
    "environment": "criterion",
}
REFERENT = "referent@lugos.example"


async def bought(database: Database, territory: Territory) -> int:
    """Ten shelters in a lot, and ten racks: 141 800 € HT."""
    purchase_id = await open_purchase(database, territory, NOW)
    await file_needs(database, territory, purchase_id, REFERENT, NOW, abri=10, arceau=10)
    async with database.transaction(territory.group_id) as session:
        buyer = await caller_of(session, territory.people[BUYER], territory.group_id)
        lots = (
            LotIn(number=1, title="Abris", items=("abri",)),
            LotIn(number=2, title="Arceaux", items=("arceau",)),
        )
        await arrange_lots(session, buyer, purchase_id, LotsIn(lots=lots), NOW)
        await describe_item(session, buyer, purchase_id, "abri", DetailsIn(family="Abris"), NOW)
    return purchase_id


async def test_what_applies_and_why(connect: Connect, database: Database, territory: Territory) -> None:
    await bought(database, territory)
    program = await connect(BUYER)
    put = await program.put(f"{ONE}/plan", PLAN)
    assert (put.status_code, put.json()) == (200, {**PLAN, "options": "8200"})
    said = (await program.get(ONE)).json()
    assert {name: said[name] for name in ("value", "needs", "options", "renewals", "spent")} == {
        "value": "300000",
        "needs": "141800",
        "options": "8200",
        "renewals": "150000",
        "spent": "0",
    }
    assert said["applies"]["code"] == "formalised"
    assert said["next"] is None
    assert said["lots"] == [
        {"name": "Lot n°\u00a01\u00a0: Abris", "amount": "280000"},
        {"name": "Lot n°\u00a02\u00a0: Arceaux", "amount": "3600"},
    ]
    assert said["small_lots"] == ["Lot n°\u00a02\u00a0: Arceaux"]
    assert said["families"] == [
        {"name": "Abris", "amount": "280000"},
        {"name": "Mobilier urbain", "amount": "3600"},
    ]
    assert said["convention"]["needed"]
    assert said["convention"]["undecided"][:2] == ["Arcachon", "Lugos"]
    assert said["earliest"]["notice"] == "2027-03-15", "once needs are known"
    assert any(duty["name"].startswith("Prévoir une clause sociale") for duty in said["duties"])


async def test_the_plan_is_put_as_it_was_read(connect: Connect, database: Database, territory: Territory) -> None:
    await bought(database, territory)
    program = await connect(BUYER)
    before = await program.get(f"{ONE}/plan")
    assert before.json()["mandate"] == ""
    assert (await program.put(f"{ONE}/plan", PLAN, if_match=before.headers["etag"])).status_code == 200
    stale = await program.put(f"{ONE}/plan", PLAN, if_match=before.headers["etag"])
    assert problem(stale) == (412, "changed_meanwhile")
    for wrong in (
        {"options": "-1"},
        {"options": "0.001"},
        {"renewals": 11},
        {"mandate": "all"},
        {"procedure": "adapted"},
        {"launched_on": "2027-01-04"},
        {"procedure": "never", "launched_on": "2027-01-04"},
        {"family": "x" * 121},
        {"colour": "green"},
    ):
        assert problem(await program.put(f"{ONE}/plan", wrong)) == (422, "invalid"), wrong
    assert problem(await (await connect(REFERENT)).put(f"{ONE}/plan", PLAN)) == (403, "forbidden")


async def test_a_member_speaks_for_itself(connect: Connect, database: Database, territory: Territory) -> None:
    await bought(database, territory)
    lugos, salles = (f"{ONE}/members/{code}" for code in (LUGOS, SALLES))
    referent = await connect(REFERENT)
    body = {"spent": "10000.5", "deliberated_on": "2027-01-05", "deliberation": "2027-004"}
    before = await referent.get(lugos)
    put = await referent.put(lugos, body, if_match=before.headers["etag"])
    assert put.json() == {
        "member": {"code": LUGOS, "name": "Lugos"},
        "is_unit": False,
        "spent": "10000.5",
        "deliberated_on": "2027-01-05",
        "deliberation": "2027-004",
    }
    assert put.json() == (await referent.get(lugos)).json()
    assert problem(await referent.put(lugos, body, if_match=before.headers["etag"])) == (412, "changed_meanwhile")
    assert problem(await referent.put(lugos, {**body, "deliberated_on": "2099-01-01"})) == (422, "invalid")
    assert problem(await referent.put(lugos, {**body, "deliberated_on": None})) == (422, "invalid")
    assert problem(await referent.put(salles, body)) == (403, "forbidden")
    assert problem(await referent.get(f"{ONE}/members/999")) == (404, "not_found")
    mine = (await referent.get(f"{ONE}/members")).json()["items"]
    assert [one["member"]["code"] for one in mine] == [LUGOS]
    everybody = (await (await connect(BUYER)).get(f"{ONE}/members?limit=2")).json()
    assert len(everybody["items"]) == 2
    assert everybody["next"]
    assert (await referent.get(ONE)).json()["spent"] == "10000.5"


async def test_units_of_one_legal_person_need_no_convention(
    connect: Connect, database: Database, territory: Territory
) -> None:
    await make_purchase(database, territory, NOW, participants=("UFR-DROIT", "UFR-SANTE"))
    program = await connect(BUYER)
    convention = (await program.get(ONE)).json()["convention"]
    assert convention == {"needed": False, "asked": 0, "deliberated": 0, "undecided": []}
    unit = await program.put(f"{ONE}/members/UFR-DROIT", {"deliberated_on": "2027-01-05"})
    assert problem(unit) == (422, "invalid")


@pytest.mark.parametrize("path", ["/plan", f"/members/{LUGOS}"])
async def test_nothing_is_said_of_a_purchase_that_is_over(
    path: str, connect: Connect, database: Database, territory: Territory
) -> None:
    purchase_id = await make_purchase(database, territory, NOW)
    async with database.transaction(territory.group_id) as session:
        await session.execute(text("UPDATE purchases SET state = 'settled' WHERE id = :id"), {"id": purchase_id})
    assert problem(await (await connect(BUYER)).put(ONE + path, {})) == (409, "procurement_closed")
