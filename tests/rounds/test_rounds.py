"""A prioritisation round from its preparation to the ranks that a committee adopts, by pages, programs and the sweep;
and what nobody may learn of it meanwhile.
"""

import json
import re
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import select, text
from sqlmodel import col

from api_client import API, Connect, Program, problem
from factories import ARCACHON, LUGOS, NOW, UNIVERSITY, Territory
from pooling.actions.catalogue import Catalogue
from pooling.actions.keeping import propose_action
from pooling.actions.schemas import ActionIn
from pooling.committees.agendas.results import put_results_on_agenda
from pooling.committees.decisions.carrying_out import apply_decision
from pooling.committees.decisions.models import Decision
from pooling.committees.meetings.scheduling import schedule_committee
from pooling.committees.meetings.schemas import CommitteeIn
from pooling.committees.models import AgendaItem
from pooling.kernel.clock import FixedClock
from pooling.kernel.database import Database
from pooling.kernel.doubts import Insistence
from pooling.kernel.events import Event
from pooling.members.entrance import caller_of
from pooling.members.features import features_for
from pooling.members.merging import MergeIn, merge_members
from pooling.members.models import Member
from pooling.members.retiring import RetirementIn, retire_member
from pooling.outbox.models import Message
from pooling.reminders.configuration import ReminderConfiguration
from pooling.rounds.models import Mark, RoundVoter, Weighting
from pooling.rounds.preparing import prepare_round
from pooling.rounds.queries import results_of, turnouts_of
from pooling.rounds.reminders import round_kinds
from pooling.rounds.running import close_round, open_round, turn_what_is_due
from pooling.rounds.schemas import RoundIn
from pooling.rounds.voting import file_ballot
from web_client import Browser, SignIn, text_of

FACILITATOR, REFERENT, OTHER = "animation@bassin.example", "referent@lugos.example", "referent@arcachon.example"
LIST = "/g/bassin/actions/tours"
ONE = f"{LIST}/TP-2027-001"
BALLOT = f"{ONE}/bulletins/{LUGOS}"
CLOSES = NOW + timedelta(days=30)
REFERENCES = ("FA-2027-001", "FA-2027-002", "FA-2027-003")


@pytest_asyncio.fixture
async def actions(database: Database, territory: Territory) -> list[int]:
    async with database.transaction(territory.group_id) as session:
        caller = await caller_of(session, territory.people[FACILITATOR], territory.group_id)
        return [
            (await propose_action(session, caller, ActionIn(title=title), Catalogue(), NOW)).id
            for title in ("Des arceaux", "Des vélos", "Des bureaux")
        ]


async def make_round(database: Database, territory: Territory, *, opened: bool = True, **said: Any) -> str:  # noqa: ANN401
    async with database.transaction(territory.group_id) as session:
        caller = await caller_of(session, territory.people[FACILITATOR], territory.group_id)
        command = RoundIn(**{"title": "Nos actions", "actions": REFERENCES, "closes_at": CLOSES, **said})
        found = await prepare_round(session, caller, command, NOW)
        if opened:
            await open_round(session, caller, found.reference, FixedClock(NOW))
        return found.reference


async def vote(
    database: Database, territory: Territory, email: str, code: str, marks: dict[int, dict[Mark, int]]
) -> None:
    async with database.transaction(territory.group_id) as session:
        caller = await caller_of(session, territory.people[email], territory.group_id)
        member = (await session.execute(select(Member).where(col(Member.code) == code))).scalar_one()
        await file_ballot(session, caller, "TP-2027-001", member, marks, FixedClock(NOW))


async def sweep(database: Database, territory: Territory, clock: FixedClock) -> list[str]:
    async with database.transaction(territory.group_id) as session:
        return await turn_what_is_due(session, clock)


