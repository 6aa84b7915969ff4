"""A member leaves the group and comes back: what is under way keeps it, what is frozen keeps its name, no list does."""

import asyncio
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlmodel import col

from api_client import API, Connect, problem
from factories import (
    ARCACHON,
    BUYER,
    LUGOS,
    NOW,
    SALLES,
    UNIVERSITY,
    Territory,
    file_needs,
    make_purchase,
    open_purchase,
)
from ground.shell import Shell
from pooling.accounts.people import ensure_people
from pooling.allocation.models import Charge, Subsidy
from pooling.features import FEATURES
from pooling.kernel.clock import FixedClock
from pooling.kernel.database import Database
from pooling.kernel.errors import Conflict, Invalid, NotFound
from pooling.members.entrance import caller_of
from pooling.members.granting import grant_role
from pooling.members.models import Member, Membership, Role
from pooling.members.retiring import RetirementIn, retire_member
from pooling.needs.collection import close_collection
from pooling.needs.consolidating import latest_consolidation
from pooling.needs.models import Declaration
from pooling.purchases.changing import change_purchase
from pooling.purchases.correcting import correct_purchase
from pooling.purchases.models import Participation
from pooling.purchases.schemas import CorrectionIn
from pooling.reminders.configuration import ReminderConfiguration
from pooling.reminders.sweep import sweep
from reminders.scene import BASE_URL, CHORES, Scene
from web_client import SignIn, text_of

FACILITATOR, OF_LUGOS = "animation@bassin.example", "referent@lugos.example"
TODAY = date(2027, 3, 1)
LEAVES = {"on": "2027-01-01", "reason": "A quitté l’intercommunalité"}
PAGE = f"/g/bassin/membres/{LUGOS}"


async def retire(database: Database, territory: Territory, code: str = LUGOS) -> Member:
    async with database.transaction(territory.group_id) as session:
        caller = await caller_of(session, territory.people[FACILITATOR], territory.group_id)
        command = RetirementIn(date(2027, 1, 1), "A quitté l’intercommunalité")
        return await retire_member(session, caller, code, command, NOW, TODAY)


async def taking_part(database: Database, territory: Territory, purchase_id: int) -> set[int]:
    async with database.transaction(territory.group_id) as session:
        rows = await session.execute(
            select(col(Participation.member_id)).where(col(Participation.purchase_id) == purchase_id)
        )
        return set(rows.scalars())


async def test_a_member_leaves_and_is_taken_back(sign_in: SignIn, database: Database, territory: Territory) -> None:
    draft = await make_purchase(database, territory, NOW, title="Vélos")
    unanswered = await open_purchase(database, territory, NOW)
    lugos = territory.members[LUGOS]
    browser = await sign_in(FACILITATOR)
    asked = text_of(await browser.get(f"{PAGE}/retrait"))
    for said in (
        "Il ne participe plus à « Vélos » (en préparation). AG-2027-001",
        "La collecte de « Arceaux » ne l’attend plus. AG-2027-002",
        "1 personne perd son rôle pour ce membre",
    ):
        assert said in asked
    slip = await browser.post(f"{PAGE}/retrait", {**LEAVES, "reason": ""}, page=f"{PAGE}/retrait")
    assert (slip.status_code, 'value="2027-01-01"' in slip.text) == (422, True)
    later = await browser.post(f"{PAGE}/retrait", {**LEAVES, "on": "2027-03-02"}, page=f"{PAGE}/retrait")
    assert "aujourd’hui au plus tard" in text_of(later)
    done = await browser.post(f"{PAGE}/retrait", LEAVES, page=f"{PAGE}/retrait")
    assert (done.status_code, done.headers["location"]) == (303, PAGE)

    shown = text_of(await browser.get(PAGE))
    assert "A quitté le groupe le 01/01/2027 A quitté l’intercommunalité" in shown
    assert "Lugos" not in text_of(await browser.get("/g/bassin/membres"))
    assert "Lugos 213302607 01/01/2027" in text_of(await browser.get("/g/bassin/membres-partis"))
    assert lugos not in await taking_part(database, territory, draft)
    assert lugos not in await taking_part(database, territory, unanswered)
    for page in ("/g/bassin/achats/nouveau", "/g/bassin/personnes/invitation", "/g/bassin/membre-hors-annuaire"):
        assert "Lugos" not in text_of(await browser.get(page)), page
    assert (await (await sign_in(OF_LUGOS)).get("/g/bassin")).status_code == 404, "its référent was nothing else"
    journal = text_of(await browser.get("/g/bassin/journal"))
    assert "a retiré Lugos du groupe, depuis le 01/01/2027" in journal
    assert "a retiré Lugos des participants à AG-2027-001" in journal
    again = await browser.post(f"{PAGE}/retrait", LEAVES, page=PAGE)
    assert "a déjà quitté le groupe" in text_of(again)

    asked = text_of(await browser.get(f"{PAGE}/reprise"))
    assert "referent (Référent)" in asked
    back = await browser.post(f"{PAGE}/reprise", {"roles": "1", "reason": "Est revenu"}, page=f"{PAGE}/reprise")
    assert back.status_code == 303
    assert "Lugos" in text_of(await browser.get("/g/bassin/membres"))
    assert (await (await sign_in(OF_LUGOS)).get("/g/bassin")).status_code == 200
    async with database.transaction(territory.group_id) as session:
        mailed = await session.execute(text("SELECT recipient FROM messages WHERE kind = 'members.invitation'"))
        assert list(mailed.scalars()) == [OF_LUGOS]
    assert lugos not in await taking_part(database, territory, draft)
    assert (await browser.get(f"{PAGE}/reprise")).headers["location"] == PAGE


