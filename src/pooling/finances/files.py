"""Finances as a file: a row for each member, and for each of its purchases; the second alone as CSV."""

import asyncio
import io
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from pooling.allocation.page import finance_of
from pooling.allocation.records.workbook import book_of
from pooling.allocation.records.workbook_file import BOOKS
from pooling.finances.keeping import delays_of
from pooling.finances.page import as_position
from pooling.finances.reading import Ledger, Line, all_members
from pooling.finances.rules import DEFINITIONS, DELAYS, Position
from pooling.grants.queries import Received, received_by
from pooling.kernel.sheet_writing import Column, ColumnKind, SheetTable, Value, write_csv
from pooling.members.group_page import InGroup
from pooling.members.models import Member
from pooling.outbox.mail import FICTIONAL
from pooling.purchases.kinds import KINDS
from pooling.purchases.models import PurchaseKind
from pooling.recovery.reading import Remaining, remaining_of
from pooling.web.typography import date_time_long

CSV = "text/csv"
_MEMBER = (Column("Code", ColumnKind.CODE, 16), Column("Membre", width=34))
_FIGURES = tuple(
    Column(title, ColumnKind.AMOUNT, 16, summed=True)
    for title in ("Prévu TTC", "Engagé TTC", "Facturé TTC", "Subventions", "FCTVA estimé", "Coût net")
)
_MEMBERS = (
    *_MEMBER,
    *_FIGURES,
    *(
        Column(title, ColumnKind.AMOUNT, 16, summed=True)
        for title in ("À payer", "À recevoir", "Demandées", "Accordées", "Versées")
    ),
    Column("FCTVA versé", width=34),
)
_LINES = (
    *_MEMBER,
    *(Column("Référence", ColumnKind.CODE, 16), Column("Achat", width=40), Column("Étape", width=16)),
    *(Column("Exercice", ColumnKind.INTEGER, 10), Column("État de répartition", ColumnKind.INTEGER, 12)),
    *_FIGURES,
    Column("FCTVA attendu en", ColumnKind.INTEGER, 12),
)


class _Read(NamedTuple):
    """All that a file holds."""

    members: Sequence[Member]
    positions: Mapping[int, Position]
    left: Mapping[int, Remaining]
    received: Mapping[int, Received]
    delays: Mapping[int, int]
    lines: Sequence[Line]


async def finances_file(here: InGroup, only: Sequence[int] | None, year: int | None, kind: str) -> tuple[bytes, str]:
    """Of these members, or of everybody; with its media type."""
    ledger, members = await Ledger.of(here), await all_members(here.session, only)
    ids = [member.id for member in members]
    read = _Read(
        members,
        await ledger.by_member(ids, year),
        await remaining_of(here.session, await ledger.purchases(year), here.today, ids),
        await received_by(here.session, ids, year),
        await delays_of(here.session, ids, finance_of(here), here.today),
        await ledger.all_lines(ids, year),
    )
    facts = {
        "Document": "Finances",
        "Groupe": here.group.name,
        "Exercice": str(year) if year else "tous",
        "Date": date_time_long(here.now, here.zone, with_year=True),
    }
    notice = FICTIONAL if here.group.fictional else None
    content = await asyncio.to_thread(_written, kind, read, facts, notice)
    return content, CSV if kind == "csv" else BOOKS["ods" if kind == "ods" else "xlsx"]


def _written(kind: str, read: _Read, facts: Mapping[str, str], notice: str | None) -> bytes:
    target = io.BytesIO()
    lines = SheetTable("Achats", _LINES, _line_rows(read), names=2)
    if kind == "csv":
        write_csv(target, lines, notice, facts)
    else:
        book = book_of("ods" if kind == "ods" else "xlsx")(facts, notice)
        book.add(SheetTable("Membres", _MEMBERS, _member_rows(read), names=2))
        book.add(lines)
        book.say(more=DEFINITIONS.items())
        book.save(target)
    return target.getvalue()


def _figures(position: Position) -> list[Value]:
    engaged = position.engaged
    return [
        *(position.planned.ttc, engaged.ttc, position.invoiced),
        *(engaged.subsidies, engaged.fctva, engaged.net),
    ]


def _member_rows(read: _Read) -> Iterator[list[Value]]:
    for member in read.members:
        left = read.left.get(member.id, Remaining(0, 0))
        position = read.positions.get(member.id, Position())
        received = read.received.get(member.id, Received())
        yield [member.code, member.name, *_figures(position), *left, *received, DELAYS[read.delays[member.id]]]


def _line_rows(read: _Read) -> Iterator[list[Value]]:
    """In the order of members."""
    of: dict[int, list[Line]] = {}
    for line in read.lines:
        of.setdefault(line.member_id, []).append(line)
    for member in read.members:
        for line in of.get(member.id, ()):
            position = as_position(line.figures, engaged=line.engaged)
            state = KINDS[PurchaseKind(line.kind)].word(line.state)
            expected = line.year + read.delays[member.id] if position.engaged.fctva else None
            about: list[Value] = [member.code, member.name, line.reference, line.title, state, line.year, line.record]
            yield [*about, *_figures(position), expected]
