"""Long lists, a slice at a time. Each begins behind the key of the last row of the one before, so that no slice costs
more than another and none is shifted by what others add meanwhile.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import Select, SQLColumnExpression, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from pooling.kernel.carried import pack, unpack
from pooling.kernel.errors import Invalid

Row = TypeVar("Row")
Made = TypeVar("Made")
AnySelect = Select[*tuple[Any, ...]]


@dataclass(frozen=True)
class Slice:
    """Which part of a list is asked for."""

    after: str = ""
    """What the slice before says is `next`; empty for the first one."""
    size: int | None = None
    """Rows at most; None: as many as the list shows at once."""
    strict: bool = False
    """Programs are told of an `after` that we did not give; to people the first slice is shown."""


@dataclass(frozen=True)
class Listed(Generic[Row]):
    """A slice of a list, and how the next one is asked for (None: this is the last one)."""

    items: Sequence[Row]
    next: str | None

    def each(self, make: Callable[[Row], Made]) -> "Listed[Made]":
        return Listed([make(item) for item in self.items], self.next)


class Order:
    """How a list stands: by columns that no two of its rows share all of, hence with an id at their end."""

    def __init__(
        self,
        *key: SQLColumnExpression[Any],
        latest_first: bool = False,
        grouped: bool = False,
        size: int = 50,
    ) -> None:
        """`grouped`: the columns add up rows that the statement groups."""
        self._key, self._latest_first, self._grouped, self._size = key, latest_first, grouped, size
        self._kinds = [column.type.python_type for column in key]  # type: ignore[attr-defined]

    def cut(self, statement: AnySelect, wanted: Slice) -> AnySelect:
        """The rows of this slice in their order, each with its key at its end, and one more if there is a next slice.

        Raises:
            Invalid: the slice is asked for strictly, and not behind a key of this list.
        """
        place = tuple_(*self._key)
        ordered = [column.desc() for column in self._key] if self._latest_first else self._key
        statement = statement.add_columns(*self._key).order_by(*ordered).limit(self.most(wanted) + 1)
        start = self.start(wanted)
        if start is None:
            return statement
        behind = place < start if self._latest_first else place > start
        return statement.having(behind) if self._grouped else statement.where(behind)

    def listed(self, rows: Sequence[Sequence[Any]], wanted: Slice) -> Listed[tuple[Any, ...]]:
        """The rows that `cut` asked for, without their keys."""
        most, width = self.most(wanted), len(self._key)
        shown = [tuple(row) for row in rows[:most]]
        return Listed([row[:-width] for row in shown], pack(shown[-1][-width:]) if len(rows) > most else None)

    async def read(self, session: AsyncSession, statement: AnySelect, wanted: Slice) -> Listed[tuple[Any, ...]]:
        return self.listed((await session.execute(self.cut(statement, wanted))).all(), wanted)

    def most(self, wanted: Slice) -> int:
        """Rows that this slice shows."""
        return self._size if wanted.size is None else wanted.size

    def start(self, wanted: Slice) -> tuple[Any, ...] | None:
        """The key that this slice begins behind; None: it is the first one.

        Raises: as `cut`.
        """
        found: tuple[Any, ...] | None = unpack(wanted.after, self._kinds)
        if found is None and wanted.after and wanted.strict:
            raise Invalid({"after": "Reprenez l’adresse « next » de la page précédente."})
        return found