async def test_what_is_under_way_keeps_it(sign_in: SignIn, database: Database, territory: Territory) -> None:
    purchase_id = await open_purchase(database, territory, NOW, lead_member=LUGOS)
    await file_needs(database, territory, purchase_id, OF_LUGOS, NOW, arceau=3)
    lugos: dict[str, Any] = {"group_id": territory.group_id, "purchase_id": purchase_id}
    async with database.transaction(territory.group_id) as session:
        session.add(
            Charge(**lugos, code="a", label="Pose", amount_cents=1, key={"percents": {LUGOS: "60", SALLES: "40"}})
        )
        session.add(Charge(**lugos, code="b", label="Étude", amount_cents=1, key="equal", scope=[LUGOS]))
        session.add(Charge(**lugos, code="c", label="Transport", amount_cents=1, key="equal", scope=[LUGOS, SALLES]))
        session.add(Subsidy(**lugos, code="d", label="Aide", amount_cents=1, members=[LUGOS]))
    browser = await sign_in(FACILITATOR)
    asked = await browser.get(f"{PAGE}/retrait")
    for said in (
        "Il pilote « Arceaux » (déclarations ouvertes) : terminez cet achat, ou donnez-lui un autre pilote.",
        "Sa déclaration pour « Arceaux » l’engage",
        "« Pose » le nomme dans la répartition",
        "« Étude » le nomme dans la répartition",
        "« Aide » le nomme dans la répartition",
    ):
        assert said in text_of(asked)
    assert "« Transport »" not in text_of(asked), "it is shared without it"
    assert f'href="/g/bassin/achats/AG-2027-001/besoins/{LUGOS}"' in asked.text
    assert 'action="' + PAGE not in asked.text, "there is nothing to confirm"
    refused = await browser.post(f"{PAGE}/retrait", LEAVES, page=PAGE)
    assert (refused.status_code, "ne peut pas encore quitter le groupe" in text_of(refused)) == (422, True)
    university = text_of(await browser.get(f"/g/bassin/membres/{UNIVERSITY}/retrait"))
    assert "2 composantes en dépendent : retirez-les d’abord." in university


async def test_what_is_frozen_or_closed_keeps_its_name_and_its_share(database: Database, territory: Territory) -> None:
    purchase_id = await open_purchase(database, territory, NOW)
    await file_needs(database, territory, purchase_id, OF_LUGOS, NOW, arceau=5)
    async with database.transaction(territory.group_id) as session:
        buyer = await caller_of(session, territory.people[BUYER], territory.group_id)
        await close_collection(session, buyer, purchase_id, FixedClock(NOW), reason="Tous ont répondu")
    await retire(database, territory)
    assert territory.members[LUGOS] in await taking_part(database, territory, purchase_id)
    async with database.transaction(territory.group_id) as session:
        assert await latest_consolidation(session, purchase_id) is None
        filed = await session.execute(select(col(Declaration.member_id)))
        assert list(filed.scalars()) == [territory.members[LUGOS]]
        held = await session.execute(
            select(col(Membership.id)).where(
                col(Membership.member_id) == territory.members[LUGOS], col(Membership.ended_at).is_(None)
            )
        )
        assert held.all() == []