async def test_a_round_is_prepared_opened_voted_closed_and_adopted(  # noqa: PLR0915 - one story
    sign_in: SignIn, database: Database, territory: Territory, actions: list[int], clock: FixedClock
) -> None:
    """The whole story through the pages, with a decision of a committee at its end."""
    facilitator, referent = await sign_in(FACILITATOR), await sign_in(REFERENT)
    new = f"{LIST}/nouveau"
    typed = {
        "title": "Nos actions de 2028",
        "content": "Lisez les fiches.",
        "actions": list(REFERENCES),
        "method": "points",
        "budget": "10",
        "weighting": "member",
        "discretion": "secret",
        "opens_on": "",
        "closes_on": "2027-02-01",
        "closes_at": "18:00",
    }
    refused = await facilitator.post(new, typed, page=new)
    assert refused.status_code == 422
    assert "Lisez les fiches." in refused.text
    made = await facilitator.post(new, {**typed, "closes_on": "2027-03-30"}, page=new)
    assert made.headers["location"].endswith(ONE), text_of(made)
    version = re.search(r'name="version" value="(\w+)"', (await facilitator.get(f"{ONE}/fiche")).text)
    assert version is not None
    changed = {**typed, "closes_on": "2027-03-31", "version": version[1]}
    assert (await facilitator.post(f"{ONE}/fiche", changed, page=f"{ONE}/fiche")).status_code == 303
    late = await facilitator.post(f"{ONE}/fiche", {**changed, "title": "Autre"}, page=f"{ONE}/fiche")
    assert "Une autre personne a modifié" in text_of(late)
    opening = {"closes_on": "2027-03-31", "closes_at": "18:00"}
    assert (await facilitator.post(f"{ONE}/ouverture", opening, page=f"{ONE}/ouverture")).status_code == 303
    assert "Voter au nom de Lugos" in text_of(await referent.get("/g/bassin"))
    ballot = {f"points-{actions[0]}": "3", f"points-{actions[1]}": "8"}
    over = await referent.post(BALLOT, {**ballot, "seen": await seen(referent)}, page=BALLOT)
    assert over.status_code == 422
    assert "Vous donnez 11 points" in text_of(over)
    assert 'value="8"' in over.text
    ballot[f"points-{actions[1]}"] = "7"
    at_first = await seen(referent)
    assert (await referent.post(BALLOT, {**ballot, "seen": at_first}, page=BALLOT)).status_code == 303
    stale = await referent.post(BALLOT, {**ballot, "seen": at_first}, page=BALLOT)
    assert "Un autre référent de votre collectivité" in text_of(stale)
    assert "Voter au nom de Lugos" not in text_of(await referent.get("/g/bassin"))
    early = await facilitator.post(f"{ONE}/cloture", {"reason": ""}, page=f"{ONE}/cloture")
    assert "Dites pourquoi vous fermez le vote" in text_of(early)
    await vote(database, territory, OTHER, ARCACHON, {actions[0]: {Mark.POINTS: 4}, actions[2]: {Mark.POINTS: 1}})
    reason = {"reason": "Tous ont voté"}
    assert (await facilitator.post(f"{ONE}/cloture", reason, page=f"{ONE}/cloture")).status_code == 303
    assert "Faire adopter le classement des actions" in text_of(await facilitator.get("/g/bassin"))
    assert "Faire adopter le classement des actions" not in text_of(await referent.get("/g/bassin"))
    shown = text_of(await referent.get(ONE))
    assert "2 membres sur" in shown
    # 7 points each: two members chose the first one
    assert shown.index("Des arceaux") < shown.index("Des vélos") < shown.index("Des bureaux")
    assert (await referent.get(f"{ONE}/bulletins/{ARCACHON}")).status_code == 200
    assert "s’inscrira de lui-même" in text_of(await facilitator.get(ONE))
    assert await put_results(database, territory) == 0, "there is no committee yet"
    committee = await meet(database, territory)
    assert [await put_results(database, territory) for _ in range(2)] == [1, 0]
    assert "est à l’ordre du jour" in text_of(await referent.get(ONE))
    async with database.transaction(territory.group_id) as session:
        await session.execute(text("DELETE FROM agenda_items WHERE round_id IS NOT NULL"))
    assert await put_results(database, territory) == 0, "what was taken off an agenda stays off it"
    press = re.search(r'action="([^"]+/propositions)"', (await facilitator.get(ONE)).text)
    assert press is not None
    key = re.search(r'name="key" value="([^"]+)"', (await facilitator.get(ONE)).text)
    assert key is not None
    assert (await facilitator.post(press[1], {"key": key[1]}, page=ONE)).status_code == 303
    assert "est à l’ordre du jour" in text_of(await referent.get(ONE))
    assert "1. Des arceaux (7 points)" in text_of(await referent.get(press[1].removesuffix("/propositions")))
    await decide(database, territory, committee)
    shown = text_of(await referent.get("/g/bassin/actions"))
    assert shown.count("Priorisée") >= 3
    assert "rang 1" in shown
    assert "Adopté" in text_of(await referent.get(ONE))


async def seen(browser: Browser) -> str:
    found = re.search(r'name="seen" value="(\w+)"', (await browser.get(BALLOT)).text)
    assert found is not None
    return found[1]


async def put_results(database: Database, territory: Territory) -> int:
    async with database.transaction(territory.group_id) as session:
        return await put_results_on_agenda(session, FixedClock(NOW))


