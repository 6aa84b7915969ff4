"""A group that wants its reminders otherwise than the territory, and people who want none."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest
from sqlalchemy import text

from pooling.mailroom.settings import change_reminders
from pooling.reminders.configuration import Schedule
from pooling.reminders.kinds import Kind
from pooling.reminders.opting_out import opt_in, opt_out
from pooling.reminders.settings import NO_SETTING, KindSetting, keep_setting, schedule_for
from pooling.reminders.sweep import SweepReport, sweep
from reminders.scene import BASE_URL, J7, J15, Scene, kinds

LUGOS, SALLES = "referent@lugos.example", "referent@salles.example"
COMMITTEE = next(kind for kind in kinds() if kind.name == "committee")
LAW = replace(COMMITTEE, lawful=True, comfort=False)
J10 = datetime(2027, 3, 19, 7, tzinfo=UTC)
"""J−10 is a Saturday: it moves to the Friday before."""


async def want(scene: Scene, wish: KindSetting) -> None:
    async with scene.database.transaction(scene.territory.group_id) as session:
        await keep_setting(session, "committee", wish, scene.now)


async def planned(scene: Scene) -> list[int]:
    return [row[3] for row in await scene.reminders() if row[4] == "planned"]


async def swept(scene: Scene, these: Sequence[Kind]) -> SweepReport:
    return await sweep(scene.database, these, scene.clock, base_url=BASE_URL)


@pytest.mark.parametrize(
    ("wish", "schedule"),
    [
        (NO_SETTING, Schedule(offsets=(-15, -7, -1))),
        (KindSetting(offsets=(-10, -3)), Schedule(offsets=(-10, -3))),
        (KindSetting(hour=time(18)), Schedule(offsets=(-15, -7, -1), hour=time(18))),
        (KindSetting(active=False, offsets=(-10,)), Schedule(offsets=())),
        (KindSetting(offsets=()), Schedule(offsets=())),
    ],
)
def test_what_a_group_says_replaces_what_the_territory_set(wish: KindSetting, schedule: Schedule) -> None:
    assert schedule_for(COMMITTEE, wish) == schedule


@pytest.mark.parametrize(
    "wish", [KindSetting(active=False), KindSetting(offsets=()), KindSetting(offsets=(-2,)), NO_SETTING]
)
def test_a_date_of_the_law_is_not_the_groups_to_move(wish: KindSetting) -> None:
    assert schedule_for(LAW, wish) == COMMITTEE.schedule
    assert schedule_for(LAW, replace(wish, hour=time(7))).hour == time(7)


async def test_planned_rows_follow_the_groups_wish_at_the_next_sweep(scene: Scene) -> None:
    await scene.schedule(LUGOS)
    await scene.sweep()
    assert await planned(scene) == [-15, -7, -1]
    await want(scene, KindSetting(offsets=(-10, -7)))
    await scene.sweep()
    assert await planned(scene) == [-10, -7]
    again = await scene.sweep()
    assert (again.plan.planned, again.plan.not_needed) == (0, 0)
    await want(scene, NO_SETTING)
    await scene.sweep()
    assert await planned(scene) == [-15, -7, -1]


async def test_switched_off_nothing_leaves_and_on_again_what_is_to_come(scene: Scene) -> None:
    await scene.schedule(LUGOS)
    await scene.sweep()
    await want(scene, KindSetting(active=False))
    scene.clock.instant = J15
    assert (await scene.sweep()).sent == []
    await want(scene, NO_SETTING)
    assert (await scene.sweep()).sent == []
    assert await planned(scene) == [-7, -1]


async def test_the_groups_hour_is_that_of_its_own_clock(scene: Scene) -> None:
    await scene.schedule(LUGOS)
    await scene.sweep()
    await want(scene, KindSetting(hour=time(18, 30)))
    scene.clock.instant = J15
    assert (await scene.sweep()).sent == []
    scene.clock.instant = J15 + timedelta(hours=10, minutes=30)
    assert [reminder.offset_days for reminder in (await scene.sweep()).sent] == [-15]


async def test_a_day_already_past_when_it_is_wished_is_skipped(scene: Scene) -> None:
    await scene.schedule(LUGOS)
    await scene.sweep()
    scene.clock.instant = J10 + timedelta(hours=1)
    await scene.work()
    await want(scene, KindSetting(offsets=(-10, -7)))
    assert (await scene.sweep()).sent == []
    assert await planned(scene) == [-7]


async def test_a_past_day_that_the_territorys_file_adds_is_not_sent_after_a_later_one(scene: Scene) -> None:
    await scene.schedule(LUGOS)
    before = [replace(COMMITTEE, schedule=Schedule(offsets=(-7, -2)))]
    after = [replace(COMMITTEE, schedule=Schedule(offsets=(-15, -7, -2)))]
    await swept(scene, before)
    scene.clock.instant = J7
    assert [reminder.offset_days for reminder in (await swept(scene, before)).sent] == [-7]
    assert (await swept(scene, after)).sent == []
    assert [row[3:5] for row in await scene.reminders()] == [(-15, "missed"), (-7, "sent"), (-2, "planned")]


async def test_one_sent_before_its_time_leaves_those_that_come_before_it(scene: Scene) -> None:
    await scene.schedule(LUGOS)
    await scene.sweep()
    async with scene.database.transaction(scene.territory.group_id) as session:
        await session.execute(
            text("UPDATE reminders SET hastened_at = :now WHERE group_id = :group AND offset_days = -1"),
            {"now": scene.now, "group": scene.territory.group_id},
        )
    assert [reminder.offset_days for reminder in (await scene.sweep()).sent] == [-1]
    scene.clock.instant = J7
    assert [reminder.offset_days for reminder in (await scene.sweep()).sent] == [-7]


async def test_what_is_due_and_not_yet_sent_survives_a_change_of_days(scene: Scene) -> None:
    await scene.schedule(LUGOS)
    await scene.sweep()
    scene.clock.instant = J7 + timedelta(hours=1)  # no sweep since: J−7 is late
    await want(scene, KindSetting(offsets=(-7, -2)))
    assert [reminder.offset_days for reminder in (await scene.sweep()).sent] == [-7]


async def test_a_change_of_days_swallows_nothing_that_was_due_though_no_sweep_came_by(scene: Scene) -> None:
    """As the pages change them: what was due until then has its row first."""
    await scene.schedule(LUGOS)
    scene.clock.instant = J7 + timedelta(hours=1)
    async with scene.database.transaction(scene.territory.group_id) as session:
        await change_reminders(session, scene.caller, COMMITTEE, KindSetting(offsets=(-7, -2)), scene.now)
    assert [reminder.offset_days for reminder in (await scene.sweep()).sent] == [-7]


async def test_what_the_law_wants_sent_is_sent_late_rather_than_not(scene: Scene) -> None:
    """The hour was changed after the day had come; whoever is to be told is told all the same."""
    await scene.schedule(LUGOS)
    scene.clock.instant = J7 + timedelta(hours=1)
    await want(scene, KindSetting(hour=time(7)))
    assert [reminder.offset_days for reminder in (await swept(scene, [LAW])).sent] == [-7]
    assert [row[4] for row in await scene.reminders()] == ["missed", "sent", "planned"]


async def test_the_groups_words_come_right_after_the_first_line(scene: Scene) -> None:
    await scene.schedule(LUGOS)
    await want(scene, KindSetting(wording="Le parking est <fermé> : venez à vélo."))
    scene.clock.instant = J15
    await scene.work()
    (mail,) = scene.sink.received
    plain, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert plain is not None
    assert html is not None
    first, words, *_ = plain.get_content().replace("\r\n", "\n").split("\n\n")
    assert first.startswith("Vous faites partie")
    assert words == "Le parking est <fermé>\u00a0: venez à vélo."
    assert "&lt;fermé&gt;" in html.get_content()


async def decline_as(scene: Scene, email: str) -> None:
    async with scene.database.transaction(scene.territory.group_id) as session:
        await opt_out(session, scene.territory.people[email], COMMITTEE, scene.now)


async def accept_as(scene: Scene, email: str) -> None:
    async with scene.database.transaction(scene.territory.group_id) as session:
        await opt_in(session, scene.territory.people[email], COMMITTEE, scene.now)


async def test_who_declines_is_told_nothing_more_and_comes_back_to_what_is_to_come(scene: Scene) -> None:
    await scene.schedule(LUGOS, SALLES)
    await scene.sweep()
    await decline_as(scene, LUGOS)
    await decline_as(scene, LUGOS)
    scene.clock.instant = J15
    assert [reminder.email for reminder in (await scene.sweep()).sent] == [SALLES]
    assert {row[4] for row in await scene.reminders() if row[1] == LUGOS} == {"not_needed"}
    scene.clock.instant = J15 + timedelta(hours=1)
    await accept_as(scene, LUGOS)
    assert (await scene.sweep()).sent == []
    scene.clock.instant = J7
    assert {reminder.email for reminder in (await scene.sweep()).sent} == {LUGOS, SALLES}


async def test_who_declined_before_anything_was_planned_gets_nothing_and_later_only_what_is_to_come(
    scene: Scene,
) -> None:
    await decline_as(scene, LUGOS)
    await scene.schedule(LUGOS)
    scene.clock.instant = J15 + timedelta(hours=1)
    await scene.sweep()
    assert await scene.reminders() == []
    await accept_as(scene, LUGOS)
    assert (await scene.sweep()).sent == []
    assert await planned(scene) == [-7, -1]


async def test_declining_takes_back_what_waits_in_the_outbox(scene: Scene) -> None:
    await scene.schedule(LUGOS, SALLES)
    scene.clock.instant = J15
    await scene.sweep()
    await decline_as(scene, LUGOS)
    await scene.deliver()
    assert scene.sink.recipients == [SALLES]


async def test_what_is_owed_cannot_be_declined(scene: Scene) -> None:
    """The refusal of a kind that has become one that all must receive counts for nothing."""
    await decline_as(scene, LUGOS)
    await scene.schedule(LUGOS)
    scene.clock.instant = J15
    assert [reminder.email for reminder in (await swept(scene, [LAW])).sent] == [LUGOS]
    await scene.deliver()
    assert scene.sink.received[0]["List-Unsubscribe"] is None


async def test_declining_leaves_the_notice_of_a_change(scene: Scene) -> None:
    committee = await scene.schedule(LUGOS)
    scene.clock.instant = J15
    await scene.work()
    await decline_as(scene, LUGOS)
    await scene.move(committee, place="Ailleurs")
    await scene.work()
    assert scene.sink.recipients == [LUGOS, LUGOS]
    notice = scene.sink.received[1]
    assert "lieu" in str(notice["Subject"])
    assert notice["List-Unsubscribe"] is None
