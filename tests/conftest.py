"""What every test stands on is in `ground`: databases, pages, programs, the worker's world, the command line."""

from browser.hooks import pytest_terminal_summary, pytest_xdist_make_scheduler  # noqa: F401 - pytest finds them here

pytest_plugins = ["ground.database", "ground.web", "ground.api", "ground.worker", "ground.shell"]
