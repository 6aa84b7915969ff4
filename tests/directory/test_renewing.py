"""Populations are renewed for the members that are chosen; frozen keys stay."""

from sqlalchemy import text

from api_client import API, Connect, problem
from factories import ARCACHON, LUGOS, NOW, SALLES, Territory, open_purchase
from pooling.kernel.database import Database
from web_client import SignIn, text_of

FACILITATOR = "animation@bassin.example"
PAGE = "/g/bassin/populations"


async def populations(database: Database, territory: Territory) -> dict[str, tuple[int | None, int | None]]:
    async with database.transaction(territory.group_id) as session:
        rows = await session.execute(text("SELECT code, population, population_year FROM members"))
        return {code: (population, year) for code, population, year in rows}


async def test_the_members_ticked_are_renewed_and_frozen_keys_stay(
    sign_in: SignIn, database: Database, territory: Territory
) -> None:
    await open_purchase(database, territory, NOW)
    browser = await sign_in(FACILITATOR)
    shown = text_of(await browser.get(PAGE))
    assert "3 membres qui diffèrent" in shown
    assert "1 208 habitants → 1 137" in shown
    nobody = await browser.post(PAGE, {"which": "some"}, page=PAGE)
    assert (nobody.status_code, "Cochez au moins un membre." in text_of(nobody)) == (422, True)
    done = await browser.post(PAGE, {"which": "some", "members": LUGOS}, page=PAGE)
    assert done.headers["location"] == "/g/bassin/membres"
    now = await populations(database, territory)
    assert (now[LUGOS], now[ARCACHON]) == ((1137, 2026), (11092, None))
    assert "(2026)" in text_of(await browser.get(f"/g/bassin/membres/{LUGOS}"))
    await browser.post(PAGE, {"which": "all"}, page=PAGE)
    assert {year for code, (_, year) in (await populations(database, territory)).items() if code.startswith("213")} == {
        2026
    }
    assert "Tous les membres sont comme dans l’annuaire" in text_of(await browser.get(PAGE))
    await browser.post(PAGE, {"which": "all"}, page="/g/bassin/annuaire/" + LUGOS)
    assert "Rien à renouveler." in text_of(await browser.get("/g/bassin/membres"))
    async with database.transaction(territory.group_id) as session:
        frozen = await session.execute(
            text("SELECT m.code, p.population FROM participations p JOIN members m ON m.id = p.member_id")
        )
        assert {code: kept for code, kept in frozen}[LUGOS] == 1208
        events = await session.execute(text("SELECT details FROM events WHERE name = 'member.corrected' ORDER BY id"))
        assert events.scalars().first() == {
            "before": {"population": 1208, "population_year": None},
            "after": {"population": 1137, "population_year": 2026},
        }


async def test_programs_list_differences_and_renew(connect: Connect) -> None:
    program = await connect(FACILITATOR)
    found = (await program.get(f"{API}/directory/differences")).json()
    assert (found["year"], [one["siren"] for one in found["items"]]) == (2026, [ARCACHON, LUGOS, SALLES])
    assert found["items"][1]["listed"] == 1137
    assert (await program.post(f"{API}/directory/renewal", {"sirens": [LUGOS]})).json() == {"renewed": 1}
    assert (await program.post(f"{API}/directory/renewal", {})).json() == {"renewed": 2}
    assert (await program.post(f"{API}/directory/renewal", {})).json() == {"renewed": 0}
    referent = await connect("referent@lugos.example")
    assert problem(await referent.post(f"{API}/directory/renewal", {})) == (403, "forbidden")
