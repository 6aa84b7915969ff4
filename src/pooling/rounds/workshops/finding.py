"""Finding a workshop: by its id in the group, or by the code that its link ends with."""

import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.actions.models import Action
from pooling.kernel.database import enter_group
from pooling.kernel.errors import NotFound
from pooling.kernel.tables import linked
from pooling.members.models import Group
from pooling.rounds.workshops.models import Workshop, WorkshopDot, WorkshopNote, WorkshopState, WorkshopTheme

ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""Letters and digits that nobody takes for another when they are read out."""
CODE_LENGTH = 8
LONGEST_CODE = 40


def new_code() -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH))


def read_code(typed: str) -> str:
    """As people type it: blanks and hyphens between, small letters."""
    return "".join(letter for letter in typed[:LONGEST_CODE].upper() if letter.isalnum())


def browser_hash(workshop_id: int, browser: str) -> bytes:
    """Tells one telephone from another within a workshop, and nothing beyond."""
    return sha256(f"{workshop_id}:{browser}".encode()).digest()


@dataclass(frozen=True)
class Joined:
    """What a link opens."""

    group: Group
    workshop: Workshop
    action: Action


async def find_workshop(session: AsyncSession, workshop_id: int, *, locked: bool = False) -> Workshop:
    """Raises:
    NotFound: the group has no such workshop.
    """
    statement = select(Workshop).where(col(Workshop.id) == workshop_id).execution_options(populate_existing=True)
    found: Workshop | None = (
        await session.execute(statement.with_for_update() if locked else statement)
    ).scalar_one_or_none()
    if found is None:
        raise NotFound
    return found


async def join(session: AsyncSession, slug: str, code: str, now: datetime, *, sharing: bool = False) -> Joined:
    """Binds the transaction to the group of the address; `sharing` keeps the workshop where it stands meanwhile.

    Raises:
        NotFound: the group is unknown or archived, the workshop unknown, closed or expired: alike.
    """
    groups = await session.execute(
        text("SELECT id FROM group_by_slug(:slug) WHERE archived_at IS NULL"), {"slug": slug}
    )
    group_id = groups.scalar_one_or_none()
    typed = read_code(code)
    if group_id is None or len(typed) != CODE_LENGTH:
        raise NotFound
    await enter_group(session, group_id)
    statement = select(Workshop).where(
        col(Workshop.code) == typed,
        col(Workshop.state) != WorkshopState.CLOSED,
        col(Workshop.expires_at) > now,
    )
    found: Workshop | None = (
        await session.execute(statement.with_for_update(read=True) if sharing else statement)
    ).scalar_one_or_none()
    group = await session.get(Group, group_id)
    if found is None or group is None or not hmac.compare_digest(found.code or "", typed):
        raise NotFound
    return Joined(group, found, await session.get_one(Action, (group_id, found.action_id)))


@dataclass(frozen=True)
class ThemeShown:
    id: int
    kind: str
    ease: str
    title: str
    dots: int


async def themes_of(session: AsyncSession, workshop: Workshop) -> Sequence[ThemeShown]:
    """As they were made, with the dots that they have."""
    dots = select(func.count()).where(
        linked(WorkshopDot.workshop_id, WorkshopTheme.workshop_id), col(WorkshopDot.theme_id) == col(WorkshopTheme.id)
    )
    rows = await session.execute(
        select(
            col(WorkshopTheme.id),
            col(WorkshopTheme.kind),
            col(WorkshopTheme.ease),
            col(WorkshopTheme.title),
            col(WorkshopTheme.dots) + dots.scalar_subquery(),
        )
        .where(col(WorkshopTheme.workshop_id) == workshop.id)
        .order_by(col(WorkshopTheme.id))
    )
    return [ThemeShown(*row) for row in rows]


async def notes_of(session: AsyncSession, workshop: Workshop) -> Sequence[WorkshopNote]:
    """As they were posted."""
    rows = await session.execute(
        select(WorkshopNote)
        .where(col(WorkshopNote.workshop_id) == workshop.id)
        .order_by(col(WorkshopNote.id))
        .execution_options(populate_existing=True)
    )
    return list(rows.scalars())


async def dots_of(session: AsyncSession, workshop: Workshop, browser: bytes) -> set[int]:
    """The themes on which this telephone has put its dots."""
    rows = await session.execute(
        select(col(WorkshopDot.theme_id)).where(
            col(WorkshopDot.workshop_id) == workshop.id, col(WorkshopDot.browser_hash) == browser
        )
    )
    return set(rows.scalars())
