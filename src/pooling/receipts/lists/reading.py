"""Reading a list: its lines are copied, thousands at once, to where the database matches all of them with the lines of
the orders in one statement, and kept beside it. Whoever begins again begins anew.
"""

import asyncio
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from pooling.exports.kinds import Gathering
from pooling.kernel.database import copy_rows, fetch
from pooling.kernel.errors import Conflict
from pooling.kernel.files import file_with_content
from pooling.kernel.limits import Readers, limit
from pooling.kernel.list_reading import Effort, UnreadableListError, each_line
from pooling.kernel.text import one_line
from pooling.needs.dealing import hashing
from pooling.receipts.lists.lines import COLUMNS, REQUIRED, Read, read_line
from pooling.receipts.models import ListState, ReceiptList

CHUNK = 10_000
"""Lines that are copied at once."""
MOST_LIST_LINES = limit(400_000, "Lines of delivered quantities in a file", __name__, Readers.OPERATORS)
_EFFORT = Effort(120, 1_500_000_000)
_ASKED = """
CREATE TEMPORARY TABLE asked (number integer, line_id bigint, reference text, member text, site text, item text,
    accepted integer, refused integer, reason text, note text, problem text)"""
_ASKED_COLUMNS = (
    *("number", "line_id", "reference", "member", "site", "item", "accepted", "refused", "reason", "note", "problem"),
)
_STAGE = """
WITH standing AS (
    SELECT o.id, o.reference FROM orders o
    WHERE o.group_id = $1 AND o.purchase_id = $3 AND o.state IN ('sent', 'confirmed')),
keyed AS (
    SELECT t.number, l.id, l.order_id FROM asked t
    JOIN order_lines l ON l.group_id = $1 AND l.id = t.line_id
    JOIN standing o ON o.id = l.order_id
    WHERE t.problem = ''),
named AS (
    SELECT t.number, min(l.id) AS id, min(l.order_id) AS order_id, count(*) AS many FROM asked t
    JOIN members m ON m.group_id = $1 AND m.code = t.member
    JOIN order_lines l ON l.group_id = $1 AND l.member_id = m.id
    JOIN standing o ON o.id = l.order_id AND (t.reference = '' OR o.reference = t.reference)
    JOIN order_items i ON i.group_id = $1 AND i.order_id = l.order_id AND i.item_id = l.item_id
        AND (i.code = t.item OR lower(i.name) = lower(t.item))
    LEFT JOIN sites s ON s.group_id = $1 AND s.id = l.site_id
    WHERE t.problem = '' AND t.line_id IS NULL AND (t.site = '' OR lower(s.name) = lower(t.site))
    GROUP BY t.number),
found AS (
    SELECT number, id, order_id, 1 AS many FROM keyed UNION ALL SELECT number, id, order_id, many FROM named)
INSERT INTO receipt_list_lines (
    group_id, list_id, number, order_line_id, order_id, accepted, refused, reason, delivery_note, problem)
SELECT $1, $2, t.number, CASE WHEN f.many = 1 THEN f.id END, CASE WHEN f.many = 1 THEN f.order_id END,
    t.accepted, t.refused, t.reason, t.note,
    CASE WHEN t.problem <> '' THEN t.problem
    WHEN f.many = 1 THEN ''
    WHEN f.many > 1 THEN 'plusieurs lignes de commande y répondent : indiquez la commande et le lieu'
    WHEN EXISTS (SELECT FROM items i WHERE i.group_id = $1 AND i.purchase_id = $3 AND i.code = t.item)
        AND EXISTS (SELECT FROM members m WHERE m.group_id = $1 AND m.code = t.member)
        THEN 'cet article n’était pas commandé pour ce lieu'
    ELSE 'aucune commande partie n’a cette ligne : vérifiez la commande, le membre et l’article' END
FROM asked t LEFT JOIN found f USING (number)"""
_TWICE = """
UPDATE receipt_list_lines SET order_line_id = NULL, order_id = NULL, problem = 'même ligne de commande qu’à la ligne '
    || twice.first || ', sous le même bon de livraison'
FROM (
    SELECT number, min(number) OVER (PARTITION BY order_line_id, lower(delivery_note)) AS first
    FROM receipt_list_lines WHERE group_id = :group AND list_id = :list AND problem = '') twice
WHERE receipt_list_lines.group_id = :group AND receipt_list_lines.list_id = :list
    AND receipt_list_lines.number = twice.number AND twice.first < twice.number"""
_ANEW = "DELETE FROM receipt_list_lines WHERE group_id = :group AND list_id = :list"


async def read_list(work: Gathering) -> None:
    """Reads what was sent; once it is read, nothing more is to be done.

    Raises:
        Conflict: it cannot be read; it is dropped, and may be sent again.
    """
    list_id = work.terms["list"]
    async with work.database.transaction(work.group_id) as session:
        one = await session.get_one(ReceiptList, (work.group_id, list_id))
        if one.state != ListState.READING:
            return
        assert one.file_id is not None, "it is kept while it is read"
        _, content = await file_with_content(session, one.file_id)
        await session.execute(text(_ANEW), {"group": work.group_id, "list": list_id})
    with TemporaryDirectory() as folder:
        path = Path(folder) / "list"
        path.write_bytes(content)
        del content
        try:
            await _read(work, list_id, path)
        except UnreadableListError as unreadable:
            async with work.database.transaction(work.group_id) as session:
                one = await session.get_one(ReceiptList, (work.group_id, list_id))
                one.state = ListState.DROPPED
            raise Conflict(f"Ce fichier n’a pas pu être lu : {one_line(str(unreadable))}") from unreadable


async def _read(work: Gathering, list_id: int, path: Path) -> None:
    lines = each_line(path, COLUMNS, REQUIRED, longest=MOST_LIST_LINES, effort=_EFFORT)
    read = (one for line in lines if (one := read_line(line)) is not None)
    done = 0
    async with work.database.transaction(work.group_id) as session:
        await session.execute(text(_ASKED))
        while chunk := await asyncio.to_thread(_take, read):
            await _stage(session, chunk)
            done += len(chunk)
            await work.tell(done, done + CHUNK)
        await session.execute(text("ANALYZE asked"))
        async with hashing(session):
            await fetch(session, _STAGE, work.group_id, list_id, work.terms["purchase"])
            await session.execute(text(_TWICE), {"group": work.group_id, "list": list_id})
        await session.execute(text("DROP TABLE asked"))
        kept = await session.get_one(ReceiptList, (work.group_id, list_id), with_for_update=True)
        if kept.state == ListState.READING:  # nobody dropped it meanwhile
            kept.state = ListState.READ
    await work.tell(done, max(1, done))


async def _stage(session: AsyncSession, chunk: Sequence[Read]) -> None:
    await copy_rows(session, "asked", _ASKED_COLUMNS, chunk)


def _take(read: Iterator[Read]) -> list[Read]:
    return list(islice(read, CHUNK))
