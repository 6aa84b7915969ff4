"""The worker in a process of ours, on a real queue: what wakes it, and how it stops."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from jobs.scene import BASE_URL, J15, Scene, kinds
from pooling.embedded.valkey import EmbeddedValkey
from pooling.kernel.bell import Bell
from pooling.worker import Work, make_worker, run_until_stopped

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
