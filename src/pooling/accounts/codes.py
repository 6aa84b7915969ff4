"""Signing in by a mailed code, or by the link beside it: ten minutes, once, in the browser that asked, five tries."""

import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.accounts.models import Person, SignInCode
from pooling.accounts.people import note_sign_in
from pooling.kernel.limits import limit

LIFETIME = limit(timedelta(minutes=10), "A mailed code or link is good for", __name__)
MOST_TRIES = limit(5, "Tries of one mailed code, then it is dead", __name__)


@dataclass(frozen=True)
class MailedCode:
    """What goes into the mail, and nowhere else."""

    person_id: int
    email: str
    name: str
    code: str
    link: str
    expires_at: datetime


@dataclass(frozen=True)
class Proved:
    """Who proved to read this mailbox, and where they were going."""

    person_id: int
    next_path: str


def hashed(secret: str) -> bytes:
    return sha256(secret.encode()).digest()


def _hashed_code(link: bytes, code: str) -> bytes:
    """Six digits alone could be found from their hash: they are hashed with the link's, which cannot be guessed."""
    return sha256(link + code.encode()).digest()


async def make_code(
    session: AsyncSession, email: str, browser: str, next_path: str, now: datetime
) -> MailedCode | None:
    """A new code for this address and this browser; None when nobody has the address: a row is kept all the same, so
    that what comes next looks alike.
    """
    person = (
        await session.execute(select(Person).where(col(Person.email) == email, col(Person.purged_at).is_(None)))
    ).scalar_one_or_none()
    code, link = f"{secrets.randbelow(1_000_000):06d}", secrets.token_urlsafe(32)
    session.add(
        SignInCode(
            person_id=person.id if person else None,
            email=email,
            code_hash=_hashed_code(hashed(link), code),
            link_hash=hashed(link),
            browser_hash=hashed(browser),
            next_path=next_path,
            created_at=now,
            expires_at=now + LIFETIME,
        )
    )
    if person is None:
        return None
    return MailedCode(person.id, person.email, person.name, code, link, now + LIFETIME)


async def try_code(session: AsyncSession, browser: str, typed: str, now: datetime) -> Proved | None:
    """Whether this is the code that was mailed for this browser's last request. Every try counts, right or wrong;
    after five the code is dead.
    """
    newest = (
        select(col(SignInCode.id))
        .where(col(SignInCode.browser_hash) == hashed(browser))
        .order_by(col(SignInCode.id).desc())
        .limit(1)
        .scalar_subquery()
    )
    tried = (
        await session.execute(
            update(SignInCode)
            .where(
                col(SignInCode.id) == newest,
                col(SignInCode.used_at).is_(None),
                col(SignInCode.expires_at) > now,
                col(SignInCode.attempts) < MOST_TRIES,
            )
            .values(attempts=col(SignInCode.attempts) + 1)
            .returning(col(SignInCode.link_hash), col(SignInCode.code_hash))
        )
    ).first()
    if tried is None:
        return None
    link_hash, code_hash = tried
    given = _hashed_code(link_hash, "".join(typed.split()))
    return await _use(session, link_hash, browser, now) if hmac.compare_digest(given, code_hash) else None


async def find_link(session: AsyncSession, browser: str, link: str, now: datetime) -> bool | None:
    """Whether a link may be used here: True in the browser that asked, False in another, None when it is dead."""
    row = (
        await session.execute(
            select(col(SignInCode.browser_hash)).where(
                col(SignInCode.link_hash) == hashed(link),
                col(SignInCode.used_at).is_(None),
                col(SignInCode.expires_at) > now,
                col(SignInCode.attempts) < MOST_TRIES,
            )
        )
    ).first()
    return None if row is None else hmac.compare_digest(row[0], hashed(browser))


async def use_link(session: AsyncSession, browser: str, link: str, now: datetime) -> Proved | None:
    """The link, posted by the button on its page, in the browser that asked."""
    return await _use(session, hashed(link), browser, now)


async def _use(session: AsyncSession, link_hash: bytes, browser: str, now: datetime) -> Proved | None:
    """Marks it used: of two at once, one wins."""
    used = (
        await session.execute(
            update(SignInCode)
            .where(
                col(SignInCode.link_hash) == link_hash,
                col(SignInCode.browser_hash) == hashed(browser),
                col(SignInCode.used_at).is_(None),
                col(SignInCode.expires_at) > now,
            )
            .values(used_at=now)
            .returning(col(SignInCode.person_id), col(SignInCode.next_path))
        )
    ).first()
    if used is None or used[0] is None:
        return None
    await note_sign_in(session, used[0], now)
    return Proved(person_id=used[0], next_path=used[1])
