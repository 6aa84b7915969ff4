"""What many members file at once, written in a few statements: the rows that as many calls of a use case would leave. A
test compares them.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.answers.schemas import AnswerIn
from pooling.kernel.changes import changing
from pooling.kernel.database import group_of, insert_many
from pooling.kernel.events import Event
from pooling.needs.models import Declaration, DeclarationState, Need, NeedDetail
from pooling.needs.schemas import DeclarationIn
from pooling.rounds.models import Mark, RoundBallot, RoundMark


class Filed(NamedTuple):
    """By whom, and when."""

    person_id: int
    at: datetime
    command: DeclarationIn


class Answered(NamedTuple):
    person_id: int
    at: datetime
    command: AnswerIn


class Voted(NamedTuple):
    person_id: int
    at: datetime
    member_id: int
    marks: Mapping[int, Mapping[Mark, int]]
    """By action."""


async def file_declarations(
    session: AsyncSession, purchase_id: int, items: Sequence[int], filed: Sequence[Filed]
) -> None:
    """As `needs.declaring.file_declaration` does for members that have declared nothing yet; of these `items`."""
    ids = await _declared(session, purchase_id, [(one, one.command.wants_nothing) for one in filed])
    needs, details, events = list[dict[str, Any]](), list[dict[str, Any]](), list[dict[str, Any]]()
    for one in filed:
        declaration, given = ids[one.command.member_id], {need.item_id: need for need in one.command.needs}
        needs += (
            {
                "declaration_id": declaration,
                "item_id": item,
                "quantity": given[item].quantity if item in given else 0,
                "up_to": given[item].most if item in given else 0,
                "declared_at": one.at,
            }
            for item in items
        )
        details += (
            {
                "declaration_id": declaration,
                "item_id": said.item_id,
                "note": said.note,
                "budget_id": said.budget_id,
                "engagement": said.engagement,
            }
            for said in one.command.details
            if said.says_something
        )
        said = {
            "purchase_id": purchase_id,
            "member_id": one.command.member_id,
            "quantities": {str(need.item_id): need.quantity for need in one.command.needs},
            **({"no_need": True} if one.command.wants_nothing else {}),
        }
        events.append(_event(one, declaration, "declaration.filed", said))
    for table, rows in ((Need, needs), (NeedDetail, details), (Event, events)):
        await insert_many(session, table, rows)


async def file_answers(session: AsyncSession, purchase_id: int, answered: Sequence[Answered]) -> None:
    """As `answers.answering.answer_for_own` does for members that have not answered yet."""
    ids = await _declared(session, purchase_id, [(one, False) for one in answered])
    await session.execute(
        text("""
            UPDATE participations p SET takes_part = a.takes_part, agents = COALESCE(a.agents, p.agents)
            FROM unnest(CAST(:members AS bigint[]), CAST(:joined AS boolean[]), CAST(:agents AS integer[]))
                AS a (member_id, takes_part, agents)
            WHERE p.group_id = :group AND p.purchase_id = :purchase AND p.member_id = a.member_id"""),
        {
            "group": group_of(session),
            "purchase": purchase_id,
            "members": [one.command.member_id for one in answered],
            "joined": [one.command.takes_part for one in answered],
            "agents": [one.command.agents if one.command.takes_part else None for one in answered],
        },
        execution_options=changing(participations=[purchase_id]),
    )
    events = [
        _event(
            one,
            ids[one.command.member_id],
            "declaration.answered",
            {
                "purchase_id": purchase_id,
                "member_id": one.command.member_id,
                "takes_part": one.command.takes_part,
                "agents": one.command.agents if one.command.takes_part else None,
            },
        )
        for one in answered
    ]
    await insert_many(session, Event, events)


async def file_ballots(session: AsyncSession, round_id: int, voted: Sequence[Voted]) -> None:
    """As `rounds.voting.file_ballot` does in a secret round, which leaves no other trace than these rows."""
    await insert_many(
        session,
        RoundBallot,
        [
            {"round_id": round_id, "member_id": one.member_id, "filed_at": one.at, "filed_by": one.person_id}
            for one in voted
        ],
    )
    await insert_many(
        session,
        RoundMark,
        [
            {
                "round_id": round_id,
                "member_id": one.member_id,
                "action_id": action,
                "mark": str(mark),
                "value": value,
            }
            for one in voted
            for action, given in one.marks.items()
            for mark, value in given.items()
        ],
    )


async def _declared(
    session: AsyncSession, purchase_id: int, given: Sequence[tuple[Filed | Answered, bool]]
) -> dict[int, int]:
    """A filed declaration for each, and whether it needs nothing: ids by member."""
    rows = [
        {
            "purchase_id": purchase_id,
            "member_id": one.command.member_id,
            "state": str(DeclarationState.FILED),
            "comment": one.command.comment,
            "updated_at": one.at,
            "updated_by": one.person_id,
            "filed_at": one.at,
            "no_need": no_need,
        }
        for one, no_need in given
    ]
    await insert_many(session, Declaration, rows)
    found = await session.execute(
        select(col(Declaration.member_id), col(Declaration.id)).where(
            col(Declaration.purchase_id) == purchase_id, col(Declaration.state) == DeclarationState.FILED
        )
    )
    return {member_id: key for member_id, key in found}


def _event(one: Filed | Answered, declaration_id: int, name: str, details: Mapping[str, object]) -> dict[str, Any]:
    return {
        "at": one.at,
        "person_id": one.person_id,
        "subject_kind": "declaration",
        "subject_id": declaration_id,
        "name": name,
        "from_state": None,
        "to_state": str(DeclarationState.FILED),
        "details": json.dumps(details),
    }
