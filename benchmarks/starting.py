"""How long whoever types a command waits: `python benchmarks/starting.py`.

`pooling --help`, and the demonstration until its first page, from an empty folder and again. What is promised in
seconds stands in the place of a bare side; engines alone are told beside. The territory of an empty folder is made
while the first page is read, so that is told too until when whoever enters waits. Modules were compiled before:
installing a wheel does so, and of a checkout the first run.
"""

import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.measuring import Row
from pooling.embedded.postgres import EmbeddedPostgres
from pooling.embedded.valkey import EmbeddedValkey

POOLING = (sys.executable, "-m", "pooling")
ALL_MODULES = (sys.executable, "-c", "import pooling.app, pooling.worker, pooling.demo.running")
HELP, EMPTY, AGAIN, ENTERED = 0.3, 2.5, 1.5, 6.0
"""Seconds."""
INSIDE = "/compte"
ROUNDS = 2
"""Until somebody is in an empty one takes long, and is measured once."""
_PATIENCE = 180


def promised(name: str, took: list[float], seconds: float) -> Row:
    row = Row(f"{name}, promised in {seconds:g} s", seconds, median(took), 1, (min(took), max(took)), len(took))
    print(row, flush=True)
    return row


def timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def ask_for_help() -> None:
    subprocess.run([*POOLING, "--help"], check=True, capture_output=True)


@contextmanager
def demonstration(folder: Path) -> Iterator[Callable[[str], float]]:
    """Runs inside; says how many seconds after the command a page was there."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    start = time.perf_counter()
    process = subprocess.Popen(
        [*POOLING, "demo", "--data-dir", str(folder), "--port", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )

    def until(page: str) -> float:
        while not _answers(port, page):
            assert process.poll() is None, "the demonstration ended"
            assert time.perf_counter() - start < _PATIENCE
            time.sleep(0.02)
        return time.perf_counter() - start

    try:
        yield until
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(_PATIENCE)


def _answers(port: int, path: str) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=_PATIENCE) as answer:
            return bool(answer.status == 200)  # noqa: PLR2004 - a page
    except OSError:
        return False


def start_engines(folder: Path) -> None:
    postgres = EmbeddedPostgres(folder)
    postgres.prepare()
    valkey = EmbeddedValkey(folder)
    valkey.stop()
    postgres.stop()


def measure() -> list[Row]:
    subprocess.run(ALL_MODULES, check=True)  # what Python compiles once is compiled then
    ask_for_help()
    found = [promised("pooling --help", [timed(ask_for_help) for _ in range(ROUNDS)], HELP)]
    empty, again, entered = list[float](), list[float](), list[float]()
    with tempfile.TemporaryDirectory(prefix="pooling-") as folder:
        with demonstration(Path(folder)) as until:
            empty.append(until("/"))
            entered.append(until(INSIDE))
        for _ in range(ROUNDS):
            with demonstration(Path(folder)) as until:
                again.append(until(INSIDE))
    with tempfile.TemporaryDirectory(prefix="pooling-") as folder, demonstration(Path(folder)) as until:
        empty.append(until("/"))
    with tempfile.TemporaryDirectory(prefix="pooling-") as folder:
        print(f"engines alone, started and stopped: {timed(lambda: start_engines(Path(folder))):.2f} s", flush=True)
    found.append(promised("demonstration from an empty folder, first page", empty, EMPTY))
    found.append(promised("the same, until somebody is in", entered, ENTERED))
    found.append(promised("demonstration again", again, AGAIN))
    return found


if __name__ == "__main__":
    sys.exit(0 if all(row.kept for row in measure()) else 1)
