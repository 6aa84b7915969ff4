"""What a web process holds: `python benchmarks/memory.py`.

`pooling serve` as it is started, at rest, and after the pages of a purchase of 35 000 members with 280 000 needs, the
heavy ones four times. Memory is what is promised; the seconds beside it are those of the first answer and of all pages,
and what stands in the place of a bare side is what is promised of them.
"""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx
import psutil

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.measuring import MEGABYTE, Row
from benchmarks.measuring.server import in_a_world
from benchmarks.needs import WORLDS
from pooling.accounts.sessions import open_session
from pooling.embedded.postgres import PostgresAddresses
from pooling.kernel.database import Database
from pooling.web.security import SESSION_COOKIE

AT_REST, AFTER = 130, 220
"""Megabytes."""
STARTED, A_PAGE = 5.0, 0.5
"""Seconds until it answers, and for a page, one with another."""
HEAVY = ("/besoins", "/consolidation", "/consolidation/article-3", "/couts", "/couts/cles")
OTHERS = ("/membres", "/journal", "")
TIMES = 4
_PATIENCE = 180


@contextmanager
def serving(addresses: PostgresAddresses, folder: Path) -> Iterator[tuple[psutil.Process, str, float]]:
    """A web process, where it answers, and after how long it did."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = {
        "POOLING_DATABASE_URL": addresses.application,
        "POOLING_REDIS_URL": "unix:///nowhere/valkey.sock",
        "POOLING_SECRET_KEY": "a secret " * 5,
        "POOLING_DATA_DIR": str(folder / "data"),
    }
    start = time.perf_counter()
    command = (sys.executable, "-m", "pooling", "serve", "--port", str(port))
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(command, env={**os.environ, **settings}, stdout=quiet, stderr=quiet)
    try:
        base = f"http://127.0.0.1:{port}"
        while not _lives(base):
            assert process.poll() is None, "it ended"
            assert time.perf_counter() - start < _PATIENCE
            time.sleep(0.05)
        yield psutil.Process(process.pid), base, time.perf_counter() - start
    finally:
        process.terminate()
        process.wait(_PATIENCE)


def _lives(base: str) -> bool:
    try:
        return httpx.get(f"{base}/health/live", timeout=5).is_success
    except httpx.HTTPError:
        return False


async def rows(addresses: PostgresAddresses, folder: Path, made: tuple[int, int, int, str]) -> list[Row]:
    _, _, person, reference = made
    database = Database.connect(addresses.application)
    async with database.transaction() as session:
        token = await open_session(session, person, datetime.now(UTC))
    await database.dispose()
    with serving(addresses, folder) as (process, base, started):
        found = [told("web process at rest: until it answers", STARTED, started, process, AT_REST)]
        count, took = await walk(base, reference, token)
        found.append(told("web process after heavy pages: these pages", count * A_PAGE, took, process, AFTER))
    return found


async def walk(base: str, reference: str, token: str) -> tuple[int, float]:
    """How many pages were asked for, and how long they took."""
    cookie = {"Cookie": f"{SESSION_COOKIE}={token}"}
    paths = [f"/g/grand/achats/{reference}{path}" for path in HEAVY] * TIMES + ["/g/grand" + path for path in OTHERS]
    start = time.perf_counter()
    async with httpx.AsyncClient(base_url=base, headers=cookie, timeout=300) as browser:
        for path in paths:
            answer = await browser.get(path)
            assert answer.is_success, (path, answer.status_code)
    return len(paths), time.perf_counter() - start


def told(name: str, promise: float, took: float, process: psutil.Process, room: float) -> Row:
    held = process.memory_info().rss / MEGABYTE
    row = Row(f"{name}, promised in {promise:g} s", promise, took, 1, (took, took), 1, peak=held, room=room)
    print(row, flush=True)
    return row


def measure() -> list[Row]:
    return in_a_world(WORLDS[0], rows)


if __name__ == "__main__":
    sys.exit(0 if all(row.kept for row in measure()) else 1)
