"""Members, committees and the audit trail."""

from datetime import timedelta
from typing import Any

import pytest

from api_client import API, Connect, problem
from factories import BUYER, LUGOS, NOW, UNIVERSITY, Territory, file_needs, make_purchase, open_purchase
from pooling.kernel.clock import FixedClock
from pooling.kernel.database import Database

FACILITATOR = "animation@bassin.example"
OTHERS = ("observation@bassin.example", "referent@lugos.example", "finances@arcachon.example")
MEETING: dict[str, Any] = {"day": "2027-03-30", "hour": "14:30", "place": "Mairie", "roles": ["referent"]}


async def test_everybody_sees_the_members_page_by_page(connect: Connect) -> None:
    for email in (FACILITATOR, *OTHERS):
        program = await connect(email)
        first = (await program.get(f"{API}/members?limit=4")).json()
        second = (await program.get(first["next"])).json()
        names = [member["name"] for member in first["items"] + second["items"]]
        assert names == ["Arcachon", "Lugos", "Salles", "UFR de droit", "UFR de santé", "Université"]
        assert second["next"] is None
        assert first["items"][3]["parent"] == "Université"


async def test_the_facilitator_adds_a_legal_entity_and_a_unit(connect: Connect) -> None:
    program = await connect(FACILITATOR)
    entity = await program.post(
        f"{API}/members", {"code": "213 303 332", "name": " Le\u0007 Barp ", "population": 5800}
    )
    assert (entity.status_code, entity.json()["code"], entity.json()["name"]) == (201, "213303332", "Le Barp")
    unit = {"kind": "internal_unit", "code": "IUT", "name": "IUT", "parent": UNIVERSITY, "budgets": {"900-I": "Budget"}}
    assert (await program.post(f"{API}/members", unit)).json()["parent"] == "Université"
    assert problem(await program.post(f"{API}/members", unit)) == (409, "member_exists")
    events = (await program.get(f"{API}/audit?name=member.added")).json()["items"]
    assert [event["details"]["code"] for event in events] == ["IUT", "213303332"]


async def test_nobody_else_adds_members(connect: Connect) -> None:
    for email in OTHERS:
        answer = await (await connect(email)).post(f"{API}/members", {"code": "213303332", "name": "Le Barp"})
        assert problem(answer) == (403, "forbidden")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"code": "123456789", "name": "x"}, "code"),
        ({"code": "213303332", "name": ""}, "name"),
        ({"code": "213303332", "name": "x", "insee": "33"}, "insee"),
        ({"code": "213303332", "name": "x", "population": -1}, "population"),
        ({"code": "213303332", "name": "x", "parent": UNIVERSITY}, "parent"),
        ({"kind": "internal_unit", "code": "IUT", "name": "IUT"}, "parent"),
        ({"kind": "internal_unit", "code": "IUT", "name": "IUT", "parent": "999999999"}, "parent"),
        ({"kind": "internal_unit", "code": "-", "name": "IUT", "parent": UNIVERSITY}, "code"),
        ({"kind": "syndicate", "code": "213303332", "name": "x"}, "kind"),
    ],
)
async def test_a_wrong_member_is_told(connect: Connect, body: object, field: str) -> None:
    answer = await (await connect(FACILITATOR)).post(f"{API}/members", body)
    assert problem(answer) == (422, "invalid")
    assert list(answer.json()["errors"]) == [field]


