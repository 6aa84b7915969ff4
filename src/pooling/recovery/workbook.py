"""A purchase's recovery as a file for finance: one row for each debtor and creditor."""

import asyncio
from collections.abc import Mapping
from datetime import date
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncSession

from pooling.kernel.apart import PRELOADED
from pooling.kernel.sheet_writing import Column, ColumnKind, SheetTable, write_csv
from pooling.recovery.reading import all_accounts
from pooling.recovery.rules import WORDS
from pooling.sharing.money import Cents

PRELOADED.add(__name__)
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
KINDS = {"xlsx": XLSX, "csv": "text/csv"}
FILE_NAMES = {kind: f"liste.{kind}" for kind in KINDS}
_COLUMNS = [
    Column("Code du débiteur", ColumnKind.CODE, 16),
    Column("Débiteur", width=34),
    Column("Code du créancier", ColumnKind.CODE, 16),
    Column("Créancier", width=34),
    *(
        Column(title, ColumnKind.AMOUNT, summed=True)
        for title in ("Dû TTC", "Titres émis", "À émettre", "Payé", "Reste à recouvrer")
    ),
    Column("Dernière relance", ColumnKind.DATE, 14),
    Column("État", width=24),
]


async def write_accounts(
    session: AsyncSession,
    path: str,
    purchase_id: int,
    today: date,
    smallest: Cents,
    facts: Mapping[str, str],
    notice: str | None,
    kind: str,
) -> None:
    """Everybody's accounts, as a workbook or as CSV."""
    rows = [
        [
            *(one.debtor, one.debtor_name, one.creditor, one.creditor_name),
            *(one.standing.owed, one.standing.issued, one.standing.to_issue(smallest)),
            *(one.standing.paid, one.standing.remaining, one.reminded_on, WORDS[one.standing.state(smallest)]),
        ]
        for one in await all_accounts(session, purchase_id, today)
    ]
    table = SheetTable("Recouvrement", _COLUMNS, rows, names=2)
    await asyncio.to_thread(_write, Path(path), kind, table, facts, notice)


def _write(path: Path, kind: str, table: SheetTable, facts: Mapping[str, str], notice: str | None) -> None:
    with path.open("wb") as target:
        if kind == "csv":
            write_csv(target, table, notice, facts)
            return
        from pooling.kernel.workbook_writing import Book  # noqa: PLC0415 - loads openpyxl

        book = Book(facts, notice)
        book.add(table)
        book.save(target)
