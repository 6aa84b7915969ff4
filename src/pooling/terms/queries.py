"""What is known of an action's terms and of who answered."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeVar

from pydantic import BaseModel
from sqlalchemy import ColumnElement, Select, and_, case, exists, func, select, union_all
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, aliased
from sqlmodel import col

from pooling.accounts.models import Person
from pooling.kernel.database import fetch, group_of
from pooling.kernel.tables import linked
from pooling.members.models import Member
from pooling.purchases.models import Purchase, PurchaseState
from pooling.terms.models import Aid, Estimate, Position, Terms, TermsAnswer, TermsItem
from pooling.terms.rules import Standing, Turnout, turnout_of
from pooling.terms.schemas import AidIn, AnswerIn, EstimateIn, TermsIn, TermsItemIn

OfTerms = TypeVar("OfTerms", TermsItem, Estimate, Aid)
MOST_SHARED = 500
"""Members between whom a page shares an estimate."""
MOST_SHOWN = 100
"""Members on that page where there are more."""


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
    through: str | None
    """`units` or `whole`: it is silent and need not answer, nor takes a share (`has_units`, `has_whole`)."""


async def terms_row(session: AsyncSession, action_id: int) -> Terms | None:
    kept = select(Terms).where(col(Terms.action_id) == action_id).execution_options(populate_existing=True)
    return (await session.execute(kept)).scalar_one_or_none()


async def terms_of(session: AsyncSession, action_id: int) -> TermsIn:
    """As they are written; empty where nobody wrote any."""
    found = await terms_row(session, action_id)
    if found is None:
        return TermsIn()
    items = await _rows(session, TermsItem, action_id, col(TermsItem.position))
    aids = await _rows(session, Aid, action_id, col(Aid.position))
    said = {name: getattr(found, name) for name in TermsIn.model_fields if name not in {"items", "estimates"}}
    return TermsIn(
        **said,
        items=tuple(TermsItemIn(**_said(TermsItemIn, row)) for row in items),
        estimates=tuple(
            EstimateIn(
                **_said(EstimateIn, row, but={"aids"}),
                aids=tuple(AidIn(**_said(AidIn, aid)) for aid in aids if aid.place == row.place),
            )
            for row in await _rows(session, Estimate, action_id, col(Estimate.place))
        ),
    )


async def _rows(session: AsyncSession, table: type[OfTerms], action_id: int, order: Mapped[int]) -> Sequence[OfTerms]:
    statement = select(table).where(col(table.action_id) == action_id).order_by(order)
    return (await session.execute(statement.execution_options(populate_existing=True))).scalars().all()


def _said(model: type[BaseModel], row: object, but: Collection[str] = ()) -> dict[str, Any]:
    return {name: getattr(row, name) for name in model.model_fields if name not in but}


async def answer_of(session: AsyncSession, action_id: int, member_id: int) -> AnswerIn | None:
    row = await find_answer(session, action_id, member_id)
    return AnswerIn(**_said(AnswerIn, row)) if row is not None else None


async def find_answer(session: AsyncSession, action_id: int, member_id: int) -> TermsAnswer | None:
    statement = select(TermsAnswer).where(
        col(TermsAnswer.action_id) == action_id, col(TermsAnswer.member_id) == member_id
    )
    return (await session.execute(statement.execution_options(populate_existing=True))).scalar_one_or_none()


def has_units() -> ColumnElement[bool]:
    """Of members: it has units, which answer in its place."""
    unit = aliased(Member)
    units = select(col(unit.parent_id)).where(col(unit.parent_id).is_not(None), col(unit.retired_on).is_(None))
    return col(Member.id).in_(units)


def has_whole(action_id: Mapped[int] | int) -> ColumnElement[bool]:
    """Of members: it is a unit of one that answered for all of them."""
    answer = aliased(TermsAnswer)
    return exists().where(
        col(answer.group_id) == col(Member.group_id),
        col(answer.action_id) == action_id,
        col(answer.member_id) == col(Member.parent_id),
    )


def _answers(action_id: int) -> ColumnElement[bool]:
    """Of members: it answered."""
    return exists().where(linked(TermsAnswer.member_id, Member.id), col(TermsAnswer.action_id) == action_id)


def _through(action_id: int) -> ColumnElement[str | None]:
    silent = col(TermsAnswer.member_id).is_(None)
    return case((and_(silent, has_units()), "units"), (and_(silent, has_whole(action_id)), "whole"))


def _members_with_answers(action_id: int, *columns: Any) -> Select[Any]:  # noqa: ANN401
    mine = and_(linked(TermsAnswer.member_id, Member.id), col(TermsAnswer.action_id) == action_id)
    statement: Select[Any] = (
        select(*columns).select_from(Member).outerjoin(TermsAnswer, mine).where(col(Member.retired_on).is_(None))
    )
    return statement


async def answers_shown(session: AsyncSession, action_id: int) -> list[AnswerShown]:
    """Those who answered first, by name; one more than a page shares."""
    by_name, most = (col(Member.sort_key), col(Member.id)), MOST_SHARED + 1
    answered, silent = (
        # Chosen before anything is looked up, the silent by an index on their names.
        select(col(Member.id)).where(col(Member.retired_on).is_(None), said).order_by(*by_name).limit(most).subquery()
        for said in (_answers(action_id), ~_answers(action_id))
    )
    chosen = union_all(select(answered.c.id), select(silent.c.id))
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
            _through(action_id),
        )
        .outerjoin(Person, col(Person.id) == col(TermsAnswer.answered_by))
        .where(col(Member.id).in_(chosen))
        .order_by(col(TermsAnswer.member_id).is_(None), *by_name)
        .limit(most)
    )
    return [
        AnswerShown(
            Standing(
                str(key),
                name,
                population,
                agents,
                Position(answer.position) if answer else None,
                answer.quantities if answer else {},
            ),
            code,
            answer.condition if answer else "",
            answer.deliberation if answer else "",
            answer.deliberated_on if answer else None,
            answer.answered_at if answer else None,
            person,
            through,
        )
        for key, name, code, population, agents, answer, person, through in rows
    ]


async def turnout(session: AsyncSession, action_id: int) -> Turnout:
    rows = await session.execute(
        _members_with_answers(action_id, col(TermsAnswer.position), func.count())
        .where(_through(action_id).is_(None))
        .group_by(col(TermsAnswer.position))
    )
    return turnout_of((position, many) for position, many in rows)


@dataclass(frozen=True)
class Agreed:
    """That the group agreed on an action, when, and by which decision of a committee, if by one."""

    at: datetime
    committee_id: int | None
    number: int | None
    """The decision's, in its committee."""


