"""By programs: a purchase in preparation is corrected, or deleted."""

from typing import Any

from api_client import API, Connect, problem
from factories import ARCACHON, BUYER, LUGOS, NOW, SALLES, Territory, make_purchase, open_purchase
from pooling.kernel.database import Database

ONE = f"{API}/purchases/AG-2027-001"
FACILITATOR = "animation@bassin.example"
NEW: dict[str, Any] = {"title": "Arceaux et abris", "lead_member": ARCACHON, "delivery_expected_on": "2027-09-01"}


async def test_it_is_corrected_as_it_was_read(connect: Connect, database: Database, territory: Territory) -> None:
    await make_purchase(database, territory, NOW)
    program = await connect(FACILITATOR)
    before = await program.get(ONE)
    put = await program.put(ONE, NEW, if_match=before.headers["etag"])
    assert (put.status_code, put.json()["title"]) == (200, "Arceaux et abris")
    assert put.json()["delivery_expected_on"] == "2027-09-01"
    assert put.json()["participants"] == before.json()["participants"], "those that take part now"
    assert put.json()["items"] == before.json()["items"]
    assert problem(await program.put(ONE, NEW, if_match=before.headers["etag"])) == (412, "changed_meanwhile")
    few = await program.put(ONE, {**NEW, "participants": [LUGOS, SALLES]})
    assert few.json()["participants"] == 2
    for wrong in ({**NEW, "lead_member": "nobody"}, {**NEW, "participants": ["nobody"]}, {**NEW, "title": ""}):
        assert problem(await program.put(ONE, wrong)) == (422, "invalid")
    past = {**NEW, "delivery_expected_on": "2020-01-01"}
    assert problem(await program.put(ONE, past))[0] == 422
    assert (await program.put(ONE, {**past, "confirmed": "Reprise d’un dossier"})).status_code == 200
    assert problem(await (await connect("finances@arcachon.example")).put(ONE, NEW)) == (403, "forbidden")


async def test_it_is_deleted_once_and_only_in_preparation(
    connect: Connect, database: Database, territory: Territory
) -> None:
    await make_purchase(database, territory, NOW)
    await open_purchase(database, territory, NOW)
    program = await connect(FACILITATOR)
    assert problem(await program.post(f"{API}/purchases/AG-2027-002/deletion", None)) == (409, "not_in_preparation")
    assert problem(await program.put(f"{API}/purchases/AG-2027-002", NEW)) == (409, "not_in_preparation")
    reader = await connect("observation@bassin.example")
    assert problem(await reader.post(f"{ONE}/deletion", None)) == (403, "forbidden")
    gone = await program.post(f"{ONE}/deletion", None)
    assert (gone.status_code, gone.json()) == (200, {"reference": "AG-2027-001"})
    assert problem(await program.post(f"{ONE}/deletion", None)) == (404, "not_found"), "as after any deletion"
    assert problem(await program.get(ONE)) == (404, "not_found")
    assert (await (await connect(BUYER)).get(f"{API}/purchases/AG-2027-002")).status_code == 200
