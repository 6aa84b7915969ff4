"""What every test stands on is in `ground`: databases, pages, programs, the worker's world, the command line."""

from ground.hooks import (  # noqa: F401 - pytest finds them here
    hurry_nobody,
    pytest_collection,
    pytest_collection_modifyitems,
    pytest_terminal_summary,
    pytest_xdist_make_scheduler,
    spare_the_machine,
)
from ground.unordered import reverse_what_has_no_order

spare_the_machine()
hurry_nobody()
reverse_what_has_no_order()

pytest_plugins = ["ground.database", "ground.web", "ground.api", "ground.worker", "ground.shell", "ground.walk"]
