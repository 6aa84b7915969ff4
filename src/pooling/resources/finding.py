"""Finding a resource or a lending, and keeping it still."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import col

from pooling.kernel.database import fetch, group_of
from pooling.kernel.errors import NotFound
from pooling.kernel.tables import linked
from pooling.members.models import Member
from pooling.resources.models import Lending, Resource
from pooling.resources.rules import Span
from pooling.sites.models import Site


@dataclass(frozen=True)
class Offered:
    """A resource with whose it is and where."""

    resource: Resource
    owner: Member
    site: Site


@dataclass(frozen=True)
class Lent(Offered):
    """A lending with what it is of, and who asks."""

    lending: Lending
    borrower: Member


_OWNER = aliased(Member)


async def find_resource(session: AsyncSession, resource_id: int) -> Offered:
    """Raises:
    NotFound: the group has no such resource.
    """
    found = await session.execute(
        select(Resource, _OWNER, Site)
        .join(_OWNER, linked(_OWNER.id, Resource.member_id))
        .join(Site, linked(Site.id, Resource.site_id))
        .where(col(Resource.id) == resource_id)
        .execution_options(populate_existing=True)
    )
    row = found.one_or_none()
    if row is None:
        raise NotFound
    return Offered(*row)


async def find_lending(session: AsyncSession, lending_id: int) -> Lent:
    """Raises:
    NotFound: the group has no such lending.
    """
    found = await session.execute(
        select(Resource, _OWNER, Site, Lending, Member)
        .join(Resource, linked(Resource.id, Lending.resource_id))
        .join(_OWNER, linked(_OWNER.id, Resource.member_id))
        .join(Site, linked(Site.id, Resource.site_id))
        .join(Member, linked(Member.id, Lending.member_id))
        .where(col(Lending.id) == lending_id)
        .execution_options(populate_existing=True)
    )
    row = found.one_or_none()
    if row is None:
        raise NotFound
    return Lent(*row)


async def lock_resource(session: AsyncSession, resource_id: int) -> None:
    """Until the transaction ends, one at a time changes the resource or anything that is asked of it."""
    await session.execute(
        select(col(Resource.id)).where(col(Resource.id) == resource_id).with_for_update(key_share=True)
    )


async def lock_lending(session: AsyncSession, lending_id: int) -> Lent:
    """The same of the resource that a lending is of.

    Raises:
        NotFound: the group has no such lending.
    """
    of_it = select(col(Lending.resource_id)).where(col(Lending.id) == lending_id)
    resource_id = (await session.execute(of_it)).scalar_one_or_none()
    if resource_id is None:
        raise NotFound
    await lock_resource(session, resource_id)
    return await find_lending(session, lending_id)


def span_of(resource: Resource) -> Span:
    return Span(resource.from_day, resource.until_day, resource.days)


def span_lent(lending: Lending) -> Span:
    """Its days as far as they count."""
    return Span(lending.first_day, lending.ends_on, lending.days)


_LENT = """
SELECT d.day::date AS day, sum(l.units)::bigint AS units
FROM lendings l
CROSS JOIN LATERAL generate_series(
    greatest(l.first_day, $3::date), least(COALESCE(l.ended_on, l.last_day), $4::date), interval '1 day') d(day)
WHERE l.group_id = $1 AND l.resource_id = $2 AND l.state IN ('agreed', 'ended')
    AND l.days >> (extract(isodow FROM d.day)::integer - 1) & 1 = 1
GROUP BY 1 ORDER BY 1"""


async def units_lent(session: AsyncSession, resource_id: int, first: date, last: date) -> dict[date, int]:
    """How many units are agreed on each of these days; days without any are left out."""
    rows = await fetch(session, _LENT, group_of(session), resource_id, first, last)
    return {row["day"]: row["units"] for row in rows}
