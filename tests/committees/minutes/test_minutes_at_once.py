"""Minutes and decisions in transactions that really commit, at the same moment."""

import asyncio
from datetime import timedelta

from sqlalchemy import text

from factories import NOW, Territory, make_territory, open_purchase
from pooling.committees.decisions.carrying_out import apply_decision
from pooling.committees.decisions.recording import add_decision, change_decision, give_effect
from pooling.committees.decisions.schemas import DecisionIn
from pooling.committees.meetings.scheduling import schedule_committee
from pooling.committees.meetings.schemas import CommitteeIn
from pooling.committees.minutes.publishing import publish_minutes
from pooling.committees.minutes.writing import SAME_VERSION, WrittenMeanwhile, restore_version, save_minutes, seen_of
from pooling.kernel.clock import FixedClock
from pooling.kernel.database import Database
from pooling.kernel.errors import Conflict
from pooling.members.acts import NoTerms
from pooling.members.entrance import caller_of
from pooling.members.granting import grant_role
from pooling.members.models import Role
from pooling.members.rights import Caller, HeldRole
from pooling.needs.acts import CLOSE

FIRST, SECOND = "animation@bassin.example", "referent@lugos.example"
HELD = NOW + timedelta(days=6)


class Meeting:
    """A committee that has begun, and two people who may write its minutes."""

    def __init__(self, database: Database, territory: Territory, committee_id: int) -> None:
        self.database, self.territory, self.id = database, territory, committee_id

    @classmethod
    async def held(cls, database: Database) -> "Meeting":
        territory = await make_territory(database, NOW)
        async with database.transaction(territory.group_id) as session:
            await grant_role(session, territory.people[SECOND], Role.FACILITATOR, NOW)
            caller = await caller_of(session, territory.people[FIRST], territory.group_id)
            command = CommitteeIn(
                day=(NOW + timedelta(days=5)).date(), hour=NOW.time(), place="Mairie", roles=(Role.REFERENT,)
            )
            committee_id = await schedule_committee(session, caller, command, NOW)
        return cls(database, territory, committee_id)

    def caller(self, email: str) -> Caller:
        return self.territory.caller(email, HeldRole(Role.FACILITATOR))

    async def save(self, email: str, content: str, seen: str | None, minutes: int = 0) -> str:
        at = HELD + timedelta(minutes=minutes)
        async with self.database.transaction(self.territory.group_id) as session:
            return (await save_minutes(session, self.caller(email), self.id, content, at, seen=seen)).seen

    async def versions(self) -> list[tuple[int, str, int]]:
        async with self.database.transaction(self.territory.group_id) as session:
            rows = await session.execute(
                text("SELECT number, content, written_by FROM minutes_versions ORDER BY number")
            )
            return [tuple(row) for row in rows]

    async def count(self, statement: str) -> int:
        async with self.database.transaction(self.territory.group_id) as session:
            found: int = (await session.execute(text(statement))).scalar_one()
            return found


async def test_of_two_who_save_at_once_neither_text_is_lost(fresh_database: Database) -> None:
    meeting = await Meeting.held(fresh_database)
    seen = await meeting.save(FIRST, "Début", seen_of(""))
    results = await asyncio.gather(
        meeting.save(FIRST, "Début, par l’une", seen),
        meeting.save(SECOND, "Début, par l’autre", seen),
        return_exceptions=True,
    )
    refused = [result for result in results if isinstance(result, BaseException)]
    assert [type(result) for result in refused] == [WrittenMeanwhile]
    kept = (await meeting.versions())[-1]
    loser, words = (SECOND, "Début, par l’autre") if kept[1].endswith("l’une") else (FIRST, "Début, par l’une")
    await meeting.save(loser, words, seen_of(kept[1]))
    contents = [content for _, content, _ in await meeting.versions()]
    assert kept[1] in contents
    assert contents[-1] == words


