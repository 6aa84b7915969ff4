"""Who pays what: the same cents as JSON, as CSV and in the workbook, for who may see them."""

import csv
import io
import json
from decimal import Decimal

import openpyxl
import pytest
from litestar import Litestar

from api_client import API, Connect, problem
from factories import BUYER, NOW, Territory, file_needs, open_purchase
from pooling.allocation.allocating import allocate_purchase
from pooling.allocation.models import Charge
from pooling.kernel.database import Database
from pooling.settings import Settings
from web_client import stand_on

ONE = f"{API}/purchases/AG-2027-001/allocation"
FINANCE = "finances@arcachon.example"


async def shared(database: Database, territory: Territory, key: object = "population") -> int:
    purchase_id = await open_purchase(database, territory, NOW, participants=("213300098", "213302607", "213304983"))
    for email, units in (("referent@arcachon.example", 20), ("referent@lugos.example", 3)):
        await file_needs(database, territory, purchase_id, email, NOW, arceau=units)
    async with database.transaction(territory.group_id) as session:
        session.add(
            Charge(
                group_id=territory.group_id,
                purchase_id=purchase_id,
                code="etude",
                label="Étude",
                amount_cents=100_01,
                key=key,
            )
        )
    return purchase_id


async def test_the_same_cents_everywhere(connect: Connect, database: Database, territory: Territory) -> None:
    purchase_id = await shared(database, territory)
    program = await connect(FINANCE)
    answer = await program.get(ONE)
    said = answer.json()
    async with database.transaction(territory.group_id) as session:
        rule = (await allocate_purchase(session, purchase_id, "AG-2027-001 Arceaux")).result.to_json()
    assert said.pop("complete") is True
    assert said.pop("notice") is None
    assert said.pop("next") is None
    assert said.pop("basis") == "quantités déclarées à ce jour"
    assert said == rule
    assert (await program.get(ONE)).headers["etag"] == answer.headers["etag"]
    figures = {
        member["id"]: [
            Decimal(member["ht"]),
            Decimal(member["vat"]),
            Decimal(member["ttc"]),
            sum((Decimal(euros) for euros in member["subsidies"].values()), Decimal(0)),
            Decimal(member["fctva"]),
            Decimal(member["net"]),
        ]
        for member in said["members"]
    }
    assert figures["213302607"][0] > 540

    file = await program.get(f"{ONE}.csv")
    assert file.headers["content-type"] == "text/csv; charset=utf-8"
    assert file.headers["content-disposition"] == 'attachment; filename="AG-2027-001-repartition-estimee.csv"'
    rows = list(csv.reader(io.StringIO(file.content.decode("utf-8-sig")), delimiter=";"))[1:]
    assert {row[0]: [Decimal(cell.replace(",", ".")) for cell in row[2:8]] for row in rows} == figures

    workbook = await program.get(f"{ONE}.xlsx")
    assert workbook.headers["content-disposition"] == 'attachment; filename="AG-2027-001-repartition-estimee.xlsx"'
    sheet = openpyxl.load_workbook(io.BytesIO(workbook.content))["Répartition"]
    in_sheet = {
        row[0]: [round(Decimal(str(cell)), 2) for cell in row[2:8]]
        for row in sheet.iter_rows(min_row=2, values_only=True)
        if row[0] in figures
    }
    assert in_sheet == figures


async def test_a_long_workbook_is_refused_and_its_lines_are_not(
    connect: Connect, app: Litestar, settings: Settings, database: Database, territory: Territory
) -> None:
    await shared(database, territory)
    stand_on(app, settings=settings.model_copy(update={"direct_workbook_rows": 5}))
    program = await connect(FINANCE)
    refused = await program.get(f"{ONE}.xlsx")
    assert problem(refused) == (409, "long_workbook")
    assert "view=lines" in refused.text
    assert (await program.get(f"{ONE}.csv?view=lines")).status_code == 200


async def test_the_lines_with_their_keys(connect: Connect, database: Database, territory: Territory) -> None:
    await shared(database, territory)
    program = await connect(BUYER)
    rows = (await program.get(f"{ONE}.csv?view=lines")).content.decode("utf-8-sig")
    assert "Étude" in rows
    assert "population" in rows
    assert problem(await program.get(f"{ONE}.csv?view=all")) == (422, "invalid")


async def test_a_referent_sees_its_own_share_and_the_totals(
    connect: Connect, database: Database, territory: Territory
) -> None:
    await shared(database, territory)
    whole = (await (await connect(BUYER)).get(ONE)).json()
    program = await connect("referent@lugos.example")
    own = (await program.get(ONE)).json()
    assert own["complete"] is False
    assert [member["id"] for member in own["members"]] == ["213302607"]
    assert own["members"] == [member for member in whole["members"] if member["id"] == "213302607"]
    assert (own["totals"], own["items"]) == (whole["totals"], whole["items"])
    assert "213300098" not in (await program.get(ONE)).text
    for file in ("xlsx", "csv"):
        assert problem(await program.get(f"{ONE}.{file}")) == (403, "forbidden")
    observer = (await (await connect("observation@bassin.example")).get(ONE)).json()
    assert (observer["members"], observer["totals"]) == ([], whole["totals"])


@pytest.mark.parametrize("path", ["", ".csv", ".xlsx"])
async def test_what_the_rule_refuses_is_a_conflict(
    connect: Connect, database: Database, territory: Territory, path: str
) -> None:
    await shared(database, territory, key={"percents": {"213300098": "50", "213302607": "49"}})
    assert problem(await (await connect(BUYER)).get(f"{ONE}{path}")) == (409, "percent_sum")


async def test_members_come_in_pages(connect: Connect, database: Database, territory: Territory) -> None:
    await shared(database, territory)
    program = await connect(FINANCE)
    whole = (await program.get(ONE)).json()
    pages, address = [], f"{ONE}?limit=2"
    while address:
        pages.append((await program.get(address)).json())
        address = pages[-1]["next"]
    assert [len(page["members"]) for page in pages] == [2, 1]
    assert [member for page in pages for member in page["members"]] == whole["members"]
    assert {json.dumps(page["totals"]) for page in pages} == {json.dumps(whole["totals"])}
    assert (await program.get(f"{ONE}?after=autre&limit=2")).status_code == 422
    assert (await program.get(f"{ONE}?limit=501")).status_code == 422
    own = await connect("referent@lugos.example")
    assert (await own.get(f"{ONE}?limit=1")).json()["next"] is None, "its own alone"
