"""Two frozen allocations side by side: line by line, member by member. Each is read as it was kept."""

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from heapq import merge
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, TypeAlias

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.allocation.allocating import StatedPurchase
from pooling.allocation.figures import KINDS
from pooling.allocation.listing import ShareCompared, record_shares, shares_compared
from pooling.allocation.models import AllocationShare
from pooling.allocation.records.opening import FoundRecord, open_record, spool_record
from pooling.kernel.apart import PRELOADED
from pooling.kernel.database import group_of
from pooling.kernel.sheet_writing import Column, ColumnKind, SheetTable, Value
from pooling.kernel.slices import Listed, Slice
from pooling.sharing.money import Cents
from pooling.sharing.shared_lines import LineKind
from pooling.sharing.statement import StatedMember

PRELOADED.add(__name__)
Both: TypeAlias = tuple[StatedPurchase, StatedPurchase]
"""The earlier one, or the one that it is compared with, and the later one."""


class LineCompared(NamedTuple):
    """A line of either, in cents."""

    kind: LineKind
    id: str
    title: str
    before: Cents
    after: Cents

    @property
    def gap(self) -> Cents:
        return self.after - self.before

    @property
    def what(self) -> str:
        return KINDS[self.kind]


def lines_compared(before: StatedPurchase, after: StatedPurchase) -> list[LineCompared]:
    """What is shared of each line, in the order of the later one; those that are alike too."""
    return _side_by_side(
        before, after, *({(line.kind, line.id): line.total for line in one.result.lines} for one in (before, after))
    )


def member_compared(before: StatedPurchase, after: StatedPurchase, code: str) -> list[LineCompared]:
    """One member's share of each line in which it has one."""
    return _side_by_side(before, after, _shares(before, code), _shares(after, code))


def _placed(stated: StatedPurchase, place: int) -> Iterator[tuple[str, int, StatedMember]]:
    return ((member.result.id, place, member) for member in stated.result.members)


def _shares(stated: StatedPurchase, code: str) -> dict[tuple[LineKind, str], Cents]:
    return _of_member(stated, stated.result.member(code)) if code in stated.result else {}


def _of_member(stated: StatedPurchase, member: StatedMember) -> dict[tuple[LineKind, str], Cents]:
    lines = stated.result.lines
    return {(lines[share.line].kind, lines[share.line].id): share.cents for share in member.shares}


def _side_by_side(
    before: StatedPurchase,
    after: StatedPurchase,
    then: Mapping[tuple[LineKind, str], Cents],
    now: Mapping[tuple[LineKind, str], Cents],
) -> list[LineCompared]:
    found = []
    for kind, id_ in dict.fromkeys((*now, *then)):
        named = after.labels if (kind, id_) in now else before.labels
        one = LineCompared(kind, id_, named.line(kind, id_), then.get((kind, id_), 0), now.get((kind, id_), 0))
        if one.before or one.after:
            found.append(one)
    return found


@dataclass(frozen=True)
class Compared:
    """Both, as a page shows them."""

    lines: Sequence[LineCompared]
    members: Listed[ShareCompared]
    all_members: ShareCompared
    """Everybody together."""


async def compare_records(
    session: AsyncSession, before: FoundRecord, after: FoundRecord, wanted: Slice, only: Sequence[str] | None
) -> Compared:
    """Raises:
    Conflict: as `FoundRecord.told`.
    """
    then, now = before.told(), after.told()
    was, is_now = then.result.totals, now.result.totals
    return Compared(
        lines_compared(then, now),
        await shares_compared(session, record_shares(before.id), record_shares(after.id), wanted, only),
        ShareCompared("", "", was.ttc, is_now.ttc, was.net, is_now.net),
    )


async def compare_member(
    session: AsyncSession, before: FoundRecord, after: FoundRecord, code: str
) -> list[LineCompared]:
    """Raises:
    Conflict: as `FoundRecord.told`.
    """
    return member_compared(await open_record(session, before, [code]), await open_record(session, after, [code]), code)


_ALL = """
    SELECT coalesce(now.member, was.member) AS member, coalesce(now.name, was.name) AS name,
        coalesce(was.ht, 0) AS ht_before, coalesce(now.ht, 0) AS ht, coalesce(was.vat, 0) AS vat_before,
        coalesce(now.vat, 0) AS vat, coalesce(was.net, 0) AS net_before, coalesce(now.net, 0) AS net
    FROM (SELECT * FROM allocation_shares WHERE group_id = :group AND allocation_id = :now) now
    FULL JOIN (SELECT * FROM allocation_shares WHERE group_id = :group AND allocation_id = :former) was USING (member)
    ORDER BY 1"""


