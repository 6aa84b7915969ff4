"""A purchase's recovery as a file for finance: one row for each debtor and creditor."""

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import BinaryIO

from sqlalchemy.ext.asyncio import AsyncSession

from pooling.kernel.apart import PRELOADED
from pooling.kernel.sheet_writing import XLSX, Column, ColumnKind, SheetTable, Value, write_csv
from pooling.recovery.reading import Account, all_accounts
from pooling.recovery.rules import WORDS
from pooling.sharing.money import Cents

PRELOADED.add(__name__)
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
    rows = account_rows(await all_accounts(session, purchase_id, today), smallest)
    await asyncio.to_thread(_write, path, rows, kind, facts, notice)


def _write(path: str, rows: Iterable[list[Value]], kind: str, facts: Mapping[str, str], notice: str | None) -> None:
    with Path(path).open("wb") as target:
        write_account_rows(target, rows, kind, facts, notice)


def account_rows(accounts: Iterable[Account], smallest: Cents) -> Iterator[list[Value]]:
    for one in accounts:
        standing = one.standing
        yield [
            *(one.debtor, one.debtor_name, one.creditor, one.creditor_name),
            *(standing.owed, standing.issued, standing.to_issue(smallest)),
            *(standing.paid, standing.remaining, one.reminded_on, WORDS[standing.state(smallest)]),
        ]


def write_account_rows(
    target: BinaryIO, rows: Iterable[list[Value]], kind: str, facts: Mapping[str, str], notice: str | None
) -> None:
    table = SheetTable("Recouvrement", _COLUMNS, rows, names=2)
    if kind == "csv":
        write_csv(target, table, notice, facts)
        return
    from pooling.kernel.workbook_writing import Book  # noqa: PLC0415 - loads openpyxl

    book = Book(facts, notice)
    book.add(table)
    book.save(target)
