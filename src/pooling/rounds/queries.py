"""Reads of rounds. Whatever reads ballots for others than their own member asks `is_known` in the statement, and
whatever reads who has voted asks `turnout_known`: there is no other read of them.
"""

from collections.abc import Collection as Some
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, and_, case, cast, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.actions.models import Action
from pooling.collections.models import Collection
from pooling.kernel.slices import Listed, Order, Slice
from pooling.kernel.tables import any_of, linked
from pooling.members.models import Member
from pooling.rounds.models import Mark, Round, RoundAction, RoundBallot, RoundMark, RoundState, RoundVoter
from pooling.rounds.preparing import RANKED
from pooling.rounds.rules import COUNTED, Ranked, Tally, Turnout, importance_of, ranked

OFFERED_AT_MOST = 200
"""Actions that a form offers to rank."""
_LATEST = Order(col(Round.id), latest_first=True)
_BY_NAME = Order(col(Member.sort_key), col(Member.id))


def _is_counted() -> ColumnElement[bool]:
    return any_of(col(Round.state), [str(state) for state in COUNTED])


def is_known() -> ColumnElement[bool]:
    """Of rounds: others than a member itself may know what it gave (`rules.is_revealed`)."""
    return or_(_is_counted(), and_(col(Round.state) == RoundState.OPEN, ~col(Round.secret)))


def turnout_known() -> ColumnElement[bool]:
    """Of rounds: others may know who has voted (`rules.shows_turnout`)."""
    openly = or_(~col(Round.secret), col(Round.turnout_shown))
    return or_(_is_counted(), and_(col(Round.state) == RoundState.OPEN, openly))


def cast_by_voter() -> ColumnElement[bool]:
    """A ballot of the voter that a statement reads."""
    return and_(
        col(RoundBallot.group_id) == col(RoundVoter.group_id),
        col(RoundBallot.round_id) == col(RoundVoter.round_id),
        col(RoundBallot.member_id) == col(RoundVoter.member_id),
    )


def has_voted() -> ColumnElement[bool]:
    """The voter that a statement reads. For its own people, or beside `turnout_known`."""
    return exists().where(cast_by_voter())


@dataclass(frozen=True)
class RoundShown:
    reference: str
    title: str
    state: str
    secret: bool
    actions: int
    closes_at: datetime
    """Until when it is open, or was."""


async def rounds_listed(session: AsyncSession, wanted: Slice) -> Listed[RoundShown]:
    """The latest first."""
    actions = select(func.count()).where(linked(RoundAction.round_id, Round.id)).scalar_subquery()
    statement: Any = select(
        col(Round.reference),
        col(Round.title),
        col(Round.state),
        col(Round.secret),
        actions,
        func.coalesce(col(Collection.closed_at), col(Collection.closes_at), col(Round.closes_at)),
    ).outerjoin(Collection, linked(Collection.round_id, Round.id))
    return (await _LATEST.read(session, statement, wanted)).each(lambda row: RoundShown(*row))


async def actions_offered(session: AsyncSession, chosen: Some[str] = ()) -> list[tuple[str, str]]:
    """Actions that a round may rank, the latest last; those chosen among them whatever their number."""
    named = any_of(col(Action.reference), chosen)
    rows = await session.execute(
        select(col(Action.reference), col(Action.title))
        .where(or_(any_of(col(Action.state), [str(state) for state in RANKED]), named))
        .order_by(named.desc(), col(Action.id).desc())
        .limit(OFFERED_AT_MOST)
    )
    return sorted((reference, f"{title} ({reference})") for reference, title in rows)


@dataclass(frozen=True)
class Line:
    """An action in a result."""

    id: int
    reference: str
    title: str
    ranked: Ranked


@dataclass(frozen=True)
class Result:
    """What the ballots come to."""

    lines: Sequence[Line]
    turnout: Turnout


async def result_of(session: AsyncSession, found: Round) -> Result | None:
    """None: it is not known yet."""
    return (await results_of(session, [found.id])).get(found.id)


