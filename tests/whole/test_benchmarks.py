"""Benchmarks are run by hand: each of them can still be imported, gives rows, and is told of in the documents."""

import os
import sys
from importlib import import_module
from inspect import Parameter, signature
from pathlib import Path
from typing import get_type_hints

import pytest

from pooling import PROJECT_ROOT

PROGRAMS = sorted(path.stem for path in Path(PROJECT_ROOT, "benchmarks").glob("[!_]*.py"))


@pytest.fixture(autouse=True)
def as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    """They look for modules and write to the environment where nobody else does."""
    monkeypatch.setenv("PYTHONPATH", os.environ.get("PYTHONPATH", ""))
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
    monkeypatch.setattr(sys, "path", [str(PROJECT_ROOT), *sys.path])


def test_there_are_some() -> None:
    assert len(PROGRAMS) > 10


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_gives_rows_and_is_told_of(name: str) -> None:
    measure = import_module(f"benchmarks.{name}").measure
    assert str(get_type_hints(measure)["return"]) == "list[benchmarks.measuring.Row]"
    assert all(given.default is not Parameter.empty for given in signature(measure).parameters.values())
    assert f"`{name}`" in Path(PROJECT_ROOT, "docs", "performance.md").read_text("utf-8")
