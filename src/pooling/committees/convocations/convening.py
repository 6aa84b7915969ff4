"""Convening a committee's members: by itself in time for a formal one, by hand for any.

Convening changes the state and keeps the document; the sweep sends it, to each invited person once, as it sends every
reminder. So it makes no difference whether there are ten people or thirty-five thousand.
"""

import logging
from datetime import datetime, time
from zoneinfo import ZoneInfo

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.committees.convening_notice import convocation_hour
from pooling.committees.convening_rules import lawful_due, leaves_by_itself
from pooling.committees.convocations.document import convocation_pdf
from pooling.committees.locking import lock_committee, require_to_come
from pooling.committees.models import Committee, CommitteeKind, CommitteeState, Invitation
from pooling.committees.notices.changes import context_of_group
from pooling.committees.queries import agendas_of
from pooling.committees.rules import COMMITTEE, CONVOCATION
from pooling.kernel.clock import Clock
from pooling.kernel.database import base_url_of
from pooling.kernel.doubts import Insistence, insist
from pooling.kernel.files import store_file
from pooling.members.groups import group_zone
from pooling.members.rights import Caller
from pooling.outbox.occasions import occasion
from pooling.reminders.sweep import Chore
from pooling.web.pdf import Unprintable

log = logging.getLogger(__name__)


occasion(
    CONVOCATION,
    asked_by="a facilitator, who convenes before the date of the rule",
    to="who is invited",
    limit="once for each date of a committee",
    where=__name__,
)


async def convene_now(
    session: AsyncSession,
    caller: Caller,
    committee_id: int,
    now: datetime,
    *,
    insistence: Insistence | None = None,
) -> None:
    """Convenes everybody who is invited: the next sweep sends the convocation to each, once.

    Raises:
        Forbidden: the caller does not manage committees.
        NotFound: there is no such committee.
        Conflict: it is no longer to come, or its members were convened already.
        Doubtful: see `doubts_of_convening`; nobody insists.
    """
    committee = await lock_committee(session, caller, committee_id)
    require_to_come(committee, now)
    doubts = await doubts_of_convening(session, committee)
    insist(session, doubts, insistence, at=now, person_id=caller.person_id, subject=("committee", committee.id))
    await convene(session, caller, committee, now)


async def doubts_of_convening(session: AsyncSession, committee: Committee) -> list[str]:
    """What had better be looked at before people are convened, each in a French sentence."""
    doubts = []
    if not (await agendas_of(session, [committee.id])).get(committee.id):
        doubts.append("L’ordre du jour est vide.")
    if not await session.scalar(select(exists().where(col(Invitation.committee_id) == committee.id))):
        doubts.append("Personne n’est invité.")
    return doubts


def convene_at(hour: time) -> Chore:
    """The sweep's part: convenes the members of formal committees when it is time, at this hour or the group's own."""

    async def convene_what_is_due(session: AsyncSession, clock: Clock) -> list[int]:
        return await _convene_due(session, await convocation_hour(session, hour), clock.now())

    return convene_what_is_due


async def _convene_due(session: AsyncSession, hour: time, now: datetime) -> list[int]:
    zone = await group_zone(session)
    found = await session.execute(
        select(Committee)
        .where(
            col(Committee.kind) == CommitteeKind.FORMAL,
            col(Committee.state) == CommitteeState.PLANNED,
            col(Committee.starts_at) > now,
        )
        .order_by(col(Committee.id))
        .with_for_update(key_share=True, skip_locked=True)  # one that somebody is changing: a minute later
    )
    convened = []
    for committee in found.scalars():
        if _is_due(committee, hour, zone, now):
            await convene(session, None, committee, now)
            convened.append(committee.id)
    return convened


async def is_to_be_convened(session: AsyncSession, committee: Committee, configured: time, now: datetime) -> bool:
    """Whether its members should have been convened by now, and no sweep came by."""
    hour = await convocation_hour(session, configured)
    zone = await group_zone(session)
    return committee.state == CommitteeState.PLANNED and _is_due(committee, hour, zone, now)


def _is_due(committee: Committee, hour: time, zone: ZoneInfo, now: datetime) -> bool:
    return leaves_by_itself(committee, hour, zone) and lawful_due(committee, hour, zone) <= now


async def convene(session: AsyncSession, caller: Caller | None, committee: Committee, now: datetime) -> None:
    COMMITTEE.move(session, committee, CommitteeState.CONVENED, at=now, person_id=caller.person_id if caller else None)
    committee.convened_at = now
    committee.convocation_file_id = await _keep_document(session, committee, caller, now)
    await session.flush()


async def _keep_document(
    session: AsyncSession, committee: Committee, caller: Caller | None, now: datetime
) -> int | None:
    """One file for everybody. Should it fail to be made, people are convened all the same: the mail says everything,
    and the date does not wait.
    """
    context = await context_of_group(session, base_url_of(session), now)
    person_id = caller.person_id if caller is not None else None
    try:
        content = await convocation_pdf(session, committee, context, person_id=person_id)
    except Unprintable:
        log.error("the convocation of committee %s could not be set", committee.id)  # noqa: TRY400 - why is logged there
        return None
    name = f"convocation {committee.title} {committee.local_start:%Y-%m-%d}"
    return (await store_file(session, name, content, now, person_id=None)).id
