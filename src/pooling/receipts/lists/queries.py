"""Reads about lists: those of a purchase, and their lines as they were understood."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.accounts.models import Person
from pooling.exports.models import Export
from pooling.kernel.database import fetch, group_of
from pooling.kernel.slices import Listed, Slice
from pooling.kernel.slices import Order as Standing
from pooling.kernel.tables import linked, whole
from pooling.orders.models import OrderLine
from pooling.receipts.lists.kind import KIND
from pooling.receipts.models import ReceiptList, ReceiptListLine


@dataclass(frozen=True)
class ListShown:
    id: int
    name: str
    received_on: date
    state: str
    sent_at: datetime
    sent_by: str
    kept_at: datetime | None


LISTS_LATEST = Standing(col(ReceiptList.id), latest_first=True, size=25)


async def lists_of(session: AsyncSession, purchase_id: int, wanted: Slice) -> Listed[ListShown]:
    statement = (
        select(
            col(ReceiptList.id),
            col(ReceiptList.name),
            col(ReceiptList.received_on),
            col(ReceiptList.state),
            col(ReceiptList.sent_at),
            func.coalesce(col(Person.name), ""),
            col(ReceiptList.kept_at),
        )
        .outerjoin(Person, col(Person.id) == col(ReceiptList.sent_by))
        .where(col(ReceiptList.purchase_id) == purchase_id)
    )
    listed = await LISTS_LATEST.read(session, statement, wanted)
    return listed.each(lambda row: ListShown(*row))


async def work_on(session: AsyncSession, list_id: int) -> Export | None:
    """The latest work on a list that is not forgotten."""
    found = await session.execute(
        select(Export)
        .where(col(Export.kind) == KIND, whole(Export.terms["list"]) == list_id)
        .order_by(col(Export.id).desc())
        .limit(1)
    )
    export: Export | None = found.scalar_one_or_none()
    return export


class Which(StrEnum):
    """The lines that somebody looks at, as the address says."""

    ALL = ""
    BAD = "refusees"
    DIFFERING = "ecarts"


@dataclass(frozen=True)
class ListLine:
    number: int
    order: str
    member_code: str
    member: str
    site: str
    code: str
    item: str
    unit: str
    due: int
    """Before this list."""
    accepted: int
    refused: int
    reason: str
    delivery_note: str
    problem: str


_LINES = """
SELECT b.number, coalesce(o.reference, '') AS "order", coalesce(m.code, '') AS member_code,
    coalesce(m.name, '') AS member, coalesce(s.name, '') AS site, coalesce(i.code, '') AS code,
    coalesce(i.name, '') AS item, coalesce(i.unit, '') AS unit,
    greatest(coalesce(l.quantity, 0) - coalesce((
        SELECT sum(x.accepted) FROM receipt_lines x
        JOIN receipts r ON r.group_id = x.group_id AND r.id = x.receipt_id AND r.withdrawn_at IS NULL
            AND r.list_id IS DISTINCT FROM $2
        WHERE x.group_id = $1 AND x.order_line_id = b.order_line_id), 0), 0)::bigint AS due,
    b.accepted, b.refused, b.reason, b.delivery_note, b.problem
FROM receipt_list_lines b
LEFT JOIN orders o ON o.group_id = $1 AND o.id = b.order_id
LEFT JOIN order_lines l ON l.group_id = $1 AND l.id = b.order_line_id
LEFT JOIN order_items i ON i.group_id = $1 AND i.order_id = b.order_id AND i.item_id = l.item_id
LEFT JOIN members m ON m.group_id = $1 AND m.id = l.member_id
LEFT JOIN sites s ON s.group_id = $1 AND s.id = l.site_id
WHERE b.group_id = $1 AND b.list_id = $2 AND ($3::integer[] IS NULL OR b.number = ANY ($3)) AND b.number > $4
ORDER BY b.number LIMIT $5"""
CHUNK = 20_000
LINES_BY_NUMBER = Standing(col(ReceiptListLine.number), size=100)


async def lines_listed(session: AsyncSession, list_id: int, wanted: Slice, which: Which) -> Listed[ListLine]:
    """As they stand in the file."""
    statement = select(col(ReceiptListLine.number)).where(col(ReceiptListLine.list_id) == list_id)
    if which == Which.BAD:
        statement = statement.where(col(ReceiptListLine.problem) != "")
    elif which == Which.DIFFERING:
        ordered = select(col(OrderLine.quantity)).where(linked(OrderLine.id, ReceiptListLine.order_line_id))
        statement = statement.where(
            or_(
                col(ReceiptListLine.problem) != "",
                col(ReceiptListLine.refused) > 0,
                col(ReceiptListLine.accepted) != func.coalesce(ordered.scalar_subquery(), -1),
            )
        )
    listed = await LINES_BY_NUMBER.read(session, statement, wanted)
    numbers = [row[0] for row in listed.items]
    rows = await fetch(session, _LINES, group_of(session), list_id, numbers, -1, len(numbers))
    found = {row["number"]: ListLine(**row) for row in rows}
    return listed.each(lambda row: found[row[0]])


async def each_chunk(session: AsyncSession, list_id: int) -> AsyncIterator[list[ListLine]]:
    """Every line, thousands at a time."""
    last = -1
    while rows := await fetch(session, _LINES, group_of(session), list_id, None, last, CHUNK):
        yield [ListLine(**row) for row in rows]
        last = rows[-1]["number"]
