"""Declarations by programs: the whole of it, draft or filed, for one's own member."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from litestar import Litestar

from api_client import API, Connect, Program, problem, token_of
from factories import ARCACHON, BUYER, LUGOS, NOW, Territory, file_needs, open_purchase
from pooling.kernel.clock import FixedClock
from pooling.kernel.database import Database
from web_client import stand_on

ONE = f"{API}/purchases/AG-2027-001/declarations"
MINE = f"{ONE}/{LUGOS}"
REFERENT = "referent@lugos.example"
UNSAID = {"note": "", "budget": "", "engagement": ""}


def filed(**quantities: int) -> dict[str, Any]:
    return {"state": "filed", "needs": [{"item": item, "quantity": units} for item, units in quantities.items()]}


async def test_a_draft_then_the_declaration(connect: Connect, database: Database, territory: Territory) -> None:
    await open_purchase(database, territory, NOW)
    program = await connect(REFERENT)
    assert (await program.get(MINE)).json() == {
        "member": {"code": LUGOS, "name": "Lugos"}, "filed": None, "draft": None,
    }  # fmt: skip
    draft = {
        "state": "draft",
        "needs": [{"item": "arceau", "quantity": 5, "up_to": 10}],
        "comment": "Devant\u0007 l’école ",
    }
    kept = (await program.put(MINE, draft)).json()
    assert kept["filed"] is None
    assert kept["draft"]["needs"] == [{"item": "arceau", "quantity": 5, "up_to": 10, **UNSAID}]
    assert (kept["draft"]["comment"], kept["draft"]["author"]) == ("Devant l’école", "referent")

    done = (await program.put(MINE, filed(arceau=12, abri=1))).json()
    assert done["draft"] is None
    assert done["filed"]["filed_at"] == "2027-03-01T09:00:00Z"
    whole = (await program.put(MINE, filed(abri=2))).json()
    assert whole["filed"]["needs"] == [{"item": "abri", "quantity": 2, "up_to": 2, **UNSAID}]
    line = (await program.get(ONE)).json()["items"]
    assert line == [
        {
            "member": {"code": LUGOS, "name": "Lugos"},
            "state": "filed",
            "no_need": False,
            "filed_at": "2027-03-01T09:00:00Z",
            "draft_at": None,
            "needs": [{"item": "abri", "quantity": 2}],
            "amount": "28000",
        }
    ]


async def test_a_unit_is_named_by_its_code(connect: Connect, database: Database, territory: Territory) -> None:
    await open_purchase(database, territory, NOW)
    answer = await (await connect("referent@droit.example")).put(f"{ONE}/UFR-DROIT", filed(abri=1))
    assert answer.json()["member"] == {"code": "UFR-DROIT", "name": "UFR de droit"}


async def test_who_sees_and_who_files(connect: Connect, database: Database, territory: Territory) -> None:
    """Another member's declaration does not exist for a référent; who sees it may not file it."""
    purchase_id = await open_purchase(database, territory, NOW)
    await file_needs(database, territory, purchase_id, REFERENT, NOW, arceau=4)
    expected = {
        REFERENT: (200, 200),
        "referent@salles.example": (404, 404),
        "finances@arcachon.example": (404, 403),
        "animation@bassin.example": (200, 403),
        "observation@bassin.example": (403, 403),
        BUYER: (200, 403),
    }
    found = {}
    for email in expected:
        program = await connect(email)
        found[email] = (
            (await program.get(MINE)).status_code,
            (await program.put(MINE, filed(arceau=9))).status_code,
        )
    assert found == expected
    lines = {
        email: [line["member"]["code"] for line in (await (await connect(email)).get(ONE)).json()["items"]]
        for email in ("referent@salles.example", "finances@arcachon.example", "observation@bassin.example", BUYER)
    }
    assert lines == {
        "referent@salles.example": ["213304983"],
        "finances@arcachon.example": [ARCACHON],
        "observation@bassin.example": [],
        BUYER: [ARCACHON, LUGOS, "213304983", "UFR-DROIT", "UFR-SANTE"],
    }


async def test_a_referent_of_no_participant_finds_nothing(
    connect: Connect, database: Database, territory: Territory
) -> None:
    await open_purchase(database, territory, NOW, participants=(ARCACHON,))
    program = await connect(REFERENT)
    assert problem(await program.put(MINE, filed(arceau=1))) == (404, "not_found")
    assert (await program.get(ONE)).json()["items"] == []


