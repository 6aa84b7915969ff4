"""The bell is not to be trusted: what others write into the queue, and a queue that is away, hangs or lies, cost a
minute at most, and no worker.
"""

import asyncio
import json
import os
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from copy import deepcopy
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from redis.asyncio import Redis

from factories import Territory
from ground.database import INHABITED, Clones
from outbox.sink import Sink
from pooling.embedded.valkey import EmbeddedValkey
from pooling.features import FEATURES
from pooling.kernel import bell as bells
from pooling.kernel.bell import QUEUE, Bell
from pooling.kernel.clock import FixedClock
from pooling.kernel.database import Database
from pooling.members.features import Features
from pooling.worker import Work, run
from reminders.scene import BASE_URL, CHORES, Scene, kinds

PATIENCE = 300
"""Seconds, on a machine that does much else, for what comes at once."""
NEVER = 3600.0
"""For a minute that does not come: the bell alone wakes the worker."""
RING = f"{QUEUE}:deliver"
ODD: dict[str, object] = {"t": None, "f": "deliver", "a": [], "k": {}, "et": 1}


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bells, "PAUSE", 0.05)
    monkeypatch.setattr(bells, "FRESH", 0.5)
    monkeypatch.setattr(bells, "POLL", 0.05)


@pytest_asyncio.fixture(scope="module")
async def kept_database(clones: Clones) -> AsyncIterator[Database]:
    """One for all of these: of each, nothing remains to be done there."""
    addresses = await asyncio.to_thread(clones.make, INHABITED)
    database = Database.connect(addresses.application).handing(Features(FEATURES))
    yield database
    await database.dispose()
    await asyncio.to_thread(clones.drop, addresses)


@pytest.fixture
def scene(kept_database: Database, inhabitants: Territory, clock: FixedClock, sink: Sink) -> Scene:
    return Scene(kept_database, deepcopy(inhabitants), clock, sink)


@asynccontextmanager
async def worker(scene: Scene, url: str, *, minute: float) -> AsyncIterator[Bell]:
    """Lives as long as the block lasts, and is still alive then; ends when it is told to."""
    bell = Bell(url)
    work = Work(scene.database, bell, scene.sink.transport(), kinds(), BASE_URL, CHORES, clock=scene.clock)
    working = asyncio.create_task(run(work, minute=minute))
    try:
        yield bell
        assert not working.done()
    finally:
        working.cancel()
        await asyncio.wait({working}, timeout=PATIENCE)
        await bell.close()
        assert working.cancelled()


async def arrives(scene: Scene, recipient: str, ring: Callable[[], Awaitable[object]] | None = None) -> None:
    """A mail comes, where somebody rings for it until it does, or by itself."""
    scene.sink.reached.clear()
    await scene.queue(recipient)
    async with asyncio.timeout(PATIENCE):
        while not scene.sink.reached.is_set():
            if ring is not None:
                await ring()
            await asyncio.sleep(0.05)
    assert scene.sink.recipients[-1] == recipient


Poison = Callable[[Redis], Any]


def job(content: object) -> Poison:
    """A ring whose job is this."""

    async def put(queue: Redis) -> None:
        await queue.set(f"arq:job:{RING}", content if isinstance(content, bytes) else json.dumps(content))
        await queue.zadd(QUEUE, {RING: 1})

    return put


async def another_type(queue: Redis) -> None:
    await queue.delete(QUEUE)
    await queue.set(QUEUE, "what is this?")


async def no_job_but_a_list(queue: Redis) -> None:
    await queue.zadd(RING, {"x": 1})
    await queue.rename(RING, f"arq:job:{RING}")
    await queue.zadd(QUEUE, {RING: 1})


async def odd_tries(queue: Redis) -> None:
    await queue.set(f"arq:retry:{RING}", "many")
    await job(ODD)(queue)


async def crowd(queue: Redis) -> None:
    """As many as are read at once, which are never taken from the queue."""
    await queue.zadd(QUEUE, {f"x{number}": 0 for number in range(200)})


POISONS: dict[str, Poison] = {
    "no text as an id": lambda queue: queue.zadd(QUEUE, {b"\xff\xfe": 1}),
    "infinitely long ago": lambda queue: queue.zadd(QUEUE, {RING: float("-inf")}),
    "a queue of another type": another_type,
    "a job of another type": no_job_but_a_list,
    "no JSON": job(b"\x80\x04"),
    "JSON that is no job": job([1]),
    "a function that is none": job({**ODD, "f": ["deliver"]}),
    "a time that is none": job({**ODD, "et": "yesterday"}),
    "a try that is none": job({**ODD, "t": "third"}),
    "arguments that are none": job({**ODD, "a": 1, "k": [1]}),
    "arguments too many": job({**ODD, "a": [1, 2], "k": {"ctx": 3}}),
    "deep JSON": job(b"[" * 200_000),
    "tries that are no number": odd_tries,
    "too many tries": lambda queue: queue.set(f"arq:retry:{RING}", 99),
    "under way for ever": lambda queue: queue.set(f"arq:in-progress:{RING}", 1),
    "a result that stays": lambda queue: queue.set(f"arq:result:{RING}", b"x"),
    "a crowd in front": crowd,
    "flushed": lambda queue: queue.flushall(),
}


