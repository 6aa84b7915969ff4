"""Reads of the group's experience, and of what other groups of the host let it read."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.accounts.models import Person
from pooling.experiences.models import Experience, ExperienceQuestion
from pooling.kernel.database import fetch
from pooling.kernel.errors import NotFound
from pooling.kernel.slices import Listed, Order, Slice
from pooling.kernel.tables import linked, may_be_id
from pooling.web.searching import folded_query, holds

_LATEST = Order(col(Experience.id), latest_first=True, size=25)
OF_A_SUBJECT = 10
ELSEWHERE = 50


@dataclass(frozen=True)
class ExperienceShown:
    id: int
    title: str
    told_at: datetime
    result: str
    shared: bool
    questions: int
    """How many nobody has answered yet."""


def _shown() -> tuple[object, ...]:
    waiting = (
        select(func.count())
        .where(linked(ExperienceQuestion.experience_id, Experience.id), col(ExperienceQuestion.answered_at).is_(None))
        .scalar_subquery()
    )
    return (*(getattr(Experience, name) for name in ("id", "title", "told_at", "result", "shared")), waiting)


async def experiences_listed(session: AsyncSession, wanted: Slice, *, search: str = "") -> Listed[ExperienceShown]:
    """The latest first, those that answer what is searched in French."""
    statement = select(*_shown())  # type: ignore[call-overload]
    query = folded_query(search)
    if search.strip():
        statement = statement.where(holds(col(Experience.words), query))
    return (await _LATEST.read(session, statement, wanted)).each(lambda row: ExperienceShown(*row))


async def experiences_of(session: AsyncSession, which: ColumnElement[bool]) -> list[ExperienceShown]:
    """The latest of an action, a purchase or a supplier."""
    rows = await session.execute(
        select(*_shown()).where(which).order_by(col(Experience.id).desc()).limit(OF_A_SUBJECT)  # type: ignore[call-overload]
    )
    return [ExperienceShown(*row) for row in rows]


async def told_since(session: AsyncSession, since: datetime, until: datetime) -> list[ExperienceShown]:
    """What is new, the earliest first."""
    rows = await session.execute(
        select(*_shown())  # type: ignore[call-overload]
        .where(col(Experience.told_at) > since, col(Experience.told_at) <= until)
        .order_by(col(Experience.told_at), col(Experience.id))
        .limit(ELSEWHERE)
    )
    return [ExperienceShown(*row) for row in rows]


@dataclass(frozen=True)
class QuestionShown:
    id: int
    content: str
    asked_at: datetime
    asker: str | None
    answer: str
    answered_at: datetime | None


async def questions_of(session: AsyncSession, experience_id: int) -> list[QuestionShown]:
    """In the order in which they were asked."""
    columns = (getattr(ExperienceQuestion, name) for name in ("id", "content", "asked_at"))
    rows: Any = await session.execute(
        select(*columns, col(Person.name), col(ExperienceQuestion.answer), col(ExperienceQuestion.answered_at))
        .outerjoin(Person, col(Person.id) == col(ExperienceQuestion.asked_by))
        .where(col(ExperienceQuestion.experience_id) == experience_id)
        .order_by(col(ExperienceQuestion.id))
    )
    return [QuestionShown(*row) for row in rows]


@dataclass(frozen=True)
class SharedExperience:
    """A sheet that another group consents to show: what it says, and nothing else of that group but its name."""

    id: int
    group_name: str
    title: str
    told_at: datetime
    context: str
    done: str
    cost_cents: int | None
    result: str
    differently: str
    figures: str
    contact: str


_SHARED = "SELECT * FROM shared_experiences($1, NULL, $2) ORDER BY told_at DESC, id DESC"


async def shared_elsewhere(session: AsyncSession, search: str = "") -> list[SharedExperience]:
    """The latest sheets of other groups of the host, by the one function that lets them through."""
    rows = await fetch(session, _SHARED, folded_query(search), ELSEWHERE)
    return [SharedExperience(**dict(row)) for row in rows]


async def shared_one(session: AsyncSession, experience_id: int) -> SharedExperience:
    """One of them.

    Raises:
        NotFound: no other group shows a sheet of this id.
    """
    rows = (
        await fetch(session, "SELECT * FROM shared_experiences('', $1, 1)", experience_id)
        if may_be_id(experience_id)
        else []
    )
    if not rows:
        raise NotFound
    return SharedExperience(**dict(rows[0]))
