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
from benchmarks.measuring.server import shared_ground

HERE = Path(__file__).resolve().parent
ALONE = "--alone"


def main(names: Sequence[str]) -> int:
    begun, found, failed = time.perf_counter(), list[Row](), list[str]()
    with shared_ground():
        for name in names or sorted(path.stem for path in HERE.glob("[!_]*.py")):
            print(f"== {name}", flush=True)
            start = time.perf_counter()
            rows = run(name)
            found += rows or ()
            failed += [] if rows else [name]
            print(f"   {time.perf_counter() - start:.0f} s", flush=True)
    print(f"\n{table(found)}\n\n{len(found)} rows in {time.perf_counter() - begun:.0f} s", flush=True)
    for name in failed:
        print(f"{name} failed", flush=True)
    return 0 if not failed and all(row.kept for row in found) else 1


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
    if sys.argv[1:2] == [ALONE]:
        run_here(*sys.argv[2:])
    else:
        sys.exit(main(sys.argv[1:]))
