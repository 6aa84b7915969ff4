"""A purchase's bills as a file for finance: one row for each rate of each, and what they come to together."""

import asyncio
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.bills.models import Bill, BillRate, BillState
from pooling.bills.page import NOUNS, BillsPage
from pooling.bills.queries import BillShown, all_bills, within
from pooling.bills.rules import BILL, sign_of
from pooling.kernel.sheet_writing import XLSX, Column, ColumnKind, SheetTable, Value, csv_of, workbook_of
from pooling.kernel.tables import linked
from pooling.outbox.mail import FICTIONAL
from pooling.sharing.money import Cents
from pooling.web.typography import date_time_long

FILE_NAMES = {"xlsx": "liste.xlsx", "csv": "liste.csv"}
_COLUMNS = [
    Column("Fournisseur", width=34),
    *(Column(title, ColumnKind.CODE, 18) for title in ("Numéro", "Commande")),
    Column("Payée par", width=30),
    Column("Sorte", width=20),
    *(Column(title, ColumnKind.DATE, 12) for title in ("Date", "Échéance")),
    Column("État", width=14),
    Column("Compte", width=10),
    Column("Taux de TVA", ColumnKind.PERCENT, 12),
    *(Column(title, ColumnKind.AMOUNT) for title in ("HT", "TVA", "TTC")),
    Column("Devise", width=8),
    Column("Reste à payer", ColumnKind.AMOUNT, summed=True),
    Column("Raison", width=40),
]


async def bills_file(here: BillsPage, kind: str) -> tuple[bytes, str]:
    """The bills that the caller sees, as a workbook or as CSV, with its media type."""
    bills = await all_bills(here.session, here.purchase.id, here.reach)
    rates = await _rates(here.session, here)
    facts = {
        "Document": "Factures des fournisseurs",
        "Achat": f"{here.purchase.reference} {here.purchase.title}",
        "Groupe": here.group.name,
        "Date": date_time_long(here.now, here.zone, with_year=True),
    }
    notice = FICTIONAL if here.group.fictional else None
    table = SheetTable("Factures", _COLUMNS, list(_rows(bills, rates, here.lead)))
    if kind == "csv":
        return await asyncio.to_thread(csv_of, table, facts, notice), "text/csv"
    return await asyncio.to_thread(workbook_of, [table], facts, notice), XLSX


async def _rates(session: AsyncSession, here: BillsPage) -> Mapping[int, Sequence[BillRate]]:
    found: dict[int, list[BillRate]] = defaultdict(list)
    rows = await session.execute(
        select(BillRate)
        .join(Bill, linked(Bill.id, BillRate.bill_id))
        .where(col(Bill.purchase_id) == here.purchase.id, within(here.reach, col(Bill.member_id)))
        .order_by(col(BillRate.bill_id), col(BillRate.vat_rate).desc())
    )
    for rate in rows.scalars():
        found[rate.bill_id].append(rate)
    return found


def _rows(bills: Sequence[BillShown], rates: Mapping[int, Sequence[BillRate]], lead: str) -> Iterator[list[Value]]:
    """What is left to pay stands on the first row of each bill that counts, so that its sum is what is to be paid. The
    other amounts are of bills refused, replaced or in other currencies too: nobody wants their sum.
    """
    for shown in bills:
        bill, sign = shown.bill, sign_of(shown.bill.kind)
        counts = bill.state == BillState.ACCEPTED and bill.replaced_by_id is None
        head: list[Value] = [
            shown.seller,
            bill.number,
            ", ".join(shown.orders) or bill.order_reference,
            shown.payer or lead,
            NOUNS[bill.kind],
            bill.issued_on,
            bill.due_on,
            "Remplacée" if bill.replaced_by_id is not None else BILL.word(bill.state),
            "oui" if counts else "non",
        ]
        each: list[tuple[Decimal | None, Cents, Cents]] = [
            (rate.vat_rate / 100, rate.base_cents, rate.vat_cents) for rate in rates.get(bill.id, ())
        ]
        for place, (rate, base, vat) in enumerate(each or [(None, bill.ht_cents, bill.vat_cents)]):
            due = sign * bill.due_cents if place == 0 and counts else None
            yield [*head, rate, sign * base, sign * vat, sign * (base + vat), bill.currency, due, bill.reason]
