"""The bell: wakes the worker through Valkey/Redis. It carries no work: rows in PostgreSQL say what is due, so a lost or
doubled ring changes nothing but the delay, and whatever lies in the queue may be thrown away. All of arq is in here;
who rings or listens loads it (16 MB, cryptography among them).
"""

import asyncio
import json
import logging
import time
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from pooling.kernel.stopping import end_if_cancelled

if TYPE_CHECKING:
    from arq.connections import ArqRedis
    from arq.typing import StartupShutdown

log = logging.getLogger(__name__)

QUEUE = "pooling:bell"
SECONDS_TO_CONNECT = 1
SECONDS_TO_ANSWER = 2
POLL = 0.5
PAUSE = 5
"""Seconds for which a queue in trouble is left alone: pages must not wait for it one after the other."""
FRESH = 300
"""Seconds after which listening begins anew, in an emptied queue: what made the bell deaf does so no longer, a
connection on which nothing comes included.
"""


def serialize(job: dict[str, Any]) -> bytes:
    return json.dumps(job, default=str).encode()  # arq's default is pickle


def deserialize(job: bytes) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(job)
    return content


class Bell:
    """Connects at the first ring; a queue that is away, hangs or lies never fails the request that rang."""

    def __init__(self, url: str) -> None:
        """`redis://…`, `rediss://…` or, for a unix socket, `unix:///path`."""
        self._url = url
        self._left_alone_until = 0.0

    @cached_property
    def _queue(self) -> "ArqRedis":
        from arq.connections import ArqRedis  # noqa: PLC0415 - see the module's head
        from redis.asyncio import ConnectionPool  # noqa: PLC0415

        # No `socket_timeout`: with it, a cancellation that comes while something is sent is lost (`asyncio.wait_for`
        # before Python 3.12), and a worker would not stop.
        pool: ConnectionPool = ConnectionPool.from_url(self._url, socket_connect_timeout=SECONDS_TO_CONNECT)
        return ArqRedis(pool, job_serializer=serialize, job_deserializer=deserialize, default_queue_name=QUEUE)

    async def ring(self, job: str) -> bool:
        """Asks for a job once (a second ring before it starts is the same). False when the queue is away."""
        if time.monotonic() < self._left_alone_until:
            return False
        try:
            async with asyncio.timeout(SECONDS_TO_ANSWER):
                await self._queue.enqueue_job(job, _job_id=_ring(job))
        except Exception as error:  # noqa: BLE001 - what listens there may answer anything
            log.warning("the bell cannot be rung: %r", error)
            self._left_alone_until = time.monotonic() + PAUSE
            return False  # the worker's next minute finds the rows all the same
        return True

    async def answers(self) -> bool:
        try:
            async with asyncio.timeout(SECONDS_TO_ANSWER):
                return bool(await self._queue.ping())
        except Exception:  # noqa: BLE001 - as above
            return False

    async def listen(self, wake: Mapping[str, Callable[[], object]]) -> None:
        """Calls what each ring asks for, until cancelled. Whatever becomes of the queue, and whatever somebody else
        wrote into it, is told in the log, thrown away and tried again after a pause.
        """
        told = (False, "")
        while True:
            answered = False
            try:
                await self._empty(wake)
                answered = True  # that it is away again is news, though in the same words
                for begin in wake.values():
                    begin()  # a ring may have been among what was thrown away
                await self._hear(wake)
                told = (False, "")
            except Exception as error:  # noqa: BLE001 - no answer of the queue may end the worker
                end_if_cancelled()
                if told != (told := (answered, repr(error)[:500])):
                    log.warning("the bell is out of order, work goes on every minute without it: %s", told[1])
                await asyncio.sleep(PAUSE)

    async def _empty(self, jobs: Mapping[str, object]) -> None:
        from arq.constants import (  # noqa: PLC0415 - see the module's head
            health_check_key_suffix,
            in_progress_key_prefix,
            job_key_prefix,
            result_key_prefix,
            retry_key_prefix,
        )

        prefixes = (job_key_prefix, in_progress_key_prefix, retry_key_prefix, result_key_prefix)
        ours = (prefix + _ring(job) for job in jobs for prefix in prefixes)
        async with asyncio.timeout(SECONDS_TO_ANSWER):
            await self._queue.unlink(QUEUE, QUEUE + health_check_key_suffix, *ours)

    async def _hear(self, wake: Mapping[str, Callable[[], object]]) -> None:
        from arq import func  # noqa: PLC0415 - see the module's head
        from arq.worker import Worker  # noqa: PLC0415

        worker = Worker(
            # No result is kept: a kept one would make the bell deaf until it expires.
            functions=[func(_heard, name=job, keep_result=0, max_tries=1) for job in wake],
            # Not before it is tidied away: until then, whoever rings for the same is not heard again.
            after_job_end=_waking({_ring(job): begin for job, begin in wake.items()}),
            poll_delay=POLL,
            queue_name=QUEUE,
            redis_pool=self._queue,
            handle_signals=False,
            job_timeout=SECONDS_TO_ANSWER,
            keep_result=0,
            retry_jobs=False,
            job_serializer=serialize,
            job_deserializer=deserialize,
            log_results=False,
        )
        hearing = asyncio.create_task(worker.main())
        try:
            await asyncio.wait({hearing}, timeout=FRESH)
            if hearing.done():
                hearing.result()
        finally:
            tasks = [hearing, *worker.tasks.values()]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def close(self) -> None:
        if "_queue" in vars(self):  # it was rung
            await self._queue.aclose(close_connection_pool=True)


def _ring(job: str) -> str:
    return f"{QUEUE}:{job}"


async def _heard(ctx: dict[Any, Any], *_: object, **__: object) -> None:
    """A ring says no more than its name."""


def _waking(wake: Mapping[str, Callable[[], object]]) -> "StartupShutdown":
    async def woken(ctx: dict[Any, Any]) -> None:
        begin = wake.get(ctx["job_id"])
        if begin is not None:
            begin()

    return woken