async def results_of(session: AsyncSession, rounds: Some[int]) -> dict[int, Result]:
    """Of those that are known, in two statements."""
    turnouts = await turnouts_of(session, rounds)
    rows = await session.execute(
        select(
            Round,
            col(Action.id),
            col(Action.reference),
            col(Action.title),
            col(RoundMark.mark),
            cast(func.sum(col(RoundMark.value) * col(RoundVoter.weight)), BigInteger),
            func.count(col(RoundMark.mark)),
            cast(func.sum(col(RoundVoter.weight)), BigInteger),
        )
        .join(RoundAction, linked(RoundAction.round_id, Round.id))
        .join(Action, linked(Action.id, RoundAction.action_id))
        .outerjoin(
            RoundMark,
            and_(linked(RoundMark.round_id, RoundAction.round_id), col(RoundMark.action_id) == RoundAction.action_id),
        )
        .outerjoin(
            RoundVoter,
            and_(linked(RoundVoter.round_id, RoundMark.round_id), col(RoundVoter.member_id) == RoundMark.member_id),
        )
        .where(any_of(col(Round.id), rounds), is_known())
        .group_by(*Round.__table__.primary_key.columns, *_of_action(), col(RoundMark.mark))  # type: ignore[attr-defined]
        .order_by(col(Round.id), col(RoundAction.position))
    )
    of_round: dict[int, Round] = {}
    named: dict[int, dict[int, tuple[str, str]]] = {}
    sums: dict[tuple[int, int], dict[Mark, int]] = {}
    who: dict[tuple[int, int], tuple[int, int]] = {}
    for found, action, reference, title, mark, given, members, weight in rows:
        of_round[found.id] = found
        named.setdefault(found.id, {})[action] = (reference, title)
        if mark is not None:
            sums.setdefault((found.id, action), {})[Mark(mark)] = given
            who[found.id, action] = (members, weight)
    results = {}
    for round_id, actions in named.items():
        tallies = [
            Tally(action, sums.get((round_id, action), {}), *who.get((round_id, action), (0, 0))) for action in actions
        ]
        lines = ranked(tallies, of_round[round_id].method, importance_of(of_round[round_id]))
        results[round_id] = Result([Line(one.action, *actions[one.action], one) for one in lines], turnouts[round_id])
    return results


def _of_action() -> tuple[Any, ...]:
    return (
        col(Action.group_id),
        col(Action.id),
        col(Action.reference),
        col(Action.title),
        col(RoundAction.position),
    )


async def turnout_of(session: AsyncSession, found: Round) -> Turnout | None:
    """None: it is not known yet."""
    return (await turnouts_of(session, [found.id])).get(found.id)


async def turnouts_of(session: AsyncSession, rounds: Some[int]) -> dict[int, Turnout]:
    """Of those whose turnout is known."""
    voted = col(RoundBallot.member_id).is_not(None)
    rows = await session.execute(
        select(
            col(Round.id),
            func.count(col(RoundVoter.member_id)),
            func.count(col(RoundBallot.member_id)),
            cast(func.coalesce(func.sum(col(RoundVoter.weight)), 0), BigInteger),
            cast(func.coalesce(func.sum(col(RoundVoter.weight)).filter(voted), 0), BigInteger),
        )
        .outerjoin(RoundVoter, linked(RoundVoter.round_id, Round.id))
        .outerjoin(RoundBallot, cast_by_voter())
        .where(any_of(col(Round.id), rounds), turnout_known())
        .group_by(col(Round.id))
    )
    return {round_id: Turnout(*counts) for round_id, *counts in rows}


@dataclass(frozen=True)
class VoterShown:
    code: str
    name: str
    weight: int
    voted: bool | None
    """None: it is not known yet."""
    filed_at: datetime | None
    """Once what was given is known."""


async def voters_listed(session: AsyncSession, found: Round, wanted: Slice) -> Listed[VoterShown]:
    """Who may vote, by name; who has, where that is known."""
    voted = case((turnout_known(), col(RoundBallot.member_id).is_not(None)), else_=None)
    filed_at = case((is_known(), col(RoundBallot.filed_at)), else_=None)
    statement: Any = (
        select(col(Member.code), col(Member.name), col(RoundVoter.weight), voted, filed_at)
        .select_from(RoundVoter)
        .join(Round, linked(Round.id, RoundVoter.round_id))
        .join(Member, linked(Member.id, RoundVoter.member_id))
        .outerjoin(RoundBallot, cast_by_voter())
        .where(col(RoundVoter.round_id) == found.id)
    )
    return (await _BY_NAME.read(session, statement, wanted)).each(lambda row: VoterShown(*row))


@dataclass(frozen=True)
class OwnVote:
    """A member that the caller votes for."""

    code: str
    name: str
    voted: bool


async def own_votes(session: AsyncSession, round_id: int, members: Sequence[int]) -> list[OwnVote]:
    """Of the members that somebody is a référent of: their own business, whatever the round shows."""
    if not members:
        return []
    rows = await session.execute(
        select(col(Member.code), col(Member.name), has_voted())
        .select_from(RoundVoter)
        .join(Member, linked(Member.id, RoundVoter.member_id))
        .where(col(RoundVoter.round_id) == round_id, any_of(col(RoundVoter.member_id), members))
        .order_by(col(Member.sort_key), col(Member.id))
    )
    return [OwnVote(*row) for row in rows]
