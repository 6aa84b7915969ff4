"""Taking up on an agenda what is open in the group."""

from collections.abc import Collection
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from pooling.committees.agendas.rows import items_of
from pooling.committees.agendas.rules import MOST_ITEMS
from pooling.committees.agendas.suggestions import lacking
from pooling.committees.locking import lock_committee, record_change, require_to_come
from pooling.committees.models import AgendaItem, Committee, Topic
from pooling.kernel.about import keys_to
from pooling.kernel.database import insert_many
from pooling.members.agenda import Meeting, Suggestion
from pooling.members.features import features_for
from pooling.members.groups import group_zone
from pooling.members.rights import Caller


async def proposals_for(session: AsyncSession, committee: Committee, zone: ZoneInfo, now: datetime) -> list[Suggestion]:
    """What its agenda lacks of what is open."""
    present = {
        Suggestion(item.topic, "", "", about=item.about, origin_id=item.difficulty_id).key
        for item in await items_of(session, committee.id)
        if item.topic != Topic.TYPED
    }
    meeting = Meeting(committee.id, committee.starts_at, zone)
    return lacking(await features_for(session).suggestions(session, meeting, now), present)


async def take_up(
    session: AsyncSession, caller: Caller, committee_id: int, now: datetime, *, keys: Collection[str] | None = None
) -> int:
    """Adds these proposals, or all there are, at the agenda's end; returns how many. One that is there already, or
    no longer stands, adds nothing.

    Raises:
        Forbidden: the caller does not manage committees.
        NotFound: there is no such committee.
        Conflict: it is no longer to come.
    """
    committee = await lock_committee(session, caller, committee_id)
    require_to_come(committee, now)
    added = await add_proposals(session, committee, now, keys=keys)
    if added:
        record_change(session, caller, committee, "agenda_taken_up", now, details={"lines": added})
    return added


async def add_proposals(
    session: AsyncSession, committee: Committee, now: datetime, *, keys: Collection[str] | None = None
) -> int:
    """The same for a caller that holds the committee's lock, or has just made it."""
    zone = await group_zone(session)
    wanted = [
        proposal
        for proposal in await proposals_for(session, committee, zone, now)
        if keys is None or proposal.key in keys
    ]
    present = await items_of(session, committee.id)
    fitting = wanted[: max(0, MOST_ITEMS - len(present))]
    last = max((item.position for item in present), default=0)
    rows = [
        {
            "committee_id": committee.id,
            "position": position,
            "title": proposal.title,
            "topic": proposal.topic,
            "duration_minutes": proposal.duration_minutes,
            "presenter": "",
            "difficulty_id": proposal.origin_id if proposal.topic == Topic.DIFFICULTY else None,
            **keys_to(proposal.about),
        }
        for position, proposal in enumerate(fitting, start=last + 1)
    ]
    await insert_many(session, AgendaItem, rows, on_conflict="ON CONFLICT DO NOTHING")
    return len(rows)
