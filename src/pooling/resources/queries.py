"""Reads about resources: what is offered and free, what is asked and agreed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, literal, literal_column, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import col

from pooling.directory.models import Authority, AuthorityKind
from pooling.kernel.slices import Listed, Order, Slice
from pooling.kernel.tables import any_of, folded_column, linked
from pooling.kernel.text import folded_words
from pooling.members.models import Member
from pooling.resources.models import Lending, LendingState, LendingUse, Resource, ResourceState
from pooling.resources.rules import Span
from pooling.sites.models import Site

_BY_TITLE = Order(col(Resource.sort_key), col(Resource.id))
_LATEST_FIRST = Order(col(Lending.id), latest_first=True)
_LENT = (LendingState.AGREED, LendingState.ENDED)


@dataclass(frozen=True)
class Wanted:
    """What one looks for; empty: anything."""

    kind: str = ""
    place: str = ""
    """A commune, an intercommunal body, the number of a department, or words of what it is called."""
    day: date | None = None
    units: int = 1
    """Free on this day."""
    owner: int | None = None
    """Of this member alone."""


@dataclass(frozen=True)
class ResourceShown:
    id: int
    kind: str
    title: str
    quantity: int
    span: Span
    price_cents: int
    owner_code: str
    owner: str
    site: str
    city: str
    free: int | None
    """On the day that was asked for; None: no day was."""

    @property
    def place(self) -> str:
        return f"{self.site}, {self.city}" if self.city and self.city != self.site else self.site


async def resources_listed(session: AsyncSession, wanted: Wanted, part: Slice) -> Listed[ResourceShown]:
    """What is offered and is looked for, by name."""
    lent = _lent_on(wanted.day) if wanted.day is not None else None
    free = literal(None) if lent is None else col(Resource.quantity) - lent
    statement: Select[*tuple[Any, ...]] = (
        select(
            col(Resource.id),
            col(Resource.kind),
            col(Resource.title),
            col(Resource.quantity),
            col(Resource.from_day),
            col(Resource.until_day),
            col(Resource.days),
            col(Resource.price_cents),
            col(Member.code),
            col(Member.name),
            col(Site.name),
            col(Site.city),
            free,
        )
        .select_from(Resource)
        .join(Member, linked(Member.id, Resource.member_id))
        .join(Site, linked(Site.id, Resource.site_id))
        .where(col(Resource.state) == ResourceState.OFFERED, *map(_is_at, folded_words(wanted.place)))
    )
    if wanted.kind:
        statement = statement.where(col(Resource.kind) == wanted.kind)
    if wanted.owner is not None:
        statement = statement.where(col(Resource.member_id) == wanted.owner)
    if wanted.day is not None:
        statement = statement.where(_is_offered(wanted.day), free >= wanted.units)
    return (await _BY_TITLE.read(session, statement, part)).each(lambda row: _shown(*row))


def _shown(*row: Any) -> ResourceShown:  # noqa: ANN401 - the columns of a row
    rest: tuple[Any, ...] = row[7:]
    return ResourceShown(row[0], row[1], row[2], row[3], Span(row[4], row[5], row[6]), *rest)


def _is_on(table: type[Resource] | type[Lending], day: date) -> ColumnElement[bool]:
    """Whether it is a day of the week of the row's."""
    bit: ColumnElement[int] = col(table.days).op(">>")(day.isoweekday() - 1)
    return bit.op("&")(1) == 1


def _is_offered(day: date) -> ColumnElement[bool]:
    open_ended = col(Resource.until_day).is_(None)
    return and_(_is_on(Resource, day), col(Resource.from_day) <= day, or_(open_ended, col(Resource.until_day) >= day))


def _lent_on(day: date) -> ColumnElement[int]:
    """Units of the statement's resource that are agreed on this day."""
    return (
        select(func.coalesce(func.sum(col(Lending.units)), 0))
        .where(
            linked(Lending.resource_id, Resource.id),
            any_of(col(Lending.state), _LENT),
            col(Lending.first_day) <= day,
            func.coalesce(col(Lending.ended_on), col(Lending.last_day)) >= day,
            _is_on(Lending, day),
        )
        .correlate(Resource)
        .scalar_subquery()
    )


def _is_at(word: str) -> ColumnElement[bool]:
    """Whether the word is of its name, its site's or its member's; of the commune that the site or the member is, of
    the intercommunal body around it; or the number of its department.
    """
    body = aliased(Authority)
    own = folded_column(col(Resource.title) + " " + col(Site.name) + " " + col(Site.city) + " " + col(Member.name))
    city = func.trim(func.regexp_replace(folded_column(col(Site.city)), "[^a-z0-9]+", " ", "g"))
    # The postcode is asked of an index; several communes may share one.
    coded = col(Authority.terms).op("@@")(func.plainto_tsquery(literal_column("'simple'"), col(Site.postcode)))
    commune = and_(col(Authority.kind) == AuthorityKind.COMMUNE, coded, col(Authority.letters) == city)
    around = (
        select(col(Authority.siren))
        .outerjoin(body, col(body.siren) == col(Authority.body_siren))
        .where(
            or_(col(Authority.siren) == col(Member.code), commune),
            or_(
                (col(Authority.letters) + " " + func.coalesce(col(body.letters), "")).contains(word, autoescape=True),
                func.lower(col(Authority.department)) == word,
            ),
        )
        .correlate(Resource, Member, Site)
        .exists()
    )
    return or_(own.contains(word, autoescape=True), around)


@dataclass(frozen=True)
class LendingShown:
    id: int
    state: str
    units: int
    first_day: date
    last_day: date
    ended_on: date | None
    days: int
    asked_at: datetime
    borrower: str
    resource_id: int
    kind: str
    title: str
    owner: str
    used: int | None
    """Units times days, of all months that were noted; None: none was."""

    @property
    def span(self) -> Span:
        return Span(self.first_day, self.ended_on or self.last_day, self.days)


async def lendings_listed(
    session: AsyncSession, members: Sequence[int] | None, part: Slice, *, state: str = "", resource_id: int = 0
) -> Listed[LendingShown]:
    """What these members (None: all) ask, lend or borrow, the latest first; of one resource where it is named."""
    owner = aliased(Member)
    used = (
        select(func.sum(col(LendingUse.used)))
        .where(linked(LendingUse.lending_id, Lending.id))
        .correlate(Lending)
        .scalar_subquery()
    )
    statement: Select[*tuple[Any, ...]] = (
        select(
            col(Lending.id),
            col(Lending.state),
            col(Lending.units),
            col(Lending.first_day),
            col(Lending.last_day),
            col(Lending.ended_on),
            col(Lending.days),
            col(Lending.asked_at),
            col(Member.name),
            col(Resource.id),
            col(Resource.kind),
            col(Resource.title),
            col(owner.name),
            used,
        )
        .select_from(Lending)
        .join(Resource, linked(Resource.id, Lending.resource_id))
        .join(owner, linked(owner.id, Resource.member_id))
        .join(Member, linked(Member.id, Lending.member_id))
    )
    if members is not None:
        statement = statement.where(or_(any_of(col(Lending.member_id), members), any_of(col(owner.id), members)))
    if state:
        statement = statement.where(col(Lending.state) == state)
    if resource_id:
        statement = statement.where(col(Resource.id) == resource_id)
    return (await _LATEST_FIRST.read(session, statement, part)).each(lambda row: LendingShown(*row))
