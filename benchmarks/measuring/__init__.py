"""What a measured row is: ours beside its bare limit, one after the other in the same run, and what others wait."""

import asyncio
import gc
import os
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
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
"""What is measured. One that is done in a process apart gives the megabytes that it held at its largest, as a float."""
ROUNDS = 5
"""Pairs of each row that has a bare side."""
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


@dataclass(frozen=True)
class Promise:
    """What a row is to say: a work of ours beside a bare one, and what is wanted of it as in `Row`."""

    name: str
    ours: Work
    bare: Work
    wanted: float
    more: float = 0.0
    room: float = 0.0
    patience: float = 0.0


@dataclass
class _Took:
    """What one work took each time."""

    seconds: list[float] = field(default_factory=list)
    peak: float = 0.0
    waits: list[float] = field(default_factory=list)

    async def once(self, work: Work) -> None:
        gc.collect()
        held = forget_peak()
        async with Others() as others:
            start = time.perf_counter()
            given = await work()
            self.seconds.append(time.perf_counter() - start)
        self.peak = max(self.peak, given if isinstance(given, float) else (peak() - held) / MEGABYTE)
        self.waits += others.waits


def set_aside() -> None:
    """Nothing that stands by now is looked through for rubbish any more: while pages are read one after the other, what
    they keep ready (compiled statements above all) grows, and looking through it takes longer than the pages.
    """
    gc.collect(1)
    gc.freeze()


async def measured(*promises: Promise, rounds: int = ROUNDS, before: Mapping[Work, Work] | None = None) -> list[Row]:
    """All that they name in turn, so that whatever else the machine does is there for each; what stands in several rows
    is done once a round. `before` prepares a work, untimed.
    """
    took = {work: _Took() for work in (*(one.bare for one in promises), *(one.ours for one in promises))}
    for _ in range(rounds):
        for work, one in took.items():
            if before and work in before:
                await before[work]()
            await one.once(work)
    found = [_row(promise, took[promise.bare], took[promise.ours]) for promise in promises]
    print("\n".join(map(str, found)), flush=True)
    return found


def _row(promise: Promise, limit: _Took, mine: _Took) -> Row:
    waits = sorted(mine.waits)
    return Row(
        promise.name,
        bare=median(limit.seconds),
        ours=median(mine.seconds),
        wanted=promise.wanted,
        spread=(min(mine.seconds), max(mine.seconds)),
        pairs=len(mine.seconds),
        peak=mine.peak,
        waited=waits[len(waits) * 99 // 100] if waits else 0.0,
        more=promise.more,
        room=promise.room,
        patience=promise.patience,
    )


async def interleaved(
    name: str,
    ours: Work,
    bare: Work,
    wanted: float,
    *,
    rounds: int = ROUNDS,
    more: float = 0.0,
    room: float = 0.0,
    patience: float = 0.0,
) -> Row:
    """One row, of both in turn."""
    (row,) = await measured(Promise(name, ours, bare, wanted, more, room, patience), rounds=rounds)
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


def forget_peak() -> int:
    """Linux keeps the largest size that a process had: from now on counted anew. Gives the bytes that it holds now."""
    clear = Path("/proc/self/clear_refs")
    if clear.exists():
        clear.write_text("5", "ascii")
    held: int = psutil.Process(os.getpid()).memory_info().rss
    return held


def peak() -> int:
    """The largest size that this process had, in bytes."""
    status = Path("/proc/self/status")
    if not status.exists():
        held: int = psutil.Process(os.getpid()).memory_info().rss
        return held
    line = next(line for line in status.read_text("ascii").splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024
