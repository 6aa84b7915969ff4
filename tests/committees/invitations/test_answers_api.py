"""Programs read a committee, answer its invitation, and list who is invited."""

from datetime import date, time, timedelta

import pytest

from api_client import API, Connect, problem
from factories import NOW, Territory
from pooling.committees.meetings.scheduling import schedule_committee
from pooling.committees.meetings.schemas import CommitteeIn
from pooling.kernel.clock import FixedClock
from pooling.kernel.database import Database
from pooling.members.models import Role
from pooling.members.rights import HeldRole

FACILITATOR, LUGOS, SALLES = "animation@bassin.example", "referent@lugos.example", "referent@salles.example"


@pytest.fixture
async def committee(database: Database, territory: Territory) -> str:
    """To which the four référents are invited."""
    caller = territory.caller(FACILITATOR, HeldRole(Role.FACILITATOR))
    command = CommitteeIn(
        day=date(2027, 3, 30), hour=time(14), place="Mairie", agenda="Décider", roles=(Role.REFERENT,)
    )
    async with database.transaction(territory.group_id) as session:
        return f"{API}/committees/{await schedule_committee(session, caller, command, NOW)}"


async def test_a_committee_in_full(connect: Connect, committee: str) -> None:
    program = await connect(LUGOS)
    read = (await program.get(committee)).json()
    assert (read["title"], read["kind"], read["starts_at"]) == (
        "Comité de suivi",
        "working_group",
        "2027-03-30T12:00:00Z",
    )
    assert [item["title"] for item in read["agenda"]] == ["Décider"]
    assert read["answers"] == {"invited": 4, "yes": 0, "no": 0, "proxy": 0, "silent": 4}
    assert read["own"] == {"answer": None, "proxy": None, "answered_at": None}
    reader = await connect("observation@bassin.example")
    assert (await reader.get(committee)).json()["own"] is None
    assert problem(await program.get(f"{API}/committees/{10**30}")) == (404, "not_found")


async def test_an_answer_is_given_changed_and_listed(connect: Connect, territory: Territory, committee: str) -> None:
    program = await connect(LUGOS)
    given = await program.put(f"{committee}/answer", {"answer": "proxy", "proxy": SALLES})
    assert (given.status_code, given.json()["proxy"]["id"]) == (200, territory.people[SALLES])
    again = await program.put(f"{committee}/answer", {"answer": "proxy", "proxy": SALLES})
    assert again.json() == given.json()
    facilitator = await connect(FACILITATOR)
    first = (await facilitator.get(f"{committee}/invitations?limit=3")).json()
    second = (await facilitator.get(first["next"])).json()
    answers = {one["email"]: one["answer"] for page in (first, second) for one in page["items"]}
    assert answers == {email: "proxy" if email == LUGOS else None for email in answers}
    assert len(answers) == 4
    changed = await program.put(f"{committee}/answer", {"answer": "no"})
    assert changed.json()["proxy"] is None


async def test_what_is_refused(connect: Connect, committee: str, clock: FixedClock) -> None:
    program = await connect(LUGOS)
    for body in (
        {"answer": "perhaps"},
        {"answer": "yes", "proxy": SALLES},
        {"answer": "proxy"},
        {"answer": "proxy", "proxy": "referent@nulle-part.example"},
        {"answer": "proxy", "proxy": LUGOS},
        {"answer": "proxy", "proxy": "referent"},  # the name of four of them
    ):
        assert problem(await program.put(f"{committee}/answer", body)) == (422, "invalid"), body
    reader = await connect("observation@bassin.example")
    assert problem(await reader.put(f"{committee}/answer", {"answer": "yes"})) == (403, "forbidden")
    assert problem(await reader.get(f"{committee}/invitations")) == (403, "forbidden")
    clock.instant = NOW + timedelta(days=40)
    assert problem(await program.put(f"{committee}/answer", {"answer": "yes"})) == (409, "not_to_come")
