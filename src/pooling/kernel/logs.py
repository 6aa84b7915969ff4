"""The log: a line for each event on standard error, as JSON or to be read at once, written by structlog. What our
modules and the libraries tell `logging` comes out in the same form, with what is known of the request it came from.
"""

import logging
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from types import ModuleType
from typing import TYPE_CHECKING, cast


@contextmanager
def _without(name: str) -> Iterator[None]:
    """As if this module were not installed."""
    loaded = name in sys.modules
    if not loaded:
        sys.modules[name] = cast("ModuleType", None)
    yield
    if not loaded:
        del sys.modules[name]


if TYPE_CHECKING:
    from structlog.typing import EventDict, FilteringBoundLogger, Processor, WrappedLogger

    Lines = FilteringBoundLogger
Known = Callable[[], Mapping[str, object]]
ABOUT: ContextVar[Known] = ContextVar("about", default=dict)
"""What gives the ids that every line written meanwhile carries: asked only when there is a line to write."""


def begin_logs(form: str, level: str) -> "FilteringBoundLogger":
    """From now on everything from this level on is written, as `json` or for a `console`. Returns what writes lines
    without the detour by `logging`: for what is told at every request.
    """
    with _without("rich.console"):  # structlog would load it to draw tracebacks: six megabytes, and nobody draws any
        import structlog  # noqa: PLC0415 - the demonstration and most commands write no log

    stamped: Sequence[Processor] = (
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
    )
    rendered, number = _rendered(form), logging.getLevelNamesMapping()[level.upper()]
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, _add_what_is_known, *stamped],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *rendered],
        )
    )
    logging.basicConfig(level=number, handlers=[handler])
    lines: FilteringBoundLogger = structlog.wrap_logger(
        structlog.WriteLogger(sys.stderr),
        processors=[*stamped, *rendered],
        wrapper_class=structlog.make_filtering_bound_logger(number),
    ).bind()
    return lines


def _rendered(form: str) -> "Sequence[Processor]":
    import structlog  # noqa: PLC0415 - as above

    if form == "json":
        return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(ensure_ascii=False)]
    renderer = structlog.dev.ConsoleRenderer(
        colors=sys.stderr.isatty(), timestamp_key="time", exception_formatter=structlog.dev.plain_traceback
    )
    return [renderer]


def _add_what_is_known(_: "WrappedLogger", __: str, line: "EventDict") -> "EventDict":
    line.update(ABOUT.get()())
    return line
