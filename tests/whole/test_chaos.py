"""Workers killed at random, a mail server in all its moods, connections cut, the queue flushed, meetings moved.

In CI for a few seconds, with the same choices each time; `make chaos` goes on for minutes, with others each time. The
seed is printed: the same one makes the same choices, though not the same races.
"""

import asyncio
import os
import random

import pytest

from outbox.moody_sink import MoodySink
from outbox.sink import running
from pooling.embedded.postgres import PostgresAddresses
from pooling.embedded.valkey import EmbeddedValkey
from whole.chaos import Chaos
from whole.promise import allowed_twice, breaches, twice

LONG = os.environ.get("CHAOS_SECONDS")
SECONDS = float(LONG or 6)
SEED = int(os.environ.get("CHAOS_SEED") or (random.SystemRandom().randrange(10**6) if LONG else 2027))


async def test_every_due_reminder_arrives_whatever_happens(
    fresh_addresses: PostgresAddresses, valkey: EmbeddedValkey, capsys: pytest.CaptureFixture[str]
) -> None:
    async with running(MoodySink()) as sink:
        assert isinstance(sink, MoodySink)
        chaos = Chaos(fresh_addresses, valkey.url, sink, seconds=SECONDS, seed=SEED)
        await chaos.prepare()
        await chaos.run()
        in_the_storm = len(sink.arrivals)
        await asyncio.wait_for(chaos.recover(), 60 + SECONDS)
        broken = await breaches(chaos)
        await chaos.database.dispose()
    said = (
        f"seed {SEED}, {SECONDS:.0f} s: {len(sink.arrivals)} mails, {in_the_storm} meanwhile, {twice(chaos)} twice ("
        f"{allowed_twice(chaos)} allowed); {dict(chaos.happened)}; server {dict(sink.moods)}"
    )
    with capsys.disabled():
        print(f"\n{said}")  # noqa: T201 - the seed is what one needs when it fails
    assert broken == [], said
    assert in_the_storm, "the storm met nobody"
