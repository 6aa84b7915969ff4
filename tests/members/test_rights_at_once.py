"""Changes of rights in transactions that really commit, at the same moment."""

import asyncio
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlmodel import col

from factories import NOW, Territory, make_territory
from pooling.kernel.database import Database
from pooling.kernel.errors import Conflict, Forbidden, Invalid
from pooling.members.entrance import caller_of
from pooling.members.granting import grant_role
from pooling.members.inviting import InvitationIn, invite_people
from pooling.members.mails import Sender
from pooling.members.membership import end_role
from pooling.members.models import Membership, Role
from pooling.outbox.models import Message
from pooling.reminders.kinds import Context

FIRST, SECOND = "animation@bassin.example", "referent@lugos.example"


async def two_facilitators(database: Database) -> Territory:
    territory = await make_territory(database, NOW)
    async with database.transaction(territory.group_id) as session:
        await grant_role(session, territory.people[SECOND], Role.FACILITATOR, NOW)
    return territory


async def test_two_facilitators_who_remove_each_other_leave_one(fresh_database: Database) -> None:
    territory = await two_facilitators(fresh_database)
    async with fresh_database.transaction(territory.group_id) as session:
        rows = await session.execute(
            select(col(Membership.person_id), col(Membership.id)).where(col(Membership.role) == Role.FACILITATOR)
        )
        memberships = {person: membership for person, membership in rows}

    async def remove(by: str, whom: str) -> None:
        async with fresh_database.transaction(territory.group_id) as session:
            caller = await caller_of(session, territory.people[by], territory.group_id)
            person = territory.people[whom]
            await end_role(session, caller, person, memberships[person], NOW)

    results = await asyncio.gather(remove(FIRST, SECOND), remove(SECOND, FIRST), return_exceptions=True)
    assert [type(result) for result in results if result is not None] in ([Conflict], [Forbidden])
    async with fresh_database.transaction(territory.group_id) as session:
        left = await session.execute(
            select(func.count())
            .select_from(Membership)
            .where(col(Membership.role) == Role.FACILITATOR, col(Membership.ended_at).is_(None))
        )
        assert left.scalar_one() == 1


async def test_an_invitation_sent_twice_at_once_is_one(fresh_database: Database) -> None:
    territory = await two_facilitators(fresh_database)
    context = Context(
        territory.group_id, "bassin", "Bassin", ZoneInfo("Europe/Paris"), False, "http://127.0.0.1:8000", NOW
    )
    one = InvitationIn("camille@lugos.example", "Camille", Role.READER)

    async def send(by: str) -> None:
        async with fresh_database.transaction(territory.group_id) as session:
            caller = await caller_of(session, territory.people[by], territory.group_id)
            await invite_people(session, caller, [one], Sender("Animation", by), context)

    results = await asyncio.gather(send(FIRST), send(SECOND), return_exceptions=True)
    assert [type(result) for result in results if result is not None] == [Invalid]
    async with fresh_database.transaction(territory.group_id) as session:
        mails = await session.execute(select(func.count()).select_from(Message))
        assert mails.scalar_one() == 1
