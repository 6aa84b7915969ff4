# ruff: noqa: INP001 - a script beside the texts that it serves
"""Writes docs/rights.md: `python docs/rights_tables.py`. It says what the features' routes name as who may call them; a
test writes it again and compares.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from pooling.app import ENTRANCE, GROUND
from pooling.features import FEATURES
from pooling.members.models import Role
from pooling.members.permissions import Permission
from pooling.members.rights import AnyRight
from pooling.web.api import PREFIX

PAGE = Path(__file__).with_name("rights.md")
HEAD = """# Who may do what

<!-- Written by `make docs-tables`. -->

Every route names who may call it: a **right**, which a role gives on the whole group or somewhere in it; or, where it
depends on what the address names, a **permission**, a function of the caller and of that. A role of the group
(`facilitator`, `reader`) counts everywhere in it, a role of a member (`referent`, `finance`, `purchasing`) for what is
that member's, `lead_buyer` for its purchase. Use cases ask again.

"""
PLACES = (("", "front"), ("/g/{group}", "pages"), (PREFIX, "api_front"), (f"{PREFIX}/groups/{{group}}", "api"))


def written() -> str:
    """The page."""
    routes = sorted(set(_routes()), key=lambda route: (route[0], route[1]))
    named = [route[2] for route in routes]
    rights = {one for one in named if isinstance(one, AnyRight)} | {
        one.right for one in named if isinstance(one, Permission)
    }
    permissions = {one for one in named if isinstance(one, Permission)}
    return HEAD + "\n\n".join(
        (
            "## Rights\n",
            _table(("Right", *(f"`{role}`" for role in Role)), sorted(_right(one) for one in rights if one.roles)),
            "Routes of no group name `anyone`, `signed_in` or `administer`.\n",
            "## Permissions\n",
            _table(("Permission", "Who"), sorted((f"`{one}`", one.sentence) for one in permissions)),
            "## Routes\n",
            _table(("Address", "Method", "Right or permission"), ((f"`{a}`", m, f"`{n}`") for a, m, n in routes)),
            "",
        )
    ).replace("\n\n\n", "\n\n")


def _right(right: AnyRight) -> Sequence[str]:
    return (f"`{right}`", *("×" if role in right.roles else "" for role in Role))


def _routes() -> Iterator[tuple[str, str, AnyRight | Permission[...]]]:
    """Address, method and what the route names, of every feature and of the ground they stand on."""
    yield from _of("", (*GROUND, *ENTRANCE))
    for feature in FEATURES:
        for prefix, field in PLACES:
            yield from _of(prefix, getattr(feature, field))


def _of(prefix: str, handlers: Iterable[Any]) -> Iterator[tuple[str, str, AnyRight | Permission[...]]]:
    for handler in handlers:
        for path in handler.paths:
            for method in handler.http_methods:
                address = re.sub(r"\{(\w+):\w+\}", r"{\1}", f"{prefix}{path}".rstrip("/") or "/")
                yield address, str(method), handler.opt["right"]


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


if __name__ == "__main__":
    PAGE.write_text(written(), encoding="utf-8")
