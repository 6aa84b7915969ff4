"""The worker in a process of ours, on a real queue: what wakes it, and how it stops."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from pooling.embedded.valkey import EmbeddedValkey
from pooling.kernel import bell as bells
from pooling.kernel.bell import Bell
from pooling.worker import Work, again_and_again, run
from reminders.scene import BASE_URL, CHORES, J15, Scene, kinds

LUGOS = "referent@lugos.example"
PATIENCE = 300
"""Seconds, on a machine that does much else, for what comes at once."""


@pytest_asyncio.fixture
async def bell(valkey: EmbeddedValkey) -> AsyncIterator[Bell]:
    bell = Bell(valkey.url)
    yield bell
    await bell.close()


async def test_it_works_off_what_is_due_as_it_starts_and_stops_when_cancelled(real_scene: Scene, bell: Bell) -> None:
    await real_scene.schedule(LUGOS)
    real_scene.clock.instant = J15
    work = Work(
        real_scene.database, bell, real_scene.sink.transport(), kinds(), BASE_URL, CHORES, clock=real_scene.clock
    )
    tasks = [asyncio.create_task(run(work)) for _ in range(2)]
    await asyncio.wait_for(real_scene.sink.reached.wait(), PATIENCE)
    for task in tasks:
        task.cancel()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert all(isinstance(result, asyncio.CancelledError) for result in results)
    assert real_scene.sink.recipients == [LUGOS]


async def test_the_bell_wakes_it_again_and_again(real_scene: Scene, bell: Bell) -> None:
    work = Work(
        real_scene.database, bell, real_scene.sink.transport(), kinds(), BASE_URL, CHORES, clock=real_scene.clock
    )
    task = asyncio.create_task(run(work))
    for recipient in ("a@b.example", "c@d.example"):
        real_scene.sink.reached.clear()
        await real_scene.queue(recipient)
        assert await bell.ring("deliver")
        await asyncio.wait_for(real_scene.sink.reached.wait(), PATIENCE)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert real_scene.sink.recipients == ["a@b.example", "c@d.example"]


async def test_a_ring_while_the_job_runs_asks_for_another_run(real_scene: Scene, bell: Bell) -> None:
    """The run that is under way may have looked at the rows before there was what one rings for."""
    work = Work(real_scene.database, bell, None, kinds(), BASE_URL, CHORES)
    woken, running, looked = asyncio.Event(), asyncio.Event(), asyncio.Event()
    runs: list[int] = []

    async def job(work: Work) -> None:
        runs.append(len(runs) + 1)
        running.set()
        await looked.wait()

    task = asyncio.create_task(again_and_again(job, work, woken, seconds=60, every=3600))
    await running.wait()
    running.clear()
    woken.set()
    woken.set()
    looked.set()
    await asyncio.wait_for(running.wait(), PATIENCE)
    for _ in range(10):
        await asyncio.sleep(0)
    assert runs == [1, 2]
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_job_that_fails_or_hangs_is_tried_again_the_next_minute(real_scene: Scene, bell: Bell) -> None:
    work = Work(real_scene.database, bell, None, kinds(), BASE_URL, CHORES)
    done = asyncio.Event()
    troubles = iter([RuntimeError("such as a database that is away"), None])

    async def job(work: Work) -> None:
        trouble = next(troubles, "none is left")
        if isinstance(trouble, Exception):
            raise trouble
        if trouble is None:
            await asyncio.Event().wait()
        done.set()

    task = asyncio.create_task(again_and_again(job, work, asyncio.Event(), seconds=0.05, every=0.05))
    await asyncio.wait_for(done.wait(), PATIENCE)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_what_breaks_off_as_it_is_stopped_stops_all_the_same(real_scene: Scene, bell: Bell) -> None:
    """Such as a connection that was in use: its library tells that it broke, and no more of the cancellation."""
    work = Work(real_scene.database, bell, None, kinds(), BASE_URL, CHORES)
    began = asyncio.Event()

    async def job(work: Work) -> None:
        began.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError as interrupted:
            raise ExceptionGroup("broken", [RuntimeError("the connection is closed")]) from interrupted

    task = asyncio.create_task(again_and_again(job, work, asyncio.Event(), seconds=60, every=3600))
    await asyncio.wait_for(began.wait(), PATIENCE)
    task.cancel()
    done, _ = await asyncio.wait([task], timeout=PATIENCE)
    assert done, "it goes on as if nobody had told it to stop"
    assert task.cancelled()


async def test_listening_that_breaks_off_as_it_is_stopped_stops_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    bell = Bell("unix:///nowhere/valkey.sock")
    began = asyncio.Event()
    troubles = [ConnectionError("broken off")]

    async def empty(*_: object) -> None:
        began.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError as interrupted:
            raise (troubles.pop() if troubles else interrupted) from interrupted

    monkeypatch.setattr(bell, "_empty", empty)
    task = asyncio.create_task(bell.listen({}))
    await asyncio.wait_for(began.wait(), PATIENCE)
    task.cancel()
    done, _ = await asyncio.wait([task], timeout=PATIENCE)
    assert done, "it goes on listening"
    assert task.cancelled()
    await bell.close()


async def test_every_ring_is_heard_also_while_the_one_before_is_tidied_away(
    bell: Bell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bells, "POLL", 0.02)
    heard = asyncio.Event()
    listening = asyncio.create_task(bell.listen({"deliver": heard.set}))
    for _ in range(100):
        heard.clear()
        assert await bell.ring("deliver")
        await asyncio.wait_for(heard.wait(), PATIENCE)
    listening.cancel()
    with pytest.raises(asyncio.CancelledError):
        await listening
