"""A role that is invited to a committee invites whoever comes to hold it before the committee meets."""

from datetime import timedelta

from sqlalchemy import text

from factories import ARCACHON
from pooling.members.granting import grant_role
from pooling.members.models import Role
from reminders.scene import FACILITATOR, J7, J15, MEETING, Scene

FINANCES = "finances@arcachon.example"
REFERENTS = ["referent@arcachon.example", "referent@droit.example", "referent@lugos.example", "referent@salles.example"]


async def become(scene: Scene, email: str, role: Role) -> None:
    async with scene.database.transaction(scene.territory.group_id) as session:
        member = scene.territory.members[ARCACHON] if role is Role.REFERENT else None
        await grant_role(session, scene.territory.people[email], role, scene.now, member_id=member)


async def invited(scene: Scene, committee: int) -> list[str]:
    async with scene.database.transaction(scene.territory.group_id) as session:
        rows = await session.execute(
            text(
                "SELECT p.email FROM committee_invitations i JOIN people p ON p.id = i.person_id "
                "WHERE committee_id = :id ORDER BY p.email"
            ),
            {"id": committee},
        )
        return list(rows.scalars())


async def test_who_joins_before_the_meeting_is_invited_and_gets_what_is_to_come(scene: Scene) -> None:
    by_role = await scene.schedule(roles=[Role.REFERENT])
    by_name = await scene.schedule(REFERENTS[0], day=MEETING + timedelta(days=7))
    scene.clock.instant = J15
    await scene.work()
    assert sorted(mail["To"] for mail in scene.sink.received) == REFERENTS
    await become(scene, FINANCES, Role.REFERENT)
    await scene.work()
    assert await invited(scene, by_role) == sorted([*REFERENTS, FINANCES])
    assert await invited(scene, by_name) == REFERENTS[:1]
    scene.sink.received.clear()
    scene.clock.instant = J7
    await scene.work()
    assert [mail["To"] for mail in scene.sink.received].count(FINANCES) == 1


async def test_the_trail_says_that_the_application_invited(scene: Scene) -> None:
    committee = await scene.schedule(roles=[Role.REFERENT])
    await become(scene, FINANCES, Role.REFERENT)
    await scene.sweep()
    await scene.sweep()
    async with scene.database.transaction(scene.territory.group_id) as session:
        rows = await session.execute(
            text("SELECT person_id, subject_id, details FROM events WHERE name = 'committee.people_invited'")
        )
        assert [tuple(row) for row in rows] == [(None, committee, {"added": [scene.territory.people[FINANCES]]})]


async def test_a_role_invited_later_counts_as_well(scene: Scene) -> None:
    committee = await scene.schedule(REFERENTS[0])
    await scene.invite(committee, roles=[Role.READER])
    await become(scene, FINANCES, Role.READER)
    await scene.sweep()
    assert await invited(scene, committee) == sorted([FINANCES, "observation@bassin.example", REFERENTS[0]])


async def test_who_was_taken_off_is_not_invited_again(scene: Scene) -> None:
    committee = await scene.schedule(roles=[Role.REFERENT])
    await scene.uninvite(committee, REFERENTS[1])
    await become(scene, FINANCES, Role.REFERENT)
    await scene.sweep()
    await scene.uninvite(committee, FINANCES)
    await scene.sweep()
    assert await invited(scene, committee) == [REFERENTS[0], *REFERENTS[2:]]
    await scene.invite(committee, FINANCES)
    assert FINANCES in await invited(scene, committee)


async def test_a_committee_that_was_cancelled_or_has_begun_invites_nobody(scene: Scene) -> None:
    cancelled = await scene.schedule(roles=[Role.REFERENT])
    begun = await scene.schedule(roles=[Role.REFERENT])
    await scene.cancel(cancelled)
    await become(scene, FACILITATOR, Role.REFERENT)
    scene.clock.instant += timedelta(days=40)
    await scene.sweep()
    assert await invited(scene, cancelled) == await invited(scene, begun) == REFERENTS
