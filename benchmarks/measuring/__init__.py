"""What a measured row is: ours beside its bare limit, one after the other in the same run, and what others wait."""

import asyncio
import gc
import os
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any, Self

import psutil

os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # else every process that is started compiles all its modules anew
HERE = str(Path(__file__).resolve().parent.parent.parent)
# Where the process that those apart are forked from finds a program that is `PRELOADED`, as it does what it is given in
# the application: else each of them loaded all features.
os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (HERE, os.environ.get("PYTHONPATH"))))
Work = Callable[[], Awaitable[Any]]
ROUNDS = 5
ENOUGH = 8.0
"""Seconds after which a row is measured no more, however few pairs there are: one at least."""
MEGABYTE = 1024 * 1024


@dataclass(frozen=True)
class Row:
    """One row of the table. Seconds are medians; `wanted` is the largest ratio that keeps the promise."""

    name: str
    bare: float
    ours: float
    wanted: float
    spread: tuple[float, float] = (0.0, 0.0)
    """The quickest and the slowest of ours."""
    pairs: int = 0
    """How often both were measured; 0: nobody counted."""
    peak: float = 0.0
    """Megabytes that ours took at its largest, above what the process held before."""
    waited: float = 0.0
    """The longest that anything else waited for the event loop meanwhile but for one time in a hundred, in seconds."""
    more: float = 0.0
    """So many seconds more than the bare side keep the promise too."""
    room: float = 0.0
    """The most megabytes that ours may take; 0: nothing is promised."""
    patience: float = 0.0
    """The longest that others may wait, in seconds, but for one time in a hundred; 0: nothing is promised."""

    @property
    def ratio(self) -> float:
        return self.ours / self.bare

    @property
    def kept(self) -> bool:
        quick = self.ratio <= self.wanted or self.ours - self.bare <= self.more
        spares_others = not self.patience or self.waited <= self.patience
        return quick and spares_others and (not self.room or self.peak <= self.room)

    @classmethod
    def from_json(cls, kept: dict[str, Any]) -> Self:
        return cls(**{**kept, "spread": tuple(kept["spread"])})

    def __str__(self) -> str:
        low, high = self.spread
        return (
            f"{'ok' if self.kept else 'MISSED':<7}{self.name:<46}{self.ours * 1000:9.1f} ms"
            f" ({low * 1000:.0f}–{high * 1000:.0f})"
            f"  bare {self.bare * 1000:8.1f} ms  {self.ratio:6.2f} × (at most {self.wanted:g})"
            f"  {self.peak:5.0f} MB  others {self.waited * 1000:5.0f} ms"
        )


def table(rows: Sequence[Row]) -> str:
    """The rows as a table of Markdown: what `docs/performance.md` holds."""
    lines = [
        "| work | bare | ours (least to most, pairs if fewer than five) | ratio | wanted | | memory | others |",
        "|---|---:|---:|---:|---:|---|---:|---:|",
    ]
    for row in rows:
        low, high = (_duration(seconds) for seconds in row.spread)
        verdict, room = "ok" if row.kept else "**missed**", f" of {row.room:.0f}" if row.room else ""
        patience = f" of {_duration(row.patience)}" if row.patience else ""
        few = f", {row.pairs}" if 0 < row.pairs < ROUNDS else ""
        wanted = f"{row.wanted:g}" + (f" or + {_duration(row.more)}" if row.more else "")
        lines.append(
            f"| {row.name} | {_duration(row.bare)} | {_duration(row.ours)} ({low} to {high}{few}) | {row.ratio:.2f} "
            f"| {wanted} | {verdict} | {row.peak:.0f} MB{room} "
            f"| {_duration(row.waited)}{patience} |"
        )
    return "\n".join(lines)


def _duration(seconds: float) -> str:
    if seconds >= 1:
        return f"{seconds:.2f} s"
    return f"{seconds * 1000:.0f} ms" if seconds >= SHORT else f"{seconds * 1000:.2f} ms"


SHORT = 0.01
"""Seconds below which hundredths of a millisecond are told."""


async def timed(work: Work) -> float:
    gc.collect()
    start = time.perf_counter()
    await work()
    return time.perf_counter() - start


async def interleaved(
    name: str,
    ours: Work,
    bare: Work,
    wanted: float,
    *,
    rounds: int = ROUNDS,
    clear: Work | None = None,
    more: float = 0.0,
    room: float = 0.0,
    patience: float = 0.0,
) -> Row:
    """Both, in turn, so that whatever else the machine does is there for both; fewer `rounds` where they are `ENOUGH`.
    `clear` takes away, untimed, what each of them wrote.
    """
    mine, limit, peak, waits = list[float](), list[float](), 0.0, list[float]()
    begun = time.perf_counter()
    while not mine or (len(mine) < rounds and time.perf_counter() - begun < ENOUGH):
        limit.append(await timed(bare))
        if clear:
            await clear()
        held = _forget_peak()
        async with Others() as others:
            mine.append(await timed(ours))
        if clear:
            await clear()
        peak = max(peak, (_peak() - held) / MEGABYTE)
        waits += others.waits
    waits.sort()
    row = Row(
        name,
        bare=median(limit),
        ours=median(mine),
        wanted=wanted,
        spread=(min(mine), max(mine)),
        pairs=len(mine),
        peak=peak,
        waited=waits[len(waits) * 99 // 100] if waits else 0.0,
        more=more,
        room=room,
        patience=patience,
    )
    print(row, flush=True)
    return row


class Others:
    """Stands for whoever asks the same process for something short: how long the event loop lets it wait."""

    def __init__(self, every: float = 0.002) -> None:
        self.every = every
        self.waits: list[float] = []

    async def __aenter__(self) -> Self:
        self._asking = asyncio.create_task(self._ask())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._asking.cancel()

    async def _ask(self) -> None:
        while True:
            due = time.perf_counter() + self.every
            await asyncio.sleep(self.every)
            self.waits.append(max(time.perf_counter() - due, 0.0))


def _forget_peak() -> int:
    """Linux keeps the largest size that a process had: from now on counted anew. Returns what it holds now."""
    clear = Path("/proc/self/clear_refs")
    if clear.exists():
        clear.write_text("5", "ascii")
    held: int = psutil.Process(os.getpid()).memory_info().rss
    return held


def _peak() -> int:
    status = Path("/proc/self/status")
    if not status.exists():
        held: int = psutil.Process(os.getpid()).memory_info().rss
        return held
    line = next(line for line in status.read_text("ascii").splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024
