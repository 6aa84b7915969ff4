"""The worked tables of the documentation are what the rules say today."""

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

DOCS = Path(__file__).parents[2] / "docs"


def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("worked_tables", DOCS / "worked_tables.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("page", ["allocation.md", "consolidation.md"])
def test_tables_are_up_to_date(page: str) -> None:
    text = (DOCS / page).read_text(encoding="utf-8")
    assert text.count("<!-- tableau: ") == text.count("<!-- fin -->") >= 3
    assert generator().rewritten(text) == text, "run: python docs/worked_tables.py"


def test_every_case_is_used() -> None:
    text = "".join((DOCS / page).read_text(encoding="utf-8") for page in generator().PAGES)
    used = {name for words in re.findall(r"<!-- tableau: (.+?) -->", text) for name in words.split()[1:2]}
    assert used == {path.stem for path in (DOCS / "cases").glob("*.json")}


def test_a_figure_changed_by_hand_is_seen() -> None:
    text = (DOCS / "allocation.md").read_text(encoding="utf-8")
    assert generator().rewritten(text.replace("188,68", "188,69")) == text
