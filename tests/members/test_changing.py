"""A member is corrected and renamed: with its history, not over somebody else's correction, not below frozen keys."""

import asyncio
import re

import pytest
from sqlalchemy import select, text
from sqlmodel import col

from api_client import API, Connect, problem
from factories import ARCACHON, LUGOS, NOW, Territory, open_purchase
from ground.shell import Shell
from pooling.kernel.database import Database
from pooling.members.changing import CorrectedMeanwhile, MemberFacts, correct_member, mark_of, member_by_code
from pooling.members.entrance import caller_of
from pooling.members.models import Member
from web_client import SignIn, text_of

FACILITATOR = "animation@bassin.example"
SHEET = f"/g/bassin/membres/{LUGOS}/fiche"
SEEN = re.compile(r'name="seen" value="([0-9a-f]+)"')
FACTS = {"name": "Lugos", "category": "commune", "insee": "33260", "population": "1208", "agents": "32"}


async def test_a_member_is_renamed_and_the_journal_tells_both_names(
    sign_in: SignIn, database: Database, territory: Territory
) -> None:
    await open_purchase(database, territory, NOW)
    browser = await sign_in(FACILITATOR)
    shown = await browser.get(SHEET)
    seen = SEEN.search(shown.text)
    assert seen is not None
    renamed = {**FACTS, "name": "Ychoux-Lugos", "population": "1 300", "agents": "", "seen": seen[1]}
    assert (await browser.post(SHEET, renamed, page=SHEET)).headers["location"] == f"/g/bassin/membres/{LUGOS}"
    member = text_of(await browser.get(f"/g/bassin/membres/{LUGOS}"))
    assert "Ychoux-Lugos" in member
    assert "1 300 habitants" in member
    listed = text_of(await browser.get("/g/bassin/membres"))
    assert listed.index("Université") < listed.index("Ychoux-Lugos"), "it stands where its name does"
    journal = text_of(await browser.get("/g/bassin/journal"))
    assert "a corrigé la fiche de Ychoux-Lugos" in journal or "a corrigé la fiche d’Ychoux-Lugos" in journal
    assert "nom : Lugos ; population : 1208 ; effectif : 32" in journal
    assert "nom : Ychoux-Lugos ; population : 1300 ; effectif : –" in journal
    slip = await browser.post(SHEET, {**FACTS, "name": "", "seen": seen[1]}, page=SHEET)
    assert (slip.status_code, SEEN.search(slip.text)[1]) == (422, seen[1]), "a slip is no news of what others did"  # type: ignore[index]
    late = await browser.post(SHEET, {**FACTS, "name": "Autre", "seen": seen[1]}, page=SHEET)
    assert late.status_code == 422
    assert "Quelqu’un a corrigé ce membre entre-temps" in text_of(late)
    assert 'value="Autre"' in late.text
    again = SEEN.search(late.text)
    assert again is not None
    assert (await browser.post(SHEET, {**FACTS, "name": "Autre", "seen": again[1]}, page=SHEET)).status_code == 303
    async with database.transaction(territory.group_id) as session:
        frozen = await session.execute(
            text("SELECT population FROM participations WHERE member_id = :member"),
            {"member": territory.members[LUGOS]},
        )
        assert frozen.scalar_one() == 1208, "what opening froze stays"


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"name": " "}, "Indiquez le nom du membre."),
        ({"insee": "330"}, "Le code INSEE doit ressembler à 33009 ou 2A004."),
        ({"population": "beaucoup"}, "Indiquez un nombre entier"),
        ({"agents": "-1"}, "Indiquez 0 ou plus"),
    ],
)
async def test_what_is_wrong_is_told(sign_in: SignIn, changed: dict[str, str], sentence: str) -> None:
    browser = await sign_in(FACILITATOR)
    answer = await browser.post(SHEET, {**FACTS, "category": "petite commune", **changed}, page=SHEET)
    assert (answer.status_code, sentence in text_of(answer)) == (422, True)
    assert 'value="petite commune"' in answer.text


async def test_of_two_corrections_at_once_one_is_told(fresh_database: Database, territory: Territory) -> None:
    async with fresh_database.transaction(territory.group_id) as session:
        seen = mark_of(await member_by_code(session, LUGOS))

    async def correct(name: str) -> str:
        async with fresh_database.transaction(territory.group_id) as session:
            caller = await caller_of(session, territory.people[FACILITATOR], territory.group_id)
            facts = MemberFacts(name=name, category="commune", insee="33260", population=1208, agents=32)
            return (await correct_member(session, caller, LUGOS, facts, NOW, seen=seen)).name

    done = await asyncio.gather(correct("Lugos-le-Vieux"), correct("Lugos-le-Neuf"), return_exceptions=True)
    assert [type(one) for one in done].count(CorrectedMeanwhile) == 1
    async with fresh_database.transaction(territory.group_id) as session:
        name = await session.execute(select(col(Member.name)).where(col(Member.code) == LUGOS))
        assert name.scalar_one() in done
        told = await session.execute(text("SELECT count(*) FROM events WHERE name = 'member.corrected'"))
        assert told.scalar_one() == 1


async def test_programs_read_and_correct_a_member(connect: Connect) -> None:
    program = await connect(FACILITATOR)
    path = f"{API}/members/{ARCACHON}"
    shown = await program.get(path)
    tag = shown.headers["etag"]
    facts = {"name": "Arcachon-Plage", "category": "commune", "insee": "33009", "population": 11092, "agents": 292}
    corrected = await program.put(path, facts, if_match=tag)
    assert (corrected.status_code, corrected.json()["name"]) == (200, "Arcachon-Plage")
    assert (await program.put(path, facts, if_match=tag)).status_code == 412
    assert problem(await program.put(path, {**facts, "insee": "33"})) == (422, "invalid")
    events = (await program.get(f"{API}/audit?name=member.corrected")).json()["items"]
    assert [event["details"] for event in events] == [
        {"before": {"name": "Arcachon"}, "after": {"name": "Arcachon-Plage"}}
    ]
    reader = await connect("observation@bassin.example")
    assert (await reader.get(path)).status_code == 200
    assert problem(await reader.put(path, facts)) == (403, "forbidden")


def test_the_command_corrects_what_it_names(own: Shell) -> None:
    assert own("group", "create", "Bassin", "--facilitator", "animation@bassin.example").exit_code == 0
    assert own("directory", "add", "bassin", "243301405", "--communes").stdout == "6 member(s) added.\n"
    assert own("directory", "add", "bassin", LUGOS).stdout == "0 member(s) added, 1 already there.\n"
    done = own("member", "correct", "bassin", LUGOS, "--name", "Lugos-Nouvelle", "--population", "1300")
    assert (done.exit_code, done.stdout) == (0, "Corrected: Lugos-Nouvelle\n"), done.stderr
    refused = own("member", "correct", "bassin", "999999999", "--name", "x")
    assert (refused.exit_code, "the group has no member “999999999”" in refused.stderr) == (2, True)
    assert own("member", "correct", "bassin", LUGOS, "--insee", "33").exit_code == 2
    assert own("directory", "renew", "bassin", "--dry-run").stdout == (
        f"{LUGOS}  Lugos-Nouvelle  1300 -> 1137\n1 member(s) differ.\n"
    )
    assert own("directory", "renew", "bassin", LUGOS).stdout.endswith("1 member(s) renewed.\n")
    assert own("directory", "renew", "bassin").stdout == "0 member(s) renewed.\n"
