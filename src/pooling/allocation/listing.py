"""Who pays what, as pages list it: counted, ordered and compared with a record by the database, a page at a time."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, Text, and_, case, func, literal, null, or_, select, true, type_coerce
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import col

from pooling.allocation.models import AllocationShare, CurrentShare
from pooling.kernel.slices import Listed, Order, Slice
from pooling.kernel.tables import any_of, linked
from pooling.sharing.money import Cents

SHOWN_AT_MOST = 100
"""Members on a page that has no next one; the files have them all."""
LISTED_AT_MOST = 50
"""On one that has."""
NAMED_AT_MOST = 10
"""Members named in a sentence."""


@dataclass(frozen=True)
class Shares:
    """The rows of a purchase's current shares, or those of a record."""

    table: type[CurrentShare] | type[AllocationShare]
    of: int

    def on(self, table: Any) -> ColumnElement[bool]:  # noqa: ANN401 - the table or an alias of it
        owner = table.purchase_id if self.table is CurrentShare else table.allocation_id
        return col(owner) == self.of


def current_shares(purchase_id: int) -> Shares:
    return Shares(CurrentShare, purchase_id)


def record_shares(record_id: int) -> Shares:
    return Shares(AllocationShare, record_id)


class Drift(NamedTuple):
    """By how much one member's figures moved since a record, in cents."""

    ttc: Cents
    net: Cents


class ShareListed(NamedTuple):
    """One member's line in a table, in cents."""

    id: str
    name: str
    ht: Cents
    vat: Cents
    subsidised: Cents
    fctva: Cents
    net: Cents
    drift: Drift | None = None
    """What moved since the record that it is compared with; None: nothing."""

    @property
    def ttc(self) -> Cents:
        return self.ht + self.vat


async def list_shares(
    session: AsyncSession,
    shares: Shares,
    wanted: Slice,
    only: Collection[str] | None = None,
    *,
    since: Shares | None = None,
) -> Listed[ShareListed]:
    """Who has a share, or had one in the record `since`: of everybody or of `only` some, the largest first."""
    share: Any = aliased(shares.table)
    then: Any = aliased(AllocationShare)
    moved = _moved(share, then)
    statement = select(
        *(share.member, share.name, share.ht, share.vat, share.subsidies, share.fctva, share.net),
        *((moved.ttc, moved.net) if since else (literal(0), literal(0))),
    ).where(
        shares.on(share),
        or_(share.ht != 0, share.vat != 0, *([moved.any] if since else [])),
        any_of(share.member, only) if only is not None else true(),
    )
    if since is not None:
        statement = statement.outerjoin(then, and_(since.on(then), linked(then.member, share.member)))
    code = type_coerce(share.member, Text()).label("place")
    largest_first = Order((-(share.ht + share.vat)).label("largest"), code, size=LISTED_AT_MOST)
    return (await largest_first.read(session, statement, wanted)).each(_listed)


def _listed(row: Sequence[Any]) -> ShareListed:
    *figures, ttc, net = row
    return ShareListed._make([*figures, Drift(ttc, net) if ttc or net else None])


class ShareCompared(NamedTuple):
    """One member in two records, in cents; in the one that it is not in, it pays nothing."""

    id: str
    name: str
    ttc_before: Cents
    ttc: Cents
    net_before: Cents
    net: Cents

    @property
    def drift(self) -> Drift:
        return Drift(self.ttc - self.ttc_before, self.net - self.net_before)


async def shares_compared(
    session: AsyncSession, before: Shares, after: Shares, wanted: Slice, only: Collection[str] | None = None
) -> Listed[ShareCompared]:
    """Who pays something in one of two records, those who are gone too: the largest of the later one first."""
    now, then = _rows(after, only).subquery(), _rows(before, only).subquery()
    code, name = func.coalesce(now.c.member, then.c.member), func.coalesce(now.c.name, then.c.name)
    ttc, net = _paid(now.c), func.coalesce(now.c.net, 0)
    ttc_before, net_before = _paid(then.c), func.coalesce(then.c.net, 0)
    statement = (
        select(code, name, ttc_before, ttc, net_before, net)
        .select_from(now.outerjoin(then, now.c.member == then.c.member, full=True))
        .where(or_(ttc != 0, ttc_before != 0, net != 0, net_before != 0))
    )
    largest_first = Order((-ttc).label("largest"), type_coerce(code, Text()).label("place"), size=LISTED_AT_MOST)
    return (await largest_first.read(session, statement, wanted)).each(ShareCompared._make)


