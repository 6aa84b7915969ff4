"""How a run is shared among workers, and how it treats the browser tests. Taken up by tests/conftest.py: of a run
shared among workers, the process that schedules and prints reads no conftest below it.
"""

import gc
import os
import shutil
import sys
import tempfile
from collections import defaultdict
from contextlib import suppress
from functools import cache
from pathlib import Path

import pytest
from _pytest.pathlib import import_path
from hypothesis import HealthCheck, settings
from hypothesis.internal.conjecture import providers
from hypothesis.internal.constants_ast import Constants
from xdist.remote import Producer  # type: ignore[import-untyped]
from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

from browser.chromium import NO_CHROMIUM

CRAWL = "tests/browser/test_every_page.py"
LONGEST = (
    "tests/whole/test_every_route.py",
    "tests/whole/test_links.py",
    "tests/whole/test_api_schema.py",
    "tests/cli/test_stopping.py",
    "tests/embedded/test_engines.py",
    "tests/whole/test_chaos.py",
    "tests/whole/test_kills.py",
    "tests/reminders/test_at_once.py",
    "tests/whole/test_typed_survives.py",
    "tests/whole/test_worker.py",
    "tests/whole/test_bell.py",
    "tests/fuzz/",
    "tests/sharing/test_against_naive.py",
)
"""They are begun early, so that no worker is left alone with one when the others are done."""
PROGRAMS = (
    "tests/cli/test_stopping.py",
    "tests/embedded/test_engines.py",
    "tests/reminders/test_at_once.py",
    "tests/whole/test_chaos.py",
    "tests/whole/test_kills.py",
)
"""They have programs forked by one process, which imports everything for all of them."""
MEMORY = Path("/dev/shm")
ROOM = 2 * 2**30
"""Bytes: a run has its databases there, each of some ten megabytes, and what tests write."""


def spare_the_machine() -> None:
    """Whatever tests write is gone with them, so it stays in memory where there is room (on a disk, half of what
    PostgreSQL does is making and removing files), unless TMPDIR says where. Rubbish is looked for when there is some:
    what was loaded and collected, most of all objects, would be looked through for it all the time.
    """
    if "TMPDIR" not in os.environ and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ROOM:
        os.environ["TMPDIR"] = tempfile.tempdir = str(MEMORY)
    gc.set_threshold(20_000, 20, 20)


def hurry_nobody() -> None:
    """On a machine that does much else, what hypothesis tries takes as long as it takes. It tries no constants of our
    code but where `make fuzz` asks for more: to read them out of all modules is five seconds of each worker, to choose
    among them a tenth of what it makes up.
    """
    if "FUZZ_EXAMPLES" not in os.environ:
        providers._get_local_constants = Constants
    settings.register_profile("unhurried", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow])
    settings.load_profile("unhurried")


class Shares(LoadScopeScheduling):  # type: ignore[misc]
    """Tests go to whichever worker is free; what stands on the same thing goes to one, first of all: the judges of the
    walk, those of the browser to two, which share Chromium and a demonstration (one looks at every page, the other
    lives through the stories), those that start programs, and those of a file that makes something for all of them.

    What `--dist loadgroup` is for, but its groups are lost on pytest 9.2 (pytest-dev/pytest-xdist#1386).
    """

    def _split_scope(self, nodeid: str) -> str:
        path = nodeid.partition("::")[0]
        said = _said(self.config.rootpath / path)
        if "walk: Walk" in said:
            return "walk"
        if nodeid.startswith(CRAWL):
            return CRAWL
        if nodeid.startswith("tests/browser/"):
            return "browser"
        if nodeid.startswith(PROGRAMS):
            return "programs"
        return path if 'scope="module"' in said else nodeid


@cache
def _said(path: Path) -> str:
    """The words of a file of tests, which say what they stand on."""
    return path.read_text("utf-8")


@pytest.hookimpl(tryfirst=True)
def pytest_collection(session: pytest.Session) -> None:
    """Each worker of a first run begins to compile the tests at another place, and finds done what the others did: it
    takes as long as running a tenth of them, and pytest keeps what it has compiled.
    """
    workers, tests = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1")), session.config.rootpath / "tests"
    whole = [Path(given).absolute() for given in session.config.args] == [tests]
    if workers == 1 or not whole or sys.dont_write_bytecode:
        return
    files = sorted(tests.rglob("test_*.py"))
    first = int(os.environ["PYTEST_XDIST_WORKER"].removeprefix("gw")) * len(files) // workers
    for path in files[first:] + files[:first]:
        with suppress(Exception):  # what is wrong with a module is told where it is collected
            import_path(path, mode="importlib", root=session.config.rootpath, consider_namespace_packages=False)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadScopeScheduling:
    return Shares(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: not item.nodeid.startswith(LONGEST))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if terminalreporter.config.getoption("durations"):
        tell_where_time_went(terminalreporter)
    skipped = [one for one in terminalreporter.stats.get("skipped", []) if NO_CHROMIUM in str(one.longrepr)]
    if skipped:
        terminalreporter.section("THE BROWSER TESTS DID NOT RUN", sep="!", red=True, bold=True)
        terminalreporter.write_line(f"{len(skipped)} skipped: {NO_CHROMIUM}", red=True)


def tell_where_time_went(terminalreporter: pytest.TerminalReporter) -> None:
    """By area, for whoever asks how long tests take (`--durations`)."""
    spent: dict[str, float] = defaultdict(float)
    for reports in terminalreporter.stats.values():
        for report in reports:
            if isinstance(report, pytest.TestReport):
                spent["/".join(report.nodeid.split("/")[:2]).partition("::")[0]] += report.duration
    terminalreporter.section("time by area")
    for area, seconds in sorted(spent.items(), key=lambda one: -one[1]):
        terminalreporter.write_line(f"{seconds:8.1f} s  {area}")