@dataclass(frozen=True)
class FormerAnswer:
    """What a member once answered, by whom and when."""

    at: datetime
    by: str | None
    said: Mapping[str, Any]


MOST_FORMER = 50
_AGREED = """
SELECT e.at, d.committee_id, d.number FROM events e
LEFT JOIN decisions d ON d.group_id = e.group_id AND d.id = e.decision_id
WHERE e.group_id = $1 AND e.subject_kind = 'action' AND e.subject_id = $2 AND e.name = 'action.agreed'
ORDER BY e.id DESC LIMIT 1"""
_FORMER = f"""
SELECT e.at, p.name, e.details FROM events e LEFT JOIN people p ON p.id = e.person_id
WHERE e.group_id = $1 AND e.subject_kind = 'action' AND e.subject_id = $2 AND e.name = 'action.answered'
    AND (e.details ->> 'member_id')::bigint = $3
ORDER BY e.id DESC LIMIT {MOST_FORMER}"""  # noqa: S608 - ours


async def agreement_on(session: AsyncSession, action_id: int) -> Agreed | None:
    """The latest."""
    rows = await fetch(session, _AGREED, group_of(session), action_id)
    return Agreed(*rows[0]) if rows else None


async def answers_given(session: AsyncSession, action_id: int, member_id: int) -> list[FormerAnswer]:
    """All that the member answered, the latest first, as the journal keeps it."""
    rows = await fetch(session, _FORMER, group_of(session), action_id, member_id)
    return [FormerAnswer(row["at"], row["name"], row["details"]) for row in rows]


async def purchase_begun(session: AsyncSession, reference: str) -> Purchase | None:
    """The purchase that was prepared from terms, unless it was cancelled or deleted."""
    if not reference:
        return None
    standing = col(Purchase.state) != PurchaseState.CANCELLED
    return (
        await session.execute(select(Purchase).where(col(Purchase.reference) == reference, standing))
    ).scalar_one_or_none()
