"""What a sweep does when a feature fails, how much it asks of the database, and what a preview shows."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine
from sqlalchemy.ext.asyncio import AsyncSession

from pooling.kernel.clock import Clock, SystemClock
from pooling.kernel.errors import Invalid
from pooling.members.models import Role
from pooling.outbox.mail import Mail
from pooling.outbox.transport import KeptInOutbox
from pooling.reminders.console import clock_at, remind, report_lines
from pooling.reminders.kinds import Context, DueReminder, Kind
from pooling.reminders.sweep import sweep
from reminders.scene import BASE_URL, J7, J15, Scene, kinds

LUGOS, SALLES = "referent@lugos.example", "referent@salles.example"


def failing_for(subject_id: int | None) -> Kind:
    kind = next(kind for kind in kinds() if kind.name == "committee")

    async def render(session: AsyncSession, due: Sequence[DueReminder], context: Context) -> list[Mail]:
        if subject_id is None or any(reminder.subject_id == subject_id for reminder in due):
            raise RuntimeError("cannot be said")
        return await kind.render(session, due, context)

    return replace(kind, render=render)


async def test_a_subject_that_cannot_be_written_stops_no_other(scene: Scene) -> None:
    bad = await scene.schedule(LUGOS)
    await scene.schedule(SALLES)
    scene.clock.instant = J15
    report = await sweep(scene.database, [failing_for(bad)], scene.clock, base_url=BASE_URL, batch=1)
    assert ([reminder.email for reminder in report.sent], report.unwritten) == ([SALLES], 1)
    assert [reminder.email for reminder in (await scene.sweep()).sent] == [LUGOS]  # once it is mended


async def test_a_kind_that_fails_stops_no_other(scene: Scene) -> None:
    await scene.schedule(LUGOS)
    scene.clock.instant = J15
    await scene.sweep()
    scene.clock.instant = J7

    async def no_plan(*_: object) -> list[Any]:
        raise RuntimeError("cannot be planned")

    broken = replace(failing_for(None), name="broken", plan=no_plan)
    report = await sweep(scene.database, [broken, *kinds()], scene.clock, base_url=BASE_URL)
    assert [reminder.email for reminder in report.sent] == [LUGOS]


async def test_a_chore_that_fails_stops_nothing(scene: Scene) -> None:
    done = []

    async def broken(_session: AsyncSession, _clock: Clock) -> None:
        raise RuntimeError("cannot be done")

    async def sound(_session: AsyncSession, _clock: Clock) -> None:
        done.append(1)

    await scene.schedule(LUGOS)
    scene.clock.instant = J15
    report = await sweep(scene.database, kinds(), scene.clock, base_url=BASE_URL, chores=[broken, sound])
    assert (done, len(report.sent)) == ([1], 1)


@contextmanager
def counted() -> Iterator[list[str]]:
    statements: list[str] = []

    def note(_c: object, _cursor: object, statement: str, *_: object) -> None:
        statements.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(Engine, "before_cursor_execute", note)


async def test_a_sweep_asks_no_more_for_many_than_for_few(scene: Scene) -> None:
    await scene.schedule(LUGOS)
    scene.clock.instant = J15
    with counted() as few:
        assert len((await scene.sweep()).sent) == 1
    await scene.deliver()  # a mail that waits is looked at again
    scene.clock.instant -= timedelta(days=10)
    for _ in range(5):
        await scene.schedule(roles=list(Role))
    scene.clock.instant = J15
    with counted() as many:
        assert len((await scene.sweep()).sent) == 35
    assert len(many) == len(few)


async def test_moving_asks_no_more_for_many_than_for_few(scene: Scene) -> None:
    alone, crowded = await scene.schedule(LUGOS), await scene.schedule(roles=list(Role))
    scene.clock.instant = J15
    await scene.work()
    with counted() as few:
        await scene.move(alone, place="Ailleurs")
    with counted() as many:
        await scene.move(crowded, place="Ailleurs")
    assert len(many) == len(few)


async def test_a_dry_run_says_what_would_go_and_keeps_nothing(scene: Scene) -> None:
    committee = await scene.schedule(LUGOS)
    clock = clock_at("2027-03-15T08:00", scene.clock, ZoneInfo("Europe/Paris"), allowed=True)
    reminded = await remind(scene.database, kinds(), None, clock, base_url=BASE_URL, dry_run=True)
    assert [json.loads(line) for line in report_lines(reminded, as_json=True)] == [
        {
            "kind": "committee",
            "subject": committee,
            "revision": 1,
            "offset_days": -15,
            "person": LUGOS,
            "due_at": "2027-03-15T07:00:00Z",
            "state": "planned",
        }
    ]
    assert await scene.reminders() == []
    assert await scene.messages() == []


async def test_remind_sweeps_and_delivers(scene: Scene) -> None:
    await scene.schedule(LUGOS)
    scene.clock.instant = J15
    reminded = await remind(scene.database, kinds(), KeptInOutbox(), scene.clock, base_url=BASE_URL)
    assert [json.loads(line)["state"] for line in report_lines(reminded, as_json=True)] == ["sent"]
    assert reminded.delivered.sent == 1
    assert "1 courriel(s) envoyé(s)" in list(report_lines(reminded, as_json=False))[-1]


def test_at_is_for_dry_runs_and_the_demonstration() -> None:
    zone = ZoneInfo("Europe/Paris")
    system = SystemClock()
    assert clock_at(None, system, zone, allowed=False) is system
    assert clock_at("2027-03-15T08:00Z", system, zone, allowed=True).now() == datetime(2027, 3, 15, 8, tzinfo=UTC)
    for at, allowed in (
        ("2027-03-15T08:00", False),
        ("demain", True),
        ("9999-12-31T23:59", True),
        ("0001-01-01T00:00+14:00", True),
    ):
        with pytest.raises(Invalid):
            clock_at(at, system, zone, allowed=allowed)
