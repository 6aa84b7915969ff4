"""Signed-in browsers: a 256-bit token in a cookie, its hash in the table, an idle and an absolute limit."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from zoneinfo import ZoneInfo

from asyncpg import Record
from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.accounts.models import SignInSession
from pooling.accounts.people import note_sign_in
from pooling.kernel.database import Database
from pooling.kernel.limits import limit

IDLE_LIMIT = limit(timedelta(hours=12), "A session without any request", __name__)
ABSOLUTE_LIMIT = limit(timedelta(days=30), "A session in all", __name__)
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
    second_factor_required: bool

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)


@dataclass(frozen=True)
class SignedIn:
    """Who is using this browser."""

    session_id: int
    person_id: int
    name: str
    email: str
    administrator: bool
    confirmed_at: datetime
    """When they last proved who they are in this browser: by a mailed code or the second factor."""
    second_factor_given: bool
    """In this session."""
    second_factor_owed: bool
    """The person has one and has not given it yet: nothing else may be done before."""
    groups: tuple[EnteredGroup, ...]

    def group(self, slug: str) -> EnteredGroup | None:
        return next((group for group in self.groups if group.slug == slug), None)


def _hash(token: str) -> bytes:
    return sha256(token.encode()).digest()


async def open_session(session: AsyncSession, person_id: int, now: datetime, *, browser: str = "") -> str:
    """A new session for this person; returns the token for the cookie, never kept as such."""
    token = secrets.token_urlsafe(32)
    await note_sign_in(session, person_id, now)
    session.add(
        SignInSession(
            token_hash=_hash(token),
            person_id=person_id,
            created_at=now,
            confirmed_at=now,
            seen_at=now,
            expires_at=now + ABSOLUTE_LIMIT,
            browser=browser[:200],
        )
    )
    return token


async def end_session(session: AsyncSession, token: str) -> None:
    await session.execute(delete(SignInSession).where(col(SignInSession.token_hash) == _hash(token)))


async def confirm_session(session: AsyncSession, session_id: int, now: datetime) -> None:
    """The person just proved again who they are."""
    await session.execute(update(SignInSession).where(col(SignInSession.id) == session_id).values(confirmed_at=now))


async def renew_token(session: AsyncSession, session_id: int, **values: object) -> str:
    """Another token for the same session: at the second factor and when rights change, the old one is worth nothing."""
    token = secrets.token_urlsafe(32)
    await session.execute(
        update(SignInSession)
        .where(col(SignInSession.id) == session_id)
        .values(token_hash=_hash(token), rotate=False, **values)
    )
    return token


async def read_session(database: Database, token: str, now: datetime) -> tuple[SignedIn, str | None] | None:
    """Who holds this token, and the token to hold from now on if it was time to change it; None when it is unknown,
    idle for too long, or too old.
    """
    rows = await database.ask("SELECT * FROM session_held($1, $2, $3)", _hash(token), now, now - IDLE_LIMIT)
    if not rows:
        return None
    held = rows[0]
    new_token = None
    if held["rotate"] or held["seen_at"] < now - SEEN_STEP:
        async with database.transaction() as session:
            new_token = await _note_use(session, held["session_id"], now, rotate=held["rotate"])
    enrolled, given = held["enrolled_at"] is not None, held["second_factor_at"] is not None
    person_here = SignedIn(
        session_id=held["session_id"],
        person_id=held["person_id"],
        name=held["name"],
        email=held["email"],
        administrator=held["administrator"],
        confirmed_at=held["confirmed_at"],
        # Given, and still there: once it is taken away it protects nothing any more.
        second_factor_given=enrolled and given,
        second_factor_owed=enrolled and not given,
        groups=tuple(group for row in rows if (group := group_in(row)) is not None),
    )
    return person_here, new_token


async def _note_use(session: AsyncSession, session_id: int, now: datetime, *, rotate: bool) -> str | None:
    """That it was used; and the new token, if it was time to change it."""
    await session.execute(update(SignInSession).where(col(SignInSession.id) == session_id).values(seen_at=now))
    return await renew_token(session, session_id) if rotate else None


def group_in(row: Record) -> EnteredGroup | None:
    """The group of a row that says who is here."""
    if row["group_id"] is None:
        return None
    return EnteredGroup(
        row["group_id"],
        row["slug"],
        row["group_name"],
        row["timezone"],
        row["fictional"],
        row["second_factor_required"],
    )


@dataclass(frozen=True)
class OpenSession:
    """A line of the page where one ends one's sessions."""

    id: int
    browser: str
    created_at: datetime
    seen_at: datetime


async def sessions_of(session: AsyncSession, person_id: int, now: datetime) -> list[OpenSession]:
    """The person's sessions that still work, the last used first."""
    rows = await session.execute(
        select(
            col(SignInSession.id), col(SignInSession.browser), col(SignInSession.created_at), col(SignInSession.seen_at)
        )
        .where(
            col(SignInSession.person_id) == person_id,
            col(SignInSession.expires_at) > now,
            col(SignInSession.seen_at) > now - IDLE_LIMIT,
        )
        .order_by(col(SignInSession.seen_at).desc(), col(SignInSession.id))
        .limit(50)
    )
    return [OpenSession(*row) for row in rows]


async def end_sessions_of(
    session: AsyncSession, person_id: int, *, only: int | None = None, but: int | None = None
) -> None:
    """Ends one of the person's sessions, or all but the present one."""
    statement = delete(SignInSession).where(col(SignInSession.person_id) == person_id)
    if only is not None:
        statement = statement.where(col(SignInSession.id) == only)
    if but is not None:
        statement = statement.where(col(SignInSession.id) != but)
    await session.execute(statement)
