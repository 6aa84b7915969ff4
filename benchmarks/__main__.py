"""All benchmarks, one after the other, and one table at the end: `python benchmarks [name …]`.

A row is a work of ours beside the least that this machine does for it, measured in the same run, one after the other.
Exits with 1 where a row misses what is wanted of it.
"""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict
from importlib import import_module
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.measuring import Row, table
from benchmarks.measuring.server import make_worlds, shared_ground

HERE = Path(__file__).resolve().parent
NAMES = sorted(path.stem for path in HERE.glob("[!_]*.py"))
ALONE, WORLDS = "--alone", "--worlds"


def main(names: Sequence[str]) -> int:
    found, failed, took = list[Row](), list[str](), dict[str, float]()
    begun = time.perf_counter()
    with shared_ground():
        subprocess.run([sys.executable, __file__, WORLDS, *names], check=True)
        print(f"   {time.perf_counter() - begun:.0f} s", flush=True)
        for name in names:
            print(f"== {name}", flush=True)
            start = time.perf_counter()
            rows = run(name)
            found += rows or ()
            failed += [] if rows else [name]
            took[name] = time.perf_counter() - start
            print(f"   {took[name]:.0f} s", flush=True)
    each = ", ".join(f"{name} {seconds:.0f}" for name, seconds in took.items())
    print(f"\n{table(found)}\n\nSeconds: {each}; all of it {time.perf_counter() - begun:.0f}", flush=True)
    for name in failed:
        print(f"{name} failed", flush=True)
    return 0 if not failed and all(row.kept for row in found) else 1


def make_worlds_of(names: Sequence[str]) -> None:
    """What their programs stand on, before anything is measured."""
    make_worlds(world for name in names for world in getattr(import_module(f"benchmarks.{name}"), "WORLDS", ()))


def run(name: str) -> list[Row] | None:
    """The rows of a program, in a process of its own, whose memory nobody used before; None: it failed."""
    with tempfile.NamedTemporaryFile(prefix="pooling-rows-") as kept:
        if subprocess.call([sys.executable, __file__, ALONE, name, kept.name]):
            return None
        return [Row.from_json(row) for row in json.loads(Path(kept.name).read_text("utf-8"))]


def run_here(name: str, kept: str) -> None:
    rows: list[Row] = import_module(f"benchmarks.{name}").measure()
    Path(kept).write_text(json.dumps([asdict(row) for row in rows]), "utf-8")


if __name__ == "__main__":
    match sys.argv[1:]:
        case [asked, name, kept] if asked == ALONE:
            run_here(name, kept)
        case [asked, *names] if asked == WORLDS:
            make_worlds_of(names)
        case names:
            sys.exit(main(names or NAMES))
