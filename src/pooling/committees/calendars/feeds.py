"""Addresses from which a person's calendar application fetches a group's dates, without signing in.

The address is the key: 256 random bits, of which only the hash is kept. It is found by that hash, so that how long a
wrong one takes to be refused says nothing about the right ones.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from sqlalchemy import ColumnElement, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.committees.calendars.models import CalendarFeed
from pooling.kernel.database import enter_group, one_row
from pooling.kernel.errors import Conflict, NotFound
from pooling.kernel.events import record_event
from pooling.kernel.tables import known_id
from pooling.members.entrance import caller_of
from pooling.members.locking import lock_group
from pooling.members.models import Group
from pooling.members.rights import Caller

MOST_FEEDS = 10
"""Of one person in one group, at once: a telephone, a computer, a few that were forgotten."""


@dataclass(frozen=True)
class Feed:
    """What is read at an address."""

    text: str

    @property
    def etag(self) -> str:
        return f'"{sha256(self.text.encode()).hexdigest()[:32]}"'


@dataclass(frozen=True)
class FeedShown:
    id: int
    created_at: datetime


@dataclass(frozen=True)
class Subscriber:
    """Whom an address stands for, in its group."""

    caller: Caller
    group: Group


def _hash(token: str) -> bytes:
    return sha256(token.encode()).digest()


async def make_feed(session: AsyncSession, caller: Caller, now: datetime) -> str:
    """A new address of the caller's; returns its secret part, never to be read again.

    Raises:
        Conflict: there are as many as one may have.
    """
    await lock_group(session)  # two at once count one after the other
    held = await session.execute(select(func.count()).select_from(CalendarFeed).where(*_live(caller.person_id)))
    if held.scalar_one() >= MOST_FEEDS:
        raise Conflict(
            f"Vous avez déjà {MOST_FEEDS} adresses d’abonnement : supprimez-en une d’abord.", code="too_many_feeds"
        )
    token = secrets.token_urlsafe(32)
    session.add(
        CalendarFeed(group_id=caller.group_id, person_id=caller.person_id, token_hash=_hash(token), created_at=now)
    )
    _record(session, caller, "calendar_feed.created", now)
    return token


async def revoke_feed(session: AsyncSession, caller: Caller, feed_id: int, now: datetime) -> None:
    """Ends an address at once; ending it twice changes nothing.

    Raises:
        NotFound: the caller has no such address.
    """
    feed = await one_row(
        session,
        select(CalendarFeed)
        .where(col(CalendarFeed.id) == known_id(feed_id), col(CalendarFeed.person_id) == caller.person_id)
        .with_for_update(),
    )
    if feed.revoked_at is None:
        feed.revoked_at = now
        _record(session, caller, "calendar_feed.revoked", now)


async def feeds_of(session: AsyncSession, caller: Caller) -> list[FeedShown]:
    """The caller's addresses that work, the oldest first."""
    rows = await session.execute(
        select(col(CalendarFeed.id), col(CalendarFeed.created_at))
        .where(*_live(caller.person_id))
        .order_by(col(CalendarFeed.id))
    )
    return [FeedShown(*row) for row in rows]


async def enter_by_feed(session: AsyncSession, slug: str, token: str) -> Subscriber:
    """Binds the transaction to the group of the address, as the person it was made for.

    Raises:
        NotFound: the group is unknown or archived, the address unknown or revoked, or the person has left: alike.
    """
    groups = await session.execute(
        text("SELECT id FROM group_by_slug(:slug) WHERE archived_at IS NULL"), {"slug": slug}
    )
    group_id = groups.scalar_one_or_none()
    if group_id is None:
        raise NotFound
    await enter_group(session, group_id)
    found = await session.execute(
        select(col(CalendarFeed.person_id)).where(
            col(CalendarFeed.token_hash) == _hash(token), col(CalendarFeed.revoked_at).is_(None)
        )
    )
    person_id = found.scalar_one_or_none()
    if person_id is None:
        raise NotFound
    caller = await caller_of(session, person_id, group_id)
    group = await session.get(Group, group_id)
    if not caller.roles or group is None:
        raise NotFound
    return Subscriber(caller, group)


def _live(person_id: int) -> tuple[ColumnElement[bool], ...]:
    return col(CalendarFeed.person_id) == person_id, col(CalendarFeed.revoked_at).is_(None)


def _record(session: AsyncSession, caller: Caller, name: str, now: datetime) -> None:
    record_event(session, at=now, person_id=caller.person_id, subject=("person", caller.person_id), name=name)