async def test_saving_again_soon_writes_the_same_version_over_but_for_a_slip(fresh_database: Database) -> None:
    meeting = await Meeting.held(fresh_database)
    seen = await meeting.save(FIRST, "Un", seen_of(""))
    seen = await meeting.save(FIRST, "Un, deux", seen, minutes=5)
    assert [content for _, content, _ in await meeting.versions()] == ["Un, deux"]
    seen = await meeting.save(FIRST, "Un, deux, trois", seen, minutes=int(SAME_VERSION.total_seconds() // 60))
    seen = await meeting.save(FIRST, "", seen, minutes=11)
    assert [content for _, content, _ in await meeting.versions()] == ["Un, deux", "Un, deux, trois", ""]
    async with meeting.database.transaction(meeting.territory.group_id) as session:
        at = HELD + timedelta(minutes=12)
        await restore_version(session, meeting.caller(FIRST), meeting.id, 2, at)
    assert [number for number, _, _ in await meeting.versions()] == [1, 2, 3, 4]
    assert (await meeting.versions())[-1][1] == "Un, deux, trois"


async def test_the_same_save_sent_twice_is_one(fresh_database: Database) -> None:
    """The answer to the first may have been lost on its way."""
    meeting = await Meeting.held(fresh_database)
    first = await meeting.save(FIRST, "Dit", seen_of(""))
    assert await meeting.save(FIRST, "Dit", seen_of("")) == first
    assert len(await meeting.versions()) == 1


async def test_published_twice_at_once_the_minutes_leave_once(fresh_database: Database) -> None:
    meeting = await Meeting.held(fresh_database)
    await meeting.save(FIRST, "Dit", None)

    async def publish(email: str) -> None:
        async with meeting.database.transaction(meeting.territory.group_id) as session:
            await publish_minutes(session, meeting.caller(email), meeting.id, HELD)

    results = await asyncio.gather(publish(FIRST), publish(SECOND), return_exceptions=True)
    assert [type(result) for result in results if result is not None] == [Conflict]
    assert await meeting.count("SELECT count(*) FROM files") == 1
    mails = "SELECT count(*) FROM messages WHERE kind = 'minutes_published'"
    assert await meeting.count(mails) == await meeting.count("SELECT count(*) FROM committee_invitations")


async def decided(meeting: Meeting) -> int:
    purchase_id = await open_purchase(meeting.database, meeting.territory, NOW)
    async with meeting.database.transaction(meeting.territory.group_id) as session:
        command = DecisionIn(content="Clore la collecte", about=("purchase", purchase_id))
        await add_decision(session, meeting.caller(FIRST), meeting.id, command, HELD)
        await give_effect(session, meeting.caller(FIRST), meeting.id, 1, CLOSE, NoTerms(), HELD)
    return purchase_id


async def test_applied_twice_at_once_a_decision_acts_once(fresh_database: Database) -> None:
    meeting = await Meeting.held(fresh_database)
    await decided(meeting)

    async def apply(email: str) -> None:
        async with meeting.database.transaction(meeting.territory.group_id) as session:
            await apply_decision(session, meeting.caller(email), meeting.id, 1, FixedClock(HELD))

    results = await asyncio.gather(apply(FIRST), apply(SECOND), return_exceptions=True)
    assert [getattr(result, "code", None) for result in results if result is not None] == ["already_applied"]
    assert await meeting.count("SELECT count(*) FROM events WHERE decision_id IS NOT NULL") == 1


async def test_a_decision_is_not_corrected_while_it_is_applied(fresh_database: Database) -> None:
    meeting = await Meeting.held(fresh_database)
    await decided(meeting)

    async def apply() -> None:
        async with meeting.database.transaction(meeting.territory.group_id) as session:
            await apply_decision(session, meeting.caller(FIRST), meeting.id, 1, FixedClock(HELD))

    async def correct() -> None:
        async with meeting.database.transaction(meeting.territory.group_id) as session:
            command = DecisionIn(content="Ne pas clore")
            await change_decision(session, meeting.caller(SECOND), meeting.id, 1, command, HELD)

    results = await asyncio.gather(apply(), correct(), return_exceptions=True)
    refused = [getattr(result, "code", None) for result in results if result is not None]
    assert refused in (["already_applied"], ["nothing_to_apply"])
    acted = await meeting.count("SELECT count(*) FROM decisions WHERE acted_at IS NOT NULL AND act = 'close'")
    assert acted == await meeting.count("SELECT count(*) FROM purchases WHERE state = 'closed'")


async def test_two_decisions_taken_down_at_once_get_two_numbers(fresh_database: Database) -> None:
    meeting = await Meeting.held(fresh_database)

    async def add(email: str) -> int:
        async with meeting.database.transaction(meeting.territory.group_id) as session:
            decision = await add_decision(session, meeting.caller(email), meeting.id, DecisionIn(content="A"), HELD)
            return decision.number

    assert sorted(await asyncio.gather(add(FIRST), add(SECOND))) == [1, 2]