@pytest.mark.parametrize("poison", POISONS.values(), ids=POISONS)
async def test_whatever_lies_in_the_queue_the_worker_lives_and_hears(
    scene: Scene, valkey: EmbeddedValkey, poison: Poison
) -> None:
    """Written while it works, and before it starts."""
    async with Redis(unix_socket_path=valkey.url.removeprefix("unix://")) as queue:
        for recipient in ("a@b.example", "c@d.example"):
            await poison(queue)
            async with worker(scene, valkey.url, minute=NEVER) as bell:
                await arrives(scene, recipient, partial(bell.ring, "deliver"))
                await poison(queue)
                await arrives(scene, recipient, partial(bell.ring, "deliver"))


async def test_without_a_queue_the_minute_goes_on_and_the_bell_is_heard_once_there_is_one(
    scene: Scene, data_folder: Path
) -> None:
    url = f"unix://{data_folder / 'valkey' / 'valkey.sock'}"
    async with worker(scene, url, minute=0.2) as bell:
        await arrives(scene, "away@b.example")
        assert not await bell.ring("deliver")
        valkey = EmbeddedValkey(data_folder)
        await asyncio.wait_for(rung(bell), PATIENCE)
        await arrives(scene, "there@b.example")
        valkey.stop()
        await arrives(scene, "gone@b.example")
        valkey = EmbeddedValkey(data_folder)
        await asyncio.wait_for(rung(bell), PATIENCE)
    async with worker(scene, url, minute=NEVER) as bell:
        await arrives(scene, "back@b.example", partial(bell.ring, "deliver"))
    valkey.stop()


async def test_a_queue_that_stops_answering_costs_no_minute_and_is_heard_again(
    scene: Scene, valkey: EmbeddedValkey
) -> None:
    """Its connections stay open, and nothing comes on them."""
    queue = Redis(unix_socket_path=valkey.url.removeprefix("unix://"))
    process = (await queue.info("server"))["process_id"]
    await queue.aclose()
    async with worker(scene, valkey.url, minute=0.2) as bell:
        await asyncio.wait_for(rung(bell), PATIENCE)
        os.kill(process, signal.SIGSTOP)
        try:
            await arrives(scene, "stopped@b.example")
        finally:
            os.kill(process, signal.SIGCONT)
        await asyncio.wait_for(rung(bell), PATIENCE)


async def rung(bell: Bell) -> None:
    while not await bell.ring("sweep"):  # noqa: ASYNC110 - nobody tells when a queue is back
        await asyncio.sleep(0.05)


Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def saying(answer: bytes | None) -> Answer:
    async def answered(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(4096) and answer != b"":
            if answer is not None:
                writer.write(answer)
                await writer.drain()
        writer.close()

    return answered


LIES = {
    "nothing": None,
    "goodbye": b"",
    "yes to everything": b"+OK\r\n" * 8,
    "no to everything": b"-NOAUTH Authentication required.\r\n" * 8,
    "noise": b"\x00\xff*-3\r\n$99999999999\r\n",
    "a number": b":7\r\n" * 8,
    "lists": b"*1\r\n*1\r\n*1\r\n$1\r\n\xff\r\n" * 8,
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES)
async def test_a_queue_that_lies_costs_no_minute_and_holds_up_no_page(
    scene: Scene, data_folder: Path, monkeypatch: pytest.MonkeyPatch, lie: bytes | None
) -> None:
    monkeypatch.setattr(bells, "SECONDS_TO_ANSWER", 0.3)
    path = data_folder / "liar.sock"
    async with (
        await asyncio.start_unix_server(saying(lie), path),
        worker(scene, f"unix://{path}", minute=0.2) as bell,
    ):
        began = time.monotonic()
        await bell.ring("deliver")
        await bell.answers()
        assert time.monotonic() - began < 10
        for recipient in ("a@b.example", "c@d.example"):
            await arrives(scene, recipient)


async def test_a_queue_in_trouble_is_asked_once_for_many_pages(
    data_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bells, "SECONDS_TO_ANSWER", 0.3)
    monkeypatch.setattr(bells, "PAUSE", 60)
    path = data_folder / "liar.sock"
    asked: list[bytes] = []

    async def listened(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while said := await reader.read(4096):
            asked.append(said)
        writer.close()

    async with await asyncio.start_unix_server(listened, path):
        bell = Bell(f"unix://{path}")
        assert not await bell.ring("deliver")
        before = len(asked)
        assert before
        assert not any([await bell.ring("deliver") for _ in range(50)])
        await bell.close()
        assert len(asked) == before, "nobody else waited for its answer"


async def test_that_it_is_away_again_is_told_in_the_same_words(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Once each: away from the beginning, away again after it had answered, and not for each try that fails alike."""
    answers = iter([False, False, True, True, True])
    bell = Bell("unix:///nowhere/valkey.sock")

    async def empty(_: object) -> None:
        if (answer := next(answers, None)) is None:
            raise asyncio.CancelledError
        if not answer:
            raise ConnectionError("No such file")

    async def hear(_: object) -> None:
        raise ConnectionError("No such file")

    monkeypatch.setattr(bell, "_empty", empty)
    monkeypatch.setattr(bell, "_hear", hear)
    monkeypatch.setattr(bells, "PAUSE", 0)
    with pytest.raises(asyncio.CancelledError):
        await bell.listen({})
    assert [record.getMessage() for record in caplog.records if "out of order" in record.getMessage()] == [
        "the bell is out of order, work goes on every minute without it: ConnectionError('No such file')"
    ] * 2
    await bell.close()
