"""Who signed which version of the charter."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import col

from pooling.accounts.models import Person
from pooling.charters.models import CharterCall, CharterSignature, CharterVersion
from pooling.kernel.slices import Listed, Order, Slice
from pooling.kernel.tables import linked
from pooling.members.models import Member, MemberKind

_BY_NAME = Order(col(Member.sort_key), col(Member.id))
MOST_SIGNED = 2_000
"""Signatures that a copy names."""


@dataclass(frozen=True)
class Signed:
    """A member of today, and the latest version that it signed and stands by."""

    member_id: int
    code: str
    name: str
    version: int | None
    by: str | None
    function: str | None
    on: date | None


@dataclass(frozen=True)
class Past:
    """A signature that was given, as it is kept."""

    version: int
    name: str
    function: str
    signed_on: date
    noted_at: datetime
    noted_by: str | None
    withdrawn_at: datetime | None
    withdrawn_because: str
    withdrawn_by: str | None


@dataclass(frozen=True)
class Tally:
    """How many members signed this version, an earlier one, none."""

    signed: int
    earlier: int
    none: int

    @property
    def members(self) -> int:
        return self.signed + self.earlier + self.none


async def version_of_text(session: AsyncSession, fingerprint: str) -> int:
    """The number of the version that reads so; the next one where nobody has signed it nor was asked to."""
    reads_so = select(col(CharterVersion.number)).where(col(CharterVersion.fingerprint) == fingerprint)
    found = await session.execute(reads_so)
    number = found.scalar_one_or_none()
    if number is not None:
        return number
    last = await session.execute(select(func.coalesce(func.max(col(CharterVersion.number)), 0)))
    return int(last.scalar_one()) + 1


async def kept_version(session: AsyncSession, number: int) -> CharterVersion | None:
    return (
        await session.execute(select(CharterVersion).where(col(CharterVersion.number) == number))
    ).scalar_one_or_none()


async def versions_signed(session: AsyncSession) -> list[int]:
    """Those that somebody stands by, the latest first."""
    standing = select(col(CharterSignature.version)).where(col(CharterSignature.withdrawn_at).is_(None)).distinct()
    return list((await session.execute(standing.order_by(col(CharterSignature.version).desc()))).scalars())


async def call_of(session: AsyncSession) -> CharterCall | None:
    return (await session.execute(select(CharterCall).execution_options(populate_existing=True))).scalar_one_or_none()


def _latest() -> Any:  # noqa: ANN401 - an alias
    """The signature of each member that stands, of its latest version."""
    stands = col(CharterSignature.withdrawn_at).is_(None)
    last = (
        select(col(CharterSignature.member_id), func.max(col(CharterSignature.version)).label("version"))
        .where(stands)
        .group_by(col(CharterSignature.member_id))
        .subquery()
    )
    of_last = and_(last.c.member_id == col(CharterSignature.member_id), last.c.version == col(CharterSignature.version))
    latest = select(CharterSignature).join(last, of_last).where(stands).subquery()
    return aliased(CharterSignature, latest)


def signs() -> ColumnElement[bool]:
    """Of a member: it is one of today, and a legal person, for a unit of one engages nobody."""
    return and_(col(Member.retired_on).is_(None), col(Member.kind) == MemberKind.LEGAL_ENTITY)


async def signatures_listed(session: AsyncSession, wanted: Slice) -> Listed[Signed]:
    """Every member of today, by name."""
    latest = _latest()
    statement = (
        select(
            col(Member.id),
            col(Member.code),
            col(Member.name),
            latest.version,
            latest.name,
            latest.function,
            latest.signed_on,
        )
        .outerjoin(latest, and_(latest.group_id == Member.group_id, latest.member_id == Member.id))
        .where(signs())
    )
    return (await _BY_NAME.read(session, statement, wanted)).each(lambda row: Signed(*row))


async def tally_of(session: AsyncSession, version: int) -> Tally:
    latest = _latest()
    members = select(func.count()).select_from(Member).where(signs()).scalar_subquery()
    rows = await session.execute(
        select(members, func.count().filter(latest.version == version), func.count())
        .select_from(latest)
        .join(Member, and_(latest.group_id == Member.group_id, latest.member_id == Member.id))
        .where(signs())
    )
    total, signed, either = rows.one()
    return Tally(signed, either - signed, total - either)


async def count_members(session: AsyncSession) -> int:
    """How many may sign."""
    return (await session.execute(select(func.count()).select_from(Member).where(signs()))).scalar_one()


async def standing_of(session: AsyncSession, member_id: int) -> CharterSignature | None:
    """The member's signature of the latest version that it stands by."""
    statement = (
        select(CharterSignature)
        .where(col(CharterSignature.member_id) == member_id, col(CharterSignature.withdrawn_at).is_(None))
        .order_by(col(CharterSignature.version).desc())
        .limit(1)
    )
    return (await session.execute(statement.execution_options(populate_existing=True))).scalar_one_or_none()


async def signatures_of(session: AsyncSession, member_id: int) -> Sequence[Past]:
    """All that the member gave, the latest first, withdrawn ones too."""
    noted, withdrew = aliased(Person), aliased(Person)
    rows = await session.execute(
        select(CharterSignature, col(noted.name), col(withdrew.name))
        .outerjoin(noted, col(noted.id) == col(CharterSignature.noted_by))
        .outerjoin(withdrew, col(withdrew.id) == col(CharterSignature.withdrawn_by))
        .where(col(CharterSignature.member_id) == member_id)
        .order_by(col(CharterSignature.id).desc())
        .limit(50)
    )
    return [
        Past(
            one.version,
            one.name,
            one.function,
            one.signed_on,
            one.noted_at,
            noted_by,
            one.withdrawn_at,
            one.withdrawn_because,
            withdrawn_by,
        )
        for one, noted_by, withdrawn_by in rows
    ]


async def signed_by(session: AsyncSession, version: int) -> list[tuple[str, str, date]]:
    """Of each member that stands by this version: its name, who signed for it, the day."""
    rows = await session.execute(
        select(col(Member.name), CharterSignature)
        .join(Member, linked(Member.id, CharterSignature.member_id))
        .where(col(CharterSignature.version) == version, col(CharterSignature.withdrawn_at).is_(None))
        .order_by(col(Member.sort_key), col(Member.id))
        .limit(MOST_SIGNED)
    )
    return [(member, f"{one.name}, {one.function}", one.signed_on) for member, one in rows]
