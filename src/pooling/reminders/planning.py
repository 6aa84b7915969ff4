"""Bringing a group's reminders in line with what is planned now. Idempotent: every sweep does it again."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import (
    ColumnElement,
    Subquery,
    Table,
    case,
    exists,
    func,
    literal,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlalchemy.types import BigInteger
from sqlmodel import col

from pooling.kernel.database import group_of
from pooling.reminders.kinds import Kind
from pooling.reminders.models import Reminder, ReminderState
from pooling.reminders.occasions import arrays_of, ended_as, occasion_rows
from pooling.reminders.opting_out import not_opted_out
from pooling.reminders.settings import kinds_of_group
from pooling.reminders.withdrawing import kinds_waiting, withdraw_waiting

log = logging.getLogger(__name__)

_PLANNING = 7_364
"""The number of our advisory lock: sweeps that meet in a group plan it one after the other."""

_TABLE: Table = Reminder.__table__  # type: ignore[attr-defined]
_KEY = ("subject_id", "person_id", "revision", "offset_days")


@dataclass
class PlanReport:
    planned: int = 0
    superseded: int = 0
    missed: int = 0
    not_needed: int = 0
    withdrawn: int = 0
    """Written, and taken back before they left the outbox."""

    def add(self, other: "PlanReport") -> None:
        self.planned += other.planned
        self.superseded += other.superseded
        self.missed += other.missed
        self.not_needed += other.not_needed
        self.withdrawn += other.withdrawn


async def plan_group(session: AsyncSession, kinds: Sequence[Kind], zone: ZoneInfo, now: datetime) -> PlanReport:
    """Plans every kind in the transaction's group. A kind that fails is logged and left as it was."""
    await lock_planning(session)
    # Thousands of rows that were just added look like one to the server until it has counted them; joining them
    # row by row would then take seconds. Hashing both sides is right for few rows too.
    await session.execute(select(func.set_config("enable_nestloop", "off", True)))
    report = PlanReport()
    planned, waiting = await _kinds_planned(session), await kinds_waiting(session, now)
    for kind in kinds:
        try:
            async with session.begin_nested():
                occasions = await kind.plan(session, kind.schedule, zone, now)
                arrays = arrays_of(occasions)
                if occasions or kind.name in planned:  # of most kinds there is nothing, most of the time
                    report.add(await _bring_in_line(session, kind, zone, arrays, now))
                if kind.name in waiting:
                    report.withdrawn += await withdraw_waiting(session, kind, zone, arrays, now)
        except Exception:  # whatever a feature gets wrong must not silence the others
            log.exception("planning the reminders %s of group %s failed", kind.name, group_of(session))
    return report


async def catch_up(session: AsyncSession, kinds: Sequence[Kind], now: datetime) -> None:
    """Plans these kinds as a sweep would do at this moment. To be done before what they are planned from is changed:
    who was to be told by now is read from rows, which only a sweep makes, and perhaps none came by.
    """
    zone = await session.execute(text("SELECT timezone FROM groups WHERE id = :id"), {"id": group_of(session)})
    await plan_group(session, await kinds_of_group(session, kinds), ZoneInfo(zone.scalar_one()), now)


async def lock_planning(session: AsyncSession) -> None:
    """Until the transaction ends, nobody else plans the reminders of its group."""
    await session.execute(select(func.pg_advisory_xact_lock(_PLANNING, group_of(session) % 2**31)))


async def _kinds_planned(session: AsyncSession) -> set[str]:
    """The kinds of which something is planned already, that may have to end."""
    found = await session.execute(select(col(Reminder.kind)).where(_IS_PLANNED).distinct())
    return set(found.scalars())


async def _bring_in_line(
    session: AsyncSession, kind: Kind, zone: ZoneInfo, arrays: dict[str, list[Any]], now: datetime
) -> PlanReport:
    wanted = _wanted(kind, zone, now)
    report = PlanReport()
    report.planned = await _count(session, _insert(session, kind, wanted, now), arrays)
    missed = update(Reminder).where(*_planned(kind), col(Reminder.useful_until) <= now)
    report.missed = await _count(session, missed.values(state=ReminderState.MISSED, settled_at=now))
    states = (await session.execute(_settle(kind, wanted, now), arrays)).scalars().all()
    report.superseded = states.count(ReminderState.SUPERSEDED)
    report.not_needed = states.count(ReminderState.NOT_NEEDED)
    report.missed += await _count(session, _all_but_latest(kind, now))
    return report


async def _count(session: AsyncSession, statement: Any, parameters: Any = None) -> int:  # noqa: ANN401
    result = await session.execute(statement, parameters or {}, execution_options=_AS_IS)
    count: int = result.rowcount  # type: ignore[attr-defined]
    return count


_AS_IS = {"synchronize_session": False}