async def test_who_retires_and_who_files_at_once_do_not_cross(fresh_database: Database, territory: Territory) -> None:
    purchase_id = await open_purchase(fresh_database, territory, NOW)
    done = await asyncio.gather(
        retire(fresh_database, territory),
        file_needs(fresh_database, territory, purchase_id, OF_LUGOS, NOW, arceau=3),
        return_exceptions=True,
    )
    left, filed = (not isinstance(one, Exception) for one in done)
    assert left != filed, done
    assert all(isinstance(one, Conflict | NotFound) for one in done if isinstance(one, Exception))
    assert (territory.members[LUGOS] in await taking_part(fresh_database, territory, purchase_id)) == filed


@pytest.mark.parametrize("what", ["participant", "lead"])
async def test_nobody_who_leaves_joins_a_purchase_meanwhile(
    fresh_database: Database, territory: Territory, what: str
) -> None:
    purchase_id = await make_purchase(fresh_database, territory, NOW, participants=(SALLES,))

    async def join() -> None:
        async with fresh_database.transaction(territory.group_id) as session:
            if what == "lead":
                buyer = await caller_of(session, territory.people[BUYER], territory.group_id)
                lugos = territory.members[LUGOS]
                await change_purchase(
                    session, buyer, purchase_id, FixedClock(NOW), lead_member_id=lugos, reason="Un autre pilote"
                )
                return
            caller = await caller_of(session, territory.people[FACILITATOR], territory.group_id)
            command = CorrectionIn(title="Arceaux", lead_member=ARCACHON, participants=(LUGOS, SALLES))
            await correct_purchase(session, caller, purchase_id, command, NOW)

    done = await asyncio.gather(retire(fresh_database, territory), join(), return_exceptions=True)
    assert all(isinstance(one, Conflict | Invalid) for one in done if isinstance(one, Exception)), done
    async with fresh_database.transaction(territory.group_id) as session:
        member = (await session.execute(select(Member).where(col(Member.code) == LUGOS))).scalar_one()
        lead = await session.scalar(text("SELECT lead_member_id FROM purchases"))
    if member.retired_on is not None:
        assert member.id not in await taking_part(fresh_database, territory, purchase_id)
        assert member.id != lead


async def test_programs_retire_and_take_back(connect: Connect, database: Database, territory: Territory) -> None:
    program = await connect(FACILITATOR)
    path = f"{API}/members/{LUGOS}"
    once = {"idempotency_key": "retire-lugos-1"}
    left = await program.post(f"{path}/retirement", {"reason": "Parti"}, **once)
    assert (left.status_code, left.json()["retired_on"], left.json()["became"]) == (200, "2027-03-01", None)
    assert (await program.post(f"{path}/retirement", {"reason": "Parti"}, **once)).json() == left.json()
    assert problem(await program.post(f"{path}/retirement", {"reason": "Parti"})) == (409, "member_retired")
    assert problem(await program.post(f"{API}/members/{UNIVERSITY}/retirement", {"reason": "x"})) == (
        409,
        "member_in_use",
    )
    listed = (await program.get(f"{API}/members")).json()["items"]
    assert LUGOS not in {one["code"] for one in listed}
    retired = (await program.get(f"{API}/members?retired=true")).json()["items"]
    assert [one["code"] for one in retired] == [LUGOS]
    taken = await program.post(f"{API}/members", {"code": LUGOS, "name": "Lugos"})
    assert (problem(taken), "A quitté le groupe" in taken.json()["title"]) == ((409, "member_exists"), True)
    assert problem(await program.post(f"{API}/purchases", {"title": "x", "lead_member": LUGOS, "items": []}))[0] == 422
    back = await program.post(f"{path}/return", {"roles": True})
    assert (back.status_code, back.json()["retired_on"]) == (200, None)
    assert problem(await program.post(f"{path}/return", {})) == (409, "member_present")
    assert problem(await program.post(f"{API}/members/999999999/retirement", {"reason": "x"})) == (404, "not_found")
    reader = await connect("observation@bassin.example")
    assert problem(await reader.post(f"{path}/retirement", {"reason": "x"})) == (403, "forbidden")
    async with database.transaction(territory.group_id) as session:
        held = await session.execute(
            select(col(Membership.person_id)).where(
                col(Membership.member_id) == territory.members[LUGOS], col(Membership.ended_at).is_(None)
            )
        )
        assert list(held.scalars()) == [territory.people[OF_LUGOS]]


