"""Signed-in browsers: a 256-bit token in a cookie, its hash in the table, an idle and an absolute limit."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy import delete, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.accounts.models import Person, SignInSession

IDLE_LIMIT = timedelta(hours=12)
ABSOLUTE_LIMIT = timedelta(days=30)
SEEN_STEP = timedelta(minutes=5)
"""`seen_at` is written at most this often, so that looking at pages does not write at each click."""


@dataclass(frozen=True)
class EnteredGroup:
    """A group that the signed-in person may enter."""

    id: int
    slug: str
    name: str
    timezone: str
    fictional: bool


@dataclass(frozen=True)
class SignedIn:
    """Who is using this browser."""

    session_id: int
    person_id: int
    name: str
    email: str
    groups: tuple[EnteredGroup, ...]

    def group(self, slug: str) -> EnteredGroup | None:
        return next((group for group in self.groups if group.slug == slug), None)


def _hash(token: str) -> bytes:
    return sha256(token.encode()).digest()


async def open_session(session: AsyncSession, person_id: int, now: datetime) -> str:
    """A new session for this person; returns the token for the cookie, never kept as such."""
    token = secrets.token_urlsafe(32)
    session.add(
        SignInSession(
            token_hash=_hash(token),
            person_id=person_id,
            created_at=now,
            seen_at=now,
            expires_at=now + ABSOLUTE_LIMIT,
        )
    )
    return token


async def end_session(session: AsyncSession, token: str) -> None:
    await session.execute(delete(SignInSession).where(col(SignInSession.token_hash) == _hash(token)))


async def read_session(session: AsyncSession, token: str, now: datetime) -> SignedIn | None:
    """Who holds this token; None when it is unknown, idle for too long, or too old."""
    found = (
        await session.execute(
            select(SignInSession, Person)
            .join(Person, col(Person.id) == col(SignInSession.person_id))
            .where(
                col(SignInSession.token_hash) == _hash(token),
                col(SignInSession.expires_at) > now,
                col(SignInSession.seen_at) > now - IDLE_LIMIT,
            )
        )
    ).first()
    if found is None:
        return None
    held, person = found
    if held.seen_at < now - SEEN_STEP:
        await session.execute(update(SignInSession).where(col(SignInSession.id) == held.id).values(seen_at=now))
    groups = await session.execute(
        text("SELECT id, slug, name, timezone, fictional FROM groups_of_person(:person)"),
        {"person": person.id},
    )
    return SignedIn(
        session_id=held.id,
        person_id=person.id,
        name=person.name,
        email=person.email,
        groups=tuple(EnteredGroup(*row) for row in groups),
    )