async def meet(database: Database, territory: Territory) -> int:
    async with database.transaction(territory.group_id) as session:
        caller = await caller_of(session, territory.people[FACILITATOR], territory.group_id)
        day = (NOW + timedelta(days=40)).date()
        return await schedule_committee(session, caller, CommitteeIn(day=day, hour=NOW.time(), place="Mairie"), NOW)


async def decide(database: Database, territory: Territory, committee: int) -> None:
    """The committee was held; its decision is carried out by its secretary, who facilitates nothing."""
    async with database.transaction(territory.group_id) as session:
        found = (await session.execute(select(AgendaItem).where(col(AgendaItem.round_id).is_not(None)))).scalar_one()
        secretary = territory.people[REFERENT]
        await session.execute(
            text("UPDATE committees SET state = 'held', secretary_id = :who WHERE id = :id"),
            {"who": secretary, "id": committee},
        )
        session.add(
            Decision(
                group_id=territory.group_id,
                committee_id=committee,
                number=1,
                content="Le classement est adopté.",
                round_id=found.round_id,
                act="adopt_round",
                assigned_at=NOW,
                created_at=NOW,
            )
        )
        await session.flush()
        caller = await caller_of(session, secretary, territory.group_id)
        await apply_decision(session, caller, committee, 1, FixedClock(NOW))
        told = await session.execute(select(Event).where(col(Event.name) == "action.prioritised"))
        events = list(told.scalars())
    assert {event.details["rank"] for event in events} == {1, 2, 3}
    assert all(event.decision_id for event in events)


async def everything_said(database: Database, territory: Territory, browser: Browser, program: Program) -> str:
    """All that somebody who votes for nobody can read, in pages, by programs, in the journal and in what is mailed or
    to be mailed.
    """
    pages = [
        *("/g/bassin", ONE, LIST, f"{ONE}/bulletins", "/g/bassin/journal", "/g/bassin/relances"),
        *("/g/bassin/relances/courriels", "/g/bassin/comites", f"{ONE}/cloture", f"{ONE}/abandon", "/g/bassin/actions"),
        *(f"/g/bassin/membres/{LUGOS}", f"/g/bassin/membres/{LUGOS}/depart"),
    ]
    said = [(path, answer.status_code, text_of(answer)) for path in pages for answer in [await browser.get(path)]]
    for path in ("", "/TP-2027-001", "/TP-2027-001/ballots", "/TP-2027-001/result"):
        answer = await program.get(f"{API}/rounds{path}")
        said.append((path, answer.status_code, answer.text + answer.headers.get("etag", "")))
    async with database.transaction(territory.group_id) as session:
        for table in ("events", "reminders", "messages", "rounds", "round_actions", "round_voters", "collections"):
            rows = await session.execute(text(f"SELECT to_jsonb(t) FROM {table} t ORDER BY to_jsonb(t)::text"))
            said.append((table, 0, json.dumps([row for (row,) in rows])))
        said.append(("features", 0, repr(await features_for(session).ties(session, await _lugos(session)))))
    return repr(said)


async def _lugos(session: Any) -> Member:  # noqa: ANN401
    found: Member = (await session.execute(select(Member).where(col(Member.code) == LUGOS))).scalar_one()
    return found


async def plan(database: Database, territory: Territory, clock: FixedClock) -> None:
    """The sweep plans who is reminded of what."""
    from pooling.reminders.planning import catch_up  # noqa: PLC0415

    async with database.transaction(territory.group_id) as session:
        await catch_up(session, round_kinds(ReminderConfiguration()), clock.now())


@pytest.mark.parametrize("turnout_shown", [False, True])
async def test_a_secret_round_tells_nothing_before_it_closes(
    sign_in: SignIn,
    connect: Connect,
    database: Database,
    territory: Territory,
    actions: list[int],
    clock: FixedClock,
    turnout_shown: bool,
) -> None:
    """Whatever is read is the same, to the letter, before and after somebody votes, votes otherwise, and another one
    does. Where the turnout is shown, it is the same whatever they gave.
    """
    await make_round(database, territory, turnout_shown=turnout_shown)
    facilitator, program = await sign_in(FACILITATOR), await connect(FACILITATOR)
    told = []
    for given in ({}, {actions[0]: 10}, {actions[1]: 1, actions[2]: 9}):
        if given:
            marks = {action: {Mark.POINTS: value} for action, value in given.items()}
            await vote(database, territory, REFERENT, LUGOS, marks)
        await plan(database, territory, clock)
        told.append(await everything_said(database, territory, facilitator, program))
    assert told[1] == told[2]
    assert (told[0] == told[1]) is not turnout_shown
    assert "round_secret" in told[0]
    assert (await facilitator.get(BALLOT)).status_code == 403
    relaunch = f"{ONE}/relance"
    assert (await facilitator.post(relaunch, page=ONE)).status_code == 303
    assert "déjà partie" in text_of(await facilitator.post(relaunch, page=ONE))
    assert problem(await program.post(f"{API}/rounds/TP-2027-001/reminding", {})) == (409, "already_reminded")
    async with database.transaction(territory.group_id) as session:
        mailed = await session.execute(select(col(Message.recipient)).where(col(Message.kind) == "round_deadline"))
        reminded = set(mailed.scalars())
    assert OTHER in reminded
    assert (REFERENT in reminded) is not turnout_shown, "who has voted is told apart only where that is shown"
    async with database.transaction(territory.group_id) as session:
        (round_id,) = (await session.execute(text("SELECT id FROM rounds"))).one()
        assert await results_of(session, [round_id]) == {}
        assert bool(await turnouts_of(session, [round_id])) is turnout_shown


