"""The audit trail: one row for every change of state, written in the transaction that makes it.

Append-only for the application's database role. Events name people by id only: a purge blanks the person, not the
event.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field

from pooling.kernel.changes import follow_rows
from pooling.kernel.database import group_of, insert_many
from pooling.kernel.tables import TenantTable, foreign_id, identity, in_group, instant, recorded


class Event(TenantTable, table=True):
    __tablename__ = "events"
    __table_args__ = (
        in_group(),
        Index(None, "group_id", "subject_kind", "subject_id", "id"),
        Index(None, "group_id", "at", "id"),  # the journal
    )

    id: int = identity()
    at: datetime = instant()
    """By the clock of who acted."""
    recorded_at: datetime = recorded()
    person_id: int | None = foreign_id(nullable=True)
    """None: the application itself, for example a sweep that closes a collection in time."""
    subject_kind: str
    subject_id: int = foreign_id()
    name: str
    from_state: str | None = None
    to_state: str | None = None
    reason: str | None = None
    details: dict[str, Any] = Field(default_factory=dict, sa_type=JSONB)
    decision_id: int | None = foreign_id(nullable=True)
    """The committee's decision that caused it."""


@contextmanager
def caused_by(session: AsyncSession, decision_id: int) -> Iterator[None]:
    """Every event recorded in the block is traced back to this decision."""
    session.info[_CAUSE] = decision_id
    try:
        yield
    finally:
        del session.info[_CAUSE]


_CAUSE = "decision_id"


def record_event(
    session: AsyncSession,
    *,
    at: datetime,
    person_id: int | None,
    subject: tuple[str, int],
    name: str,
    change: tuple[str | None, str | None] = (None, None),
    reason: str | None = None,
    details: dict[str, Any] | None = None,
) -> None:
    """Adds one event. `subject` is (kind, id), `change` is (state before, state after)."""
    session.add(
        Event(
            group_id=group_of(session),
            at=at,
            person_id=person_id,
            subject_kind=subject[0],
            subject_id=subject[1],
            name=name,
            from_state=change[0],
            to_state=change[1],
            reason=reason,
            details=details or {},
            decision_id=session.info.get(_CAUSE),
        )
    )


async def record_events(
    session: AsyncSession,
    *,
    at: datetime,
    person_id: int | None,
    kind: str,
    name: str,
    each: Mapping[int, Mapping[str, Any]],
    change: tuple[str | None, str | None] = (None, None),
) -> None:
    """The same event of many subjects of one kind, in one statement: the details of `each` by its id."""
    same: dict[str, Any] = {
        "at": at,
        "person_id": person_id,
        "subject_kind": kind,
        "name": name,
        "from_state": change[0],
        "to_state": change[1],
        "decision_id": session.info.get(_CAUSE),
    }
    rows = [{**same, "subject_id": key, "details": json.dumps(details)} for key, details in each.items()]
    written = await insert_many(session, Event, rows, on_conflict="RETURNING id")
    if written is not None:
        await session.run_sync(follow_rows, "events", list(written.scalars()))
