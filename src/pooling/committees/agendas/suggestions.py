"""What an agenda could take up: what the features bring, and what members struggle with."""

from collections.abc import Collection, Iterable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.committees.agendas.rules import LONGEST_SAID
from pooling.committees.models import Difficulty, DifficultyState, Topic
from pooling.kernel.about import Named
from pooling.members.agenda import AgendaSource, Meeting, Suggestion, shortened

MOST_DIFFICULTIES = 50


def lacking(found: Iterable[Suggestion], present: Collection[str]) -> list[Suggestion]:
    """What an agenda lacks, by the keys of the items that it has."""
    return [suggestion for suggestion in found if suggestion.key not in present]


def of_difficulty(difficulty_id: int, content: str, about: Named | None) -> Suggestion:
    return Suggestion(
        Topic.DIFFICULTY,
        f"Difficulté : {shortened(content, LONGEST_SAID)}",
        "signalée par un membre",
        about=about,
        origin_id=difficulty_id,
    )


async def _suggest(session: AsyncSession, meeting: Meeting, now: datetime) -> list[Suggestion]:  # noqa: ARG001 - as the others
    rows = await session.execute(
        select(Difficulty)
        .where(col(Difficulty.state) == DifficultyState.RAISED)
        .order_by(col(Difficulty.id))
        .limit(MOST_DIFFICULTIES)
    )
    return [of_difficulty(one.id, one.content, one.about) for one in rows.scalars()]


DIFFICULTIES = AgendaSource((Topic.DIFFICULTY,), _suggest, left_over=True)
