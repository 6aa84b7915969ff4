"""Reads of an agenda: its items with what they are about as it stands now."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.committees.agendas.files import files_of
from pooling.committees.agendas.rules import start_times
from pooling.committees.models import AgendaItem, Committee, Difficulty, DifficultyState
from pooling.committees.rules import whole_title
from pooling.kernel.attached import FileShown
from pooling.kernel.tables import linked
from pooling.members.agenda import Meeting, TakenUp
from pooling.members.features import features_for
from pooling.members.models import Member
from pooling.members.subjects import Subject


@dataclass(frozen=True)
class AgendaLine:
    """An item as pages and documents show it."""

    id: int
    position: int
    title: str
    whole_title: str
    """As documents say it."""
    topic: str
    duration_minutes: int | None
    presenter: str
    subject: Subject | None
    difficulty_id: int | None
    difficulty_settled: bool
    begins_at: datetime | None
    details: tuple[str, ...]
    """What there is to know about it now."""
    files: tuple[FileShown, ...] = ()


async def agenda_lines(session: AsyncSession, committee: Committee, zone: ZoneInfo, now: datetime) -> list[AgendaLine]:
    """The agenda in order: a fixed number of statements whatever its length."""
    subjects = features_for(session).subjects
    found = (
        await session.execute(
            subjects.joined(select(AgendaItem, Difficulty, col(Member.name)), AgendaItem)
            .outerjoin(Difficulty, linked(Difficulty.id, AgendaItem.difficulty_id))
            .outerjoin(Member, linked(Member.id, Difficulty.member_id))
            .where(col(AgendaItem.committee_id) == committee.id)
            .order_by(col(AgendaItem.position), col(AgendaItem.id))
        )
    ).all()
    rows: Sequence[Any] = [subjects.in_row(row) for row in found]
    items: list[AgendaItem] = [row[0] for row in rows]
    files = await files_of(session, committee.id)
    meeting = Meeting(committee.id, committee.starts_at, zone)
    taken_up = [TakenUp(item.id, item.topic, item.about) for item in items]
    live = await features_for(session).told_of(session, meeting, taken_up, now)
    begins = start_times(committee.starts_at, [item.duration_minutes for item in items])
    return [
        AgendaLine(
            id=item.id,
            position=place,
            title=item.title,
            whole_title=whole_title(item.title, difficulty.content if difficulty else None),
            topic=item.topic,
            duration_minutes=item.duration_minutes,
            presenter=item.presenter,
            subject=subject,
            difficulty_id=item.difficulty_id,
            difficulty_settled=difficulty is not None and difficulty.state == DifficultyState.SETTLED,
            begins_at=begins_at,
            details=_of_difficulty(difficulty, member) if difficulty is not None else live.get(item.id, ()),
            files=tuple(files.get(item.id, ())),
        )
        for place, ((item, difficulty, member, subject), begins_at) in enumerate(
            zip(rows, begins, strict=True), start=1
        )
    ]


def _of_difficulty(difficulty: Difficulty, member: str | None) -> tuple[str, ...]:
    content = " ".join(difficulty.content.split())
    said = f"{member} : {content}" if member else content
    return (said, f"Réglée : {difficulty.settlement}") if difficulty.settlement else (said,)
