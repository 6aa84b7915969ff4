"""By programs: filing for a member that telephoned, reminding the silent, giving up a draft."""

from typing import Any

from sqlalchemy import select
from sqlmodel import col

from api_client import API, Connect, problem
from factories import BUYER, LUGOS, NOW, Territory, open_purchase
from pooling.kernel.database import Database
from pooling.kernel.events import Event

PURCHASE = f"{API}/purchases/AG-2027-001"
MINE = f"{PURCHASE}/declarations/{LUGOS}"
FACILITATOR, REFERENT = "animation@bassin.example", "referent@lugos.example"
CALL: dict[str, Any] = {
    "needs": [{"item": "arceau", "quantity": 4, "up_to": 9, "note": "", "budget": "", "engagement": ""}],
    "caller": "Secrétariat",
    "reason": "Référent en congé",
}


async def test_what_a_member_telephoned_is_filed_once(
    connect: Connect, database: Database, territory: Territory
) -> None:
    await open_purchase(database, territory, NOW)
    program = await connect(FACILITATOR)
    for email in (FACILITATOR, BUYER):
        program = await connect(email)
        filed = await program.post(f"{MINE}/telephone", CALL, idempotency_key=f"{email} 1")
        assert (filed.status_code, filed.json()["filed"]["needs"]) == (200, CALL["needs"])
        assert filed.headers["etag"] == (await program.get(MINE)).headers["etag"]
        again = await program.post(f"{MINE}/telephone", CALL, idempotency_key=f"{email} 1")
        assert again.headers["idempotency-replayed"] == "true"
    stale = await program.post(f"{MINE}/telephone", CALL, if_match='"another"')
    assert problem(stale) == (412, "changed_meanwhile")
    for wrong in ({**CALL, "caller": ""}, {**CALL, "reason": " "}, {**CALL, "needs": [{"item": "x", "quantity": 1}]}):
        assert problem(await program.post(f"{MINE}/telephone", wrong)) == (422, "invalid")
    referent = await connect(REFERENT)
    assert problem(await referent.post(f"{MINE}/telephone", CALL)) == (403, "forbidden")
    async with database.transaction(territory.group_id) as session:
        told = (await session.execute(select(Event).where(col(Event.name) == "declaration.filed_for"))).all()
    assert len(told) == 2


async def test_the_silent_are_reminded_once_a_day(connect: Connect, database: Database, territory: Territory) -> None:
    await open_purchase(database, territory, NOW)
    program = await connect(FACILITATOR)
    reminded = await program.post(f"{PURCHASE}/reminding", None)
    assert (reminded.status_code, reminded.json()) == (200, {"reminders": 4})
    assert problem(await program.post(f"{PURCHASE}/reminding", None)) == (409, "already_reminded")
    assert problem(await (await connect(REFERENT)).post(f"{PURCHASE}/reminding", None)) == (403, "forbidden")


async def test_a_draft_is_given_up_and_what_is_filed_stays(
    connect: Connect, database: Database, territory: Territory
) -> None:
    await open_purchase(database, territory, NOW)
    program = await connect(REFERENT)
    assert problem(await program.post(f"{MINE}/discarding", None)) == (409, "no_draft")
    await program.put(MINE, {"state": "filed", "needs": CALL["needs"]})
    await program.put(MINE, {"state": "draft", "needs": []})
    assert problem(await program.post(f"{MINE}/discarding", None, if_match='"another"')) == (412, "changed_meanwhile")
    left = await program.post(f"{MINE}/discarding", None)
    assert (left.status_code, left.json()["draft"], left.json()["filed"]["needs"]) == (200, None, CALL["needs"])
    assert problem(await (await connect(FACILITATOR)).post(f"{MINE}/discarding", None)) == (403, "forbidden")
