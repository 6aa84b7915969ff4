"""What every test stands on is in `ground`: databases, pages, programs, the worker's world, the command line."""

from ground.hooks import (  # noqa: F401 - pytest finds them here
    hurry_nobody,
    pytest_collection,
    pytest_collection_modifyitems,
    pytest_terminal_summary,
    pytest_xdist_make_scheduler,
    spare_the_machine,
)

spare_the_machine()
hurry_nobody()

pytest_plugins = ["ground.database", "ground.web", "ground.api", "ground.worker", "ground.shell", "ground.walk"]
