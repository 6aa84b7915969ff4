"""Anything at all in the queue: the worker lives, and hears the next ring."""

import json
import random
from functools import partial
from typing import Any

import pytest
from redis.asyncio import Redis

from fuzz.profile import EXAMPLES
from pooling.embedded.valkey import EmbeddedValkey
from pooling.kernel import bell as bells
from pooling.kernel.bell import QUEUE
from reminders.scene import Scene
from whole.test_bell import NEVER, RING, arrives, worker

KEYS = (
    QUEUE,
    f"arq:job:{RING}",
    f"arq:retry:{RING}",
    f"arq:in-progress:{RING}",
    f"arq:result:{RING}",
    f"{QUEUE}:health-check",
)
FIELDS = ("t", "f", "a", "k", "et")


def odd_value(chance: random.Random, depth: int = 2) -> object:
    simple = (None, True, -1, 2**70, 1.5, "", "deliver", "\u0000", "é" * 9)
    if depth == 0 or chance.random() < 0.6:
        return chance.choice(simple)
    inner = [odd_value(chance, depth - 1) for _ in range(chance.randrange(3))]
    return inner if chance.random() < 0.5 else {str(place): value for place, value in enumerate(inner)}


def odd_bytes(chance: random.Random) -> bytes:
    if chance.random() < 0.5:
        return chance.randbytes(chance.randrange(60))
    job = {name: odd_value(chance) for name in FIELDS if chance.random() < 0.9}
    return json.dumps(job if chance.random() < 0.8 else odd_value(chance)).encode()


async def disturb(queue: Any, chance: random.Random) -> None:  # noqa: ANN401 - its stubs know no bytes
    key = chance.choice(KEYS)
    match chance.randrange(5):
        case 0:
            await queue.set(key, odd_bytes(chance))
        case 1:
            await queue.delete(key)
            await queue.rpush(key, odd_bytes(chance))
        case 2:
            await queue.delete(key)
            await queue.hset(key, mapping={b"x": odd_bytes(chance)})
        case 3:
            if await queue.type(QUEUE) in {b"zset", b"none"}:
                await queue.zadd(QUEUE, {odd_bytes(chance) or b"-": chance.choice((0.0, -1e300, 1e300, 5.5))})
        case _:
            await queue.set(f"arq:job:{RING}", odd_bytes(chance))
            if await queue.type(QUEUE) in {b"zset", b"none"}:
                await queue.zadd(QUEUE, {RING: 1})


@pytest.mark.parametrize("seed", range(max(2, EXAMPLES // 50)))
async def test_the_worker_lives_and_hears(
    real_scene: Scene, valkey: EmbeddedValkey, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    monkeypatch.setattr(bells, "PAUSE", 0.05)
    monkeypatch.setattr(bells, "FRESH", 0.5)
    chance = random.Random(seed if not EXAMPLES else None)
    queue = Redis(unix_socket_path=valkey.url.removeprefix("unix://"))
    async with worker(real_scene, valkey.url, minute=NEVER) as bell:
        for number in range(6):
            for _ in range(8):
                await disturb(queue, chance)
            await arrives(real_scene, f"a{number}@b.example", partial(bell.ring, "deliver"))
    await queue.aclose()
