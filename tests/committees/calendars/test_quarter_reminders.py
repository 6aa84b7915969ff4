"""A quarter without any committee is told to the facilitators, once, until one is planned."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import text

from pooling.committees.calendars import reminders as cadence_reminders
from pooling.reminders.configuration import ReminderConfiguration
from pooling.reminders.sweep import sweep
from reminders.scene import BASE_URL, FACILITATOR, Scene

# The first working day of May 2027 is Monday the 3rd: the 1st is a Saturday and a holiday.
QUARTER_DAY = datetime(2027, 5, 3, 6, tzinfo=UTC)


async def told(scene: Scene) -> Sequence[tuple[str, int]]:
    """Who the sweep tells at this moment, and about which quarter."""
    kinds = cadence_reminders.calendar_kinds(ReminderConfiguration())
    report = await sweep(scene.database, kinds, scene.clock, base_url=BASE_URL)
    return [(reminder.email, reminder.subject_id) for reminder in report.sent]


async def test_the_first_working_day_of_the_second_month(scene: Scene) -> None:
    scene.clock.instant = QUARTER_DAY - timedelta(seconds=1)
    assert await told(scene) == []
    scene.clock.instant = QUARTER_DAY
    assert await told(scene) == [(FACILITATOR, 20272)]
    scene.clock.instant = QUARTER_DAY + timedelta(days=20)
    assert await told(scene) == [], "once"
    await scene.deliver()
    (mail,) = scene.sink.received
    assert mail["Subject"] == "Aucun comité au 2e trimestre 2027\u00a0: choisissez une date"
    body = mail.get_body(("plain",))
    assert body is not None
    assert f"{BASE_URL}/g/bassin/comites/nouveau?jour=2027-06-0" in body.get_content()
    assert "avant le mercredi 30 juin 2027" in body.get_content()


async def test_a_committee_in_the_quarter_is_enough(scene: Scene) -> None:
    committee = await scene.schedule(day=date(2027, 6, 30))
    scene.clock.instant = QUARTER_DAY
    assert await told(scene) == []
    await scene.cancel(committee)
    assert await told(scene) == [(FACILITATOR, 20272)], "a cancelled one is none, and the quarter has not ended"


async def test_one_of_the_day_before_is_of_another_quarter(scene: Scene) -> None:
    await scene.schedule(day=date(2027, 3, 31))
    await scene.schedule(day=date(2027, 7, 1))
    scene.clock.instant = QUARTER_DAY
    assert await told(scene) == [(FACILITATOR, 20272)]


async def test_when_the_worker_was_away_it_comes_until_the_quarter_ends(scene: Scene) -> None:
    scene.clock.instant = datetime(2027, 6, 30, 21, 59, tzinfo=UTC)  # 23:59 in Paris
    assert await told(scene) == [(FACILITATOR, 20272)]


async def test_the_next_quarter_is_another(scene: Scene) -> None:
    scene.clock.instant = datetime(2027, 6, 30, 22, 0, tzinfo=UTC)  # midnight in Paris: July
    assert await told(scene) == []
    scene.clock.instant = datetime(2027, 8, 2, 6, tzinfo=UTC)
    assert await told(scene) == [(FACILITATOR, 20273)]


@pytest.mark.parametrize("months", [1, 3, 4, 12])
async def test_a_quarter_counts_whatever_the_cadence(scene: Scene, months: int) -> None:
    async with scene.database.transaction(scene.territory.group_id) as session:
        await session.execute(text("UPDATE groups SET committee_every_months = :months"), {"months": months})
    scene.clock.instant = QUARTER_DAY
    assert await told(scene) == [(FACILITATOR, 20272)]


async def test_a_facilitator_of_the_day_after_is_not_told(scene: Scene) -> None:
    async with scene.database.transaction(scene.territory.group_id) as session:
        await session.execute(
            text("UPDATE memberships SET started_at = :at WHERE role = 'facilitator'"),
            {"at": QUARTER_DAY + timedelta(days=1)},
        )
    scene.clock.instant = QUARTER_DAY + timedelta(days=2)
    assert await told(scene) == []