async def test_an_open_round_shows_who_gave_what_and_a_given_up_one_keeps_its_secret(
    sign_in: SignIn, database: Database, territory: Territory, actions: list[int]
) -> None:
    await make_round(database, territory, secret=False)
    await vote(database, territory, REFERENT, LUGOS, {actions[1]: {Mark.POINTS: 10}})
    facilitator = await sign_in(FACILITATOR)
    assert "10" in text_of(await facilitator.get(BALLOT))
    assert "Classement à ce jour" in text_of(await facilitator.get(ONE))
    assert "a voté pour Lugos" in text_of(await facilitator.get("/g/bassin/journal"))
    gone = await facilitator.post(f"{ONE}/abandon", {"reason": "Trop tôt"}, page=f"{ONE}/abandon")
    assert gone.status_code == 303
    assert (await facilitator.get(BALLOT)).status_code == 403
    assert "Classement" not in text_of(await facilitator.get(ONE)).partition("Actions à classer")[2]


async def test_the_sweep_opens_and_closes_by_date_and_ballots_come_before_or_are_refused(
    sign_in: SignIn,
    connect: Connect,
    database: Database,
    territory: Territory,
    actions: list[int],
    clock: FixedClock,
) -> None:
    await make_round(database, territory, opened=False, opens_at=NOW + timedelta(days=1))
    assert await sweep(database, territory, clock) == []
    clock.instant = NOW + timedelta(days=1)
    assert await sweep(database, territory, clock) == ["TP-2027-001"]
    async with database.transaction(territory.group_id) as session:
        mails = (await session.execute(select(Message).where(col(Message.kind) == "round_notice"))).scalars().all()
    assert len({mail.person_id for mail in mails}) == len(mails) > 0
    referent, facilitator = await connect(REFERENT), await connect(FACILITATOR)
    ballot = f"{API}/rounds/TP-2027-001/ballots/{LUGOS}"
    sent = {"marks": {"FA-2027-001": {"points": 3}}}
    assert (await facilitator.put(ballot, sent)).status_code == 403
    filed = await referent.put(ballot, sent)
    assert filed.json()["marks"] == sent["marks"], filed.text
    tag = (await referent.get(ballot)).headers["etag"]
    assert (await referent.put(ballot, {"marks": {"FA-2027-002": {"points": 10}}}, if_match=tag)).status_code == 200
    assert problem(await referent.put(ballot, sent, if_match=tag)) == (412, "changed_meanwhile")
    moved = {"closes_at": (CLOSES + timedelta(days=1)).isoformat(), "reason": "Congés", "confirmed": "Vérifié"}
    assert (await facilitator.post(f"{API}/rounds/TP-2027-001/extension", moved)).status_code == 200
    clock.instant = CLOSES + timedelta(days=1)
    assert problem(await referent.put(ballot, sent)) == (409, "round_not_open")
    assert problem(await facilitator.get(f"{API}/rounds/TP-2027-001/result")) == (409, "round_secret")
    waiting = text_of(await (await sign_in(FACILITATOR)).get(ONE))
    assert "Vote terminé" in waiting
    assert "Vote ouvert : " not in waiting
    assert await sweep(database, territory, clock) == ["TP-2027-001"]
    result = (await facilitator.get(f"{API}/rounds/TP-2027-001/result")).json()
    assert [(line["action"], line["rank"], line["score"]) for line in result["actions"]] == [
        ("FA-2027-002", 1, "10"),
        ("FA-2027-001", None, None),
        ("FA-2027-003", None, None),
    ]
    refused = await facilitator.post(f"{API}/rounds/TP-2027-001/extension", moved)
    assert problem(refused) == (409, "round_not_open")


