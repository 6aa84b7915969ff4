"""Loading modules: what they make is there for good."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any


@contextmanager
def for_good() -> Iterator[None]:
    """Nobody looks for rubbish while this is made, nor later among what was: that took a seventh of the time to load
    the pages, and time of each request.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def loaded(module: str) -> Any:  # noqa: ANN401 - a module
    with for_good():
        return import_module(module)
