"""Files that go with one thing, by the rows of whichever table ties them to it: listed, added while there is room,
read, removed. Who may is for the caller to say, who holds the thing while its files change.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.kernel.database import group_of, one_row
from pooling.kernel.errors import Invalid
from pooling.kernel.files import LARGEST_FILE, File, Upload, file_with_content, remove_file, store_files
from pooling.kernel.slices import AnySelect
from pooling.kernel.tables import TenantTable, known_id, linked

FIELD = "files"
"""Of the form that sends them: what is refused points at it."""


@dataclass(frozen=True)
class FileShown:
    """A file as pages list it."""

    id: int
    name: str
    size: int
    """Bytes."""
    media_type: str

    @property
    def is_picture(self) -> bool:
        return self.media_type.startswith("image/")


_SHOWN = (col(File.id), col(File.name), col(File.size), col(File.media_type))


async def files_by(session: AsyncSession, key: Any, which: ColumnElement[bool]) -> dict[Any, list[FileShown]]:  # noqa: ANN401 - a column
    """Files of many things, by what a column of their table says, in the order in which they were added."""
    statement: AnySelect = select(key, *_SHOWN)
    tie = linked(key.parent.entity.file_id, File.id)
    found: dict[Any, list[FileShown]] = {}
    for named, *file in await session.execute(statement.join(File, tie).where(which).order_by(col(File.id))):
        found.setdefault(named, []).append(FileShown(*file))
    return found


@dataclass(frozen=True)
class Room:
    """How many files go with a thing, and what they are called there."""

    most: int
    thing: str
    """« Une action »."""
    files: str = "documents"
    heaviest: int | None = None
    """Bytes of all together; None: nothing but their number bounds it."""
    together: str = ""
    """« d’une action »: of what they weigh together."""

    @property
    def hint(self) -> str:
        return f"{self.most} {self.files} au plus, de {LARGEST_FILE // 2**20} Mo au plus chacun."

    def require(self, count: int, size: int, sent: Sequence[Upload]) -> None:
        """`count` of the thing and `size` bytes of all together are there already.

        Raises:
            Invalid: with these they are too many, or too heavy together.
        """
        if count + len(sent) > self.most:
            raise Invalid({FIELD: f"{self.thing} a {self.most} {self.files} au plus : il y en a déjà {count}."})
        if self.heaviest is not None and size + sum(len(one.content) for one in sent) > self.heaviest:
            heaviest = self.heaviest // 2**20
            raise Invalid({FIELD: f"Les {self.files} {self.together} font {heaviest} Mo au plus, ensemble."})


@dataclass(frozen=True)
class FilesOf:
    """The files of one thing."""

    table: type[TenantTable]
    """Its rows say `file_id`, and what the file goes with."""
    keys: Mapping[str, int | None]
    """The thing, as a row of the table names it; None where it names nothing."""
    whole: Mapping[str, int] | None = None
    """What all files that weigh together go with, where that is more than the thing."""

    async def listed(self, session: AsyncSession) -> list[FileShown]:
        """In the order in which they were added."""
        found = await session.execute(self._select(*_SHOWN).where(self._named(self.keys)).order_by(col(File.id)))
        return [FileShown(*row) for row in found]

    async def read(self, session: AsyncSession, file_id: int) -> tuple[File, bytes]:
        """One of them with its content.

        Raises:
            NotFound: the thing has no such file.
        """
        await self._name(session, file_id)
        return await file_with_content(session, file_id)

    async def add(
        self, session: AsyncSession, sent: Sequence[Upload], now: datetime, room: Room, *, person_id: int | None
    ) -> list[File]:
        """Keeps these with the thing, all or none.

        Raises:
            Invalid: one is empty, too large or of no kind that is accepted; they are too many or too heavy together.
        """
        counted = (func.count().filter(self._named(self.keys)), func.coalesce(func.sum(col(File.size)), 0))
        count, size = (await session.execute(self._select(*counted).where(self._named(self.whole or self.keys)))).one()
        room.require(count, size, sent)
        files = await store_files(session, sent, now, person_id=person_id, field=FIELD)
        rows: list[dict[str, Any]] = [
            {"group_id": group_of(session), "file_id": file.id, **self.keys} for file in files
        ]
        session.add_all(self.table(**row) for row in rows)
        await session.flush()
        return files

    async def remove(self, session: AsyncSession, file_id: int) -> str:
        """Forgets one of them; returns what it was called.

        Raises:
            NotFound: the thing has no such file.
        """
        name = await self._name(session, file_id)
        await session.execute(delete(self.table).where(self._column("file_id") == file_id))
        await remove_file(session, file_id)
        return name

    async def _name(self, session: AsyncSession, file_id: int) -> str:
        its = self._select(col(File.name)).where(col(File.id) == known_id(file_id), self._named(self.keys))
        name: str = await one_row(session, its)
        return name

    def _select(self, *columns: object) -> AnySelect:
        statement: AnySelect = select(*columns)  # type: ignore[call-overload]
        return statement.select_from(self.table).join(File, linked(self._column("file_id"), File.id))

    def _named(self, keys: Mapping[str, int | None]) -> ColumnElement[bool]:
        return and_(*(self._column(name) == value for name, value in keys.items()))

    def _column(self, name: str) -> Any:  # noqa: ANN401 - of whichever table
        return getattr(self.table, name)
