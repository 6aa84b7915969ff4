"""A creation asked twice under one key is made once."""

import asyncio
import json
from datetime import timedelta

import pytest
from litestar import Litestar

from api_client import API, Connect, Program, problem, token_of
from factories import ARCACHON, BUYER, NOW, Territory, open_purchase
from pooling.accounts.idempotency import KEPT
from pooling.kernel.clock import FixedClock
from pooling.kernel.database import Database
from web_client import stand_on

FACILITATOR = "animation@bassin.example"
NEW = {"title": "Vélos", "lead_member": ARCACHON}


async def references(program: Program) -> list[str]:
    return [line["reference"] for line in (await program.get(f"{API}/purchases")).json()["items"]]


async def test_the_same_key_and_body_give_the_same_answer(connect: Connect) -> None:
    program = await connect(FACILITATOR)
    first = await program.post(f"{API}/purchases", NEW, Idempotency_Key="k1")
    again = await program.post(f"{API}/purchases", NEW, Idempotency_Key="k1")
    assert (first.status_code, first.json()) == (again.status_code, again.json())
    for header in ("location", "etag"):
        assert first.headers[header] == again.headers[header]
    assert ("idempotency-replayed" in first.headers, again.headers["idempotency-replayed"]) == (False, "true")
    assert await references(program) == ["AG-2027-001"]
    assert (await program.post(f"{API}/purchases", NEW, Idempotency_Key="k2")).json()["reference"] == "AG-2027-002"
    assert (await program.post(f"{API}/purchases", NEW)).json()["reference"] == "AG-2027-003"


async def test_the_same_key_for_something_else_is_refused(connect: Connect) -> None:
    program = await connect(FACILITATOR)
    await program.post(f"{API}/purchases", NEW, Idempotency_Key="k1")
    other = await program.post(f"{API}/purchases", {**NEW, "title": "Bancs"}, Idempotency_Key="k1")
    assert problem(other) == (422, "idempotency_key_reused")
    elsewhere = await program.post(f"{API}/members", NEW, Idempotency_Key="k1")
    assert problem(elsewhere) == (422, "idempotency_key_reused")
    assert await references(program) == ["AG-2027-001"]


async def test_a_key_is_its_person_s_own(connect: Connect) -> None:
    first = await (await connect(FACILITATOR)).post(f"{API}/purchases", NEW, Idempotency_Key="k1")
    other = await (await connect("referent@arcachon.example")).post(f"{API}/purchases", NEW, Idempotency_Key="k1")
    assert (first.json()["reference"], other.json()["reference"]) == ("AG-2027-001", "AG-2027-002")


async def test_a_refused_request_leaves_its_key_free(connect: Connect) -> None:
    program = await connect(FACILITATOR)
    wrong = await program.post(f"{API}/purchases", {"title": "Vélos"}, Idempotency_Key="k1")
    assert problem(wrong) == (422, "invalid")
    assert (await program.post(f"{API}/purchases", NEW, Idempotency_Key="k1")).status_code == 201


async def test_a_key_is_forgotten_after_a_day(connect: Connect, clock: FixedClock) -> None:
    program = await connect(FACILITATOR)
    await program.post(f"{API}/purchases", NEW, Idempotency_Key="k1")
    clock.instant = NOW + KEPT
    assert (await program.post(f"{API}/purchases", NEW, Idempotency_Key="k1")).json()["reference"] == "AG-2027-001"
    clock.instant = NOW + KEPT + timedelta(seconds=1)
    assert (await program.post(f"{API}/purchases", NEW, Idempotency_Key="k1")).json()["reference"] == "AG-2027-002"


@pytest.mark.parametrize("key", ["", "k" * 201])
async def test_a_key_has_a_length(connect: Connect, key: str) -> None:
    answer = await (await connect(FACILITATOR)).post(f"{API}/purchases", NEW, Idempotency_Key=key)
    assert list(answer.json()["errors"]) == ["Idempotency-Key"]


async def test_a_change_of_state_may_be_tried_again(connect: Connect, database: Database, territory: Territory) -> None:
    await open_purchase(database, territory, NOW)
    program = await connect(BUYER)
    path = f"{API}/purchases/AG-2027-001/closure"
    first = await program.post(path, {"reason": "x"}, Idempotency_Key="k1")
    again = await program.post(path, {"reason": "x"}, Idempotency_Key="k1")
    assert (first.status_code, again.status_code, again.json()) == (200, 200, first.json())
    assert problem(await program.post(path, {"reason": "x"})) == (409, "transition_refused")


async def test_at_once_under_one_key_one_is_made_and_without_a_key_each(
    app: Litestar, fresh_database: Database, territory: Territory
) -> None:
    stand_on(app, database=fresh_database)
    program = Program(app, await token_of(fresh_database, territory.people[FACILITATOR], territory.group_id, NOW))
    path = f"{API}/purchases"
    same = await asyncio.gather(*(program.post(path, NEW, Idempotency_Key="k1") for _ in range(6)))
    assert {(answer.status_code, answer.json()["reference"]) for answer in same} == {(201, "AG-2027-001")}
    assert sum("idempotency-replayed" in answer.headers for answer in same) == 5
    each = await asyncio.gather(*(program.post(path, NEW) for _ in range(4)))
    assert sorted(answer.json()["reference"] for answer in each) == [f"AG-2027-{number:03}" for number in range(2, 6)]
    member = {"code": "213303332", "name": "Le Barp"}
    added = await asyncio.gather(*(program.post(f"{API}/members", member) for _ in range(4)))
    assert sorted(answer.status_code for answer in added) == [201, 409, 409, 409]
    await program.close()


async def test_the_order_of_names_makes_no_other_request(connect: Connect) -> None:
    program = await connect(FACILITATOR)
    given = {"code": "213303332", "name": "Le Barp"}
    turned = json.dumps(dict(reversed(given.items())), indent=2).encode()
    first = await program.post(f"{API}/members", given, Idempotency_Key="k9")
    headers = {"Idempotency-Key": "k9", "Content-Type": "application/json", "Authorization": f"Bearer {program.token}"}
    again = await program.client.post(f"{API}/members", content=turned, headers=headers)
    assert (first.status_code, again.status_code, again.json()) == (201, 201, first.json())
    assert again.headers["idempotency-replayed"] == "true"
    other = await program.post(f"{API}/members", {**given, "name": "Barp"}, Idempotency_Key="k9")
    assert problem(other) == (422, "idempotency_key_reused")
