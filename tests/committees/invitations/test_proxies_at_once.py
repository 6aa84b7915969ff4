"""Two people who answer at once come one after the other: never two proxies for one person, never a chain."""

import asyncio
from datetime import date, time

import pytest
from sqlalchemy import text

from factories import NOW, Territory
from pooling.committees.invitations.answering import answer_invitation
from pooling.committees.meetings.scheduling import move_committee, schedule_committee
from pooling.committees.meetings.schemas import CommitteeIn, MoveIn
from pooling.committees.models import Answer
from pooling.kernel.clock import FixedClock
from pooling.kernel.database import Database
from pooling.kernel.errors import Invalid
from pooling.members.models import Role
from pooling.members.rights import Caller, HeldRole
from pooling.reminders.configuration import ReminderConfiguration

LUGOS, SALLES, ARCACHON = (f"referent@{name}.example" for name in ("lugos", "salles", "arcachon"))


class Meeting:
    def __init__(self, database: Database, territory: Territory, committee: int) -> None:
        self.database, self.territory, self.committee = database, territory, committee

    async def answer(self, who: str, answer: Answer, proxy: str | None = None) -> bool:
        """Whether it was taken."""
        people = self.territory.people
        caller = Caller(people[who], self.territory.group_id, (HeldRole(Role.REFERENT, 1),))
        proxy_id = people[proxy] if proxy else None
        try:
            async with self.database.transaction(self.territory.group_id) as session:
                await answer_invitation(session, caller, self.committee, answer, FixedClock(NOW), proxy_id=proxy_id)
        except Invalid:
            return False
        return True

    async def kept(self) -> dict[str, str]:
        """Answers by person; a proxy as the holder's address."""
        async with self.database.transaction(self.territory.group_id) as session:
            rows = await session.execute(
                text("""
                    SELECT p.email, COALESCE(h.email, i.answer) FROM committee_invitations i
                    JOIN people p ON p.id = i.person_id LEFT JOIN people h ON h.id = i.proxy_id
                    WHERE i.answer IS NOT NULL""")
            )
            return {email: said for email, said in rows}


@pytest.fixture
async def meeting(fresh_database: Database, territory: Territory) -> Meeting:
    facilitator = territory.caller("animation@bassin.example", HeldRole(Role.FACILITATOR))
    command = CommitteeIn(day=date(2027, 3, 30), hour=time(14), place="Mairie", roles=(Role.REFERENT,))
    async with fresh_database.transaction(territory.group_id) as session:
        committee = await schedule_committee(session, facilitator, command, NOW)
    return Meeting(fresh_database, territory, committee)


async def test_two_proxies_to_one_person(meeting: Meeting) -> None:
    taken = await asyncio.gather(
        *(meeting.answer(who, Answer.PROXY, SALLES) for who in (LUGOS, ARCACHON, "referent@droit.example"))
    )
    assert sorted(taken) == [False, False, True]
    assert list((await meeting.kept()).values()) == [SALLES]


async def test_each_the_others_proxy(meeting: Meeting) -> None:
    """The first one's stands until the second gives its own away: then the first is asked again; or it was refused."""
    await asyncio.gather(
        meeting.answer(LUGOS, Answer.PROXY, SALLES),
        meeting.answer(SALLES, Answer.PROXY, LUGOS),
    )
    assert await meeting.kept() in ({LUGOS: SALLES}, {SALLES: LUGOS})


async def test_a_proxy_and_its_holder_who_says_no(meeting: Meeting) -> None:
    await asyncio.gather(meeting.answer(LUGOS, Answer.PROXY, SALLES), meeting.answer(SALLES, Answer.NO))
    assert await meeting.kept() == {SALLES: "no"}, "refused when it came second, void when it came first"


async def test_an_answer_and_another_date(meeting: Meeting) -> None:
    facilitator = meeting.territory.caller("animation@bassin.example", HeldRole(Role.FACILITATOR))

    async def move() -> None:
        command = MoveIn(day=date(2027, 4, 6), hour=time(14), place="Mairie")
        async with meeting.database.transaction(meeting.territory.group_id) as session:
            await move_committee(
                session,
                facilitator,
                meeting.committee,
                command,
                NOW,
                base_url="https://achats.example",
                reminders=ReminderConfiguration(),
            )

    await asyncio.gather(meeting.answer(LUGOS, Answer.YES), move())
    async with meeting.database.transaction(meeting.territory.group_id) as session:
        events = await session.execute(
            text("SELECT name FROM events WHERE name IN ('committee.answered', 'committee.moved') ORDER BY id")
        )
        order = list(events.scalars())
    assert bool(await meeting.kept()) == (order[-1] == "committee.answered"), "only one given for the new date stands"
