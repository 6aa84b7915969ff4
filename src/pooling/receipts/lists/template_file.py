"""The list that a supplier or a lead buyer fills in: a line for each line of an order, what is still due beside it.
Nothing is protected; `Ligne` names the order's line, so that no other cell needs to be right.
"""

from collections.abc import Iterator, Sequence

from asyncpg import Record
from sqlalchemy.ext.asyncio import AsyncSession

from pooling.kernel.database import fetch, group_of
from pooling.kernel.open_document import write_open_document
from pooling.kernel.sheet_writing import XLSX, Column, ColumnKind, SheetTable, csv_of, workbook_of

KINDS = {
    "xlsx": XLSX,
    "ods": "application/vnd.oasis.opendocument.spreadsheet",
    "csv": "text/csv",
}
TITLE = "Réceptions"
_COLUMNS = (
    Column("Ligne", ColumnKind.CODE, 12),
    Column("Commande", ColumnKind.CODE, 18),
    Column("Code du membre", ColumnKind.CODE, 14),
    Column("Membre", width=30),
    Column("Lieu", width=24),
    Column("Adresse", width=40),
    Column("Code article", ColumnKind.CODE, 16),
    Column("Nom de l’article", width=34),
    Column("À recevoir", ColumnKind.INTEGER, 12),
    Column("Reçu", ColumnKind.INTEGER, 12),
    Column("Refusé", ColumnKind.INTEGER, 12),
    Column("Motif du refus", width=34),
    Column("Bon de livraison", ColumnKind.CODE, 20),
)
_DUE = """
WITH came AS (
    SELECT x.order_line_id, sum(x.accepted)::bigint AS accepted
    FROM orders o JOIN receipts r ON r.group_id = o.group_id AND r.order_id = o.id AND r.withdrawn_at IS NULL
    JOIN receipt_lines x ON x.group_id = r.group_id AND x.receipt_id = r.id
    WHERE o.group_id = $1 AND o.purchase_id = $2 GROUP BY x.order_line_id)
SELECT l.id, o.reference, m.code, m.name, coalesce(s.name, '') AS site,
    coalesce(concat_ws(', ', nullif(s.street, ''), nullif(trim(s.postcode || ' ' || s.city), '')), '') AS address,
    i.code AS item_code, i.name AS item, l.quantity - coalesce(c.accepted, 0) AS due
FROM orders o
JOIN order_lines l ON l.group_id = o.group_id AND l.order_id = o.id
JOIN order_items i ON i.group_id = o.group_id AND i.order_id = o.id AND i.item_id = l.item_id
JOIN members m ON m.group_id = o.group_id AND m.id = l.member_id
LEFT JOIN sites s ON s.group_id = o.group_id AND s.id = l.site_id
LEFT JOIN came c ON c.order_line_id = l.id
WHERE o.group_id = $1 AND o.purchase_id = $2 AND o.state IN ('sent', 'confirmed')
    AND ($3::integer IS NULL OR o.number = $3) AND l.quantity > coalesce(c.accepted, 0)
ORDER BY o.number, m.sort_key, m.id, s.sort_key, l.site_id, i.position, i.item_id"""


async def lines_due(session: AsyncSession, purchase_id: int, number: int | None = None) -> Sequence[Record]:
    """What is still due of the orders that have left, or of the one of this number."""
    return await fetch(session, _DUE, group_of(session), purchase_id, number)


async def count_due(session: AsyncSession, purchase_id: int) -> int:
    """How many lines `lines_due` has, without reading them."""
    counted = f"SELECT count(*) FROM ({_DUE}) AS due"  # noqa: S608 - ours
    ((count,),) = await fetch(session, counted, group_of(session), purchase_id, None)
    return int(count)


def write_template(kind: str, title: str, lines: Sequence[Record], notice: str | None = None) -> bytes:
    """The file: `kind` is one of KINDS. `notice` stands in every line."""
    if kind == "ods":
        headings = [(column.title, column.width) for column in _COLUMNS]
        if notice is None:
            return write_open_document(TITLE, headings, _rows(lines))
        return write_open_document(TITLE, [*headings, ("Remarque", 44)], ([*row, notice] for row in _rows(lines)))
    table = SheetTable(TITLE, _COLUMNS, _rows(lines))
    if kind == "csv":
        return csv_of(table, {}, notice)
    facts = {
        "Document": "Quantités livrées, à remplir",
        "Achat": title,
        "À remplir": "« Reçu » ; « Refusé » et « Motif du refus » s’il y a lieu ; une case vide ne dit rien.",
        "À renvoyer": "À l’acheteur, qui le dépose sur la page « Réceptions » de l’achat.",
    }
    return workbook_of([table], facts, notice)  # the first sheet is the one that is read again


def _rows(lines: Sequence[Record]) -> Iterator[list[str | int | None]]:
    for key, *known in lines:
        yield [f"L{key}", *known, None, None, None, None]
