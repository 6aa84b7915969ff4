"""The worker in a process of ours, on a real queue: what wakes it, and how it stops."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from arq import func
from arq.worker import Worker

from pooling.embedded.valkey import EmbeddedValkey
from pooling.kernel.bell import Bell, deserialize, redis_settings, serialize
from pooling.worker import Turn, Work, make_worker, run_until_stopped
from reminders.scene import BASE_URL, J15, Scene, kinds

LUGOS = "referent@lugos.example"


@pytest_asyncio.fixture
async def bell(valkey: EmbeddedValkey) -> AsyncIterator[Bell]:
    bell = Bell(valkey.url)
    yield bell
    await bell.close()


async def test_it_works_off_what_is_due_as_it_starts_and_stops_when_cancelled(
    real_scene: Scene, valkey: EmbeddedValkey, bell: Bell
) -> None:
    await real_scene.schedule(LUGOS)
    real_scene.clock.instant = J15
    work = Work(real_scene.database, bell, real_scene.sink.transport(), kinds(), BASE_URL, clock=real_scene.clock)
    workers = [make_worker(work, valkey.url, handle_signals=False) for _ in range(2)]
    tasks = [asyncio.create_task(run_until_stopped(worker)) for worker in workers]
    await asyncio.wait_for(real_scene.sink.reached.wait(), 30)
    for task in tasks:
        task.cancel()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert all(isinstance(result, asyncio.CancelledError) for result in results)
    assert real_scene.sink.recipients == [LUGOS]


async def test_the_bell_wakes_it_again_and_again(real_scene: Scene, valkey: EmbeddedValkey, bell: Bell) -> None:
    work = Work(real_scene.database, bell, real_scene.sink.transport(), kinds(), BASE_URL, clock=real_scene.clock)
    task = asyncio.create_task(run_until_stopped(make_worker(work, valkey.url, handle_signals=False)))
    for recipient in ("a@b.example", "c@d.example"):
        real_scene.sink.reached.clear()
        await real_scene.queue(recipient)
        assert await bell.ring("deliver")
        await asyncio.wait_for(real_scene.sink.reached.wait(), 30)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert real_scene.sink.recipients == ["a@b.example", "c@d.example"]


async def test_a_ring_while_the_job_runs_asks_for_another_run(valkey: EmbeddedValkey, bell: Bell) -> None:
    """The run that is under way may have looked at the rows before there was what one rings for."""
    running, looked, done, runs = asyncio.Event(), asyncio.Event(), asyncio.Event(), []

    async def deliver(ctx: dict[Any, Any]) -> None:
        await bell.hear("deliver")
        runs.append("run")
        if len(runs) == 2:
            done.set()
        running.set()
        await looked.wait()

    assert await bell.ring("deliver")
    assert await bell.ring("deliver")
    worker = Worker(
        functions=[func(deliver, name="deliver", keep_result=0)],
        redis_settings=redis_settings(valkey.url),
        handle_signals=False,
        poll_delay=0.05,
        job_serializer=serialize,
        job_deserializer=deserialize,
    )
    task = asyncio.create_task(run_until_stopped(worker))
    await asyncio.wait_for(running.wait(), 30)
    assert runs == ["run"], "two rings before it started were one"
    assert await bell.ring("deliver")
    looked.set()
    await asyncio.wait_for(done.wait(), 30)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_who_comes_while_it_is_being_done_has_it_done_once_more() -> None:
    turn, begun, go_on, done = Turn(), asyncio.Event(), asyncio.Event(), []

    async def job() -> None:
        begun.set()
        await go_on.wait()
        done.append("done")

    first = asyncio.create_task(turn.take(job))
    await begun.wait()
    await asyncio.gather(turn.take(job), turn.take(job))
    assert done == [], "nobody waits for it"
    go_on.set()
    await first
    assert done == ["done", "done"]
    await turn.take(job)
    assert len(done) == 3


async def test_a_job_that_was_cancelled_may_be_done_again() -> None:
    turn, begun, done = Turn(), asyncio.Event(), []

    async def for_ever() -> None:
        begun.set()
        await asyncio.Event().wait()

    async def job() -> None:
        done.append("done")

    task = asyncio.create_task(turn.take(for_ever))
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await turn.take(job)
    assert done == ["done"]
