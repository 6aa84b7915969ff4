"""The documents say the limits that the code holds, and every place that sends mail at a wish has one."""

import ast
import importlib.util
import re
from datetime import timedelta
from pathlib import Path
from types import ModuleType

import pytest

import pooling
from pooling.kernel.limits import BYTES, LIMITS, said
from pooling.outbox.occasions import OCCASIONS
from pooling.settings import Settings

SOURCE = Path(pooling.__file__).parent
DOCS = SOURCE.parents[1] / "docs"
SENDS = {"queue_mails", "queue_copies", "send_now", "send_next"}
AT_THEIR_DATE = {"pooling.reminders.sending"}
FOR_OTHERS = {"pooling.collections.reminding"}
"""What features send by: each of them says its own limit."""


def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("limit_tables", DOCS / "limit_tables.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("page", generator().PAGES)
def test_the_documents_say_the_limits_of_the_code(page: str) -> None:
    text = (DOCS / page).read_text(encoding="utf-8")
    assert text.count("<!-- limits: ") == text.count("<!-- end -->") >= 1
    assert generator().rewritten(text) == text, "run: make docs-tables"


def test_a_limit_changed_by_hand_is_seen() -> None:
    text = (DOCS / "api.md").read_text(encoding="utf-8")
    assert generator().rewritten(text.replace("| 256 kB |", "| 20 MB |")) == text


def test_the_defaults_of_settings_are_those_of_the_code() -> None:
    text = (DOCS / "operations.md").read_text(encoding="utf-8")
    told = dict(re.findall(r"^\| `POOLING_([A-Z_]+)` \|.*\| ([^|]+) \|$", text, re.MULTILINE))
    assert set(told) == {name.upper() for name in Settings.model_fields}
    numbers = {name for name, field in Settings.model_fields.items() if isinstance(field.default, int)}
    assert numbers >= {"direct_workbook_rows", "purge_after_days"}
    for name in numbers:
        assert told[name.upper()].strip("`") == str(Settings.model_fields[name].default), name


def modules_that_send() -> set[str]:
    """Where mails are written down: whatever calls the outbox."""
    found = set()
    for path in SOURCE.rglob("*.py"):
        calls = (node.func for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call))
        if any(isinstance(name, ast.Name) and name.id in SENDS for name in calls):
            found.add(".".join(("pooling", *path.relative_to(SOURCE).with_suffix("").parts)))
    return found


def test_every_place_that_sends_mail_says_its_limit() -> None:
    generator()  # imports all that declares one
    declared = {occasion.where for occasion in OCCASIONS.values()}
    assert modules_that_send() - AT_THEIR_DATE - FOR_OTHERS <= declared
    assert len(modules_that_send()) >= 8
    assert all(occasion.limit for occasion in OCCASIONS.values())


@pytest.mark.parametrize(
    ("value", "unit", "words"),
    [
        (5_000_000, BYTES, "5 MB"),
        (256_000, BYTES, "256 kB"),
        (10 * 2**20, BYTES, "10 MiB"),
        (10_000, "", "10 000"),
        (200, "characters", "200 characters"),
        (timedelta(hours=24), "", "24 hours"),
        (timedelta(days=7), "", "7 days"),
        (timedelta(minutes=1), "", "1 minute"),
        (timedelta(seconds=2.5), "", "2.5 seconds"),
    ],
)
def test_a_limit_as_it_is_said(value: float | timedelta, unit: str, words: str) -> None:
    assert said(value, unit) == words


def test_limits_are_declared_once() -> None:
    generator()
    assert len({limit.what for limit in LIMITS.values()}) == len(LIMITS)
