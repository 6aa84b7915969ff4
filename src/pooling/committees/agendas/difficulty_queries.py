"""Reads about difficulties."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import col

from pooling.accounts.models import Person
from pooling.committees.models import AgendaItem, Committee, Difficulty, DifficultyState
from pooling.kernel.about import Named, about_it
from pooling.kernel.database import one_row
from pooling.kernel.slices import Listed, Order, Slice
from pooling.kernel.tables import known_id, linked
from pooling.members.features import features_for
from pooling.members.models import Member
from pooling.members.subjects import Subject

LATEST_FIRST = Order(col(Difficulty.id), latest_first=True, size=25)
MOST_COMMITTEES = 20
OF_A_SUBJECT = 10


@dataclass(frozen=True)
class DifficultyLine:
    """A difficulty as people read it."""

    id: int
    content: str
    state: str
    raised_at: datetime
    raised_by: int
    raiser: str
    member: str | None
    settlement: str
    settled_at: datetime | None
    settler: str | None
    subject: Subject | None

    @classmethod
    def of(cls, session: AsyncSession, row: Sequence[Any]) -> Self:
        return cls(*features_for(session).subjects.in_row(row))

    @property
    def path(self) -> str:
        """From the group's address on."""
        return f"/comites/difficultes/{self.id}"

    @property
    def settled(self) -> bool:
        return self.state == DifficultyState.SETTLED


async def difficulty_page(session: AsyncSession, wanted: Slice, *, settled: bool) -> Listed[DifficultyLine]:
    """The latest of those that are open, or settled."""
    state = DifficultyState.SETTLED if settled else DifficultyState.RAISED
    found = await LATEST_FIRST.read(session, _lines(session).where(col(Difficulty.state) == state), wanted)
    return found.each(lambda row: DifficultyLine.of(session, row))


async def difficulties_about(session: AsyncSession, subject: Named) -> list[DifficultyLine]:
    """The latest about a subject, those that are open first."""
    rows = await session.execute(
        _lines(session)
        .where(about_it(Difficulty, subject))
        .order_by(col(Difficulty.state) == DifficultyState.SETTLED, col(Difficulty.id).desc())
        .limit(OF_A_SUBJECT)
    )
    return [DifficultyLine.of(session, row) for row in rows]


async def difficulty_line(session: AsyncSession, difficulty_id: int) -> DifficultyLine:
    """One of them, for a caller that knows that it is there."""
    row = (await session.execute(_lines(session).where(col(Difficulty.id) == difficulty_id))).one()
    return DifficultyLine.of(session, row)


async def difficulty_by_id(session: AsyncSession, difficulty_id: int) -> Difficulty:
    """The difficulty.

    Raises:
        NotFound: the group has none with this id.
    """
    return await one_row(session, select(Difficulty).where(col(Difficulty.id) == known_id(difficulty_id)))


async def secretaries_concerned(session: AsyncSession, difficulty_id: int) -> frozenset[int]:
    """The secretaries of the committees on whose agendas it stands or stood."""
    rows = await session.execute(
        select(col(Committee.secretary_id))
        .join(AgendaItem, linked(AgendaItem.committee_id, Committee.id))
        .where(col(AgendaItem.difficulty_id) == difficulty_id)
        .distinct()
    )
    return frozenset(secretary_id for secretary_id in rows.scalars() if secretary_id is not None)


async def committees_of(session: AsyncSession, difficulty_id: int) -> list[tuple[int, str, datetime]]:
    """On whose agendas it stands or stood, the latest first: (id, title, when)."""
    rows = await session.execute(
        select(col(Committee.id), col(Committee.title), col(Committee.starts_at))
        .join(AgendaItem, linked(AgendaItem.committee_id, Committee.id))
        .where(col(AgendaItem.difficulty_id) == difficulty_id)
        .order_by(col(Committee.starts_at).desc())
        .limit(MOST_COMMITTEES)
    )
    return [(key, title, starts_at) for key, title, starts_at in rows]


def _lines(session: AsyncSession) -> Select[Any]:
    raiser, settler = aliased(Person, name="raiser"), aliased(Person, name="settler")
    lines: Any = (
        select(
            col(Difficulty.id),
            col(Difficulty.content),
            col(Difficulty.state),
            col(Difficulty.raised_at),
            col(Difficulty.raised_by),
            col(raiser.name),
            col(Member.name),
            col(Difficulty.settlement),
            col(Difficulty.settled_at),
            col(settler.name),
        )
        .join(raiser, col(raiser.id) == col(Difficulty.raised_by))
        .outerjoin(settler, col(settler.id) == col(Difficulty.settled_by))
        .outerjoin(Member, linked(Member.id, Difficulty.member_id))
    )
    joined: Select[Any] = features_for(session).subjects.joined(lines, Difficulty)
    return joined
