"""API tokens: a program acts as a person in one group. Only a hash is kept; a token is shown once, when it is made."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import NamedTuple

from sqlalchemy import BigInteger, String, column, func, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.accounts.models import ApiToken, Person, TokenScope
from pooling.accounts.sessions import EnteredGroup, group_in
from pooling.kernel.database import Database, enter_group
from pooling.kernel.errors import Invalid, NotFound
from pooling.kernel.events import record_event
from pooling.kernel.text import one_line

USED_STEP = timedelta(minutes=5)
"""`last_used_at` is written at most this often."""
VISIBLE = 9
"""How much of a token is kept readable, to tell tokens apart: `pool_xxxx`."""
LONGEST_NAME = 80
PAST_END = "Choisissez une date d’expiration à venir."
LONGEST_TOKEN = 200


@dataclass(frozen=True)
class Holder:
    """Who a token acts as, where, and how far. `group` is None once its person may no longer enter it."""

    token_id: int
    token_name: str
    prefix: str
    scope: TokenScope
    expires_at: datetime | None
    person_id: int
    name: str
    email: str
    group: EnteredGroup | None


@dataclass(frozen=True)
class TokenShown:
    """A token in a list."""

    id: int
    name: str
    prefix: str
    scope: str
    email: str
    group_slug: str
    """Empty for a group that its person may no longer enter."""
    group_name: str
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None

    def is_live(self, now: datetime) -> bool:
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > now)


def _hash(token: str) -> bytes:
    return sha256(token.encode()).digest()


class MadeToken(NamedTuple):
    id: int
    token: str


async def make_token(
    session: AsyncSession,
    person_id: int,
    group_id: int,
    *,
    name: str,
    scope: TokenScope,
    expires_at: datetime | None,
    now: datetime,
) -> MadeToken:
    """A new token of this person in this group, in a transaction of no group; nobody reads it again.

    Raises:
        NotFound: the person may not enter the group.
        Invalid: no name, or an end that is past.
    """
    title = one_line(name)
    if not title or len(title) > LONGEST_NAME:
        raise Invalid({"name": f"Donnez un nom à ce jeton, en {LONGEST_NAME} caractères au plus."})
    if expires_at is not None and expires_at <= now:
        raise Invalid({"expires_on": PAST_END})
    if await _group_of(session, person_id, group_id) is None:
        raise NotFound
    token = f"pool_{secrets.token_urlsafe(32)}"
    row = ApiToken(
        person_id=person_id,
        group_id=group_id,
        name=title,
        prefix=token[:VISIBLE],
        token_hash=_hash(token),
        scope=scope,
        created_at=now,
        expires_at=expires_at,
    )
    session.add(row)
    await session.flush()
    await _record(session, row, "token.created", now)
    return MadeToken(row.id, token)


async def revoke_token(session: AsyncSession, token_id: int, now: datetime, *, person_id: int | None = None) -> None:
    """Ends a token at once. Ending it twice changes nothing. `person_id` restricts it to that person's own.

    Raises:
        NotFound: there is no such token.
    """
    statement = select(ApiToken).where(col(ApiToken.id) == token_id).with_for_update()
    if person_id is not None:
        statement = statement.where(col(ApiToken.person_id) == person_id)
    row = (await session.execute(statement)).scalar_one_or_none()
    if row is None:
        raise NotFound
    if row.revoked_at is None:
        row.revoked_at = now
        await session.flush()
        await _record(session, row, "token.revoked", now)


async def _record(session: AsyncSession, row: ApiToken, name: str, now: datetime) -> None:
    """Tokens belong to no group, their trace to the group they open: the transaction goes there and comes back."""
    await enter_group(session, row.group_id)
    record_event(
        session,
        at=now,
        person_id=row.person_id,
        subject=("person", row.person_id),
        name=name,
        details={"token_id": row.id, "name": row.name, "scope": str(row.scope), "prefix": row.prefix},
    )
    await session.flush()
    await enter_group(session, None)


async def read_token(database: Database, token: str, now: datetime) -> Holder | None:
    """Who holds this token; None when it is unknown, revoked or past its end. Its use is noted now and then."""
    if len(token) > LONGEST_TOKEN:
        return None
    rows = await database.ask("SELECT * FROM token_held($1, $2)", _hash(token), now)
    if not rows:
        return None
    (held,) = rows
    if held["last_used_at"] is None or held["last_used_at"] < now - USED_STEP:
        async with database.transaction() as session:
            used = update(ApiToken).where(col(ApiToken.id) == held["token_id"]).values(last_used_at=now)
            await session.execute(used)
    return Holder(
        token_id=held["token_id"],
        token_name=held["token_name"],
        prefix=held["prefix"],
        scope=TokenScope(held["scope"]),
        expires_at=held["expires_at"],
        person_id=held["person_id"],
        name=held["name"],
        email=held["email"],
        group=group_in(held),
    )


async def _group_of(session: AsyncSession, person_id: int, group_id: int) -> EnteredGroup | None:
    """The group, if it is not archived and the person holds a role in it now."""
    rows = await session.execute(
        text(
            "SELECT id, slug, name, timezone, fictional, second_factor_required FROM groups_of_person(:person) "
            "WHERE id = :group"
        ),
        {"person": person_id, "group": group_id},
    )
    row = rows.first()
    return None if row is None else EnteredGroup(**row._mapping)  # noqa: SLF001 - the documented way to a dict


async def tokens_listed(
    session: AsyncSession, *, person_id: int | None = None, group_id: int | None = None
) -> list[TokenShown]:
    """Tokens that were not revoked and those that were, the newest first; of one person, of one group, or all."""
    known = func.all_groups().table_valued(
        column("id", BigInteger), column("slug", String), column("name", String), name="known"
    )
    statement = (
        select(
            col(ApiToken.id),
            col(ApiToken.name),
            col(ApiToken.prefix),
            col(ApiToken.scope),
            col(Person.email),
            known.c.slug,
            known.c.name,
            col(ApiToken.created_at),
            col(ApiToken.expires_at),
            col(ApiToken.last_used_at),
            col(ApiToken.revoked_at),
        )
        .join(Person, col(Person.id) == col(ApiToken.person_id))
        .outerjoin(known, known.c.id == col(ApiToken.group_id))
        .order_by(col(ApiToken.id).desc())
    )
    if person_id is not None:
        statement = statement.where(col(ApiToken.person_id) == person_id)
    if group_id is not None:
        statement = statement.where(col(ApiToken.group_id) == group_id)
    return [
        TokenShown(
            id=row[0],
            name=row[1],
            prefix=row[2],
            scope=row[3],
            email=row[4],
            group_slug=row[5] or "",
            group_name=row[6] or "(groupe archivé)",
            created_at=row[7],
            expires_at=row[8],
            last_used_at=row[9],
            revoked_at=row[10],
        )
        for row in await session.execute(statement)
    ]
