"""Long computations, in one process beside this one: a thread would hold the interpreter, and everybody would wait.

The process opens its own connection with the database, so that nothing large travels to it; it does one piece of work
and ends, so that the memory it took is given back. One piece at a time: whoever asks meanwhile queues.
"""

import asyncio
import gc
import signal
import tempfile
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

from sqlalchemy.ext.asyncio import AsyncSession

from pooling.kernel.database import Database, Unavailable, group_of

PRELOADED = {__name__, "pooling.kernel.workbook_writing"}
"""Modules that its work needs, imported once."""
Given = ParamSpec("Given")
Found = TypeVar("Found")
Work = Callable[Concatenate[AsyncSession, Given], Awaitable[Found]]


def apart(
    session: AsyncSession, work: Work[Given, Found], *given: Given.args, **named: Given.kwargs
) -> Coroutine[Any, Any, Found]:
    """What `work`, a function of a module, does in a transaction of its own, in the group of this session. It sees
    what is committed, and commits. What it is given and what it gives are small.

    Raises:
        Unavailable: the process ended before it was done.
    """
    url = session.get_bind().engine.url.render_as_string(hide_password=False)
    return _awaited(work, url, group_of(session), given, named)


FOLLOWED_SECONDS = 2


async def followed(asked: Callable[[str], Coroutine[Any, Any, Found]], tell: Callable[[int], Awaitable[None]]) -> Found:
    """The same, saying how far it is: the work writes a whole number into the file whose path it is given
    (`far_written`), which is told every two seconds, 0 before. What `tell` raises ends the waiting; the work may go on.
    """
    with tempfile.TemporaryDirectory(prefix="pooling-") as folder:
        path = Path(folder) / "far"
        working = asyncio.create_task(asked(str(path)))
        try:
            while not (await asyncio.wait({working}, timeout=FOLLOWED_SECONDS))[0]:
                await tell(_far(path))
            return working.result()
        finally:
            working.cancel()


def far_written(path: str, far: int) -> None:
    """The part of the process apart. Whoever follows may be gone, and the folder with it."""
    with suppress(FileNotFoundError):
        Path(path).write_text(str(far), "ascii")


def _far(path: Path) -> int:
    with suppress(FileNotFoundError, ValueError):  # nothing is written yet, or half of it is
        return int(path.read_text("ascii"))
    return 0


async def _awaited(work: Work[..., Found], url: str, group_id: int, given: Any, named: Any) -> Found:  # noqa: ANN401
    try:
        # In a thread: the first process waits for its modules, a second or more in which nobody else would be answered.
        asked = await asyncio.to_thread(_processes().submit, _do, work, url, group_id, given, named)
        return await asyncio.wrap_future(asked)
    except BrokenProcessPool as broken:
        _processes.cache_clear()
        raise Unavailable("a computation ended before it was done") from broken


@cache
def _processes() -> ProcessPoolExecutor:
    # Forked from a process that did nothing but import modules: this one has threads, which a fork would leave halfway.
    context = get_context("forkserver")
    context.set_forkserver_preload(list(PRELOADED))
    return ProcessPoolExecutor(max_workers=1, mp_context=context, initializer=_begin, max_tasks_per_child=1)


def dismiss() -> None:
    """Ends the process apart, once it has done what it was given; whoever asks next has another. For a process that was
    forked: at its end it would wait for it, and the interpreter, which tells it to go, does not come to its own.
    """
    _processes().shutdown()
    _processes.cache_clear()


_IS_APART = False


def is_apart() -> bool:
    """Whether this is the process apart, which has none of its own."""
    return _IS_APART


def _begin() -> None:
    """Ctrl+C is for who started us, who then ends this process too. Nor is rubbish looked for among a million objects
    that are needed: what it holds goes with it.
    """
    global _IS_APART  # noqa: PLW0603 - of this process
    gc.disable()
    _IS_APART = True
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _do(work: Work[..., Found], url: str, group_id: int, given: tuple[object, ...], named: dict[str, object]) -> Found:
    async def done() -> Found:
        database = Database.connect(url, pool_size=1)
        try:
            async with database.transaction(group_id) as session:
                return await work(session, *given, **named)
        finally:
            await database.dispose()

    return asyncio.run(done())
