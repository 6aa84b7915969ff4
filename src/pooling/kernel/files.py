"""Files that people add: kept in PostgreSQL with all the rest, told by their content, always served as a download.

One content is kept once in a group, however often it is added.
"""

import hashlib
import io
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, LargeBinary, delete, exists, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field, col

from pooling.kernel.database import group_of
from pooling.kernel.errors import Invalid, NotFound
from pooling.kernel.tables import TenantTable, big, identity, in_group, instant
from pooling.kernel.text import clean

LARGEST_FILE = 10 * 1024 * 1024
"""Bytes."""
LONGEST_NAME = 150


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
    added_by: int | None = big(nullable=True)
    """None: the application made it."""
    added_at: datetime = instant()


@dataclass(frozen=True)
class FileKind:
    media_type: str
    ending: str
    """Of the name under which it is downloaded."""


_PDF = FileKind("application/pdf", ".pdf")
_SIGNATURES: Mapping[bytes, FileKind] = {
    b"%PDF-": _PDF,
    b"\x89PNG\r\n\x1a\n": FileKind("image/png", ".png"),
    b"\xff\xd8\xff": FileKind("image/jpeg", ".jpg"),
}
_OFFICE: Mapping[str, FileKind] = {
    "word": FileKind("application/vnd.openxmlformats-officedocument.wordprocessingml.document", ".docx"),
    "xl": FileKind("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", ".xlsx"),
    "ppt": FileKind("application/vnd.openxmlformats-officedocument.presentationml.presentation", ".pptx"),
}
_OPEN_DOCUMENT: Mapping[str, FileKind] = {
    f"application/vnd.oasis.opendocument.{word}": FileKind(f"application/vnd.oasis.opendocument.{word}", ending)
    for word, ending in (("text", ".odt"), ("spreadsheet", ".ods"), ("presentation", ".odp"))
}
_TEXT = FileKind("text/plain", ".txt")
ACCEPTED = "PDF, images PNG ou JPEG, documents Word, Excel, PowerPoint ou LibreOffice, texte"
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f]")
_NOT_IN_A_NAME = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*]+')


def kind_of(content: bytes) -> FileKind | None:
    """What the bytes are, whatever the file is called; None when it is nothing that people exchange here.

    Documents that carry macros are refused: the application never hands a program from one member to another.
    """
    for signature, kind in _SIGNATURES.items():
        if content.startswith(signature):
            return kind
    if content.startswith(b"PK\x03\x04"):
        return _kind_of_archive(content)
    try:
        return None if _CONTROL.search(content.decode()) else _TEXT
    except UnicodeDecodeError:
        return None


def _kind_of_archive(content: bytes) -> FileKind | None:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = archive.namelist()
            if "mimetype" in names:
                with archive.open("mimetype") as entry:
                    return _OPEN_DOCUMENT.get(entry.read(100).decode("ascii", "replace").strip())
    except (zipfile.BadZipFile, NotImplementedError, OSError, RuntimeError, EOFError):
        return None
    if "[Content_Types].xml" not in names or any(name.endswith("vbaProject.bin") for name in names):
        return None
    return next((kind for folder, kind in _OFFICE.items() if any(n.startswith(f"{folder}/") for n in names)), None)


def download_name(name: str, kind: FileKind) -> str:
    """The name that was given, fit for every system, with the ending of what the file is."""
    stem = _NOT_IN_A_NAME.sub(" ", clean(name.replace("\\", "/").rsplit("/", 1)[-1])).strip(" .")
    if stem.lower().endswith((kind.ending, ".jpeg" if kind.ending == ".jpg" else kind.ending)):
        stem = stem.rsplit(".", 1)[0]
    return (stem[: LONGEST_NAME - len(kind.ending)].strip(" .") or "fichier") + kind.ending


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
    kind = kind_of(content)
    if kind is None:
        raise Invalid({field: f"Ce fichier n’est pas d’une sorte acceptée : {ACCEPTED}."})
    group_id, digest = group_of(session), hashlib.sha256(content).digest()
    row = {"group_id": group_id, "sha256": digest, "content": content}
    await session.execute(insert(FileContent).values(row).on_conflict_do_nothing())
    file = File(
        group_id=group_id,
        name=download_name(name, kind),
        media_type=kind.media_type,
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
        .join(
            FileContent,
            (col(FileContent.group_id) == col(File.group_id)) & (col(FileContent.sha256) == col(File.sha256)),
        )
        .where(col(File.id) == file_id)
    )
    row = found.one_or_none()
    if row is None:
        raise NotFound
    return row[0], row[1]


async def remove_file(session: AsyncSession, file_id: int) -> None:
    """Forgets a file that nothing refers to any more, and its content when it was the last with it."""
    removed = await session.execute(delete(File).where(col(File.id) == file_id).returning(col(File.sha256)))
    digest = removed.scalar_one_or_none()
    if digest is None:
        return
    await session.execute(
        delete(FileContent).where(
            col(FileContent.sha256) == digest,
            ~exists().where(col(File.group_id) == col(FileContent.group_id), col(File.sha256) == digest),
        )
    )