async def test_after_the_date_it_is_refused(
    connect: Connect, database: Database, territory: Territory, clock: FixedClock
) -> None:
    await open_purchase(database, territory, NOW)
    clock.instant = NOW + timedelta(days=14)
    program = await connect(REFERENT)
    assert problem(await program.put(MINE, filed(arceau=1))) == (409, "collection_closed")
    assert (await program.get(MINE)).json()["filed"] is None


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "state"),
        ({"state": "sent"}, "state"),
        (filed(bench=1), "needs.0.item"),
        ({"state": "filed", "needs": [{"item": "arceau", "quantity": 1}] * 2}, "needs.1.item"),
        ({"state": "filed", "needs": [{"item": "abri", "quantity": 0}, {"item": "arceau", "quantity": 3, "up_to": 2}]},
         "needs.1.up_to"),
        (filed(arceau=-1), "needs.0.quantity"),
        (filed(arceau=1_000_001), "needs.0.quantity"),
        ({"state": "filed", "needs": [{"item": "arceau", "quantity": 1.5}]}, "needs.0.quantity"),
        ({"state": "filed", "comment": "x" * 2001}, "comment"),
        ({"state": "filed"}, "no_need"),
        ({"state": "draft", "no_need": True}, "no_need"),
        ({**filed(arceau=1), "no_need": True}, "no_need"),
        ({"state": "filed", "member_id": 1}, "member_id"),
    ],
)  # fmt: skip
async def test_what_is_wrong_is_told_at_the_field(
    connect: Connect, database: Database, territory: Territory, body: object, field: str
) -> None:
    await open_purchase(database, territory, NOW)
    answer = await (await connect(REFERENT)).put(MINE, body)
    assert problem(answer) == (422, "invalid")
    assert list(answer.json()["errors"]) == [field]


async def test_writing_over_what_one_has_not_read_is_refused(
    connect: Connect, database: Database, territory: Territory
) -> None:
    await open_purchase(database, territory, NOW)
    program = await connect(REFERENT)
    read = (await program.get(MINE)).headers["etag"]
    first = await program.put(MINE, filed(arceau=3), If_Match=read)
    assert (first.status_code, first.headers["etag"] == read) == (200, False)
    assert problem(await program.put(MINE, filed(arceau=9), If_Match=read)) == (412, "changed_meanwhile")
    assert problem(await program.put(MINE, filed(arceau=9), If_Match=f"W/{read}")) == (412, "changed_meanwhile")
    shown = await program.get(MINE)
    assert shown.headers["etag"] == first.headers["etag"]
    assert shown.json()["filed"]["needs"][0]["quantity"] == 3
    tag = first.headers["etag"]
    for known in (tag, f"W/{tag}", f'"other", {tag[:-1]}-gzip"', f'W/{tag[:-1]};br"', "*"):
        kept = await program.get(MINE, If_None_Match=known)
        assert (kept.status_code, kept.content, kept.headers["etag"]) == (304, b"", tag)
    assert (await program.get(MINE, If_None_Match=read)).status_code == 200
    by_a_proxy = f'W/{tag[:-1]}-gzip"'
    assert (await program.put(MINE, filed(arceau=9), If_Match=by_a_proxy)).status_code == 200
    assert (await program.get(MINE, If_None_Match=tag)).status_code == 200


async def test_of_two_at_once_who_read_the_same_version_one_writes(
    app: Litestar, fresh_database: Database, territory: Territory
) -> None:
    purchase_id = await open_purchase(fresh_database, territory, NOW)
    await file_needs(fresh_database, territory, purchase_id, REFERENT, NOW, arceau=1)
    stand_on(app, database=fresh_database)
    program = Program(app, await token_of(fresh_database, territory.people[REFERENT], territory.group_id, NOW))
    read = (await program.get(MINE)).headers["etag"]
    answers = await asyncio.gather(*(program.put(MINE, filed(arceau=units), If_Match=read) for units in range(2, 8)))
    written = [answer.json()["filed"]["needs"][0]["quantity"] for answer in answers if answer.status_code == 200]
    assert sorted(answer.status_code for answer in answers) == [200, 412, 412, 412, 412, 412]
    assert [(await program.get(MINE)).json()["filed"]["needs"][0]["quantity"]] == written
    await program.close()
