# ruff: noqa: INP001 - a script beside the texts that it serves
"""Writes the tables of limits in docs/: `python docs/limit_tables.py`.

A table stands between `<!-- limits: … -->` and `<!-- end -->`; the word after the colon says which one. What it says
is what the code declares (`kernel/limits.py`, `accounts/throttle.py`, `outbox/occasions.py`); a test writes the tables
again and compares.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import pooling.app
import pooling.web.server
import pooling.worker  # noqa: F401 - with the web side, all that declares a limit
from pooling.accounts.throttle import ALLOWANCES
from pooling.kernel.limits import LIMITS, Readers, file_of
from pooling.outbox.occasions import OCCASIONS

DOCS = Path(__file__).parent
PAGES = ("api.md", "operations.md", "security.md")

_BLOCK = re.compile(r"(<!-- limits: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def rewritten(text: str) -> str:
    """The page with every table written again."""
    return _BLOCK.sub(lambda match: f"{match[1]}\n{_TABLES[match[2]]()}\n\n{match[3]}", text)


def _tries() -> str:
    """How often something may be done."""
    rows = sorted((one.what, str(one), f"`{file_of(one.where)}`") for one in ALLOWANCES.values())
    return _table(("What", "At most", "Where"), rows)


def _mails() -> str:
    """Every place where somebody's click sends mail."""
    rows = sorted(
        (f"`{one.name}`", one.asked_by, one.to, one.limit, f"`{file_of(one.where)}`") for one in OCCASIONS.values()
    )
    return _table(("Mail", "At whose wish", "To", "At most", "Where"), rows)


def _limits(*readers: Readers) -> Callable[[], str]:
    def table() -> str:
        chosen = [one for one in LIMITS.values() if not readers or set(readers) & set(one.readers)]
        return _table(
            ("What", "Limit", "Where"), sorted((one.what, one.said, f"`{file_of(one.where)}`") for one in chosen)
        )

    return table


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


_TABLES: dict[str, Callable[[], str]] = {
    "tries": _tries,
    "mails": _mails,
    "all": _limits(),
    "programs": _limits(Readers.PROGRAMS),
    "operators": _limits(Readers.OPERATORS),
}


def main() -> None:
    for page in PAGES:
        path = DOCS / page
        path.write_text(rewritten(path.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
