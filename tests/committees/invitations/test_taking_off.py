"""Whoever was told of a meeting and is no longer invited hears of it once, and their calendar is cleared."""

from datetime import timedelta
from email.message import EmailMessage

import pytest
from icalendar import Calendar
from sqlalchemy import text

from pooling.members.models import Role
from reminders.scene import J7, J15, Scene

LUGOS, SALLES = "referent@lugos.example", "referent@salles.example"


async def leave(scene: Scene, email: str) -> None:
    async with scene.database.transaction(scene.territory.group_id) as session:
        await session.execute(
            text("UPDATE memberships SET ended_at = :now WHERE person_id = :person"),
            {"now": scene.now, "person": scene.territory.people[email]},
        )


def calendar_of(mail: EmailMessage) -> Calendar:
    (part,) = [part for part in mail.walk() if part.get_content_type() == "text/calendar"]
    return Calendar.from_ical(part.get_content())


async def told(scene: Scene) -> Calendar:
    """What Lugos is sent, alone and once."""
    scene.sink.received.clear()
    await scene.work()
    await scene.work()
    (mail,) = scene.sink.received
    assert mail["To"] == LUGOS
    assert "invitation retirée" in mail["Subject"]
    calendar = calendar_of(mail)
    (event,) = calendar.events
    assert (calendar["METHOD"], event["STATUS"]) == ("CANCEL", "CANCELLED")
    assert str(event["ATTENDEE"]) == f"mailto:{LUGOS}"
    return calendar


@pytest.mark.parametrize("way", ["by hand", "with the last role"])
async def test_who_was_told_is_told_again(scene: Scene, way: str) -> None:
    committee = await scene.schedule(LUGOS, SALLES)
    scene.clock.instant = J15
    await scene.work()
    asked = calendar_of(next(mail for mail in scene.sink.received if mail["To"] == LUGOS))
    if way == "by hand":
        await scene.uninvite(committee, LUGOS)
    else:
        await leave(scene, LUGOS)
    cancelled = await told(scene)
    first, last = (str(calendar.events[0]["UID"]).partition("@")[0] for calendar in (asked, cancelled))
    assert first == last, "the same meeting"
    scene.sink.received.clear()
    scene.clock.instant = J7
    await scene.work()
    await scene.cancel(committee)
    await scene.work()
    assert {mail["To"] for mail in scene.sink.received} == {SALLES}, "nothing more, not even the cancelling"


async def test_who_was_never_told_hears_nothing(scene: Scene) -> None:
    committee = await scene.schedule(LUGOS, SALLES)
    await scene.uninvite(committee, LUGOS)
    await leave(scene, SALLES)
    await scene.work()
    assert scene.sink.received == []


async def test_another_role_keeps_the_invitation(scene: Scene) -> None:
    committee = await scene.schedule(LUGOS, roles=[Role.FINANCE])
    scene.clock.instant = J15
    await scene.work()
    async with scene.database.transaction(scene.territory.group_id) as session:
        await session.execute(
            text(
                "INSERT INTO memberships (group_id, person_id, role, started_at) "
                "VALUES (:group, :person, 'reader', :now)"
            ),
            {"group": scene.territory.group_id, "person": scene.territory.people[LUGOS], "now": scene.now},
        )
        await session.execute(
            text("UPDATE memberships SET ended_at = :now WHERE person_id = :person AND role = 'referent'"),
            {"now": scene.now + timedelta(seconds=1), "person": scene.territory.people[LUGOS]},
        )
    scene.sink.received.clear()
    await scene.work()
    assert scene.sink.received == []
    async with scene.database.transaction(scene.territory.group_id) as session:
        still = await session.execute(
            text("SELECT count(*) FROM committee_invitations WHERE committee_id = :id AND person_id = :person"),
            {"id": committee, "person": scene.territory.people[LUGOS]},
        )
        assert still.scalar_one() == 1
