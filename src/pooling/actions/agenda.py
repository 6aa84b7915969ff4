"""What actions bring on the agenda of a committee: those to examine, and those that should be over."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from sqlalchemy import and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.actions.models import Action, ActionState
from pooling.actions.rules import ACTION, OVER
from pooling.kernel.tables import any_of
from pooling.members.agenda import AgendaSource, Meeting, Suggestion, TakenUp, shortened
from pooling.web.typography import date_short

TO_EXAMINE, LATE = "action_to_examine", "action_late"
_EXAMINED = (ActionState.PROPOSED, ActionState.PRIORITISED)
MOST = 20


async def _suggest(session: AsyncSession, meeting: Meeting, now: datetime) -> list[Suggestion]:  # noqa: ARG001 - as the others
    day = meeting.starts_at.astimezone(meeting.zone).date()
    late = and_(col(Action.state).in_([ActionState.AGREED, ActionState.UNDER_WAY]), col(Action.ends_on) < day)
    rows = await session.execute(
        select(Action)
        .where(or_(col(Action.state).in_(_EXAMINED), late))
        .order_by(col(Action.ends_on).nulls_last(), col(Action.id))
        .limit(MOST)
    )
    return suggested(list(rows.scalars()), meeting)


def suggested(actions: Sequence[Action], meeting: Meeting) -> list[Suggestion]:
    """What should be over first, then what was ranked, then what was proposed."""
    found = {state: [one for one in actions if one.state == state] for state in ActionState}
    late = [*found[ActionState.UNDER_WAY], *found[ActionState.AGREED]]
    return [
        *(
            Suggestion(
                LATE,
                f"Action à terminer : {shortened(one.title)}",
                f"prévue jusqu’au {date_short(one.ends_on)}" if one.ends_on else "",
                about=("action", one.id),
            )
            for one in late
        ),
        *(
            Suggestion(TO_EXAMINE, f"Action à convenir : {shortened(one.title)}", "priorisée", about=("action", one.id))
            for one in found[ActionState.PRIORITISED]
        ),
        *(
            Suggestion(
                TO_EXAMINE,
                f"Action à examiner : {shortened(one.title)}",
                f"proposée le {date_short(one.proposed_at.astimezone(meeting.zone).date())}",
                about=("action", one.id),
            )
            for one in found[ActionState.PROPOSED]
        ),
    ]


async def _tell(
    session: AsyncSession, meeting: Meeting, items: Sequence[TakenUp], now: datetime
) -> Mapping[int, tuple[str, ...]]:
    ids = [item.about[1] for item in items if item.about]
    rows = await session.execute(
        select(col(Action.id), col(Action.state), col(Action.ends_on)).where(any_of(col(Action.id), ids))
    )
    today = now.astimezone(meeting.zone).date()
    stands = {key: _stands(state, ends_on, today) for key, state, ends_on in rows}
    return {item.id: (stands[item.about[1]],) for item in items if item.about and item.about[1] in stands}


def _stands(state: str, ends_on: date | None, today: date) -> str:
    word = ACTION.word(state)
    if ends_on is None or state in OVER:
        return word
    return f"{word}, {'devait finir le' if ends_on < today else 'prévue jusqu’au'} {date_short(ends_on)}"


ACTIONS = AgendaSource((TO_EXAMINE, LATE), _suggest, _tell)