async def write_comparison(
    session: AsyncSession,
    path: str,
    before: FoundRecord,
    after: FoundRecord,
    facts: Mapping[str, str],
    notice: str | None,
) -> None:
    """Both as a workbook: a sheet by line, one by member, one by both. Raises as `compare_records`."""
    rows, both = await members_compared(session, before, after), await spool_both(session, before, after)
    await asyncio.to_thread(_write, path, before, after, rows, both, facts, notice)


def _write(
    path: str,
    before: FoundRecord,
    after: FoundRecord,
    members: Iterable[Any],
    both: Both,
    facts: Mapping[str, str],
    notice: str | None,
) -> None:
    with Path(path).open("wb") as target:
        write_gaps(target, before, after, members, both, facts, notice)


async def spool_both(session: AsyncSession, before: FoundRecord, after: FoundRecord) -> Both:
    """With all their members, of whom some are held at a time."""
    return await spool_record(session, before), await spool_record(session, after)


def members_line_by_line(both: Both) -> Iterator[tuple[str, str, LineCompared]]:
    """By member, in the order of codes, those of its lines that are not alike in both: its code and name with each."""
    told = [_placed(one, place) for place, one in enumerate(both)]
    for code, found in groupby(merge(*told, key=itemgetter(0)), key=itemgetter(0)):
        shares: list[dict[tuple[LineKind, str], Cents]] = [{}, {}]
        for _, place, member in found:
            shares[place] = _of_member(both[place], member)
        named = (one.labels.member(code) for one, of in zip(reversed(both), reversed(shares), strict=True) if of)
        name = next(named, code)
        for line in _side_by_side(*both, *shares):
            if line.gap:
                yield code, name, line


async def count_shares(session: AsyncSession, record_id: int) -> int:
    """Of how many members it is."""
    counted = select(func.count()).where(col(AllocationShare.allocation_id) == record_id)
    return (await session.execute(counted)).scalar_one()


async def members_compared(session: AsyncSession, before: FoundRecord, after: FoundRecord) -> Sequence[Any]:
    """All that are in one or the other: rows of `_ALL`."""
    rows = await session.execute(text(_ALL), {"group": group_of(session), "now": after.id, "former": before.id})
    return list(rows)


def write_gaps(
    target: BinaryIO,
    before: FoundRecord,
    after: FoundRecord,
    members: Iterable[Any],
    both: Both,
    facts: Mapping[str, str],
    notice: str | None,
) -> None:
    from pooling.kernel.workbook_writing import Book  # noqa: PLC0415 - loads openpyxl

    lines = lines_compared(before.told(), after.told())
    book = Book(facts, notice)
    sides = [f"État n°\u00a0{number}" for number in (before.number, after.number)]
    amounts = [Column(title, ColumnKind.AMOUNT, 16, summed=True) for title in (*sides, "Écart")]
    by_line = [
        Column("Nature", width=28),
        Column("Objet", width=34),
        *(Column(one.title, one.kind, 16) for one in amounts),
    ]
    book.add(SheetTable("Par ligne", by_line, [[one.what, one.title, one.before, one.after, one.gap] for one in lines]))
    columns = [Column("Code", ColumnKind.CODE, 16), Column("Membre", width=34)]
    for what in ("HT", "TVA", "TTC", "Coût net"):
        columns += [Column(f"{what}, {side}", ColumnKind.AMOUNT, 18, summed=True) for side in (*sides, "écart")]
    book.add(SheetTable("Par membre", columns, map(_row, members)))
    book.add(SheetTable("Par membre et ligne", [*columns[:2], *by_line], _moved(both), names=2))
    book.save(target)


def _moved(both: Both) -> Iterator[Sequence[Value]]:
    for code, name, line in members_line_by_line(both):
        yield [code, name, line.what, line.title, line.before, line.after, line.gap]


def _row(one: Any) -> list[Any]:  # noqa: ANN401 - a row of _ALL
    pairs = [(one.ht_before, one.ht), (one.vat_before, one.vat)]
    pairs += [(one.ht_before + one.vat_before, one.ht + one.vat), (one.net_before, one.net)]
    return [one.member, one.name, *(cents for before, after in pairs for cents in (before, after, after - before))]