def _wanted(kind: Kind, zone: ZoneInfo, now: datetime) -> Subquery:
    """Every reminder that there should be: each person's occasions since it joined the audience."""
    occasion = occasion_rows()
    audience = kind.audience(zone, now).subquery("audience")
    return (
        select(*occasion.c, audience.c.person_id, audience.c.since)
        .join(
            audience,
            (audience.c.subject_id == occasion.c.subject_id) & (audience.c.revision == occasion.c.revision),
        )
        .where(
            occasion.c.due_at > audience.c.since,
            *not_opted_out(kind, audience.c.person_id, occasion.c.due_at),
        )
        .subquery("wanted")
    )


_IS_PLANNED = col(Reminder.state) == ReminderState.PLANNED


def _planned(kind: Kind) -> tuple[Any, ...]:
    return col(Reminder.kind) == kind.name, _IS_PLANNED


def _insert(session: AsyncSession, kind: Kind, wanted: Subquery, now: datetime) -> Any:  # noqa: ANN401
    """Adds what is missing, and gives what is planned its present date.

    Takes up again what is still to come, or has come since, for somebody who was out of the audience for a
    while; what the law wants sent is taken up in any case. All else that there is stands as it is.
    """
    there = _same(wanted).where(
        col(Reminder.kind) == kind.name,
        or_(
            col(Reminder.state).not_in([ReminderState.PLANNED, ReminderState.NOT_NEEDED]),
            (col(Reminder.state) == ReminderState.PLANNED)
            & (col(Reminder.due_at) == wanted.c.due_at)
            & (col(Reminder.useful_until) == wanted.c.useful_until),
            (col(Reminder.state) == ReminderState.NOT_NEEDED)
            & (wanted.c.due_at <= now)
            & (col(Reminder.settled_at) > wanted.c.since)
            & literal(not kind.lawful),
        ),
    )
    rows = select(
        literal(group_of(session), BigInteger()),
        literal(kind.name),
        literal(str(ReminderState.PLANNED)),
        *(wanted.c[name] for name in (*_KEY, "due_at", "useful_until")),
    ).where(~there, *_in_time(kind, wanted))
    adding = insert(_TABLE).from_select(
        ["group_id", "kind", "state", *_KEY, "due_at", "useful_until"], rows, include_defaults=False
    )
    return adding.on_conflict_do_update(
        index_elements=["group_id", "kind", *_KEY],
        set_={
            "state": adding.excluded.state,
            "due_at": adding.excluded.due_at,
            "useful_until": adding.excluded.useful_until,
            "settled_at": None,
            "message_id": None,
            "hastened_at": case((col(Reminder.state) == ReminderState.PLANNED, col(Reminder.hastened_at))),
        },
        where=col(Reminder.state).in_([ReminderState.PLANNED, ReminderState.NOT_NEEDED]),
    )


def _in_time(kind: Kind, wanted: Subquery) -> tuple[ColumnElement[bool], ...]:
    """A day that was past when the group asked for it is skipped, as one that is past when a subject is planned."""
    if kind.changed_at is None:
        return ()
    planned = _same(wanted).where(*_planned(kind))
    return (or_(wanted.c.due_at > kind.changed_at, planned),)


def _same(wanted: Subquery) -> Any:  # noqa: ANN401
    return exists().where(*(getattr(Reminder, name) == wanted.c[name] for name in _KEY))


def _settle(kind: Kind, wanted: Subquery, now: datetime) -> Any:  # noqa: ANN401
    """Ends what is planned and no longer wanted: of an older revision, or for somebody not to be told."""
    return (
        update(Reminder)
        .where(*_planned(kind), ~_same(wanted))
        .values(state=ended_as(), settled_at=now)
        .returning(col(Reminder.state))
        .execution_options(synchronize_session=False)
    )


def _all_but_latest(kind: Kind, now: datetime) -> Any:  # noqa: ANN401
    """After an outage several may be due for a person and a subject: only the latest is worth sending. None is, where a
    later one was sent in its time: days that a changed configuration adds may be past.
    """
    place = func.row_number().over(
        partition_by=(col(Reminder.subject_id), col(Reminder.person_id)),
        order_by=(col(Reminder.due_at).desc(), col(Reminder.offset_days).desc()),
    )
    later = aliased(Reminder)
    said = exists().where(
        *(getattr(later, name) == getattr(Reminder, name) for name in ("group_id", "kind", *_KEY[:3])),
        col(later.state) == ReminderState.SENT,
        col(later.due_at) > col(Reminder.due_at),
        col(later.due_at) <= now,
    )
    due = (
        select(col(Reminder.id), place.label("place"), said.label("said"))
        .where(*_planned(kind), col(Reminder.due_at) <= now)
        .subquery("due")
    )
    return (
        update(Reminder)
        .where(col(Reminder.id) == due.c.id, or_(due.c.place > 1, due.c.said))
        .values(state=ReminderState.MISSED, settled_at=now)
    )
