"""Reads about answers: one member's, everybody's, what they come to."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.accounts.models import Person
from pooling.answers.words import in_words
from pooling.kernel.slices import Listed, Slice
from pooling.kernel.tables import any_of, linked
from pooling.members.models import Member
from pooling.members.queries import MEMBERS_BY_NAME
from pooling.needs.models import Declaration, DeclarationState
from pooling.needs.queries import declares
from pooling.purchases.models import Participation


@dataclass(frozen=True)
class AnswerShown:
    """A member that is asked, and what it answered; `answered_at` None: nothing."""

    code: str
    name: str
    said: bool | None
    population: int | None
    agents: int | None
    comment: str
    answered_at: datetime | None
    author: str | None
    """Who answered; None for somebody who left."""

    @property
    def takes_part(self) -> bool | None:
        """What it answered itself: None as long as it did not, even where silence counts as no."""
        return self.said if self.answered_at else None

    @property
    def words(self) -> str:
        return in_words(self.takes_part, self.agents)


@dataclass(frozen=True)
class Tally:
    """How many are asked, take part and do not, and the agents of those who do."""

    asked: int
    joined: int
    declined: int
    agents: int

    @property
    def silent(self) -> int:
        return self.asked - self.joined - self.declined


async def answers_listed(
    session: AsyncSession, purchase_id: int, wanted: Slice, *, only: Collection[int] | None = None
) -> Listed[AnswerShown]:
    """In French order of the members; `only` these (a référent sees its own)."""
    statement = _answers(purchase_id)
    if only is not None:
        statement = statement.where(any_of(col(Member.id), only))
    return (await MEMBERS_BY_NAME.read(session, statement, wanted)).each(lambda row: AnswerShown(*row))


async def answer_of(session: AsyncSession, purchase_id: int, member_id: int) -> AnswerShown:
    """The answer of a member that is asked."""
    found = await session.execute(_answers(purchase_id).where(col(Member.id) == member_id))
    return AnswerShown(*found.one())


async def tally_of(session: AsyncSession, purchase_id: int) -> Tally:
    answered = col(Declaration.id).is_not(None)
    joins, declines = col(Participation.takes_part).is_(True), col(Participation.takes_part).is_(False)
    found = await session.execute(
        select(
            func.count(),
            func.count().filter(answered, joins),
            func.count().filter(answered, declines),
            func.coalesce(func.sum(col(Participation.agents)).filter(answered, joins), 0),
        )
        .select_from(Participation)
        .outerjoin(Declaration, declares(Declaration, Participation, DeclarationState.FILED))
        .where(col(Participation.purchase_id) == purchase_id)
    )
    asked, joined, declined, agents = found.one()
    return Tally(asked, joined, declined, int(agents or 0))


def _answers(purchase_id: int) -> Select[Any]:
    return (
        select(  # type: ignore[return-value]
            col(Member.code),
            col(Member.name),
            col(Participation.takes_part),
            col(Participation.population),
            col(Participation.agents),
            func.coalesce(col(Declaration.comment), ""),
            col(Declaration.filed_at),
            col(Person.name),
        )
        .select_from(Participation)
        .join(Member, linked(Member.id, Participation.member_id))
        .outerjoin(Declaration, declares(Declaration, Participation, DeclarationState.FILED))
        .outerjoin(Person, col(Person.id) == col(Declaration.updated_by))
        .where(col(Participation.purchase_id) == purchase_id)
    )
