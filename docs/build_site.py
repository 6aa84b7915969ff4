# ruff: noqa: INP001 - a script beside the texts that it serves
"""Puts together what the documentation's site is built from, in a folder: `python docs/build_site.py FOLDER` (`make
site`).

These pages as they stand here, the README and what it leads to, and the reference of the JSON interface from the very
routes, a page for each of its sections.
"""

import json
import re
import shutil
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from litestar import Litestar

from pooling.app import api_router
from pooling.features import FEATURES
from pooling.web.api_description import describe_api
from pooling.web.api_reference import schemas_of, sections_of, type_text

DOCS = Path(__file__).parent
ROOT = DOCS.parent
BESIDE = {
    "README.md": "index.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "telling.md",
}
"""Texts of the root that the site has too, and what they are called there."""
CHAPTERS = (
    ("Using it", ("allocation.md", "consolidation.md", "invoices.md")),
    ("Running it", ("operations.md", "security.md", "performance.md", "scaling.md")),
    ("Programs", ("api.md",)),
    (
        "Living in it",
        ("architecture.md", "glossary.md", "life-of-a-declaration.md", "life-of-a-reminder.md", "rights.md"),
    ),
    ("Taking part", ("contributing.md", "telling.md", "mutation.md", "licences.md", "changelog.md")),
)
CONFIGURATION = """[project]
site_name = "pooling"
site_description = "Pooled purchasing between public authorities: from declared needs to who pays what, to the cent."
docs_dir = "pages"
site_dir = "html"
nav = {nav}

[project.theme]
font = false  # those of whoever reads: nothing is loaded from elsewhere
language = "en"
"""
_LINK = re.compile(r"(\]\()([^)#\s]+)((?:#[^)]*)?\))")


def build(folder: Path) -> None:
    """Writes `pages/` and `zensical.toml` there, anew."""
    pages = folder / "pages"
    shutil.rmtree(pages, ignore_errors=True)
    pages.mkdir(parents=True)
    for path in sorted(DOCS.rglob("*.md")):
        _copy(path, pages / path.relative_to(DOCS))
    for name, called in BESIDE.items():
        _copy(ROOT / name, pages / called)
    shutil.copytree(DOCS / "pictures", pages / "pictures")
    shutil.copytree(DOCS / "cases", pages / "cases")
    sections = _reference(pages / "reference")
    (folder / "zensical.toml").write_text(CONFIGURATION.format(nav=_nav(pages, sections)), encoding="utf-8")


def _copy(source: Path, target: Path) -> None:
    def rewritten(match: re.Match[str]) -> str:
        return f"{match[1]}{_address(source, match[2])}{match[3]}"

    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(_LINK.sub(rewritten, source.read_text(encoding="utf-8")), encoding="utf-8")


def _address(source: Path, link: str) -> str:
    """Where a link leads on the site. To a file that it does not have, none: its name stays to be read."""
    if "://" in link:
        return link
    aimed = (source.parent / link).resolve()
    inside = source.parent.relative_to(DOCS) if source.is_relative_to(DOCS) else Path()
    up = "../" * len(inside.parts)
    if aimed.is_relative_to(DOCS) and aimed.exists():
        return up + str(aimed.relative_to(DOCS))
    if aimed.parent == ROOT and aimed.name in BESIDE:
        return up + BESIDE[aimed.name]
    return f"{up}index.md"


def _reference(folder: Path) -> list[str]:
    folder.mkdir()
    description = describe_api(Litestar([api_router(FEATURES)], openapi_config=None))
    sections = sections_of(description)
    for tag, operations in sections.items():
        written = [f"# {tag}", *map(_operation, operations), "## What is sent and answered"]
        written += map(_schema, schemas_of(description, operations))
        (folder / f"{tag}.md").write_text("\n\n".join(written) + "\n", encoding="utf-8")
    return list(sections)


def _operation(operation: dict[str, Any]) -> str:
    parts = [f"## `{operation['method']} {operation['path']}`", operation["summary"]]
    if operation["model"]:
        parts.append(f"Body: [{operation['body']}](#{operation['body'].lower()})")
    elif operation["body"]:
        parts.append(f"Body: {operation['body']}")
    if "parameters" in operation:
        rows = [
            (one["name"], one["in"], type_text(one["schema"]), one["description"]) for one in operation["parameters"]
        ]
        parts.append(_table(("Parameter", "In", "Type", "Meaning"), rows))
    rows = [(one["status"], one["type"], one["headers"] or "–", one["said"]) for one in operation["answers"]]
    parts.append(_table(("Status", "Answer", "Headers", "When"), rows))
    return "\n\n".join(parts)


def _schema(schema: dict[str, Any]) -> str:
    parts = [f"### {schema['name']}", schema["description"]]
    rows = [
        (one["name"], one["type"], "yes" if one["required"] else "no", one["description"] or "–")
        for one in schema["fields"]
    ]
    if rows:
        parts.append(_table(("Field", "Type", "Required", "Meaning"), rows))
    return "\n\n".join(part for part in parts if part)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(_cell(cell) for cell in line)} |" for line in lines)


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())


def _nav(pages: Path, sections: Sequence[str]) -> str:
    chapters = [(title, list(names)) for title, names in CHAPTERS]
    dict(chapters)["Programs"].extend(f"reference/{name}.md" for name in sections)
    records = sorted(f"adr/{path.name}" for path in (pages / "adr").glob("0*.md"))
    chapters.append(("Decisions", ["adr/README.md", *records]))
    named = ", ".join(f"{{{json.dumps(title)} = {json.dumps(names)}}}" for title, names in chapters)
    return f'["index.md", {named}]'


if __name__ == "__main__":
    build(Path(sys.argv[1]))