async def test_roles_that_ended_before_it_left_do_not_come_back(
    sign_in: SignIn, database: Database, territory: Territory
) -> None:
    async with database.transaction(territory.group_id) as session:
        lugos = territory.members[LUGOS]
        people = await ensure_people(session, [("ancien@lugos.example", "Ancien", "")], NOW)
        await grant_role(session, people["ancien@lugos.example"], Role.FINANCE, NOW, member_id=lugos)
        await session.execute(
            text("UPDATE memberships SET ended_at = :at WHERE person_id = :person"),
            {"at": NOW - timedelta(days=1), "person": people["ancien@lugos.example"]},
        )
    await retire(database, territory)
    asked = text_of(await (await sign_in(FACILITATOR)).get(f"{PAGE}/reprise"))
    assert "referent (Référent)" in asked
    assert "Ancien" not in asked


def test_commands_retire_and_take_back(own: Shell) -> None:
    assert own("group", "create", "Bassin", "--facilitator", FACILITATOR).exit_code == 0
    own("directory", "add", "bassin", LUGOS)
    left = own("member", "retire", "bassin", LUGOS, "--reason", "Parti", "--on", "2026-01-01")
    assert (left.exit_code, left.stdout) == (0, "Retired: Lugos\n"), left.stderr
    again = own("member", "retire", "bassin", LUGOS, "--reason", "Parti")
    assert (again.exit_code, "a déjà quitté le groupe" in again.stderr) == (1, True)
    assert own("directory", "add", "bassin", LUGOS).stdout == "0 member(s) added, 1 that left.\n"
    assert own("directory", "renew", "bassin", "--dry-run").stdout == "0 member(s) differ.\n"
    assert own("member", "return", "bassin", LUGOS).stdout == "Of the group again: Lugos\n"
    unknown = own("member", "return", "bassin", "999999999")
    assert (unknown.exit_code, "the group has no member “999999999”" in unknown.stderr) == (2, True)


async def test_who_left_is_neither_convened_nor_reminded(scene: Scene) -> None:
    """A référent of two members goes on for the other one."""
    database, territory = scene.database, scene.territory
    salles = territory.members[SALLES]
    async with database.transaction(territory.group_id) as session:
        people = await ensure_people(session, [("deux@bassin.example", "Deux", "")], scene.now)
        for code in (LUGOS, SALLES):
            member_id = territory.members[code]
            await grant_role(session, people["deux@bassin.example"], Role.REFERENT, scene.now, member_id=member_id)
    await scene.schedule(roles=[Role.REFERENT])
    await open_purchase(database, territory, scene.now)
    await scene.deliver()  # that it opened is told to all
    async with database.transaction(territory.group_id) as session:
        caller = await caller_of(session, territory.people[FACILITATOR], territory.group_id)
        today = scene.now.date()
        await retire_member(session, caller, LUGOS, RetirementIn(today, "Parti"), scene.now, today)
    scene.sink.received.clear()
    kinds = [kind for feature in FEATURES for kind in feature.kinds(ReminderConfiguration())]
    for _ in range(5):  # a sweep tells what became due since the one before
        scene.clock.instant += timedelta(days=4)
        await sweep(database, kinds, scene.clock, base_url=BASE_URL, chores=CHORES, batch=100)
        await scene.deliver()
    told = {mail["To"] for mail in scene.sink.received}
    assert OF_LUGOS not in told
    assert {"deux@bassin.example", "referent@salles.example"} <= told
    named = "\n".join(str(mail) for mail in scene.sink.received if mail["To"] == "deux@bassin.example")
    assert "Salles" in named
    assert "Lugos" not in named
    async with database.transaction(territory.group_id) as session:
        invited = await session.execute(text("SELECT person_id FROM committee_invitations"))
        assert territory.people[OF_LUGOS] not in set(invited.scalars())
        deux = await caller_of(session, people["deux@bassin.example"], territory.group_id)
    assert deux.members_as(Role.REFERENT) == [salles]
