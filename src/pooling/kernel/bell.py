"""The bell: wakes the worker's sweeps through Valkey/Redis. It carries no work: rows in PostgreSQL say what is due,
so a lost or doubled ring changes nothing but the delay.
"""

import asyncio
import json
from contextlib import suppress
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from arq import create_pool
from arq.connections import ArqRedis, RedisSettings
from redis.exceptions import RedisError


def redis_settings(url: str) -> RedisSettings:
    """`redis://…`, `rediss://…` or, for a unix socket, `unix:///path`."""
    parts = urlsplit(url)
    if parts.scheme == "unix":
        return RedisSettings(unix_socket_path=parts.path, conn_retries=1)
    return replace(RedisSettings.from_dsn(url), conn_retries=1)  # a queue that is away must not hold up a page


def serialize(job: dict[str, Any]) -> bytes:
    return json.dumps(job, default=str).encode()  # arq's default is pickle


def deserialize(job: bytes) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(job)
    return content


LONGEST_WAIT = 60
"""Seconds after which a ring that nothing came of is no longer waited for."""


def _rung(job: str) -> str:
    return f"pooling:rung:{job}"


class Bell:
    """Connects at the first ring; a queue that is away never fails the request that rang."""

    def __init__(self, url: str) -> None:
        self._settings = redis_settings(url)
        self._pool: ArqRedis | None = None
        self._connecting = asyncio.Lock()

    async def _connected(self) -> ArqRedis:
        async with self._connecting:  # the first two at once would make two pools, and forget one
            if self._pool is None:
                self._pool = await create_pool(self._settings, job_serializer=serialize, job_deserializer=deserialize)
            return self._pool

    async def ring(self, job: str) -> bool:
        """Asks for a job once (a second ring before it starts is the same). False when the queue is away.

        arq's own way, one id for all rings, would also take a ring for the same while the job runs, or is being
        tidied away: it has looked at the rows already, and what was written since would wait for the minute sweep.
        """
        try:
            queue = await self._connected()
            if await queue.set(_rung(job), b"", nx=True, ex=LONGEST_WAIT):
                await queue.enqueue_job(job)
        except (RedisError, OSError):
            return False  # the minute sweep finds the rows all the same
        return True

    async def hear(self, job: str) -> None:
        """The job starts: it will see the rows of all rings until now, and a ring from now on asks for another run."""
        with suppress(RedisError, OSError):
            await (await self._connected()).delete(_rung(job))

    async def answers(self) -> bool:
        try:
            return bool(await (await self._connected()).ping())
        except (RedisError, OSError):
            return False

    async def close(self) -> None:
        if self._pool is not None:
            await self._pool.aclose()
            self._pool = None
