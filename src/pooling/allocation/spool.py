"""An allocation of whatever many members, read once from its rows and kept in files that go with it: who writes it
down, all of it and line by line, holds a few hundred members at a time.
"""

import marshal
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from tempfile import SpooledTemporaryFile
from typing import Any, NamedTuple, overload
from weakref import finalize

from sqlalchemy import collate, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.allocation.allocating import StatedPurchase
from pooling.allocation.kept import member_of, share_of, stated_of
from pooling.allocation.listing import Shares
from pooling.sharing.statement import StatedLine, StatedMember, StatedShare

AT_ONCE = 500
"""Members that are held at a time."""
_IN_MEMORY = 256 * 1024
"""Bytes beyond which values go to a file on disk."""


class Spool:
    """Plain values in the order in which they came. It may be read by many at once, each from its beginning."""

    def __init__(self) -> None:
        self._file = SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 - it goes with the spool
        finalize(self, self._file.close)
        self._parts: list[tuple[int, int]] = []

    def add(self, values: list[Any]) -> None:
        """Adds some, which are read together later."""
        written = marshal.dumps(values)
        self._parts.append((self._file.seek(0, 2), len(written)))
        self._file.write(written)

    def __iter__(self) -> Iterator[Any]:
        for start, length in self._parts:
            self._file.seek(start)
            yield from marshal.loads(self._file.read(length))  # noqa: S302 - this very process wrote it


class _Row(NamedTuple):
    """Of the columns of a share, what a member of a statement is made of."""

    member: str
    ht: int
    vat: int
    subsidies: int
    fctva: int
    gets_fctva: bool
    vat_by_rate: dict[str, int] = {}  # noqa: RUF012 - nobody adds to it
    lines: list[Any] = []  # noqa: RUF012 - the same


_SUMS = tuple(name for name in _Row._fields if name not in _Row._field_defaults)


class _Members(Sequence[StatedMember]):
    def __init__(self, rows: Spool, count: int, lines: Sequence[StatedLine]) -> None:
        self._rows, self._count, self._lines = rows, count, lines

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[StatedMember]:
        return (member_of(_Row(*row), self._lines) for row in self._rows)

    @overload
    def __getitem__(self, place: int) -> StatedMember: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[StatedMember]: ...
    def __getitem__(self, place: int | slice) -> StatedMember | Sequence[StatedMember]:
        raise TypeError("they are read from the first one on")


class _Column:
    """Who has a share of one line, and which."""

    def __init__(self, written: Spool) -> None:
        self._written = written

    def __iter__(self) -> Iterator[tuple[str, StatedShare]]:
        return ((member, share_of(share)) for member, share in self._written)


async def read_spooled(
    session: AsyncSession, shares: Shares, head: Mapping[str, Any], rule_version: int, *, only_sums: bool = False
) -> StatedPurchase:
    """What these rows say, as `kept.stated_of`; of each member `only_sums`, for who writes no line: a third of the
    work.
    """
    members, columns = Spool(), [Spool() for _ in head["lines"]]
    names: dict[str, str] = {}
    budgets: dict[str, str] = {}
    table, of_row = shares.table, _SUMS if only_sums else _Row._fields
    read = select(*(getattr(table, name) for name in (*of_row, "name", "budget")))
    ordered = read.where(shares.on(table)).order_by(collate(col(table.member), "C"))
    found = await session.stream(ordered.execution_options(yield_per=AT_ONCE))
    async for rows in found.partitions():
        members.add([tuple(row[: len(of_row)]) for row in rows])
        names |= {row.member: row.name for row in rows}
        budgets |= {row.member: row.budget for row in rows if row.budget}
        if only_sums:
            continue
        of_line: list[list[tuple[str, Any]]] = [[] for _ in columns]
        for row in rows:
            for share in row.lines:
                of_line[share[0]].append((row.member, share))
        for column, some in zip(columns, of_line, strict=True):
            column.add(some)
    stated = stated_of(head, (), rule_version)
    result = replace(
        stated.result,
        members=_Members(members, len(names), stated.result.lines),
        by_line=[_Column(column) for column in columns],
    )
    return replace(stated, result=result, labels=replace(stated.labels, members=names), budgets=budgets)
