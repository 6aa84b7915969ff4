"""A purchase's recovery as a file for finance: one row for each debtor and creditor."""

import asyncio
import io
from collections.abc import Mapping

from pooling.kernel.sheet_writing import Column, ColumnKind, SheetTable, write_csv
from pooling.outbox.mail import FICTIONAL
from pooling.recovery.page import RecoveryPage
from pooling.recovery.reading import all_accounts
from pooling.recovery.rules import WORDS
from pooling.web.typography import date_time_long

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FILE_NAMES = {"xlsx": "liste.xlsx", "csv": "liste.csv"}
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


async def recovery_file(here: RecoveryPage, kind: str) -> tuple[bytes, str]:
    """Everybody's accounts, as a workbook or as CSV, with its media type."""
    smallest = here.smallest
    rows = [
        [
            *(one.debtor, one.debtor_name, one.creditor, one.creditor_name),
            *(one.standing.owed, one.standing.issued, one.standing.to_issue(smallest)),
            *(one.standing.paid, one.standing.remaining, one.reminded_on, WORDS[one.standing.state(smallest)]),
        ]
        for one in await all_accounts(here.session, here.purchase.id, here.today)
    ]
    facts = {
        "Document": "Recouvrement",
        "Achat": f"{here.purchase.reference} {here.purchase.title}",
        "Groupe": here.group.name,
        "Date": date_time_long(here.now, here.zone, with_year=True),
    }
    table = SheetTable("Recouvrement", _COLUMNS, rows, names=2)
    written = asyncio.to_thread(_written, kind, table, facts, FICTIONAL if here.group.fictional else None)
    return await written, "text/csv" if kind == "csv" else XLSX


def _written(kind: str, table: SheetTable, facts: Mapping[str, str], notice: str | None) -> bytes:
    target = io.BytesIO()
    if kind == "csv":
        write_csv(target, table, notice, facts)
    else:
        from pooling.kernel.workbook_writing import Book  # noqa: PLC0415 - loads openpyxl

        book = Book(facts, notice)
        book.add(table)
        book.save(target)
    return target.getvalue()
