"""Documents of long orders, and all lines of a purchase's orders, as files that are written apart."""

import io
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from sqlalchemy.ext.asyncio import AsyncSession

from pooling.exports.kinds import ExportKind, Prepared, Progress
from pooling.kernel.database import fetch, group_of
from pooling.kernel.errors import NotFound
from pooling.kernel.sheet_writing import XLSX, Column, ColumnKind, SheetTable, Value, write_csv
from pooling.members.models import Group
from pooling.orders.document import PDF, TEMPLATE, OrderDocument, pdf_data, read_document, write_order_workbook
from pooling.orders.models import Order
from pooling.orders.rules import ORDER
from pooling.outbox.mail import FICTIONAL
from pooling.purchases.models import Purchase
from pooling.sites.sheet import PLACE_COLUMNS, UNKNOWN
from pooling.web.pdf import set_pdf

KIND = "order"
FORMATS = {"pdf": PDF, "xlsx": XLSX}
_ALL = """
SELECT o.reference, o.state, s.name AS supplier, COALESCE(b.name, lead.name) AS buyer, o.promised_on,
    m.code, m.name AS member, site.name AS site, site.street, site.postcode, site.city, site.contact,
    site.opening_hours, i.code AS item, i.name, i.unit, l.quantity, i.unit_price, i.vat_rate, l.engagement
FROM orders o
JOIN purchases p ON p.group_id = o.group_id AND p.id = o.purchase_id
JOIN members lead ON lead.group_id = o.group_id AND lead.id = p.lead_member_id
JOIN suppliers s ON s.group_id = o.group_id AND s.id = o.supplier_id
JOIN order_items i ON i.group_id = o.group_id AND i.order_id = o.id
JOIN order_lines l ON l.group_id = i.group_id AND l.order_id = i.order_id AND l.item_id = i.item_id
JOIN members m ON m.group_id = l.group_id AND m.id = l.member_id
LEFT JOIN members b ON b.group_id = o.group_id AND b.id = o.member_id
LEFT JOIN sites site ON site.group_id = l.group_id AND site.id = l.site_id
WHERE o.group_id = $1 AND o.purchase_id = $2 AND l.quantity > 0
ORDER BY o.number, m.sort_key, m.id, l.id"""
COLUMNS = [
    Column("Commande", ColumnKind.CODE, 20),
    *(Column("État", width=14), Column("Fournisseur", width=30), Column("Acheteur", width=30)),
    Column("Livraison promise", ColumnKind.DATE, 16),
    *PLACE_COLUMNS,
    *(Column("Code article", ColumnKind.CODE, 16), Column("Article", width=34), Column("Unité", width=14)),
    Column("Quantité", ColumnKind.INTEGER, 12, summed=True),
    Column("Prix HT", ColumnKind.NUMBER, 14),
    Column("Taux de TVA (%)", ColumnKind.NUMBER, 12),
    Column("Engagement", ColumnKind.CODE, 20),
]


class AllLines(NamedTuple):
    """Every line of a purchase's orders, and what its files say of them."""

    name: str
    facts: Mapping[str, str]
    rows: Sequence[Any]
    notice: str | None


async def all_lines(session: AsyncSession, purchase: Purchase, now: datetime) -> AllLines:
    group = await session.get_one(Group, group_of(session))
    facts = {
        "Document": "Lignes de toutes les commandes",
        "Achat": f"{purchase.reference} {purchase.title}",
        "Groupe": group.name,
        "Date": f"{now.astimezone(group.zone):%d/%m/%Y}",
    }
    rows = await fetch(session, _ALL, group_of(session), purchase.id)
    return AllLines(f"{purchase.reference}-commandes", facts, rows, FICTIONAL if group.fictional else None)


def write_lines(target: BinaryIO | Path, lines: AllLines, kind: str, progress: Progress | None = None) -> None:
    """As a workbook or as CSV."""
    table = SheetTable("Commandes", COLUMNS, _rows(lines.rows))
    if kind == "csv":
        write_csv(target, table, lines.notice, lines.facts)
        return
    from pooling.kernel.workbook_writing import Book  # noqa: PLC0415 - loads openpyxl

    book = Book(lines.facts, lines.notice, progress)
    book.add(table)
    book.save(target)


def _rows(rows: Sequence[Any]) -> Iterator[list[Value]]:
    for row in rows:
        known = row["site"] is not None
        place = [row[name] or UNKNOWN for name in ("street", "postcode", "city")] if known else [UNKNOWN, "", ""]
        yield [
            *(row["reference"], ORDER.word(row["state"]), row["supplier"], row["buyer"]),
            row["promised_on"],
            *(row["code"], row["member"], row["site"] or "", *place, row["contact"] or "", row["opening_hours"] or ""),
            *(row["item"], row["name"], row["unit"], row["quantity"]),
            *(row["unit_price"], row["vat_rate"], row["engagement"]),
        ]


async def _prepare(session: AsyncSession, terms: Mapping[str, Any], now: datetime) -> Prepared:
    purchase = await session.get(Purchase, (group_of(session), terms["purchase"]))
    if purchase is None:
        raise NotFound
    if terms["order"] is None:
        lines = await all_lines(session, purchase, now)
        return Prepared(f"{lines.name}.xlsx", XLSX, len(lines.rows), now, partial(_lines_bytes, lines))
    order = await session.get(Order, (group_of(session), terms["order"]))
    if order is None:  # a draft that was made again
        raise NotFound
    document = await read_document(session, order, now)
    kind = terms["format"]
    write = partial(_pdf_bytes if kind == "pdf" else _workbook_bytes, document)
    return Prepared(f"{document.name}.{kind}", FORMATS[kind], len(document.lines), now, write)


def _lines_bytes(lines: AllLines, progress: Progress) -> bytes:
    target = io.BytesIO()
    write_lines(target, lines, "xlsx", progress)
    return target.getvalue()


def _pdf_bytes(document: OrderDocument, progress: Progress) -> bytes:
    made = set_pdf(TEMPLATE, pdf_data(document), document.at)
    progress(len(document.lines))
    return made


def _workbook_bytes(document: OrderDocument, progress: Progress) -> bytes:
    target = io.BytesIO()
    write_order_workbook(target, document, progress)
    return target.getvalue()


DOCUMENTS = ExportKind(KIND, _prepare)
