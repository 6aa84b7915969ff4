"""A form that arrives several times at the same moment: one committee, one difficulty."""

import asyncio
from datetime import date, time

from factories import NOW, Territory
from pooling.committees.agendas.difficulties import raise_once
from pooling.committees.agendas.schemas import DifficultyIn
from pooling.committees.meetings.scheduling import schedule_once
from pooling.committees.meetings.schemas import CommitteeIn
from pooling.kernel.database import Database
from pooling.members.models import Role
from pooling.members.rights import HeldRole


async def test_one_button_pressed_several_times(fresh_database: Database, territory: Territory) -> None:
    caller = territory.caller("animation@bassin.example", HeldRole(Role.FACILITATOR))
    meeting = CommitteeIn(day=date(2027, 3, 30), hour=time(14), place="Mairie", roles=(Role.REFERENT,))

    async def plan() -> int:
        async with fresh_database.transaction(territory.group_id) as session:
            return await schedule_once(session, caller, meeting, NOW)

    async def tell() -> int:
        async with fresh_database.transaction(territory.group_id) as session:
            return await raise_once(session, caller, DifficultyIn(content="Pas de garage"), NOW)

    planned = await asyncio.gather(*(plan() for _ in range(3)))
    told = await asyncio.gather(*(tell() for _ in range(3)))
    assert (len(set(planned)), len(set(told))) == (1, 1)


async def test_a_form_that_was_corrected_is_another_one(database: Database, territory: Territory) -> None:
    """What was added meanwhile must not be lost."""
    caller = territory.caller("animation@bassin.example", HeldRole(Role.FACILITATOR))
    meeting = CommitteeIn(day=date(2027, 3, 30), hour=time(14), place="Mairie", roles=(Role.REFERENT,))
    corrections: list[dict[str, object]] = [
        {}, {"agenda": "Accueil"}, {"duration_minutes": 30}, {"roles": (Role.REFERENT, Role.READER)},
        {"people": tuple(territory.people.values())[:1]}, {"take_up": True},
    ]  # fmt: skip
    async with database.transaction(territory.group_id) as session:
        planned = [
            await schedule_once(session, caller, meeting.model_copy(update=correction), NOW)
            for correction in (*corrections, *corrections)
        ]
    assert len(set(planned)) == len(corrections)
    assert planned[: len(corrections)] == planned[len(corrections) :]
