"""What rounds bring on the agenda of a committee: results to adopt."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.kernel.tables import any_of
from pooling.members.agenda import AgendaSource, Meeting, Suggestion, TakenUp, shortened
from pooling.rounds.models import Round, RoundState
from pooling.rounds.queries import results_of
from pooling.rounds.rules import ROUND
from pooling.rounds.words import first_words, turnout_words

RANKING = "ranking"
MOST_ROUNDS = 10
MOST_LINES = 10


def suggestion_of(found: Round) -> Suggestion:
    return Suggestion(
        RANKING,
        f"Adopter le classement des actions : {shortened(found.title)}",
        "vote clos, classement à adopter",
        duration_minutes=15,
        about=("round", found.id),
    )


async def _suggest(session: AsyncSession, meeting: Meeting, now: datetime) -> list[Suggestion]:  # noqa: ARG001
    rows = await session.execute(
        select(Round).where(col(Round.state) == RoundState.CLOSED).order_by(col(Round.id)).limit(MOST_ROUNDS)
    )
    return [suggestion_of(found) for found in rows.scalars()]


async def _tell(
    session: AsyncSession,
    meeting: Meeting,  # noqa: ARG001 - as the others
    items: Sequence[TakenUp],
    now: datetime,  # noqa: ARG001
) -> Mapping[int, tuple[str, ...]]:
    ids = {item.about[1] for item in items if item.about}
    rows = await session.execute(select(Round).where(any_of(col(Round.id), ids)))
    rounds = {found.id: found for found in rows.scalars()}
    results = await results_of(session, ids)
    told = {}
    for item in items:
        if item.about is None or item.about[1] not in rounds:
            continue
        found = rounds[item.about[1]]
        result = results.get(found.id)
        told[item.id] = (
            (f"{turnout_words(found, result.turnout)}.", *first_words(found, result, MOST_LINES))
            if result is not None
            else (f"{ROUND.word(found.state)}.",)
        )
    return told


RANKINGS = AgendaSource((RANKING,), _suggest, _tell)
