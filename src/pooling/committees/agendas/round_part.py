"""What the page of a round says of committees: one press puts its result on the next agenda; what they decided."""

from typing import Any

from sqlalchemy import select
from sqlmodel import col

from pooling.committees.agendas.page import AGENDA
from pooling.committees.decisions.queries import decisions_about
from pooling.committees.models import AgendaItem, Committee
from pooling.committees.rules import TO_COME
from pooling.kernel.tables import any_of, linked
from pooling.members.features import Part
from pooling.members.rights import Right
from pooling.rounds.agenda import suggestion_of
from pooling.rounds.models import RoundState
from pooling.rounds.page import RoundPage
from pooling.web.typography import date_time_long


async def round_part(here: RoundPage) -> Part:
    facts: dict[str, Any] = {
        "decisions": await decisions_about(here.session, here.caller, ("round", here.round.id)),
        "closed": here.round.state == RoundState.CLOSED,
        "manages": here.caller.may(Right.MANAGE_COMMITTEES),
        "today": here.today,
    }
    if facts["closed"]:
        facts |= await _agendas(here)
    return Part("committees/round_part.html", facts)


async def _agendas(here: RoundPage) -> dict[str, Any]:
    """The next committee, and the first one to come that has it on its agenda."""
    on_it = (
        select(col(AgendaItem.id))
        .where(linked(AgendaItem.committee_id, Committee.id), col(AgendaItem.round_id) == here.round.id)
        .exists()
    )
    rows = await here.session.execute(
        select(col(Committee.id), col(Committee.title), col(Committee.starts_at), on_it)
        .where(any_of(col(Committee.state), [str(state) for state in TO_COME]), col(Committee.starts_at) > here.now)
        .order_by(on_it.desc(), col(Committee.starts_at), col(Committee.id))
        .limit(1)
    )
    found = rows.one_or_none()
    if found is None:
        return {"agenda": "", "new": f"{here.base}/comites/nouveau"}
    committee_id, title, starts_at, present = found
    return {
        "agenda": f"{here.base}/comites/{committee_id}{AGENDA}",
        "present": present,
        "committee": f"{title}, {date_time_long(starts_at, here.zone)}",
        "key": suggestion_of(here.round).key,
    }
