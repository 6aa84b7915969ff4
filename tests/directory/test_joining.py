"""Members from the directory: one, or a body with its communes; twice or at once, once. And those that it does not
have, typed.
"""

import asyncio
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlmodel import col

from api_client import API, Connect, problem
from factories import LUGOS, NOW, SALLES, UNIVERSITY, Territory
from ground.directory import COBAN, COBAS, VAL_DE_L_EYRE
from pooling.directory.joining import join_authorities
from pooling.kernel.database import Database
from pooling.kernel.errors import Forbidden
from pooling.members.entrance import caller_of
from pooling.members.models import Budget, Member
from web_client import Browser, SignIn, text_of

FACILITATOR = "animation@bassin.example"
BIGANOS, MIOS = "213300510", "213302847"
TYPED = "/g/bassin/membre-hors-annuaire"


async def members(database: Database, territory: Territory) -> dict[str, Member]:
    async with database.transaction(territory.group_id) as session:
        return {one.code: one for one in (await session.execute(select(Member))).scalars()}


async def join(browser: Browser, siren: str, **values: object) -> str:
    page = f"/g/bassin/annuaire/{siren}"
    answer = await browser.post(f"{page}/ajout", values, page=page)
    if answer.status_code == 422:
        return text_of(answer)
    assert answer.headers["location"] == "/g/bassin/membres"
    return text_of(await browser.get("/g/bassin/membres"))


async def test_a_commune_or_a_body_with_its_communes_joins_in_one_step(
    sign_in: SignIn, database: Database, territory: Territory
) -> None:
    browser = await sign_in(FACILITATOR)
    assert "Biganos est membre du groupe." in await join(browser, BIGANOS)
    added = (await members(database, territory))[BIGANOS]
    assert (added.name, added.category, added.insee, added.population, added.population_year) == (
        *("Biganos", "commune", "33051"),
        *(11303, 2026),
    )
    assert "Rien à ajouter : déjà membres du groupe." in await join(browser, BIGANOS)
    shown = text_of(await browser.get(f"/g/bassin/annuaire/{COBAN}"))
    assert "Toutes les autres : 7" in shown
    assert "8 membres ajoutés." in await join(browser, COBAN, body="1", which="all")
    assert "est déjà membre du groupe" in text_of(await browser.get(f"/g/bassin/annuaire/{COBAN}"))
    some = await join(browser, VAL_DE_L_EYRE, which="some")
    assert "Cochez au moins une commune, ou l’intercommunalité." in some
    assert "CC du Val de l’Eyre est membre du groupe." in await join(browser, VAL_DE_L_EYRE, which="some", body="1")
    assert "Choisissez une des réponses proposées." in await join(browser, COBAS, which="none")
    now = await members(database, territory)
    assert (now[COBAN].category, now[COBAN].insee) == ("communauté d’agglomération", None)
    assert now[LUGOS].population == 1208, "who is a member stays as it is"
    async with database.transaction(territory.group_id) as session:
        told = await session.execute(text("SELECT details->>'code' FROM events WHERE name = 'member.added'"))
        assert sorted(told.scalars()) == sorted(set(now) - set(territory.members))


async def test_only_the_facilitator_adds_and_two_at_once_add_once(
    fresh_database: Database, territory: Territory
) -> None:
    async def adding() -> tuple[int, int]:
        async with fresh_database.transaction(territory.group_id) as session:
            caller = await caller_of(session, territory.people[FACILITATOR], territory.group_id)
            joined = await join_authorities(session, caller, [BIGANOS, MIOS], NOW)
            return len(joined.added), len(joined.present)

    assert sorted(await asyncio.gather(adding(), adding())) == [(0, 2), (2, 0)]
    async with fresh_database.transaction(territory.group_id) as session:
        referent = await caller_of(session, territory.people["referent@lugos.example"], territory.group_id)
        with pytest.raises(Forbidden):
            await join_authorities(session, referent, [COBAS], NOW)


