"""What every use case of committees does: lock the one it is about, change its state, leave a trace."""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.committees.models import Committee, CommitteeState
from pooling.committees.permissions import may_write_minutes
from pooling.committees.rules import COMMITTEE, TO_COME
from pooling.kernel.database import one_row
from pooling.kernel.errors import Conflict
from pooling.kernel.events import record_event
from pooling.kernel.tables import known_id
from pooling.members.rights import Caller, Right

PUBLISHED = "Le compte-rendu est publié : il ne change plus."


async def lock_committee(session: AsyncSession, caller: Caller, committee_id: int) -> Committee:
    """The committee, locked and as it is now, for a caller who manages committees."""
    caller.require(Right.MANAGE_COMMITTEES)
    return await locked_committee(session, committee_id)


async def locked_committee(session: AsyncSession, committee_id: int) -> Committee:
    """The same for whoever: the use case checks who may.

    Raises:
        NotFound: the group has none with this id.
    """
    return await one_row(
        session,
        select(Committee)
        .where(col(Committee.id) == known_id(committee_id))
        .with_for_update(key_share=True)  # rows that name it may be added meanwhile: its key never changes
        .execution_options(populate_existing=True),
    )


async def lock_to_write(session: AsyncSession, caller: Caller, committee_id: int) -> Committee:
    """The committee, locked and as it is now, for who writes its minutes: who manages committees, and its secretary.

    Raises:
        NotFound: there is no such committee.
        Forbidden: the caller is neither.
    """
    committee = await locked_committee(session, committee_id)
    may_write_minutes.require(caller, committee)
    return committee


def require_to_come(committee: Committee, now: datetime) -> None:
    if committee.state not in TO_COME or committee.starts_at <= now:
        raise Conflict("Ce comité n’est plus à venir.", code="not_to_come")


def record_change(
    session: AsyncSession,
    caller: Caller | None,
    committee: Committee,
    name: str,
    now: datetime,
    *,
    change: tuple[str | None, str | None] = (None, None),
    reason: str = "",
    details: dict[str, object] | None = None,
) -> None:
    record_event(
        session,
        at=now,
        person_id=caller.person_id if caller else None,
        subject=("committee", committee.id),
        name=f"committee.{name}",
        change=change,
        reason=reason or None,
        details=details,
    )


SENT_TWICE = timedelta(minutes=2)
"""Within how long the very same form of the same person is one form sent twice."""


def mark_held(session: AsyncSession, caller: Caller, committee: Committee, now: datetime) -> None:
    """Whether minutes and decisions of the locked committee may be written; it has been held, then.

    Raises:
        Conflict: it has not begun, was cancelled, or its minutes are published.
    """
    if committee.state == CommitteeState.MINUTED:
        raise Conflict(PUBLISHED, code="minutes_published")
    if committee.state == CommitteeState.CANCELLED:
        raise Conflict("Ce comité est annulé : il n’a pas de compte-rendu.", code="committee_cancelled")
    if committee.state in TO_COME:
        if now < committee.starts_at:
            raise Conflict("Ce comité n’a pas encore eu lieu.", code="not_begun")
        COMMITTEE.move(session, committee, CommitteeState.HELD, at=now, person_id=caller.person_id)