class _Moved(NamedTuple):
    """By how much a row moved since another, who is not in one of them counting as nothing there."""

    ttc: ColumnElement[int]
    net: ColumnElement[int]

    @property
    def any(self) -> ColumnElement[bool]:
        return or_(self.ttc != 0, self.net != 0)


def _moved(now: Any, then: Any) -> _Moved:  # noqa: ANN401 - aliases of tables
    return _Moved(_paid(now) - _paid(then), func.coalesce(now.net, 0) - func.coalesce(then.net, 0))


def _paid(one: Any) -> Any:  # noqa: ANN401 - of an alias or a subquery
    return func.coalesce(one.ht + one.vat, 0)


@dataclass(frozen=True)
class Summary:
    """What a page says of all those whom it lists a part of."""

    listed: int
    """Who has a share, or had one in the record that they are compared with and still is there."""
    moved: int
    """Whose figures moved since that record, those who are gone too."""
    gone: tuple[str, ...]
    """Names of those who were in the record and are no more."""
    without_fctva: int
    """Who has a share and gets no FCTVA."""
    without_named: tuple[str, ...]
    """The first of them by name."""


async def sum_up(
    session: AsyncSession, shares: Shares, only: Collection[str] | None = None, *, since: Shares | None = None
) -> Summary:
    """Counts them all in one statement."""
    now = _rows(shares, only, "gets_fctva").subquery()
    has_share = or_(now.c.ht != 0, now.c.vat != 0)
    without = and_(~now.c.gets_fctva, now.c.ht != 0)
    counts: list[ColumnElement[Any]] = [
        func.count().filter(without),
        case((func.count().filter(without) > 0, _first_without(shares, only))),
    ]
    if since is None:
        found = await session.execute(select(func.count().filter(has_share), literal(0), null(), *counts))
    else:
        then = _rows(since, only).subquery()
        moved, is_gone = _moved(now.c, then.c).any, now.c.member.is_(None)
        gone = func.array_agg(then.c.name).filter(and_(is_gone, moved))
        listed = func.count().filter(or_(has_share, and_(moved, ~is_gone)))
        found = await session.execute(
            select(listed, func.count().filter(moved), gone, *counts).select_from(
                now.outerjoin(then, now.c.member == then.c.member, full=True)
            )
        )
    listed_count, moved_count, gone_names, without_count, names = found.one()
    return Summary(listed_count, moved_count, tuple(sorted(gone_names or ())), without_count, tuple(names or ()))


def _rows(shares: Shares, only: Collection[str] | None, *more: str) -> Select[Any]:
    names = ("member", "name", "ht", "vat", "net", *more)
    return select(*(col(getattr(shares.table, name)) for name in names)).where(
        shares.on(shares.table), any_of(col(shares.table.member), only) if only is not None else true()
    )


def _first_without(shares: Shares, only: Collection[str] | None) -> ColumnElement[Any]:
    table = aliased(shares.table)
    first = (
        select(col(table.name))
        .where(
            shares.on(table),
            any_of(col(table.member), only) if only is not None else true(),
            ~col(table.gets_fctva),
            col(table.ht) != 0,
        )
        .order_by(col(table.member))
        .limit(NAMED_AT_MOST)
        .subquery()
    )
    return select(func.array_agg(first.c.name)).scalar_subquery()


async def names_of_shares(session: AsyncSession, shares: Shares, codes: Collection[str]) -> dict[str, str]:
    """The names of these members, as the rows have them."""
    found = await session.execute(
        select(col(shares.table.member), col(shares.table.name)).where(
            shares.on(shares.table), any_of(col(shares.table.member), codes)
        )
    )
    return {code: name for code, name in found}
