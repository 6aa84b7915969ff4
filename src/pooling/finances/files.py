"""Finances as a file: a row for each member, for each of its purchases, and for each file of a subsidy; purchases alone
as CSV. Everybody's is written apart where it is long.
"""

import asyncio
import io
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy.ext.asyncio import AsyncSession

from pooling.accounts.sessions import EnteredGroup
from pooling.allocation.configuration import FinanceConfiguration
from pooling.allocation.page import finance_of
from pooling.allocation.records.downloads import KINDS as MEDIA
from pooling.allocation.records.workbook import book_of
from pooling.exports.kinds import ExportKind, Prepared, Progress, counted
from pooling.finances.keeping import delays_of
from pooling.finances.page import as_position
from pooling.finances.reading import Ledger, Line, all_members
from pooling.finances.rules import DEFINITIONS, DELAYS, Position
from pooling.grants.queries import GrantWhole, Received, grants_whole, received_by
from pooling.grants.rules import WORDS
from pooling.kernel.database import group_of
from pooling.kernel.sheet_writing import Column, ColumnKind, SheetTable, Value, write_csv
from pooling.members.features import features_for
from pooling.members.group_page import InGroup
from pooling.members.models import Group, Member
from pooling.outbox.mail import FICTIONAL
from pooling.purchases.kinds import KINDS
from pooling.purchases.models import PurchaseKind
from pooling.recovery.reading import Remaining, remaining_of
from pooling.web.typography import date_time_long

KIND = "finances"
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
_GRANTS = (
    *(Column("Code", ColumnKind.CODE, 16), Column("Pour", width=34)),
    *(Column("Dossier", width=34), Column("Financeur", width=30), Column("Achat ou action", ColumnKind.CODE, 16)),
    *(Column("Demandée le", ColumnKind.DATE, 12), Column("Demandé", ColumnKind.AMOUNT, 16, summed=True)),
    *(Column("Accordée le", ColumnKind.DATE, 12), Column("Accordé", ColumnKind.AMOUNT, 16, summed=True)),
    *(Column("Versé", ColumnKind.AMOUNT, 16, summed=True), Column("État", width=18)),
    *(
        Column(title, ColumnKind.DATE, 14)
        for title in ("Réponse attendue le", "À justifier avant le", "Justifiée le", "Versement attendu le")
    ),
    Column("Documents", width=40, wrapped=True),
)
_OF_GRANTS = {
    "Feuille « Subventions »": "chaque dossier, ceux du groupe en dernier. D’un exercice, ceux qui y ont été demandés, "
    "accordés ou versés : seuls y sont les montants dont la date est de cet exercice ; l’état est celui du jour.",
}


class _Read(NamedTuple):
    """All that a file holds."""

    members: Sequence[Member]
    positions: Mapping[int, Position]
    left: Mapping[int, Remaining]
    received: Mapping[int, Received]
    delays: Mapping[int, int]
    lines: Sequence[Line]
    grants: Sequence[GrantWhole]


async def finances_file(
    here: InGroup, only: Sequence[int] | None, year: int | None, kind: str, *, group_too: bool
) -> tuple[bytes, str]:
    """Of these members, or of everybody, with or without the group's own subsidies; with its media type."""
    read = await _read(here.session, here.group, finance_of(here), here.now, only=only, year=year, group_too=group_too)
    write = _writing(read, here.group, year, here.now, kind)
    return await asyncio.to_thread(write, lambda _: None), MEDIA[kind]


async def _prepare(session: AsyncSession, terms: Mapping[str, Any], now: datetime) -> Prepared:
    group, finance = (
        await session.get_one(Group, group_of(session)),
        features_for(session).configuration(FinanceConfiguration),
    )
    year, kind = terms["year"], terms["format"]
    read = await _read(session, group, finance, now, only=None, year=year, group_too=True)
    return Prepared(
        name=file_name(group.slug, year, kind),
        media_type=MEDIA[kind],
        rows=len(read.lines) + (0 if kind == "csv" else len(read.members) + len(read.grants)),
        figures_at=now,
        write=_writing(read, group, year, now, kind),
    )


EVERYBODYS = ExportKind(KIND, _prepare)


def file_name(of: str, year: int | None, kind: str) -> str:
    return f"finances-{of}{f'-{year}' if year else ''}.{kind}"


async def _read(
    session: AsyncSession,
    group: Group | EnteredGroup,
    finance: FinanceConfiguration,
    now: datetime,
    *,
    only: Collection[int] | None,
    year: int | None,
    group_too: bool,
) -> _Read:
    ledger, today = await Ledger.of(session, group.zone), now.astimezone(group.zone).date()
    members = await all_members(session, only)
    ids = [member.id for member in members]
    return _Read(
        members,
        await ledger.by_member(ids, year),
        await remaining_of(session, await ledger.purchases(year), today, ids),
        await received_by(session, ids, year),
        await delays_of(session, ids, finance, today),
        await ledger.all_lines(ids, year),
        await grants_whole(session, only, year, group_too=group_too),
    )


def _writing(
    read: _Read, group: Group | EnteredGroup, year: int | None, now: datetime, kind: str
) -> Callable[[Progress], bytes]:
    """What writes it, in a thread, without the database."""
    facts = {
        "Document": "Finances",
        "Groupe": group.name,
        "Exercices retenus": str(year) if year else "tous",
        "Date": date_time_long(now, group.zone, with_year=True),
    }
    notice = FICTIONAL if group.fictional else None
    return lambda progress: _written(kind, read, facts, notice, progress)


def _written(kind: str, read: _Read, facts: Mapping[str, str], notice: str | None, progress: Progress) -> bytes:
    target = io.BytesIO()
    lines = SheetTable("Achats", _LINES, counted(_line_rows(read), progress), names=2)
    if kind == "csv":
        write_csv(target, lines, notice, facts)
    else:
        book = book_of("ods" if kind == "ods" else "xlsx")(facts, notice)
        book.add(SheetTable("Membres", _MEMBERS, counted(_member_rows(read), progress), names=2))
        book.add(lines)
        book.add(SheetTable("Subventions", _GRANTS, counted(_grant_rows(read), progress), names=3))
        book.say(more=[*DEFINITIONS.items(), *_OF_GRANTS.items()])
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


def _grant_rows(read: _Read) -> Iterator[list[Value]]:
    for one in read.grants:
        yield [
            *(one.code, one.member or "Le groupe", one.title, one.funder, one.about, one.asked_on, one.asked),
            *(one.granted_on, one.granted, one.paid, WORDS[one.state]),
            *(one.answer_by, one.justify_by, one.justified_on, one.pay_by, one.documents),
        ]
