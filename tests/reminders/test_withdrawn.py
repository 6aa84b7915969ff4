"""A mail that waits in the outbox, the mail server being away, leaves only if it is still to be said."""

from datetime import datetime, time, timedelta

from sqlalchemy import text

from factories import BUYER, NOW, file_needs, open_purchase
from pooling.committees.models import CommitteeKind
from pooling.kernel.clock import FixedClock
from pooling.mailroom.queries import has_failed
from pooling.members.models import Role
from pooling.members.rights import HeldRole
from pooling.needs import reminders as needs
from pooling.needs.collection import extend_collection
from pooling.reminders.configuration import ReminderConfiguration
from pooling.reminders.sweep import sweep
from reminders.scene import BASE_URL, J7, J15, MEETING, Scene

ARCACHON, LUGOS, SALLES = "referent@arcachon.example", "referent@lugos.example", "referent@salles.example"
DROIT = "referent@droit.example"


async def collecting(scene: Scene) -> int:
    """A collection whose first reminders are written and wait."""
    purchase_id = await open_purchase(scene.database, scene.territory, NOW, days=14)
    scene.clock.instant = NOW
    await scene.deliver()  # what tells of the opening
    scene.sink.received.clear()
    scene.clock.instant = NOW + timedelta(days=7)
    await remind(scene)
    assert [row[0] for row in await scene.reminders() if row[4] == "sent"] == ["needs_deadline"] * 4
    return purchase_id


async def remind(scene: Scene) -> None:
    await sweep(scene.database, needs.need_kinds(ReminderConfiguration({})), scene.clock, base_url=BASE_URL)


async def extend(scene: Scene, purchase_id: int, closes_at: datetime) -> None:
    async with scene.database.transaction(scene.territory.group_id) as session:
        caller = scene.territory.caller(BUYER, HeldRole(Role.LEAD_BUYER, purchase_id=purchase_id))
        await extend_collection(
            session, caller, purchase_id, closes_at, FixedClock(scene.now), reason="peu de réponses"
        )


async def test_who_has_filed_meanwhile_is_not_told_that_nothing_was_filed(scene: Scene) -> None:
    purchase_id = await collecting(scene)
    await file_needs(scene.database, scene.territory, purchase_id, LUGOS, scene.now, arceau=1)
    scene.clock.instant += timedelta(minutes=1)
    await remind(scene)
    await scene.deliver()
    told = [str(mail["To"]) for mail in scene.sink.received if "Besoins" in str(mail["Subject"])]
    assert sorted(told) == [ARCACHON, DROIT, SALLES]
    assert {row[1]: row[4] for row in await scene.reminders() if row[3] == -7} == {
        ARCACHON: "sent", DROIT: "sent", LUGOS: "not_needed", SALLES: "sent",
    }  # fmt: skip


async def test_no_mail_names_the_date_that_an_extension_replaced(scene: Scene) -> None:
    purchase_id = await collecting(scene)
    await extend(scene, purchase_id, NOW + timedelta(days=21))
    await remind(scene)
    await scene.deliver()
    assert len(scene.sink.received) > 0, "what tells of the extension leaves"
    assert [mail for mail in scene.sink.received if "Besoins" in str(mail["Subject"])] == []
    assert {row[4] for row in await scene.reminders() if row[2] == 1} == {"superseded"}


async def test_who_is_uninvited_gets_nothing_more_not_even_what_waits(scene: Scene) -> None:
    committee = await scene.schedule(LUGOS, SALLES)
    scene.clock.instant = J15
    await scene.sweep()
    await scene.uninvite(committee, LUGOS)
    assert sorted(row[4] for row in await scene.reminders() if row[4] != "planned") == ["not_needed", "sent"]
    assert (await scene.sweep()).plan.withdrawn == 0, "it was taken back at once"
    await scene.deliver()
    assert scene.sink.recipients == [SALLES]
    async with scene.database.transaction(scene.territory.group_id) as session:
        assert not await has_failed(session), "what was taken back is no failure to mend"


async def test_who_leaves_the_group_gets_nothing_more(scene: Scene) -> None:
    await scene.schedule(LUGOS, SALLES)
    scene.clock.instant = J15
    await scene.sweep()
    async with scene.database.transaction(scene.territory.group_id) as session:
        await session.execute(
            text("UPDATE memberships SET ended_at = :now WHERE group_id = :group AND person_id = :person"),
            {"now": J15, "group": scene.territory.group_id, "person": scene.territory.people[LUGOS]},
        )
    await scene.work()
    assert scene.sink.recipients == [SALLES]


async def test_what_is_still_right_leaves_however_many_sweeps_come_first(scene: Scene) -> None:
    await scene.schedule(LUGOS, SALLES)
    scene.clock.instant = J15
    for _ in range(3):
        assert (await scene.sweep()).plan.withdrawn == 0
        scene.clock.instant += timedelta(minutes=1)
    await scene.deliver()
    assert sorted(scene.sink.recipients) == [LUGOS, SALLES]


async def test_what_could_not_leave_in_time_has_failed_and_was_not_withdrawn(scene: Scene) -> None:
    await scene.schedule(LUGOS)
    scene.clock.instant = J7
    await scene.sweep()
    scene.clock.instant = J7 + timedelta(days=30)
    await scene.work()
    assert [error for *_, error in await scene.messages()] == ["no longer of use when its turn came"]


async def test_who_is_invited_again_is_convened_all_the_same(scene: Scene) -> None:
    committee = await scene.schedule(LUGOS, kind=CommitteeKind.FORMAL, day=MEETING, hour=time(14))
    await scene.convene(committee)
    await scene.sweep()
    await scene.uninvite(committee, LUGOS)
    await scene.sweep()
    await scene.invite(committee, LUGOS)
    scene.clock.instant = J7 + timedelta(hours=1)
    await scene.work()
    subjects = [str(mail["Subject"]) for mail in scene.sink.received]
    assert sum("onvocation" in subject for subject in subjects) == 1, subjects
