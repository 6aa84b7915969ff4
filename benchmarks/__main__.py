"""All benchmarks, one after the other, and one table at the end: `python benchmarks [name …]`.

A row is a work of ours beside the least that this machine does for it, measured in the same run, one after the other.
Exits with 1 where a row misses what is wanted of it.
"""

import sys
import time
import traceback
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from importlib import import_module
from multiprocessing import get_context
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.measuring import Row, table
from benchmarks.measuring.server import make_worlds, shared_ground
from pooling.cli.loading import for_good
from pooling.kernel.apart import dismiss
from pooling.web.templating import environment

NAMES = sorted(path.stem for path in Path(__file__).resolve().parent.glob("[!_]*.py"))


def main(names: Sequence[str]) -> int:
    found, failed, took = list[Row](), list[str](), dict[str, float]()
    begun = time.perf_counter()
    programs = load(names)
    with shared_ground():
        make_worlds(world for program in programs.values() for world in getattr(program, "WORLDS", ()))
        print(f"   {time.perf_counter() - begun:.0f} s", flush=True)
        for name, program in programs.items():
            print(f"== {name}", flush=True)
            start = time.perf_counter()
            rows = run(program)
            found += rows
            failed += [] if rows else [name]
            took[name] = time.perf_counter() - start
            print(f"   {took[name]:.0f} s", flush=True)
    each = ", ".join(f"{name} {seconds:.0f}" for name, seconds in took.items())
    print(f"\n{table(found)}\n\nSeconds: {each}; all of it {time.perf_counter() - begun:.0f}", flush=True)
    for name in failed:
        print(f"{name} failed", flush=True)
    return 0 if not failed and all(row.kept for row in found) else 1


def load(names: Sequence[str]) -> dict[str, Any]:
    """The programs, and what most of them need: what is forked from here has it."""
    with for_good():
        programs = {name: import_module(f"benchmarks.{name}") for name in names}
        for template in environment().list_templates():
            environment().get_template(template)
    return programs


def run(program: Any) -> list[Row]:  # noqa: ANN401 - a module
    """Its rows, measured in a process of its own; none: it failed."""
    with ProcessPoolExecutor(1, get_context("fork")) as process:
        try:
            return process.submit(_rows, program.__name__).result()
        except Exception:  # noqa: BLE001 - whatever it is, the others are measured
            traceback.print_exc()
            return []


def _rows(module: str) -> list[Row]:
    try:
        rows: list[Row] = import_module(module).measure()
    finally:
        dismiss()
    return rows


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or NAMES))
