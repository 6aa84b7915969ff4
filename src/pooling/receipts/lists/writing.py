"""The worker's part: a list is read or kept, and a file says line by line what was understood."""

import asyncio
import io
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from pooling.exports.kinds import ExportKind, Gathering, Prepared, Progress
from pooling.kernel.database import group_of
from pooling.kernel.errors import NotFound
from pooling.kernel.sheet_writing import Column, ColumnKind, SheetTable, Value, write_csv
from pooling.members.models import Group
from pooling.outbox.mail import FICTIONAL
from pooling.receipts.lists.keeping import keep_list
from pooling.receipts.lists.kind import KIND, Step
from pooling.receipts.lists.queries import ListLine, each_chunk
from pooling.receipts.lists.reading import read_list
from pooling.receipts.models import ReceiptList

CSV = "text/csv"
_COLUMNS = (
    Column("Ligne du fichier", ColumnKind.INTEGER),
    Column("Commande", ColumnKind.CODE),
    Column("Code du membre", ColumnKind.CODE),
    Column("Membre"),
    Column("Lieu"),
    Column("Code article", ColumnKind.CODE),
    Column("Article"),
    Column("À recevoir", ColumnKind.INTEGER),
    Column("Reçu", ColumnKind.INTEGER),
    Column("Refusé", ColumnKind.INTEGER),
    Column("Motif du refus"),
    Column("Bon de livraison", ColumnKind.CODE),
    Column("Résultat"),
)


async def _gather(work: Gathering) -> None:
    await (read_list if work.terms["step"] == Step.READ else keep_list)(work)


async def _prepare(session: AsyncSession, terms: Mapping[str, Any], now: datetime) -> Prepared:
    one = await session.get(ReceiptList, (group_of(session), terms["list"]))
    if one is None:
        raise NotFound
    group = await session.get_one(Group, group_of(session))
    notice = FICTIONAL if group.fictional else None
    written: list[bytes] = []
    rows = 0
    async for lines in each_chunk(session, one.id):
        rows += len(lines)
        written.append(await asyncio.to_thread(_written, lines, notice, first=not written))
    if not written:
        written.append(_written((), notice, first=True))
    return Prepared(
        name=f"receptions-{one.received_on.isoformat()}-lignes.csv",
        media_type=CSV,
        rows=rows,
        figures_at=now,
        write=lambda progress: _together(written, rows, progress),
    )


def _together(written: list[bytes], rows: int, progress: Progress) -> bytes:
    progress(rows)
    return b"".join(written)


def _written(lines: Sequence[ListLine], notice: str | None, *, first: bool) -> bytes:
    """Lines of the file, under their headings if they are its first."""
    target = io.BytesIO()
    write_csv(target, SheetTable("Lignes", _COLUMNS, map(_row, lines)), notice)
    content = target.getvalue()
    return content if first else content.partition(b"\r\n")[2]


def _row(line: ListLine) -> list[Value]:
    return [
        *(line.number, line.order, line.member_code, line.member, line.site, line.code, line.item, line.due),
        *(line.accepted, line.refused, line.reason, line.delivery_note),
        result_said(line.accepted, line.due, line.problem),
    ]


def result_said(accepted: int, due: int, problem: str) -> str:
    """What comes of a line."""
    if problem:
        return f"refusée : {problem}"
    if accepted > due:
        return f"{accepted - due} de trop"
    return "tout ce qui était à recevoir" if accepted == due else f"il manquera {due - accepted}"


LIST_KIND = ExportKind(KIND, _prepare, _gather)
