"""From a planned committee to messages: who is reminded, when, and never twice."""

from datetime import date, time, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from factories import NOW
from pooling.committees.models import CommitteeKind
from reminders.scene import J1, J7, J15, Scene

LUGOS, SALLES, DROIT = "referent@lugos.example", "referent@salles.example", "referent@droit.example"


async def test_a_committee_is_planned_at_once_and_reminded_in_time(scene: Scene) -> None:
    await scene.schedule(LUGOS)
    report = await scene.sweep()
    assert report.plan.planned == 3
    assert report.sent == []
    scene.clock.instant = J15 - timedelta(seconds=1)
    assert (await scene.sweep()).sent == []
    scene.clock.instant = J15
    sent = (await scene.sweep()).sent
    assert [(reminder.email, reminder.offset_days, reminder.due_at) for reminder in sent] == [(LUGOS, -15, J15)]
    assert await scene.reminders() == [
        ("committee", LUGOS, 1, -15, "sent"),
        ("committee", LUGOS, 1, -7, "planned"),
        ("committee", LUGOS, 1, -1, "planned"),
    ]


async def test_sweeping_again_changes_nothing(scene: Scene) -> None:
    await scene.schedule(LUGOS, SALLES)
    scene.clock.instant = J15
    assert len((await scene.sweep()).sent) == 2
    before = await scene.reminders(), await scene.messages()
    again = await scene.sweep()
    assert (again.plan.planned, again.sent) == (0, [])
    assert (await scene.reminders(), await scene.messages()) == before


async def test_an_offset_already_past_at_planning_is_skipped(scene: Scene) -> None:
    scene.clock.instant = J15 + timedelta(hours=1)
    await scene.schedule(LUGOS)
    await scene.sweep()
    assert [row[3] for row in await scene.reminders()] == [-7, -1]


async def test_somebody_invited_later_gets_what_is_still_to_come(scene: Scene) -> None:
    committee = await scene.schedule(LUGOS)
    scene.clock.instant = J15
    await scene.sweep()
    scene.clock.instant = J15 + timedelta(days=1)
    await scene.invite(committee, SALLES)
    await scene.sweep()
    assert [(row[3], row[4]) for row in await scene.reminders() if row[1] == SALLES] == [
        (-7, "planned"),
        (-1, "planned"),
    ]


async def test_one_who_left_gets_nothing_more_and_comes_back_to_what_is_to_come(scene: Scene) -> None:
    committee = await scene.schedule(LUGOS, SALLES)
    await scene.sweep()
    await scene.uninvite(committee, SALLES)
    scene.clock.instant = J15
    assert [reminder.email for reminder in (await scene.sweep()).sent] == [LUGOS]
    assert {row[4] for row in await scene.reminders() if row[1] == SALLES} == {"not_needed"}
    scene.clock.instant = J15 + timedelta(days=1)
    await scene.invite(committee, SALLES)
    scene.clock.instant = J7
    assert {reminder.email for reminder in (await scene.sweep()).sent} == {LUGOS, SALLES}
    assert [(row[3], row[4]) for row in await scene.reminders() if row[1] == SALLES] == [
        (-15, "not_needed"),
        (-7, "sent"),
        (-1, "planned"),
    ]


async def test_one_whose_role_ended_gets_nothing_more(scene: Scene) -> None:
    await scene.schedule(LUGOS)
    await scene.sweep()
    async with scene.database.transaction(scene.territory.group_id) as session:
        await session.execute(
            text("UPDATE memberships SET ended_at = :now WHERE person_id = :person"),
            {"now": NOW, "person": scene.territory.people[LUGOS]},
        )
    scene.clock.instant = J15
    assert (await scene.sweep()).sent == []
    assert {row[4] for row in await scene.reminders()} == {"not_needed"}


async def test_after_an_outage_only_the_latest_is_sent(scene: Scene) -> None:
    await scene.schedule(LUGOS)
    scene.clock.instant = J1 + timedelta(hours=3)  # nothing ran since the committee was planned
    report = await scene.sweep()
    assert [reminder.offset_days for reminder in report.sent] == [-1]
    assert [(row[3], row[4]) for row in await scene.reminders()] == [
        (-15, "missed"),
        (-7, "missed"),
        (-1, "sent"),
    ]


async def test_past_its_use_a_reminder_is_missed(scene: Scene) -> None:
    await scene.schedule(LUGOS)
    await scene.sweep()
    scene.clock.instant = J1 + timedelta(days=10)
    report = await scene.sweep()
    assert (report.sent, report.plan.missed) == ([], 3)
    assert {row[4] for row in await scene.reminders()} == {"missed"}


async def test_moving_supersedes_and_tells_those_already_told_once(scene: Scene) -> None:
    committee = await scene.schedule(LUGOS)
    scene.clock.instant = J15
    await scene.work()
    await scene.invite(committee, SALLES)  # not told anything yet
    await scene.sweep()
    await scene.move(committee, day=date(2027, 4, 6))
    await scene.work()
    await scene.work()
    assert scene.sink.recipients == [LUGOS, LUGOS]
    _, notice = scene.sink.received
    assert str(notice["Subject"]) == "Comité de suivi déplacé au mardi 6 avril à 14\u00a0h"
    states = {
        (kind, email, revision, offset): state for kind, email, revision, offset, state in await scene.reminders()
    }
    assert states[("committee", LUGOS, 1, -7)] == "superseded"
    assert states[("committee", LUGOS, 2, -7)] == "planned"
    assert states[("committee", SALLES, 2, -15)] == "planned"
    assert states[("committee_change", LUGOS, 2, 0)] == "sent"
    assert ("committee_change", SALLES, 2, 0) not in states


