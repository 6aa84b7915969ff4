"""Reminders as the facilitator sees them: occasions (one reminder of one subject), with what became of their people."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, and_, case, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.kernel.errors import NotFound
from pooling.kernel.slices import Listed, Order, Slice
from pooling.kernel.tables import any_of, known_id
from pooling.outbox.models import Message, MessageState
from pooling.outbox.queueing import WITHDRAWN
from pooling.reminders.kinds import Kind, Subject
from pooling.reminders.models import Reminder, ReminderOptOut, ReminderState


class OccasionState(StrEnum):
    """What became of a reminder, as the pages tell it."""

    PLANNED = "a-venir"
    SENT = "parties"
    WAITING = "en-attente"
    FAILED = "en-echec"
    MISSED = "manquees"
    DROPPED = "sans-objet"
    DECLINED = "refusees"


def occasion_state() -> ColumnElement[str]:
    """In SQL, of a reminder joined with its message and with its person's opt-out."""
    return case(
        (col(Reminder.state) == ReminderState.PLANNED, str(OccasionState.PLANNED)),
        (col(Reminder.state) == ReminderState.MISSED, str(OccasionState.MISSED)),
        (
            and_(col(Reminder.state) == ReminderState.NOT_NEEDED, refused()),
            str(OccasionState.DECLINED),
        ),
        (col(Reminder.state) != ReminderState.SENT, str(OccasionState.DROPPED)),
        (
            col(Message.error) == WITHDRAWN,
            case((refused(), str(OccasionState.DECLINED)), else_=str(OccasionState.DROPPED)),
        ),
        (col(Message.state) == MessageState.FAILED, str(OccasionState.FAILED)),
        (col(Message.state) == MessageState.SENT, str(OccasionState.SENT)),
        else_=str(OccasionState.WAITING),
    )


def refused() -> ColumnElement[bool]:
    return exists().where(
        col(ReminderOptOut.person_id) == col(Reminder.person_id),
        col(ReminderOptOut.kind) == col(Reminder.kind),
        or_(col(ReminderOptOut.ended_at).is_(None), col(ReminderOptOut.ended_at) >= col(Reminder.due_at)),
    )


@dataclass(frozen=True)
class OccasionShown:
    """One reminder of one subject, with how many people it concerns and what became of them."""

    id: int
    """Of one of its rows: it stands for the occasion in addresses."""
    kind: str
    label: str
    subject_id: int
    revision: int
    offset_days: int
    due_at: datetime
    subject: Subject | None
    """None: it is gone."""
    counts: Mapping[OccasionState, int]

    @property
    def people(self) -> int:
        return sum(self.counts.values())


_KEY: tuple[Any, ...] = tuple(
    col(getattr(Reminder, name)) for name in ("kind", "subject_id", "revision", "offset_days")
)
_FIRST, _DUE = func.min(col(Reminder.id)), func.min(col(Reminder.due_at))

TABS: Mapping[str, tuple[str, tuple[ReminderState, ...]]] = {
    "a-venir": ("À venir", (ReminderState.PLANNED,)),
    "parties": ("Parties", (ReminderState.SENT,)),
    "manquees": (
        "Manquées ou sans objet",
        (ReminderState.MISSED, ReminderState.NOT_NEEDED, ReminderState.SUPERSEDED),
    ),
}


async def occasions_page(
    session: AsyncSession,
    kinds: Sequence[Kind],
    tab: str,
    wanted: Slice,
    *,
    kind: str = "",
) -> Listed[OccasionShown]:
    """A tab's occasions: what comes next first, what is past from the latest on."""
    _, states = TABS[tab]
    statement = select(_FIRST, *_KEY, _DUE).where(col(Reminder.state).in_(states)).group_by(*_KEY)
    if kind:
        statement = statement.where(col(Reminder.kind) == kind)
    order = Order(_DUE, _FIRST, latest_first=tab != "a-venir", grouped=True, size=25)
    found: Listed[Any] = await order.read(session, statement, wanted)
    return Listed(await _with_names_and_counts(session, kinds, found.items), found.next)


Row = tuple[int, str, int, int, int, datetime]
"""(id, kind, subject, revision, offset, due date)"""


async def _with_names_and_counts(
    session: AsyncSession, kinds: Sequence[Kind], rows: Sequence[Row]
) -> list[OccasionShown]:
    shown = occasion_state().label("shown")
    counted = await session.execute(
        select(*_KEY, shown, func.count())
        .select_from(Reminder)
        .outerjoin(Message, col(Message.id) == col(Reminder.message_id))
        .where(
            any_of(col(Reminder.kind), {row[1] for row in rows}),
            any_of(col(Reminder.subject_id), {row[2] for row in rows}),
        )
        .group_by(*_KEY, shown)
    )
    counts: dict[tuple[Any, ...], dict[OccasionState, int]] = {}
    for *key, state, number in counted:
        counts.setdefault(tuple(key), {})[OccasionState(state)] = number
    names = await name_all(session, kinds, {(kind, subject_id) for _, kind, subject_id, *_ in rows})
    labels = {kind.name: kind.label for kind in kinds}
    return [
        OccasionShown(
            id_, kind, labels.get(kind, kind), subject_id, revision, offset_days, due_at,
            names.get((kind, subject_id)), counts.get((kind, subject_id, revision, offset_days), {}),
        )
        for id_, kind, subject_id, revision, offset_days, due_at in rows
    ]  # fmt: skip


async def name_all(
    session: AsyncSession, kinds: Sequence[Kind], wanted: set[tuple[str, int]]
) -> dict[tuple[str, int], Subject]:
    """What (kind, subject) pairs are about: one query for each kind among them."""
    names: dict[tuple[str, int], Subject] = {}
    for kind in kinds:
        ids = sorted({subject_id for name, subject_id in wanted if name == kind.name})
        found = await kind.name_subjects(session, ids) if ids else {}
        names |= {(kind.name, subject_id): subject for subject_id, subject in found.items()}
    return names


async def occasion_of(session: AsyncSession, kinds: Sequence[Kind], reminder_id: int) -> OccasionShown:
    """The occasion that one of its reminders stands for.

    Raises:
        NotFound: the group has no such reminder.
    """
    found = await session.execute(
        select(col(Reminder.id), *_KEY, col(Reminder.due_at)).where(col(Reminder.id) == known_id(reminder_id))
    )
    row = found.one_or_none()
    if row is None:
        raise NotFound
    (occasion,) = await _with_names_and_counts(session, kinds, [tuple(row)])
    return occasion