async def test_votes_weigh_what_members_were_when_it_opened(
    database: Database, territory: Territory, actions: list[int]
) -> None:
    await make_round(
        database, territory, method="criteria", weighting=Weighting.POPULATION, ease_weight=0, urgency_weight=0
    )
    async with database.transaction(territory.group_id) as session:
        await session.execute(text("UPDATE members SET population = 7 WHERE group_id = :g"), {"g": territory.group_id})
        weighed = select(col(Member.code), col(RoundVoter.weight)).join(
            RoundVoter, col(RoundVoter.member_id) == Member.id
        )
        weights = dict((await session.execute(weighed)).all())
    assert weights[ARCACHON] > weights[LUGOS] > 7
    for email, code, marks in ((REFERENT, LUGOS, (5, 5)), (OTHER, ARCACHON, (1, 2))):
        given = {Mark.IMPACT: marks[0], Mark.COST: marks[1]}
        await vote(database, territory, email, code, {actions[0]: given})
    async with database.transaction(territory.group_id) as session:
        caller = await caller_of(session, territory.people[FACILITATOR], territory.group_id)
        found = await close_round(session, caller, "TP-2027-001", FixedClock(NOW), reason="Tous")
        result = (await results_of(session, [found.id]))[found.id]
    first = result.lines[0].ranked
    both = weights[ARCACHON] + weights[LUGOS]
    assert first.score == (first.means[Mark.IMPACT] + first.means[Mark.COST]) / 2
    assert first.means[Mark.IMPACT] * both == weights[ARCACHON] + 5 * weights[LUGOS]
    assert result.turnout.weight_voted == both


async def test_who_has_units_votes_through_them_and_weighs_once(
    database: Database, territory: Territory, actions: list[int]
) -> None:
    await make_round(database, territory, weighting=Weighting.AGENTS)
    async with database.transaction(territory.group_id) as session:
        weighed = select(col(Member.code), col(RoundVoter.weight)).join(
            RoundVoter, col(RoundVoter.member_id) == Member.id
        )
        weights = dict((await session.execute(weighed)).all())
        sizes = await session.execute(select(col(Member.code), col(Member.agents), col(Member.parent_id)))
        units = {code: agents for code, agents, parent in sizes if parent == territory.members[UNIVERSITY]}
    assert len(units) > 1
    assert UNIVERSITY not in weights
    assert {code: weights[code] for code in units} == {code: agents or 0 for code, agents in units.items()}


async def test_a_member_that_leaves_votes_no_more_in_what_is_open(
    database: Database, territory: Territory, actions: list[int]
) -> None:
    await make_round(database, territory)
    await vote(database, territory, REFERENT, LUGOS, {actions[0]: {Mark.POINTS: 1}})
    async with database.transaction(territory.group_id) as session:
        caller = await caller_of(session, territory.people[FACILITATOR], territory.group_id)
        await retire_member(session, caller, LUGOS, RetirementIn(NOW.date(), "Parti"), NOW, NOW.date())
        left = await session.execute(text("SELECT count(*) FROM round_ballots"))
        voters = await session.execute(select(col(RoundVoter.member_id)))
    assert left.scalar_one() == 0
    assert territory.members[LUGOS] not in set(voters.scalars())


async def test_members_that_unite_have_one_vote_together(
    database: Database, territory: Territory, actions: list[int]
) -> None:
    await make_round(database, territory, weighting=Weighting.AGENTS)
    for email, code in ((REFERENT, LUGOS), (OTHER, ARCACHON)):
        await vote(database, territory, email, code, {actions[0]: {Mark.POINTS: 1}})
    command = MergeIn([LUGOS], ARCACHON, NOW.date(), "Commune nouvelle")
    async with database.transaction(territory.group_id) as session:
        caller = await caller_of(session, territory.people[FACILITATOR], territory.group_id)
        before = dict((await session.execute(select(col(RoundVoter.member_id), col(RoundVoter.weight)))).all())
        await merge_members(session, caller, command, NOW, NOW.date(), insistence=Insistence("Vérifié"))
        after = dict((await session.execute(select(col(RoundVoter.member_id), col(RoundVoter.weight)))).all())
        ballots = (await session.execute(text("SELECT member_id FROM round_ballots"))).scalars().all()
    lugos, arcachon = territory.members[LUGOS], territory.members[ARCACHON]
    assert after == {**{key: before[key] for key in before if key != lugos}, arcachon: before[arcachon] + before[lugos]}
    assert ballots == [arcachon], "the one that it becomes had filed its own"
