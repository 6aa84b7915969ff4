"""What is known of an action's terms and of who answered."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, and_, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.accounts.models import Person
from pooling.kernel.tables import linked
from pooling.members.models import Member
from pooling.terms.models import ChargesKey, Estimate, Position, Spread, Terms, TermsAnswer
from pooling.terms.rules import Standing, Turnout, turnout_of
from pooling.terms.schemas import AnswerIn, EstimateIn, TermsIn

MOST_SHARED = 500
"""Members between whom a page shares an estimate."""


@dataclass(frozen=True)
class AnswerShown:
    """A member and what it answers."""

    standing: Standing
    code: str
    condition: str
    deliberation: str
    deliberated_on: date | None
    answered_at: datetime | None
    answered_by: str | None


async def terms_of(session: AsyncSession, action_id: int) -> TermsIn:
    """As they are written; empty where nobody wrote any."""
    kept = select(Terms).where(col(Terms.action_id) == action_id).execution_options(populate_existing=True)
    found = (await session.execute(kept)).scalar_one_or_none()
    if found is None:
        return TermsIn()
    rows = await session.execute(
        select(Estimate)
        .where(col(Estimate.action_id) == action_id)
        .order_by(col(Estimate.place))
        .execution_options(populate_existing=True)
    )
    estimates = tuple(
        EstimateIn(
            **{name: getattr(row, name) for name in EstimateIn.model_fields if name not in {"spread", "charges_key"}},
            spread=Spread(row.spread),
            charges_key=ChargesKey(row.charges_key),
        )
        for row in rows.scalars()
    )
    return TermsIn(mandate=found.mandate, exit_clause=found.exit_clause, answer_by=found.answer_by, estimates=estimates)


async def answer_of(session: AsyncSession, action_id: int, member_id: int) -> AnswerIn | None:
    row = await find_answer(session, action_id, member_id)
    if row is None:
        return None
    return AnswerIn(
        position=Position(row.position),
        condition=row.condition,
        quantity=row.quantity,
        deliberation=row.deliberation,
        deliberated_on=row.deliberated_on,
    )


async def find_answer(session: AsyncSession, action_id: int, member_id: int) -> TermsAnswer | None:
    statement = select(TermsAnswer).where(
        col(TermsAnswer.action_id) == action_id, col(TermsAnswer.member_id) == member_id
    )
    return (await session.execute(statement.execution_options(populate_existing=True))).scalar_one_or_none()


def _members_with_answers(action_id: int, *columns: Any) -> Select[Any]:  # noqa: ANN401
    mine = and_(linked(TermsAnswer.member_id, Member.id), col(TermsAnswer.action_id) == action_id)
    statement: Select[Any] = (
        select(*columns).select_from(Member).outerjoin(TermsAnswer, mine).where(col(Member.retired_on).is_(None))
    )
    return statement


async def answers_shown(session: AsyncSession, action_id: int) -> list[AnswerShown]:
    """Those who answered first, by name; one more than a page shares."""
    rows = await session.execute(
        _members_with_answers(
            action_id,
            col(Member.id),
            col(Member.name),
            col(Member.code),
            col(Member.population),
            col(Member.agents),
            TermsAnswer,
            col(Person.name),
        )
        .outerjoin(Person, col(Person.id) == col(TermsAnswer.answered_by))
        .order_by(col(TermsAnswer.member_id).is_(None), col(Member.sort_key), col(Member.id))
        .limit(MOST_SHARED + 1)
    )
    return [
        AnswerShown(
            Standing(
                str(key),
                name,
                population,
                agents,
                Position(answer.position) if answer else None,
                answer.quantity if answer else None,
            ),
            code,
            answer.condition if answer else "",
            answer.deliberation if answer else "",
            answer.deliberated_on if answer else None,
            answer.answered_at if answer else None,
            person,
        )
        for key, name, code, population, agents, answer, person in rows
    ]


async def turnout(session: AsyncSession, action_id: int) -> Turnout:
    rows = await session.execute(
        _members_with_answers(action_id, col(TermsAnswer.position), func.count()).group_by(col(TermsAnswer.position))
    )
    return turnout_of((position, many) for position, many in rows)
