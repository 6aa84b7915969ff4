"""A host with many groups: what crosses because a group agrees, and that nothing else does."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import select, text
from sqlmodel import col

from api_client import API, Connect
from factories import NOW, Territory, make_territory
from pooling.actions.models import Action, ActionState
from pooling.hosting.consenting import ConsentIn, consent
from pooling.hosting.models import GroupSharing
from pooling.hosting.reading import compared_groups, public_group
from pooling.hosting.snapshots import renew_snapshot
from pooling.kernel.clock import FixedClock
from pooling.kernel.database import Database
from pooling.kernel.errors import NotFound
from pooling.members.entrance import caller_of
from pooling.members.groups import archive_group
from web_client import Browser, SignIn, text_of

FACILITATOR, READER = "animation@bassin.example", "observation@bassin.example"
CONSENT, COMPARISON = "/g/bassin/reglages/partage", "/g/bassin/indicateurs/comparaison"


async def agree(database: Database, territory: Territory, **command: object) -> None:
    async with database.transaction(territory.group_id) as session:
        facilitator = await caller_of(session, territory.people[FACILITATOR], territory.group_id)
        await consent(session, facilitator, ConsentIn.model_validate(command), NOW)


async def act(database: Database, territory: Territory, title: str, state: ActionState) -> None:
    async with database.transaction(territory.group_id) as session:
        session.add(
            Action(
                group_id=territory.group_id,
                reference=f"FA-2027-{len(title):03}",
                title=title,
                state=state,
                proposed_at=NOW,
                set_aside_because="Trop cher" if state == ActionState.SET_ASIDE else "",
            )
        )


async def test_a_public_page_is_there_while_the_group_agrees(
    database: Database, territory: Territory, sign_in: SignIn, visitor: Browser
) -> None:
    await act(database, territory, "Arceaux devant les écoles", ActionState.UNDER_WAY)
    await act(database, territory, "Une idée", ActionState.PROPOSED)
    await act(database, territory, "Une idée écartée", ActionState.SET_ASIDE)
    assert (await visitor.get("/groupes/bassin")).status_code == 404
    animator = await sign_in(FACILITATOR)
    assert (await (await sign_in(READER)).get(CONSENT)).status_code == 403
    version = (await animator.get(CONSENT)).text.partition('name="version" value="')[2].partition('"')[0]
    form = {"version": version, "public": "1", "introduction": "Dix communes\nautour du bassin"}
    assert (await animator.post(CONSENT, form, page=CONSENT)).status_code == 303
    shown = await visitor.get("/groupes/bassin")
    assert shown.status_code == 200
    page = text_of(shown)
    for words in ("Dix communes", "Arceaux devant les écoles", "En cours", "Nos résultats 2027"):
        assert words in page, words
    assert "Une idée" not in page
    assert "Arcachon" not in page  # members stay inside
    stale = await animator.post(CONSENT, {**form, "public": ""}, page=CONSENT)
    assert stale.status_code == 422
    assert "Une autre personne a enregistré autre chose" in text_of(stale)
    await agree(database, territory)
    assert (await visitor.get("/groupes/bassin")).status_code == 404
    async with database.transaction(territory.group_id) as session:
        assert (await session.execute(select(col(GroupSharing.snapshot)))).scalar_one() is None


async def test_an_archived_group_has_no_public_page(database: Database, territory: Territory) -> None:
    await agree(database, territory, public=True)
    async with database.transaction() as session:
        assert (await public_group(session, "bassin")).name == "Bassin"
        with pytest.raises(NotFound):
            await public_group(session, "autre")
    async with database.transaction() as session:
        await archive_group(session, "bassin", None, NOW)
    async with database.transaction() as session:
        with pytest.raises(NotFound):
            await public_group(session, "bassin")


async def test_only_groups_that_agree_are_compared_and_compare(
    database: Database, territory: Territory, sign_in: SignIn, connect: Connect
) -> None:
    other = await make_territory(database, NOW, slug="autre")
    await act(database, other, "Un secret", ActionState.DONE)
    await agree(database, other, compared=True)
    reader, program = await sign_in(READER), await connect(FACILITATOR)
    assert "accepter d’être vu" in text_of(await reader.get(COMPARISON))
    assert (await program.get(f"{API}/comparison")).json() == {"groups": []}
    await agree(database, territory, public=True)  # the public page alone opens nothing
    assert (await program.get(f"{API}/comparison")).json() == {"groups": []}
    await agree(database, territory, compared=True)
    groups = (await program.get(f"{API}/comparison")).json()["groups"]
    assert [(group["name"], group["own"], group["members"]) for group in groups] == [
        ("Autre", False, 6),
        ("Bassin", True, 6),
    ]
    page = text_of(await reader.get(COMPARISON))
    assert "Autre" in page
    assert "Un secret" not in page
    async with database.transaction(territory.group_id) as session:
        kept = json.dumps([one.snapshot.model_dump() for one in await compared_groups(session)], ensure_ascii=False)
        found = await session.execute(text("SELECT count(*) FROM group_sharings"))
        assert found.scalar_one() == 1  # the walls stand: the other one's row is not read
    assert "Arcachon" not in kept
    await agree(database, other)
    assert [group["name"] for group in (await program.get(f"{API}/comparison")).json()["groups"]] == ["Bassin"]


async def test_figures_are_renewed_once_a_day(database: Database, territory: Territory) -> None:
    await agree(database, territory, public=True)
    await act(database, territory, "Une action", ActionState.DONE)

    async def actions_after(later: timedelta) -> list[str]:
        async with database.transaction(territory.group_id) as session:
            await renew_snapshot(session, FixedClock(NOW + later))
        async with database.transaction() as session:
            return [action.title for action in (await public_group(session, "bassin")).snapshot.actions]

    assert await actions_after(timedelta(hours=1)) == []
    assert await actions_after(timedelta(days=1)) == ["Une action"]
