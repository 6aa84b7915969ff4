"""The day of a committee: answers noted for people who phoned, people who come without being invited."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from factories import NOW, Territory
from pooling.committees.meetings.scheduling import move_committee, schedule_committee
from pooling.committees.meetings.schemas import CommitteeIn, MoveIn
from pooling.committees.minutes.document import minutes_data
from pooling.committees.minutes.publishing import publish_minutes
from pooling.committees.minutes.writing import save_minutes
from pooling.committees.notices.changes import context_of_group
from pooling.committees.queries import committee_by_id
from pooling.features import FORGETS
from pooling.home.purging import purge
from pooling.kernel.clock import FixedClock
from pooling.kernel.database import Database
from pooling.members.models import Role
from pooling.members.rights import Caller, HeldRole
from pooling.reminders.configuration import ReminderConfiguration
from web_client import SignIn, text_of

FACILITATOR, LUGOS, SALLES = "animation@bassin.example", "referent@lugos.example", "referent@salles.example"
FINANCES, OBSERVER = "finances@arcachon.example", "observation@bassin.example"
START = datetime(2027, 3, 30, 14, tzinfo=ZoneInfo("Europe/Paris"))
TECHNICIAN = "un technicien du département"


class Day:
    """The day of a committee to which the four référents are invited."""

    def __init__(self, database: Database, territory: Territory, clock: FixedClock, committee: int) -> None:
        self.database, self.territory, self.clock, self.committee = database, territory, clock, committee
        self.page = f"/g/bassin/comites/{committee}"
        self.presence = f"{self.page}/presence"

    @property
    def facilitator(self) -> Caller:
        return self.territory.caller(FACILITATOR, HeldRole(Role.FACILITATOR))

    def answer_of(self, email: str) -> str:
        return f"{self.page}/personnes/{self.territory.people[email]}/reponse"

    async def rows(self, statement: str) -> list[tuple[object, ...]]:
        async with self.database.transaction(self.territory.group_id) as session:
            return [tuple(row) for row in await session.execute(text(statement))]

    async def guests(self) -> list[tuple[object, ...]]:
        return await self.rows(
            "SELECT p.email, g.name FROM committee_guests g LEFT JOIN people p ON p.id = g.person_id ORDER BY g.id"
        )

    async def attendance(self) -> dict[str, str]:
        """As the minutes say it."""
        async with self.database.transaction(self.territory.group_id) as session:
            committee = await committee_by_id(session, self.committee)
            context = await context_of_group(session, "https://achats.example", self.clock.instant)
            said: list[tuple[str, str]] = (await minutes_data(session, committee, context))["attendance"]
            return dict(said)


@pytest.fixture
async def day(database: Database, territory: Territory, clock: FixedClock) -> Day:
    facilitator = territory.caller(FACILITATOR, HeldRole(Role.FACILITATOR))
    command = CommitteeIn(day=START.date(), hour=START.time(), place="Mairie", roles=(Role.REFERENT,))
    async with database.transaction(territory.group_id) as session:
        return Day(database, territory, clock, await schedule_committee(session, facilitator, command, NOW))


async def test_the_answer_of_somebody_who_phoned_is_noted_with_who_noted_it(day: Day, sign_in: SignIn) -> None:
    browser = await sign_in(FACILITATOR)
    form = {"answer": "proxy", "proxy": LUGOS}
    noted = await browser.post(day.answer_of(SALLES), form, page=day.answer_of(SALLES))
    assert noted.headers["location"] == f"{day.page}/personnes"
    assert "Donne pouvoir à referent noté par animation" in text_of(await browser.get(f"{day.page}/personnes"))
    people = day.territory.people
    assert await day.rows("SELECT person_id, details FROM events WHERE name = 'committee.answer_noted'") == [
        (people[FACILITATOR], {"person_id": people[SALLES], "proxy_id": people[LUGOS]})
    ]
    assert await day.rows("SELECT recipient FROM messages WHERE kind = 'committee_proxy'") == [(LUGOS,)]
    own = await sign_in(SALLES)
    await own.post(f"{day.page}/reponse", {"answer": "yes"}, page=f"{day.page}/reponse")
    assert "noté par" not in text_of(await browser.get(f"{day.page}/personnes")), "it has answered itself since"


async def test_what_cannot_be_noted_is_said(day: Day, sign_in: SignIn) -> None:
    browser = await sign_in(FACILITATOR)
    lugos = day.answer_of(LUGOS)
    for form, sentence in (
        ({}, "Choisissez une des réponses"),
        ({"answer": "proxy"}, "Indiquez la personne qui reçoit"),
        ({"answer": "proxy", "proxy": LUGOS}, "à soi-même"),
        ({"answer": "proxy", "proxy": OBSERVER}, "Personne parmi les invités"),
    ):
        refused = await browser.post(lugos, form, page=lugos)
        assert (refused.status_code, sentence in text_of(refused)) == (422, True), sentence
    assert (await browser.get(day.answer_of(OBSERVER))).status_code == 404, "not invited"
    assert (await (await sign_in(SALLES)).get(lugos)).status_code == 403


async def test_answers_are_noted_until_the_minutes_are_published(day: Day, sign_in: SignIn) -> None:
    day.clock.instant = START + timedelta(minutes=5)
    browser = await sign_in(FACILITATOR)
    form = {"answer": "proxy", "proxy": SALLES}
    late = await browser.post(day.answer_of(LUGOS), form, page=day.answer_of(LUGOS))
    assert late.headers["location"] == day.presence
    assert await day.rows("SELECT recipient FROM messages") == [], "the meeting has begun: a mail comes too late"
    async with day.database.transaction(day.territory.group_id) as session:
        await save_minutes(session, day.facilitator, day.committee, "Dit.", day.clock.instant)
        await publish_minutes(session, day.facilitator, day.committee, day.clock.instant)
    assert "Il n’est plus temps" in text_of(await browser.get(day.answer_of(LUGOS)))
    assert (await browser.post(day.answer_of(LUGOS), {"answer": "no"}, page=day.presence)).status_code == 409


async def test_who_comes_without_being_invited_is_among_those_present_and_not_in_the_quorum(
    day: Day, sign_in: SignIn
) -> None:
    await day.rows("UPDATE groups SET quorum_percent = 20 RETURNING id")
    await day.rows("UPDATE committees SET kind = 'formal' RETURNING id")
    day.clock.instant = START
    browser = await sign_in(FACILITATOR)
    await browser.post(f"{day.presence}/groupe", {"person": "finances"}, page=day.presence)
    await browser.post(f"{day.presence}/exterieur", {"name": TECHNICIAN}, page=day.presence)
    assert await day.guests() == [(FINANCES, ""), (None, TECHNICIAN)]
    shown = text_of(await browser.get(day.presence))
    assert "Quorum non atteint 0 présent sur les 1 qu’il faut" in shown
    assert f"{TECHNICIAN} De l’extérieur" in shown
    assert await day.attendance() == {"Également présents (2)": f"finances, {TECHNICIAN}"}
    assert TECHNICIAN not in str(await day.rows("SELECT details FROM events")), "the trail outlives the name"
    async with day.database.transaction(day.territory.group_id) as session:
        await save_minutes(session, day.facilitator, day.committee, "Dit.", day.clock.instant)
        await publish_minutes(session, day.facilitator, day.committee, day.clock.instant)
    told = {recipient for (recipient,) in await day.rows("SELECT recipient FROM messages")}
    assert FINANCES in told, "who was there gets the minutes as those invited do"
    assert OBSERVER not in told


async def test_somebody_noted_by_mistake_is_taken_off_the_sheet(day: Day, sign_in: SignIn) -> None:
    day.clock.instant = START
    browser = await sign_in(FACILITATOR)
    await browser.post(f"{day.presence}/exterieur", {"name": TECHNICIAN}, page=day.presence)
    ((guest,),) = await day.rows("SELECT id FROM committee_guests")
    await browser.post(f"{day.presence}/venus/{guest}/retrait", page=day.presence)
    assert await day.guests() == []


async def test_only_somebody_of_the_group_who_is_not_invited_is_added_by_name(day: Day, sign_in: SignIn) -> None:
    day.clock.instant = START
    browser = await sign_in(FACILITATOR)
    for path, form, sentence in (
        ("groupe", {}, "Tapez le nom"),
        ("groupe", {"person": "inconnu"}, "Personne de ce nom"),
        ("groupe", {"person": LUGOS}, "Personne de ce nom"),
        ("groupe", {"person": "finan"}, "Est-ce cette personne"),
        ("exterieur", {}, "Dites qui est venu"),
        ("exterieur", {"name": "x" * 101}, "100 caractères"),
    ):
        refused = await browser.post(f"{day.presence}/{path}", form, page=day.presence)
        assert (refused.status_code, sentence in text_of(refused)) == (422, True), sentence
    for _ in range(2):
        await browser.post(f"{day.presence}/groupe", {"person": FINANCES}, page=day.presence)
    assert await day.guests() == [(FINANCES, "")], "once"


async def test_the_sheet_is_open_to_guests_as_it_is_to_ticks(day: Day, sign_in: SignIn) -> None:
    early = await (await sign_in(FACILITATOR)).post(f"{day.presence}/exterieur", {"name": TECHNICIAN}, page=day.page)
    assert early.status_code == 409
    day.clock.instant = START
    other = await (await sign_in(LUGOS)).post(f"{day.presence}/exterieur", {"name": TECHNICIAN}, page=day.page)
    assert other.status_code == 403


async def test_another_date_empties_the_sheet(day: Day, sign_in: SignIn) -> None:
    day.clock.instant = START - timedelta(minutes=30)
    browser = await sign_in(FACILITATOR)
    await browser.post(f"{day.presence}/exterieur", {"name": TECHNICIAN}, page=day.presence)
    await browser.post(day.presence, {f"present_{day.territory.people[LUGOS]}": "1"}, page=day.presence)
    command = MoveIn(day=START.date() + timedelta(days=7), hour=START.time(), place="Mairie", reason="verglas")
    async with day.database.transaction(day.territory.group_id) as session:
        await move_committee(
            session,
            day.facilitator,
            day.committee,
            command,
            day.clock.instant,
            base_url="https://a.b",
            reminders=ReminderConfiguration(),
        )
    assert await day.guests() == []
    assert await day.rows("SELECT 1 FROM committee_invitations WHERE present IS NOT NULL") == []


async def test_names_of_outsiders_are_forgotten_when_people_are(day: Day, sign_in: SignIn) -> None:
    day.clock.instant = START
    browser = await sign_in(FACILITATOR)
    await browser.post(f"{day.presence}/exterieur", {"name": TECHNICIAN}, page=day.presence)
    await browser.post(f"{day.presence}/groupe", {"person": FINANCES}, page=day.presence)
    await purge(day.database, FORGETS, START + timedelta(days=364), timedelta(days=365))
    assert len(await day.guests()) == 2
    await purge(day.database, FORGETS, START + timedelta(days=366), timedelta(days=365))
    assert await day.guests() == [(FINANCES, "")], "who is of the group is blanked once it has left"
