"""What is asked twice (a network that failed, a program that tries again, a button pressed twice) is done once: by the
`Idempotency-Key` of programs, and by the showing of a page that its forms carry.

The key is claimed in the transaction that does it, so that two at once wait for one another on the table's primary
key; what is refused rolls its claim back, and the key may be used again.
"""

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Generic, TypeVar

from litestar import Request, Response
from pydantic import BaseModel
from sqlalchemy import case, delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.accounts.models import IdempotencyKey
from pooling.kernel.database import group_of
from pooling.kernel.errors import DomainError, Invalid
from pooling.kernel.limits import Readers, limit
from pooling.web.addresses import path_of
from pooling.web.api import answer_written, as_json
from pooling.web.api_input import canonical
from pooling.web.forms import Form, Redisplay, provide_form
from pooling.web.layout import Led, lead, led
from pooling.web.security import showing_of
from pooling.web.services import services_of

KEPT = limit(timedelta(hours=24), "An `Idempotency-Key` is kept", __name__, Readers.PROGRAMS)
LONGEST_KEY = limit(200, "An `Idempotency-Key`", __name__, Readers.PROGRAMS, unit="characters")
Out = TypeVar("Out", bound=BaseModel)
PRESSED_AGAIN = limit(timedelta(minutes=1), "A form sent again as it was counts once for", __name__)
_CLAIMED, _LED = 0, 303
"""The status of an answer that is being made: nobody else ever reads it, since it is not committed."""


class KeyReused(DomainError):
    status = 422
    code = "idempotency_key_reused"

    def __init__(self) -> None:
        super().__init__("Cette clé Idempotency-Key a déjà servi pour une autre demande : prenez-en une nouvelle.")


@dataclass(frozen=True)
class Made(Generic[Out]):
    """What a request made: its representation, and its address if it is new."""

    gives: Out
    location: str | None = None


async def answered_once(
    request: Request[Any, Any, Any],
    session: AsyncSession,
    person_id: int,
    make: Callable[[], Awaitable[Made[Any]]],
    *,
    status: int = 201,
    tagged: bool = False,
) -> Response[Any]:
    """What `make` makes; or, when the request's key has already served for the same request, the same answer again.

    Raises:
        KeyReused: the key has served for another request.
        Invalid: it is no key.
    """
    key = request.headers.get("idempotency-key")
    if key is None:
        made = await make()
        return _answer({"location": made.location, "gives": as_json(made.gives)}, status, tagged=tagged)
    if not 0 < len(key) <= LONGEST_KEY:
        raise Invalid({"Idempotency-Key": f"Donnez une clé de 1 à {LONGEST_KEY} caractères."})
    now = services_of(request).clock.now()
    asked = sha256(f"{request.method} {path_of(request)}\n".encode() + await canonical(request)).digest()
    kept = await _claim(session, person_id, key, asked, now)
    if kept is not None:
        if kept.request_hash != asked:
            raise KeyReused
        return _answer(kept.body, kept.status, tagged=tagged, replayed=True)
    made = await make()
    body = {"location": made.location, "gives": as_json(made.gives)}
    await _keep(session, person_id, key, now, status, body)
    return _answer(body, status, tagged=tagged)


@asynccontextmanager
async def sent_once(request: Request[Any, Any, Any], session: AsyncSession, person_id: int) -> AsyncIterator[None]:
    """Around what a form does. Sent again as it was from the same showing of its page, it does nothing more and leads
    where it led; a while later, or after it led nowhere, it is meant.

    Raises:
        Redisplay: it was sent before.
    """
    form = await provide_form(request) if request.method == "POST" else Form()
    showing = showing_of(form)
    if not showing or request.route_handler.opt.get("repeatable"):
        yield
        return
    now, asked = services_of(request).clock.now(), hash_of_form(path_of(request), form)
    key = f"page {showing} {asked.hex()[:32]}"
    """Forms of one page have one showing: what they ask tells them apart."""
    kept = await _claim(session, person_id, key, asked, now)
    if kept is not None and kept.body and kept.created_at > now - PRESSED_AGAIN:
        raise Redisplay(lead(request, Led(**kept.body)))
    yield
    to = led(request)
    if to is not None:
        await _keep(session, person_id, key, now, _LED, to._asdict())


async def forget_keys(session: AsyncSession, now: datetime) -> None:
    """Deletes in the transaction's group what counts no more: where forms led, after a minute; programs' keys, after a
    day.
    """
    of_form = col(IdempotencyKey.status).in_((_CLAIMED, _LED))
    until = case((of_form, now - PRESSED_AGAIN), else_=now - KEPT)
    await session.execute(delete(IdempotencyKey).where(col(IdempotencyKey.created_at) <= until))


def hash_of_form(path: str, form: Form) -> bytes:
    """Of all that it holds, and where it is sent."""
    asked = sha256(f"{path}\n{json.dumps(form.lists)}".encode())
    for name, uploads in form.file_lists.items():
        for one in uploads:
            asked.update(f"{name}\n{one.name}\n{len(one.content)}\n".encode() + one.content)
    return asked.digest()


async def _keep(
    session: AsyncSession, person_id: int, key: str, now: datetime, status: int, body: Mapping[str, Any]
) -> None:
    await session.execute(
        update(IdempotencyKey)
        .where(col(IdempotencyKey.person_id) == person_id, col(IdempotencyKey.key) == key)
        .values(status=status, body=body, created_at=now)
    )


async def _claim(session: AsyncSession, person_id: int, key: str, asked: bytes, now: datetime) -> IdempotencyKey | None:
    """Takes the key for this transaction; the answer kept under it when it is taken. Waits for who is using it now."""
    await session.execute(
        delete(IdempotencyKey).where(
            col(IdempotencyKey.person_id) == person_id, col(IdempotencyKey.created_at) < now - KEPT
        )
    )
    claimed = await session.execute(
        insert(IdempotencyKey)
        .values(
            group_id=group_of(session),
            person_id=person_id,
            key=key,
            request_hash=asked,
            status=_CLAIMED,
            body={},
            created_at=now,
        )
        .on_conflict_do_nothing()
        .returning(col(IdempotencyKey.key))
    )
    if claimed.first() is not None:
        return None
    kept = await session.execute(
        select(IdempotencyKey).where(col(IdempotencyKey.person_id) == person_id, col(IdempotencyKey.key) == key)
    )
    found: IdempotencyKey = kept.scalar_one()
    return found


def _answer(body: dict[str, Any], status: int, *, tagged: bool, replayed: bool = False) -> Response[Any]:
    headers = {"Location": body["location"]} if body["location"] else {}
    if replayed:
        headers["Idempotency-Replayed"] = "true"
    return answer_written(body["gives"], status=status, tagged=tagged, headers=headers)
