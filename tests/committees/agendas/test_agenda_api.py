"""Agendas and difficulties, for programs."""

import pytest

from api_client import API, Connect, Program, problem
from factories import LUGOS, NOW, SALLES, Territory, make_territory, open_purchase
from pooling.kernel.database import Database

FACILITATOR, REFERENT = "animation@bassin.example", "referent@lugos.example"
MEETING = {
    "title": "Commission",
    "kind": "formal",
    "clear_days": 3,
    "day": "2027-03-30",
    "hour": "14:00",
    "place": "Mairie",
    "agenda": "Accueil\nDivers",
}


async def planned(program: Program) -> str:
    made = await program.post(f"{API}/committees", MEETING)
    assert made.status_code == 201, made.text
    return f"{API}/committees/{made.json()['id']}"


async def test_a_committee_is_read_with_its_agenda(territory: Territory, connect: Connect) -> None:
    committee = await planned(await connect(FACILITATOR))
    read = (await (await connect(REFERENT)).get(committee)).json()
    assert (read["kind"], read["clear_days"], read["state"], read["convened_at"]) == ("formal", 3, "planned", None)
    assert [item["title"] for item in read["agenda"]] == ["Accueil", "Divers"]
    items = (await (await connect(REFERENT)).get(f"{committee}/agenda")).json()["items"]
    assert [item["title"] for item in items] == ["Accueil", "Divers"]


async def test_an_item_is_added_once(database: Database, territory: Territory, connect: Connect) -> None:
    await open_purchase(database, territory, NOW)
    program = await connect(FACILITATOR)
    committee = await planned(program)
    item = {"title": "Devis", "duration_minutes": 20, "presenter": "Acheteuse", "purchase": "AG-2027-001"}
    first = await program.post(f"{committee}/agenda", item, idempotency_key="un")
    again = await program.post(f"{committee}/agenda", item, idempotency_key="un")
    assert first.status_code == again.status_code == 201
    assert first.json() == again.json()
    assert {name: first.json()[name] for name in item} == item
    items = (await program.get(f"{committee}/agenda")).json()["items"]
    assert [one["title"] for one in items] == ["Accueil", "Divers", "Devis"]


async def test_an_agenda_is_written_anew_keeping_what_is_named(territory: Territory, connect: Connect) -> None:
    program = await connect(FACILITATOR)
    committee = await planned(program)
    read = await program.get(f"{committee}/agenda")
    first, last = read.json()["items"]
    wanted = [{"id": last["id"], "title": "Divers et dates"}, {"title": "Nouveau", "duration_minutes": 5}]
    put = await program.put(f"{committee}/agenda", {"items": wanted}, if_match=read.headers["etag"])
    assert put.status_code == 200
    assert [(one["id"] == last["id"], one["title"]) for one in put.json()["items"]] == [
        (True, "Divers et dates"),
        (False, "Nouveau"),
    ]
    stale = await program.put(f"{committee}/agenda", {"items": []}, if_match=read.headers["etag"])
    assert problem(stale) == (412, "changed_meanwhile")
    assert problem(await program.put(f"{committee}/agenda", {"items": [{"id": first["id"], "title": "x"}]})) == (
        404,
        "not_found",
    )
    twice = {"id": last["id"], "title": "x"}
    assert problem(await program.put(f"{committee}/agenda", {"items": [twice, twice]})) == (422, "invalid")
    unknown = {"items": [{"title": "x", "purchase": "AG-2020-999"}]}
    assert problem(await program.put(f"{committee}/agenda", unknown)) == (422, "invalid")


async def test_a_difficulty_is_raised_comes_on_the_agenda_and_is_settled(
    territory: Territory, connect: Connect
) -> None:
    program, referent = await connect(FACILITATOR), await connect(REFERENT)
    committee = await planned(program)
    made = await referent.post(f"{API}/difficulties", {"content": "Pas de garage", "member": LUGOS})
    assert made.status_code == 201
    assert (made.json()["member"], made.json()["state"]) == ("Lugos", "raised")
    items = (await program.get(f"{committee}/agenda")).json()["items"]
    assert items[-1]["difficulty_id"] == made.json()["id"]
    left_out = await program.put(f"{committee}/agenda", {"items": []})
    assert problem(left_out) == (409, "difficulty_open")
    settlement = f"{API}/difficulties/{made.json()['id']}/settlement"
    settled = await referent.post(settlement, {"settlement": "Salles prête le sien"})
    assert (settled.status_code, settled.json()["state"]) == (200, "settled")
    assert problem(await referent.post(settlement, {"settlement": "Encore"})) == (409, "already_settled")
    assert (await program.get(f"{API}/difficulties")).json()["items"] == []
    assert len((await program.get(f"{API}/difficulties?state=settled")).json()["items"]) == 1
    assert (await program.put(f"{committee}/agenda", {"items": []})).status_code == 200


@pytest.mark.parametrize(
    ("body", "answered"),
    [
        ({"content": ""}, (422, "invalid")),
        ({"content": "x", "member": SALLES}, (403, "forbidden")),
        ({"content": "x", "member": "000"}, (422, "invalid")),
        ({"content": "x", "purchase": "AG-2020-999"}, (422, "invalid")),
        ({"content": "x", "state": "settled"}, (422, "invalid")),
    ],
)
async def test_what_cannot_be_raised(
    territory: Territory, connect: Connect, body: dict[str, object], answered: tuple[int, str]
) -> None:
    assert problem(await (await connect(REFERENT)).post(f"{API}/difficulties", body)) == answered


async def test_pages_of_difficulties(territory: Territory, connect: Connect) -> None:
    program = await connect(REFERENT)
    for number in range(3):
        await program.post(f"{API}/difficulties", {"content": f"n° {number}"})
    first = (await program.get(f"{API}/difficulties?limit=2")).json()
    assert [one["content"] for one in first["items"]] == ["n° 2", "n° 1"]
    rest = (await program.get(first["next"])).json()
    assert ([one["content"] for one in rest["items"]], rest["next"]) == (["n° 0"], None)


async def test_another_groups_are_not_there(database: Database, territory: Territory, connect: Connect) -> None:
    await make_territory(database, NOW, slug="autre")
    program = await connect(FACILITATOR)
    for path in ("committees/999999", "committees/999999/agenda", "committees/0"):
        assert problem(await program.get(f"{API}/{path}")) == (404, "not_found")
    assert problem(await program.post(f"{API}/difficulties/999999/settlement", {"settlement": "x"})) == (
        404,
        "not_found",
    )
