"""How a run treats the browser tests. Taken up by tests/conftest.py: of a run shared among workers, the process that
schedules and prints reads no conftest below it.
"""

import pytest
from xdist.remote import Producer  # type: ignore[import-untyped]
from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

from browser.chromium import NO_CHROMIUM

CRAWL = "tests/browser/test_every_page.py"


class TwoWorkersForTheBrowser(LoadScopeScheduling):  # type: ignore[misc]
    """Tests go to whichever worker is free, those of the browser to two, first of all: they share Chromium and a
    demonstration, and last the longest. One looks at every page, the other lives through the stories.

    What `--dist loadgroup` is for, but its groups are lost on pytest 9.2 (pytest-dev/pytest-xdist#1386).
    """

    def _split_scope(self, nodeid: str) -> str:
        if nodeid.startswith(CRAWL):
            return CRAWL
        return "browser" if nodeid.startswith("tests/browser/") else nodeid


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadScopeScheduling:
    return TwoWorkersForTheBrowser(config, log)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    skipped = [one for one in terminalreporter.stats.get("skipped", []) if NO_CHROMIUM in str(one.longrepr)]
    if skipped:
        terminalreporter.section("THE BROWSER TESTS DID NOT RUN", sep="!", red=True, bold=True)
        terminalreporter.write_line(f"{len(skipped)} skipped: {NO_CHROMIUM}", red=True)
