"""What others read of groups that consent: by two functions of the database, which look at the consent."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from pooling.hosting.snapshots import Snapshot
from pooling.kernel.errors import NotFound


@dataclass(frozen=True)
class Outside:
    """A group as others see it."""

    name: str
    snapshot: Snapshot
    on: date
    introduction: str = ""
    fictional: bool = False
    own: bool = False
    """It is the reader's."""


async def public_group(session: AsyncSession, slug: str) -> Outside:
    """The public page of a group. In a transaction for no group.

    Raises:
        NotFound: there is no such group, it is archived, or it has no public page.
    """
    found = await session.execute(
        text("SELECT name, fictional, introduction, snapshot, snapshot_on FROM public_group(:slug)"), {"slug": slug}
    )
    row = found.one_or_none()
    if row is None:
        raise NotFound
    name, fictional, introduction, snapshot, on = row
    return Outside(name, Snapshot.model_validate(snapshot), on, introduction, fictional)


async def compared_groups(session: AsyncSession) -> list[Outside]:
    """Those that agree to be compared, by name; none unless the transaction's group agrees too."""
    rows = await session.execute(
        text(
            "SELECT name, fictional, snapshot, snapshot_on, own FROM compared_groups() WITH ORDINALITY "
            "ORDER BY ordinality"
        )
    )
    return [
        Outside(name, Snapshot.model_validate(snapshot), on, fictional=fictional, own=own)
        for name, fictional, snapshot, on, own in rows
    ]