async def test_moving_the_day_before_tells_everyone_once(scene: Scene) -> None:
    committee = await scene.schedule(LUGOS, SALLES, DROIT)
    scene.clock.instant = J1
    await scene.work()
    scene.sink.recipients.clear()
    scene.clock.instant = J1 + timedelta(days=3)  # Monday 29 March
    await scene.move(committee, hour=time(16))
    await scene.work()
    scene.clock.instant += timedelta(minutes=1)
    await scene.work()
    assert sorted(scene.sink.recipients) == sorted([LUGOS, SALLES, DROIT])


async def test_who_was_to_be_told_already_is_told_of_the_move_though_the_worker_was_late(scene: Scene) -> None:
    committee = await scene.schedule(LUGOS)
    await scene.sweep()
    await scene.invite(committee, SALLES)
    scene.clock.instant = J15 + timedelta(minutes=30)
    await scene.move(committee, day=date(2027, 3, 31))
    await scene.invite(committee, DROIT)  # after the hour had come: told by what comes next
    await scene.work()
    assert scene.sink.recipients == [LUGOS, SALLES]
    assert all("déplacé" in str(mail["Subject"]) for mail in scene.sink.received)


@pytest.mark.parametrize("change", ["room", "date", "cancelled"])
async def test_who_was_to_be_told_is_told_of_the_change_though_no_sweep_came_by(scene: Scene, change: str) -> None:
    """No row says that the hour has passed: the rule does."""
    committee = await scene.schedule(LUGOS)
    scene.clock.instant = J15 + timedelta(minutes=30)
    if change == "cancelled":
        await scene.cancel(committee)
    else:
        await scene.move(committee, place="Salle B", day=date(2027, 3, 31 if change == "date" else 30))
    await scene.work()
    await scene.work()
    assert scene.sink.recipients == [LUGOS]


async def test_a_convocation_that_was_due_is_not_swallowed_by_another_room(scene: Scene) -> None:
    committee = await scene.schedule(LUGOS, kind=CommitteeKind.FORMAL, clear_days=5)
    scene.clock.instant = J7 + timedelta(days=1, hours=1)  # five clear days before, and no sweep since
    await scene.move(committee, place="Salle B")
    await scene.work()
    kinds_sent = [(row[0], row[2]) for row in await scene.reminders() if row[4] == "sent"]
    assert ("convocation", 2) in kinds_sent


STEP = st.one_of(
    st.tuples(st.just("pass"), st.integers(1, 9)),
    st.tuples(st.just("sweep"), st.just(0)),
    st.tuples(st.just("room"), st.integers(0, 99)),
    st.tuples(st.just("hour"), st.integers(9, 17)),
)


@given(steps=st.lists(STEP, min_size=2, max_size=5))
@settings(max_examples=12, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_whoever_was_to_be_told_knows_what_is_true_in_whatever_order(
    scene: Scene, steps: list[tuple[str, int]]
) -> None:
    """Time that passes, sweeps and corrections: read from the rule alone, not from rows."""
    scene.clock.instant = since = J15 - timedelta(days=1)
    committee = await scene.schedule(LUGOS)
    revision, place, hour, to_know = 1, "Mairie d’Arcachon", time(14), False
    for number, (step, value) in enumerate([*steps, ("sweep", 0)]):
        if step == "pass":
            scene.clock.instant = min(scene.now + timedelta(days=value), J1 + timedelta(days=3))
            to_know |= any(since < due <= scene.now for due in (J15, J7, J1))
        elif step == "sweep":
            await scene.sweep()
        else:
            place, hour = (f"Salle {number}-{value}", hour) if step == "room" else (place, time(value, number))
            await scene.move(committee, place=place, hour=hour)
            revision, since = revision + 1, scene.now
    rows = await scene.rows_of(committee)
    knows = max((row for row, state in rows if state == "sent"), default=0)
    await scene.cancel(committee)  # the next example has its own
    assert knows == (revision if to_know else 0)


async def test_what_had_not_left_the_outbox_is_taken_back_by_a_move(scene: Scene) -> None:
    """An SMTP outage, two moves: in the end one mail, and it is true."""
    committee = await scene.schedule(LUGOS)
    scene.clock.instant = J15
    await scene.sweep()
    await scene.move(committee, day=date(2027, 4, 6))
    await scene.move(committee, day=date(2027, 4, 7))
    await scene.work()
    assert [str(mail["Subject"]) for mail in scene.sink.received] == [
        "Comité de suivi déplacé au mercredi 7 avril à 14\u00a0h"
    ]
    assert [row[1] for row in await scene.messages()] == ["failed", "failed", "sent"]


async def test_cancelling_tells_those_already_told_and_ends_the_rest(scene: Scene) -> None:
    committee = await scene.schedule(LUGOS)
    scene.clock.instant = J15
    await scene.work()
    await scene.invite(committee, SALLES)
    await scene.cancel(committee)
    scene.clock.instant = J7
    await scene.work()
    assert scene.sink.recipients == [LUGOS, LUGOS]
    assert str(scene.sink.received[1]["Subject"]) == "Comité de suivi mardi 30 mars à 14\u00a0h\u00a0: annulé"
    assert {row[4] for row in await scene.reminders() if row[0] == "committee"} == {"sent", "superseded"}


async def test_an_unsent_reminder_gives_way_to_the_next_one(scene: Scene) -> None:
    """The mail server is away from J−7 to J−1: only the latter goes out."""
    await scene.schedule(LUGOS)
    scene.clock.instant = J7
    await scene.sweep()
    scene.clock.instant = J1
    await scene.work()
    assert scene.sink.recipients == [LUGOS]
    assert [row[1] for row in await scene.messages()] == ["failed", "sent"]
