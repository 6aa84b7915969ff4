"""The finance workbook as a finance officer reads it: rows under their headings, amounts in cents."""

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from openpyxl import load_workbook

Row = dict[str, Any]


@dataclass(frozen=True)
class Sheet:
    headings: tuple[str, ...]
    rows: list[Row]
    notice: str | None
    """What every row of a demonstration says."""


def read_sheets(path: Path) -> dict[str, Sheet]:
    """Every sheet by its name: headings, rows and, where there is one, a total that is left out."""
    book = load_workbook(path)
    return {sheet.title: _read([list(row) for row in sheet.iter_rows(values_only=True)]) for sheet in book.worksheets}


def _read(lines: list[list[Any]]) -> Sheet:
    headings = tuple(str(heading) for heading in lines[0])
    rows = [dict(zip(headings, line, strict=True)) for line in lines[1:] if line[0] != "Total"]
    return Sheet(headings, rows, rows[0].get("Remarque") if rows else None)


def cents(value: object) -> int:
    """An amount written as a number of euros, exactly."""
    assert isinstance(value, int | float), f"{value!r} is no number"
    amount = Decimal(str(value)) * 100
    assert amount == int(amount), f"{value} has more than two decimals"
    return int(amount)
