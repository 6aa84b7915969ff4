"""Forms of no group that are sent twice (of signing in and out, one's account, administration, suppliers' offers): each
is taken once, as those of a group are (`idempotency.py`).

Whoever sends one may be nobody yet, and be somebody by the second press: a form is known by all that it holds, its
token among it, which nobody else can know.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

from litestar import Request
from litestar.response import Redirect
from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.accounts.idempotency import PRESSED_AGAIN, hash_of_form
from pooling.accounts.models import SentForm
from pooling.kernel.database import enter_group
from pooling.web.addresses import path_of
from pooling.web.forms import Redisplay, provide_form
from pooling.web.layout import Led, lead, led
from pooling.web.security import showing_of
from pooling.web.services import services_of


@asynccontextmanager
async def taken_once(request: Request[Any, Any, Any]) -> AsyncIterator[AsyncSession]:
    """A transaction of no group, and in it what a form does. Sent again as it was from the same showing of its page, it
    does nothing more and leads where it led; a while later, or after it led nowhere, it is meant.

    Raises:
        Redisplay: it was sent before.
    """
    async with services_of(request).database.transaction() as session:
        before = await sent_before(request, session)
        if before is not None:
            raise Redisplay(lead(request, Led(**before)))
        yield session
        to = led(request)
        if to is not None:
            await note_sent(request, session, to._asdict())


async def sent_before(request: Request[Any, Any, Any], session: AsyncSession, what: str = "") -> dict[str, Any] | None:
    """Takes the form for this transaction of no group: of two at once, one waits for the other. What was noted of it
    where it was sent a moment ago; None: it was not. `what`: of several things that it makes happen.
    """
    key = await _key(request, what)
    if key is None:
        return None
    now = services_of(request).clock.now()
    claimed = insert(SentForm).values(key=key, noted={}, sent_at=now).on_conflict_do_nothing()
    if (await session.execute(claimed.returning(col(SentForm.key)))).first() is not None:
        return None
    return await _noted(session, key, now)


async def note_sent(
    request: Request[Any, Any, Any], session: AsyncSession, noted: dict[str, Any], what: str = ""
) -> None:
    """What is to be known of a form that `sent_before` took, if it is sent again."""
    key = await _key(request, what)
    if key is not None:
        await session.flush()
        await enter_group(session, None)  # what the form did may have entered one
        noting = update(SentForm).where(col(SentForm.key) == key)
        await session.execute(noting.values(noted=noted, sent_at=services_of(request).clock.now()))


async def led_before(request: Request[Any, Any, Any]) -> Redirect | None:
    """Where a form led that was sent a moment ago, in a session that it has itself begun, changed or ended."""
    key = await _key(request)
    if key is None:
        return None
    async with services_of(request).database.transaction() as session:
        noted = await _noted(session, key, services_of(request).clock.now())
    return lead(request, Led(**noted)) if noted and "url" in noted else None


async def forget_sent(session: AsyncSession, now: datetime) -> None:
    """Those that count no more."""
    await session.execute(delete(SentForm).where(col(SentForm.sent_at) <= now - PRESSED_AGAIN))


async def _key(request: Request[Any, Any, Any], what: str = "") -> bytes | None:
    """None: the form does not say which showing of its page it was sent from."""
    form = await provide_form(request)
    return hash_of_form(f"{path_of(request)} {what}", form) if showing_of(form) else None


async def _noted(session: AsyncSession, key: bytes, now: datetime) -> dict[str, Any] | None:
    found = await session.execute(
        select(col(SentForm.noted)).where(col(SentForm.key) == key, col(SentForm.sent_at) > now - PRESSED_AGAIN)
    )
    return found.scalar_one_or_none() or None