async def test_a_committee_is_planned_and_listed(connect: Connect, clock: FixedClock) -> None:
    program = await connect(FACILITATOR)
    made = await program.post(f"{API}/committees", MEETING)
    assert made.status_code == 201
    assert (made.json()["starts_at"], made.json()["invited"]) == ("2027-03-30T12:30:00Z", 4)
    for hour in (9, 11):
        another = {**MEETING, "hour": f"{hour:02}:00", "confirmed": "Trois ateliers le même jour"}
        assert (await program.post(f"{API}/committees", another)).status_code == 201

    reader = await connect("observation@bassin.example")
    first = (await reader.get(f"{API}/committees?limit=2")).json()
    second = (await reader.get(first["next"])).json()
    starts = [line["starts_at"][11:16] for line in first["items"] + second["items"]]
    assert (starts, second["next"]) == (["07:00", "09:00", "12:30"], None)
    assert (await reader.get(f"{API}/committees?when=past")).json()["items"] == []
    clock.instant = NOW + timedelta(days=60)
    past = (await reader.get(f"{API}/committees?when=past")).json()["items"]
    assert [line["starts_at"][11:16] for line in past] == ["12:30", "09:00", "07:00"]


async def test_nobody_else_plans_committees(connect: Connect) -> None:
    for email in OTHERS:
        assert problem(await (await connect(email)).post(f"{API}/committees", MEETING)) == (403, "forbidden")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"day": "2027-02-28"}, "day"),
        ({"day": "0001-01-01"}, "day"),
        ({"day": "9999-12-31"}, "day"),
        ({"day": "2027-03-28", "hour": "02:30"}, "hour"),
        ({"hour": "14:30+02:00"}, "hour"),
        ({"hour": "25:00"}, "hour"),
        ({"place": ""}, "place"),
        ({"link": "http://["}, "link"),
        ({"link": "javascript:alert(1)"}, "link"),
        ({"roles": ["mayor"]}, "roles.0"),
        ({"people": [2**63]}, "people.0"),
        ({"duration_minutes": 10**9}, "duration_minutes"),
    ],
)
async def test_a_wrong_committee_is_told(connect: Connect, change: dict[str, object], field: str) -> None:
    answer = await (await connect(FACILITATOR)).post(f"{API}/committees", {**MEETING, **change})
    assert problem(answer) == (422, "invalid")
    assert list(answer.json()["errors"]) == [field]


async def test_the_trail_is_for_the_facilitator_and_for_a_buyer_its_purchases(
    connect: Connect, database: Database, territory: Territory
) -> None:
    purchase_id = await open_purchase(database, territory, NOW)
    await file_needs(database, territory, purchase_id, "referent@lugos.example", NOW, arceau=2)
    referent = await connect("referent@lugos.example")
    mine = {"title": "Bancs", "lead_member": LUGOS, "lead_buyers": ["referent@salles.example"]}
    assert (await referent.post(f"{API}/purchases", mine)).status_code == 201

    async def names(email: str, query: str = "") -> list[str]:
        answer = await (await connect(email)).get(f"{API}/audit?limit=200{query}")
        return [event["name"] for event in answer.json()["items"]]

    assert {"group.created", "role.granted", "purchase.open"} <= set(await names(FACILITATOR))
    assert await names(BUYER) == ["declaration.filed", "purchase.open", "role.granted", "purchase.prepared"]
    assert await names("referent@salles.example") == ["role.granted", "purchase.prepared"]
    assert await names(BUYER, "&purchase=AG-2027-002") == []
    assert await names(FACILITATOR, "&purchase=AG-2027-001&name=declaration.filed") == ["declaration.filed"]
    for email in OTHERS:
        assert problem(await (await connect(email)).get(f"{API}/audit")) == (403, "forbidden")
    filed = (await (await connect(BUYER)).get(f"{API}/audit?name=declaration.filed")).json()["items"][0]
    assert filed["person"] == {"id": territory.people["referent@lugos.example"], "name": "referent"}


async def test_the_trail_goes_on_where_the_page_ended(
    connect: Connect, database: Database, territory: Territory
) -> None:
    for _ in range(3):
        await make_purchase(database, territory, NOW)
    program = await connect(FACILITATOR)
    seen: list[int] = []
    url: str | None = f"{API}/audit?name=purchase.prepared&limit=2"
    while url:
        page = (await program.get(url)).json()
        seen += [event["id"] for event in page["items"]]
        url = page["next"]
    assert len(seen) == 3
    assert seen == sorted(seen, reverse=True)