async def test_programs_add_authorities_and_their_communes(connect: Connect) -> None:
    program = await connect(FACILITATOR)
    path = f"{API}/members/from-directory"
    added = await program.post(path, {"sirens": [VAL_DE_L_EYRE], "with_communes": True})
    assert (added.status_code, len(added.json()["added"])) == (200, 4)
    assert sorted(added.json()["present"]) == [LUGOS, SALLES]
    again = (await program.post(path, {"sirens": [VAL_DE_L_EYRE]})).json()
    assert again == {"added": [], "present": [VAL_DE_L_EYRE], "left": []}
    refused = await program.post(path, {"sirens": ["999999999"]})
    assert problem(refused) == (422, "invalid")
    assert "L’annuaire ne connaît pas 999999999." in refused.text
    listed = (await program.get(f"{API}/members?limit=2")).json()["items"]
    assert [(one["name"], one["insee"], one["population_year"]) for one in listed] == [
        ("Arcachon", "33009", None),
        ("Belin-Béliet", "33042", 2026),
    ]


UNIT: dict[str, Any] = {"kind": "internal_unit", "name": "IUT", "code": "IUT", "parent": "Université"}


async def test_who_is_not_in_the_directory_is_typed(sign_in: SignIn, database: Database, territory: Territory) -> None:
    browser = await sign_in(FACILITATOR)
    syndicate = {"kind": "legal_entity", "name": "Syndicat du bassin", "code": "253 306 617", "agents": "1 200"}
    assert (await browser.post(TYPED, {**syndicate, "code": "253306618"}, page=TYPED)).status_code == 422
    done = await browser.post(TYPED, syndicate, page=TYPED)
    assert done.status_code == 303, text_of(done)
    unit = {**UNIT, "budgets": "900-I : Budget de l’IUT\r\nBA"}
    assert (await browser.post(TYPED, unit, page=TYPED)).headers["location"] == "/g/bassin/membres"
    now = await members(database, territory)
    assert (now["253306617"].name, now["253306617"].agents, now["253306617"].population) == (
        *("Syndicat du bassin", 1200),
        None,
    )
    assert now["IUT"].parent_id == now[UNIVERSITY].id
    async with database.transaction(territory.group_id) as session:
        kept = await session.execute(
            select(col(Budget.code), col(Budget.label)).where(col(Budget.member_id) == now["IUT"].id)
        )
        assert dict(kept.all()) == {"900-I": "Budget de l’IUT", "BA": "BA"}


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"code": ""}, "Indiquez le SIREN, ou le code de la composante."),
        ({"name": ""}, "Indiquez le nom du membre."),
        ({"code": "U F R"}, "Le SIREN doit avoir neuf chiffres dont une clé valide"),
        ({"parent": ""}, "Indiquez le membre dont cette composante dépend."),
        ({"parent": "Nulle part"}, "« Nulle part » n’est pas un membre du groupe."),
        ({"code": "UFR-DROIT"}, "Déjà membre du groupe : UFR-DROIT."),
        ({"agents": "beaucoup"}, "Indiquez un nombre entier"),
        ({"budgets": ": Sans code"}, "Donnez un code au budget « Sans code »"),
        ({"budgets": "A\nA"}, "Le budget « A » est écrit deux fois."),
        ({"kind": "legal_entity", "code": "130018351"}, "Laissez ce champ vide"),
        ({"kind": "commune"}, "Choisissez une des réponses proposées."),
    ],
)
async def test_what_is_wrong_is_told_and_what_was_typed_stays(
    sign_in: SignIn, changed: dict[str, str], sentence: str
) -> None:
    browser = await sign_in(FACILITATOR)
    answer = await browser.post(TYPED, {**UNIT, "category": "composante rare", **changed}, page=TYPED)
    assert (answer.status_code, sentence in text_of(answer)) == (422, True)
    assert 'value="composante rare"' in answer.text
