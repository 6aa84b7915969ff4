"""The engines of the settings, for as long as a command runs."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from pooling.embedded.engines import Engines, running_engines
from pooling.settings import Settings


class Terminated(KeyboardInterrupt):
    """A polite kill: SIGTERM, as a service manager sends it."""

    status = 143


@contextmanager
def engines_of(settings: Settings) -> Iterator[Engines]:
    """A polite kill ends the block as Ctrl-C does, so that what was started is stopped; the stopping itself is not
    interrupted.
    """
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        with running_engines(
            settings.data_dir,
            database_url=settings.database_url,
            owner_database_url=settings.owner_database_url,
            redis_url=settings.redis_url,
        ) as engines:
            signal.signal(signal.SIGTERM, _leave)
            try:
                yield engines
            finally:
                for number in before:
                    signal.signal(number, signal.SIG_IGN)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _leave(number: int, frame: FrameType | None) -> None:  # noqa: ARG001
    raise Terminated
