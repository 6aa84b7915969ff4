"""Files that people add: kept in PostgreSQL with all the rest, told by their content, always served as a download.

One content is kept once in a group, however often it is added.
"""

import asyncio
import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ColumnElement,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    delete,
    exists,
    func,
    select,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field, col

from pooling.kernel.about import KEYS, About, about_one
from pooling.kernel.database import group_of
from pooling.kernel.errors import Invalid, NotFound
from pooling.kernel.file_kinds import ACCEPTED, download_name, kind_of
from pooling.kernel.limits import BYTES, Readers, limit
from pooling.kernel.tables import (
    TenantTable,
    any_of,
    foreign_id,
    identity,
    in_group,
    instant,
    linked,
    within_group,
)

LARGEST_FILE = limit(10 * 1024 * 1024, "A file", __name__, Readers.OPERATORS, unit=BYTES)
"""Bytes."""
_FILES = 7_365
"""The number of our advisory lock: in one group, a content is not forgotten while somebody adds it again."""


class FileContent(TenantTable, table=True):
    __tablename__ = "file_contents"
    __table_args__ = (in_group(),)

    sha256: bytes = Field(primary_key=True, sa_type=LargeBinary)
    content: bytes = Field(sa_type=LargeBinary)


class File(TenantTable, table=True):
    __tablename__ = "files"
    __table_args__ = (
        in_group(),
        ForeignKeyConstraint(["group_id", "sha256"], ["file_contents.group_id", "file_contents.sha256"]),
        ForeignKeyConstraint(["added_by"], ["people.id"]),
        CheckConstraint("size > 0", name="not_empty"),
    )

    id: int = identity()
    name: str
    media_type: str
    size: int
    """Bytes."""
    sha256: bytes = Field(sa_type=LargeBinary)
    added_by: int | None = foreign_id(nullable=True)
    """None: the application made it."""
    added_at: datetime = instant()


class AttachedFile(About, TenantTable, table=True):
    """A file that goes with something: with a subject (of a purchase, with one of its items or with it as a whole; of
    an action, with what a member answers to its terms or with the sheet) or with a committee, there with an item of
    its agenda or, without one, with its minutes.
    """

    __tablename__ = "attached_files"
    __table_args__ = (
        in_group(),
        within_group("file_id", str(File.__tablename__)),
        *about_one(),
        CheckConstraint(f"num_nonnulls(committee_id, {KEYS}) = 1", name="goes_with_one"),
        CheckConstraint("agenda_item_id IS NULL OR committee_id IS NOT NULL", name="item_of_committee"),
        CheckConstraint("item_id IS NULL OR purchase_id IS NOT NULL", name="item_of_purchase"),
        CheckConstraint("answering_id IS NULL OR action_id IS NOT NULL", name="answer_of_action"),
        Index(None, "group_id", "committee_id"),
        Index(None, "group_id", "purchase_id"),
        Index(None, "group_id", "action_id"),
    )

    file_id: int = Field(primary_key=True, sa_type=BigInteger)
    committee_id: int | None = foreign_id(nullable=True)
    agenda_item_id: int | None = foreign_id(nullable=True)
    item_id: int | None = foreign_id(nullable=True)
    answering_id: int | None = foreign_id(nullable=True)
    """The member whose answer to the terms of the action it goes with."""


@dataclass(frozen=True)
class Upload:
    """A file as somebody sends it."""

    name: str
    content: bytes


async def store_files(
    session: AsyncSession, sent: Sequence[Upload], now: datetime, *, person_id: int | None, field: str
) -> list[File]:
    """Keeps what one form sends.

    Raises:
        Invalid: there is none, or one is not taken; the sentence names it.
    """
    if not sent:
        raise Invalid({field: "Choisissez au moins un fichier."})
    return [await _store_named(session, one, now, person_id, field) for one in sent]


async def _store_named(session: AsyncSession, one: Upload, now: datetime, person_id: int | None, field: str) -> File:
    try:
        return await store_file(session, one.name, one.content, now, person_id=person_id, field=field)
    except Invalid as refused:
        raise Invalid({field: f"« {one.name[-100:]} » : {refused.errors[field]}"}) from None


async def forget_files(session: AsyncSession, which: ColumnElement[bool]) -> None:
    """Forgets these attached files, with what they were attached to."""
    forgotten = await session.execute(delete(AttachedFile).where(which).returning(col(AttachedFile.file_id)))
    await remove_files(session, list(forgotten.scalars()))


async def store_file(
    session: AsyncSession, name: str, content: bytes, now: datetime, *, person_id: int | None, field: str = "file"
) -> File:
    """Keeps a file. `person_id` is None for what the application makes itself.

    Raises:
        Invalid: it is empty, too large, or of no kind that is accepted; the sentence points at `field`.
    """
    if not content:
        raise Invalid({field: "Ce fichier est vide."})
    if len(content) > LARGEST_FILE:
        raise Invalid({field: f"Ce fichier est trop lourd : {LARGEST_FILE // 1024 // 1024} Mo au plus."})
    kind = await asyncio.to_thread(kind_of, content)
    if kind is None:
        raise Invalid({field: f"Ce fichier n’est pas d’une sorte acceptée : {ACCEPTED}."})
    return await keep_file(session, download_name(name, kind), kind.media_type, content, now, person_id=person_id)


async def keep_file(
    session: AsyncSession, name: str, media_type: str, content: bytes, now: datetime, *, person_id: int | None = None
) -> File:
    """Keeps what was looked at, or made by the application itself: of any kind and size."""
    group_id, digest = group_of(session), await asyncio.to_thread(lambda: hashlib.sha256(content).digest())
    await _lock_contents(session)
    row = {"group_id": group_id, "sha256": digest, "content": content}
    await session.execute(insert(FileContent).values(row).on_conflict_do_nothing())
    file = File(
        group_id=group_id,
        name=name,
        media_type=media_type,
        size=len(content),
        sha256=digest,
        added_by=person_id,
        added_at=now,
    )
    session.add(file)
    await session.flush()
    return file


async def file_with_content(session: AsyncSession, file_id: int) -> tuple[File, bytes]:
    """A file of the group. Who may have it is for the caller to say.

    Raises:
        NotFound: the group has none with this id.
    """
    found = await session.execute(
        select(File, col(FileContent.content))
        .join(FileContent, linked(FileContent.sha256, File.sha256))
        .where(col(File.id) == file_id)
    )
    row = found.one_or_none()
    if row is None:
        raise NotFound
    return row[0], row[1]


async def remove_file(session: AsyncSession, file_id: int) -> None:
    """Forgets a file that nothing refers to any more, and its content when it was the last with it."""
    await remove_files(session, [file_id])


async def remove_files(session: AsyncSession, file_ids: Collection[int]) -> None:
    """The same for several."""
    if not file_ids:
        return
    await _lock_contents(session)
    removed = await session.execute(delete(File).where(any_of(col(File.id), file_ids)).returning(col(File.sha256)))
    await session.execute(
        delete(FileContent).where(
            any_of(col(FileContent.sha256), set(removed.scalars())),
            ~exists().where(linked(File.sha256, FileContent.sha256)),
        ),
        execution_options={"synchronize_session": False},
    )


async def _lock_contents(session: AsyncSession) -> None:
    await session.execute(select(func.pg_advisory_xact_lock(_FILES, group_of(session) % 2**31)))
