"""Versions that somebody keeps: the file as it was written, for ever."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.accounts.models import Person
from pooling.conventions.models import KeptDocument
from pooling.documents.document import FORMATS, Document, written
from pooling.kernel.database import group_of
from pooling.kernel.errors import Invalid, NotFound
from pooling.kernel.events import record_event
from pooling.kernel.files import File, file_with_content, keep_file
from pooling.kernel.limits import limit
from pooling.kernel.tables import known_id, linked
from pooling.kernel.text import slug
from pooling.members.rights import Caller
from pooling.purchases.finding import lock_purchase
from pooling.purchases.models import Purchase

CONVENTION_KEPT, DELIBERATION_KEPT = "convention.kept", "deliberation.kept"
MOST_VERSIONS = limit(50, "Versions that are kept of a convention, or of a deliberation", __name__)


class VersionShown(NamedTuple):
    id: int
    number: int
    name: str
    kind: str
    """How its file's name ends."""
    size: int
    sha256: str
    kept_at: datetime
    kept_by: str


def file_name(purchase: Purchase, member: str | None) -> str:
    """Of a paper's files, without the ending."""
    return f"{purchase.reference}-convention" if member is None else f"{purchase.reference}-deliberation-{slug(member)}"


async def versions_of(session: AsyncSession, purchase_id: int, member_id: int | None) -> list[VersionShown]:
    """The newest first; of the convention, or of one member's deliberation."""
    found = await session.execute(
        select(
            *(col(KeptDocument.id), col(KeptDocument.number), col(File.name), col(File.size), col(File.sha256)),
            *(col(KeptDocument.kept_at), col(Person.name)),
        )
        .join(File, linked(File.id, KeptDocument.file_id))
        .join(Person, col(Person.id) == col(KeptDocument.kept_by))
        .where(*_of(purchase_id, member_id))
        .order_by(col(KeptDocument.number).desc())
    )
    return [
        VersionShown(id_, number, name, name.rpartition(".")[2], size, sha256.hex(), kept_at, kept_by)
        for id_, number, name, size, sha256, kept_at, kept_by in found
    ]


def _of(purchase_id: int, member_id: int | None) -> Sequence[Any]:
    return (
        col(KeptDocument.purchase_id) == purchase_id,
        col(KeptDocument.member_id).is_not_distinct_from(member_id),
    )


async def keep_version(
    session: AsyncSession,
    caller: Caller,
    purchase: Purchase,
    member: tuple[int, str] | None,
    document: Document,
    kind: str,
    now: datetime,
) -> VersionShown:
    """Keeps a document in one of `FORMATS`, for ever. `member` is whose deliberation it is (id and name); None: it is
    the convention.

    Raises:
        Invalid: the format is none, or there are too many versions.
        Unprintable: as `written`.
    """
    if kind not in FORMATS:
        raise Invalid({"format": "Choisissez un format."})
    member_id, called = member or (None, None)
    content = await written(document, kind)
    await lock_purchase(session, purchase.id)
    last = (await session.execute(select(func.max(KeptDocument.number)).where(*_of(purchase.id, member_id)))).scalar()
    number = (last or 0) + 1
    if number > MOST_VERSIONS:
        raise Invalid(
            {"format": f"Il y a déjà {MOST_VERSIONS} versions conservées : c’est le plus qu’il peut y avoir."}
        )
    name = f"{file_name(purchase, called)}-v{number}.{kind}"
    file = await keep_file(session, name, FORMATS[kind].media_type, content, now, person_id=caller.person_id)
    kept = KeptDocument(
        group_id=group_of(session),
        purchase_id=purchase.id,
        member_id=member_id,
        number=number,
        file_id=file.id,
        kept_by=caller.person_id,
        kept_at=now,
    )
    session.add(kept)
    record_event(
        session,
        at=now,
        person_id=caller.person_id,
        subject=("purchase", purchase.id),
        name=CONVENTION_KEPT if member_id is None else DELIBERATION_KEPT,
        details={"number": number, "format": FORMATS[kind].word, **({"member": called} if called else {})},
    )
    await session.flush()
    return next(one for one in await versions_of(session, purchase.id, member_id) if one.id == kept.id)


async def read_version(
    session: AsyncSession, purchase_id: int, member_id: int | None, version_id: int
) -> tuple[File, bytes]:
    """The file of a version that was kept.

    Raises:
        NotFound: there is none with this id.
    """
    found = await session.execute(
        select(col(KeptDocument.file_id)).where(
            *_of(purchase_id, member_id), col(KeptDocument.id) == known_id(version_id)
        )
    )
    file_id = found.scalar_one_or_none()
    if file_id is None:
        raise NotFound
    return await file_with_content(session, file_id)
