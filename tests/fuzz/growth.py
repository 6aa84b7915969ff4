"""How long something takes for a text and for one four times as long: processor time, on a busy machine too."""

import gc
import time
from collections.abc import Callable

TIMES = 4
MOST = 9.0
"""Four times the text takes about four times as long, sixteen times where the time is the square of the length."""
BEYOND_DOUBT = 12.0
"""Three tries are enough where the time grows by this much."""
SOON = 0.003
"""Seconds below which nothing is to be compared."""
TRIES = 6


def spent(run: Callable[[str], object], text: str) -> float:
    gc.collect(0)
    enabled = gc.isenabled()
    gc.disable()
    try:
        started = time.process_time()
        run(text)
        return time.process_time() - started
    finally:
        if enabled:
            gc.enable()


def growth(run: Callable[[str], object], text_of: Callable[[int], str], size: int, tries: int = TRIES) -> float:
    """By how much the time grows from `size` letters to four times as many: 1 where neither takes any, the best of
    several tries where it seems to be too much.
    """
    if spent(run, text_of(size // TIMES)) < SOON / TIMES**3 or (short := spent(run, text_of(size))) < SOON:
        return 1.0  # the whole is below `SOON` too where the time is the cube of the length
    long = float("inf")
    for number in range(tries):
        short = min(short, spent(run, text_of(size))) if number else short
        long = min(long, spent(run, text_of(TIMES * size)))
        if long < MOST * short or (number > 1 and long > BEYOND_DOUBT * short):
            break
    return long / short


def pumped(before: str, pump: str, after: str) -> Callable[[int], str]:
    """A text of so many letters: a beginning, a piece again and again, an end."""
    return lambda size: before + (pump * (size // len(pump) + 1))[:size] + after
