"""Modules and files that comments and documents name are there: whoever follows a name arrives."""

import re
from pathlib import Path

import pytest

from pooling import PROJECT_ROOT

PACKAGE = PROJECT_ROOT / "src" / "pooling"
BESIDE = (PROJECT_ROOT, PACKAGE, PROJECT_ROOT / "tests", PROJECT_ROOT / "docs")
"""Where a path may begin."""
MODULE = re.compile(r"`pooling((?:\.[a-z_]+)+)`")
FILE = re.compile(r"(?<![\w/.{}-])((?:[\w-]+/)+[\w-]+\.(?:py|md|toml))\b")
NO_MODULES = {"pooling.group_id"}
"""A setting of the database."""
EXAMPLES = {"Scripts/python/a.py"}
"""In a test of hostile names."""

TEXTS = sorted(
    path
    for pattern in ("*.md", "docs/**/*.md", "config/*.toml", "src/**/*.py", "tests/**/*.py", "benchmarks/**/*.py")
    for path in PROJECT_ROOT.glob(pattern)
    if path != Path(__file__)  # it names places that are not
)


def is_there(dotted: str) -> bool:
    """A package, a module, or a name that one of them holds."""
    place = PACKAGE.joinpath(*dotted.strip(".").split("."))
    if place.is_dir() or place.with_suffix(".py").is_file():
        return True
    holder = place.parent.with_suffix(".py") if not place.parent.is_dir() else place.parent / "__init__.py"
    return holder.is_file() and re.search(rf"\b{place.name}\b", holder.read_text("utf-8")) is not None


def lost(text: Path) -> list[str]:
    content = text.read_text("utf-8")
    modules = [f"pooling{found}" for found in MODULE.findall(content) if not is_there(found)]
    files = [
        path for path in FILE.findall(content) if not any((place / path).is_file() for place in (*BESIDE, text.parent))
    ]
    return sorted({*modules, *files} - NO_MODULES - EXAMPLES)


def test_what_is_named_is_there() -> None:
    assert {str(text.relative_to(PROJECT_ROOT)): names for text in TEXTS if (names := lost(text))} == {}


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("see `pooling.kernel.nowhere` and `pooling.kernel.bell`", ["pooling.kernel.nowhere"]),
        ("`pooling.kernel.bell.Bell`, `kernel/bell.py`, `kernel/nowhere.py`", ["kernel/nowhere.py"]),
    ],
)
def test_what_is_not_there_is_found(tmp_path: Path, written: str, found: list[str]) -> None:
    text = tmp_path / "text.md"
    text.write_text(written)
    assert lost(text) == found
