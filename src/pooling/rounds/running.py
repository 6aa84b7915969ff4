"""Opening a round, moving its date, closing it, giving it up. Référents are told at once: all of those who may vote,
whether or not they have.
"""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.collections.changing import begin_collection, close_now, give_up_collection, reschedule
from pooling.collections.doubts import doubts_of_closing
from pooling.collections.finding import lock_where_free
from pooling.collections.models import Collection
from pooling.collections.queries import to_close
from pooling.collections.rules import SHORTEST_COLLECTION, accepts, is_open
from pooling.kernel.clock import Clock
from pooling.kernel.database import fetch, group_of
from pooling.kernel.doubts import Insistence, insist
from pooling.kernel.errors import Conflict, Invalid
from pooling.kernel.events import record_event
from pooling.kernel.tables import linked
from pooling.members.groups import group_zone
from pooling.members.locking import lock_group
from pooling.members.rights import Caller
from pooling.rounds import notices
from pooling.rounds.finding import lock_round, lock_with_collection
from pooling.rounds.models import Round, RoundState, Weighting
from pooling.rounds.notices import tell_referents
from pooling.rounds.permissions import may_lead
from pooling.rounds.rules import ROUND

SAY_WHY = "Dites pourquoi : les référents le liront."
_WEIGHT = {
    Weighting.MEMBER: "1",
    Weighting.POPULATION: "COALESCE(m.population, 0)",
    Weighting.AGENTS: "COALESCE(m.agents, 0)",
}


async def open_round(
    session: AsyncSession,
    caller: Caller,
    reference: str,
    clock: Clock,
    *,
    closes_at: datetime | None = None,
    insistence: Insistence | None = None,
) -> Round:
    """Members may vote from now on, until the date that was prepared or another. Who they are and what each weighs
    stays as it is now; one that has units votes through them, as it buys, so that none of them counts twice.

    Raises:
        Forbidden: the caller does not facilitate the group.
        NotFound: there is no such round.
        Invalid: the closing date is too near.
        Conflict: it is not in preparation.
        Doubtful: it would close on a day off, at night, too soon or too late.
    """
    may_lead.require(caller)
    found = await lock_round(session, reference)
    now = await clock.at_database(session)
    return await _open(session, found, closes_at or found.closes_at, now, caller.person_id, insistence)


async def _open(
    session: AsyncSession,
    found: Round,
    closes_at: datetime,
    now: datetime,
    person_id: int | None,
    insistence: Insistence | None = None,
) -> Round:
    details = {"closes_at": str(closes_at)}
    ROUND.move(session, found, RoundState.OPEN, at=now, person_id=person_id, details=details)
    begin_collection(session, ("round", found.id), closes_at, now)
    if person_id is not None:
        await _doubt(session, person_id, found, closes_at, insistence, now)
    await session.flush()
    await lock_group(session)  # nobody leaves it meanwhile
    await fetch(
        session,
        "INSERT INTO round_voters (group_id, round_id, member_id, weight) "  # noqa: S608 - ours
        f"SELECT m.group_id, $2, m.id, {_WEIGHT[Weighting(found.weighting)]} "
        "FROM members m WHERE m.group_id = $1 AND m.retired_on IS NULL AND NOT EXISTS ("
        "SELECT FROM members u WHERE u.group_id = m.group_id AND u.parent_id = m.id AND u.retired_on IS NULL)",
        group_of(session),
        found.id,
    )
    await tell_referents(session, found, now, notices.opened, closes_at=closes_at)
    return found


async def _doubt(
    session: AsyncSession,
    person_id: int,
    found: Round,
    closes_at: datetime,
    insistence: Insistence | None,
    now: datetime,
) -> None:
    """Raises:
    Doubtful: its closing date may be a slip, and nobody insists.
    """
    doubts = doubts_of_closing(closes_at, await group_zone(session), now)
    insist(session, doubts, insistence, at=now, person_id=person_id, subject=("round", found.id))


async def extend_round(
    session: AsyncSession,
    caller: Caller,
    reference: str,
    closes_at: datetime,
    clock: Clock,
    *,
    reason: str,
    insistence: Insistence | None = None,
) -> Round:
    """Gives an open round another closing date, later or sooner; reminders of the old one are superseded.

    Raises:
        Forbidden: the caller does not facilitate the group.
        NotFound: there is no such round.
        Invalid: no reason, a date too near, or the same one.
        Conflict: it is not open.
        Doubtful: it would close on a day off, at night, too soon or too late.
    """
    may_lead.require(caller)
    found, collection = await lock_with_collection(session, reference)
    now = await clock.at_database(session)
    if not reason:
        raise Invalid({"reason": SAY_WHY})
    if collection is None or not is_open(collection):
        raise Conflict("Ce tour n’est pas ouvert : sa date ne peut plus changer.", code="round_not_open")
    if closes_at == collection.closes_at:
        raise Invalid({"closes_at": "C’est déjà la date de clôture : choisissez-en une autre."})
    details = {"from": str(collection.closes_at), "to": str(closes_at)}
    reschedule(collection, closes_at, now)
    record_event(
        session,
        at=now,
        person_id=caller.person_id,
        subject=("round", found.id),
        name="round.extended",
        reason=reason,
        details=details,
    )
    await _doubt(session, caller.person_id, found, closes_at, insistence, now)
    await tell_referents(session, found, now, notices.extended, closes_at=closes_at, reason=reason)
    return found


async def close_round(
    session: AsyncSession, caller: Caller, reference: str, clock: Clock, *, reason: str = ""
) -> Round:
    """No ballot changes any more, and all are known. Before the date, with a reason.

    Raises:
        Forbidden: the caller does not facilitate the group.
        NotFound: there is no such round.
        Invalid: closing early without a reason.
        Conflict: it is not open.
    """
    may_lead.require(caller)
    found, collection = await lock_with_collection(session, reference)
    now = await clock.at_database(session)
    early = accepts(collection, now)
    if early and not reason:
        raise Invalid({"reason": "Dites pourquoi vous fermez le vote avant la date prévue : les référents le liront."})
    ROUND.move(session, found, RoundState.CLOSED, at=now, person_id=caller.person_id, reason=reason)
    assert collection is not None, "an open round collects"
    close_now(collection, now)
    if early:
        await tell_referents(session, found, now, notices.closed_early, reason=reason)
    await session.flush()
    return found


async def cancel_round(session: AsyncSession, caller: Caller, reference: str, clock: Clock, *, reason: str) -> Round:
    """Gives it up. What was secret stays so.

    Raises:
        Forbidden: the caller does not facilitate the group.
        NotFound: there is no such round.
        Invalid: no reason.
        Conflict: it has closed, or is given up already.
    """
    may_lead.require(caller)
    found, collection = await lock_with_collection(session, reference)
    now = await clock.at_database(session)
    if not reason:
        raise Invalid({"reason": SAY_WHY})
    was_open = found.state == RoundState.OPEN
    ROUND.move(session, found, RoundState.CANCELLED, at=now, person_id=caller.person_id, reason=reason)
    give_up_collection(collection)
    if was_open:
        await tell_referents(session, found, now, notices.cancelled, reason=reason)
    await session.flush()
    return found


async def turn_what_is_due(session: AsyncSession, clock: Clock) -> list[str]:
    """The sweep's part: opens this group's rounds whose moment has come, and closes those that are past their date.
    Returns their references. What somebody works on at this moment is left to the next sweep, a minute later.
    """
    now = await clock.at_database(session)
    begun = await session.execute(
        select(Round)
        .where(
            col(Round.state) == RoundState.DRAFT,
            col(Round.opens_at) <= now,
            # Past that it waits for somebody to give it another date.
            col(Round.closes_at) >= now + SHORTEST_COLLECTION,
        )
        .order_by(col(Round.id))
        .with_for_update(skip_locked=True, key_share=True)
    )
    turned = [await _open(session, found, found.closes_at, now, None) for found in begun.scalars().all()]
    ended = await session.execute(
        select(Round, Collection)
        .join(Collection, linked(Collection.round_id, Round.id))
        .where(*to_close(now))
        .order_by(col(Round.id))
        .with_for_update(skip_locked=True, key_share=True)
    )
    found = [(one, collection) for one, collection in ended]
    free = await lock_where_free(session, "round", [one.id for one, _ in found])
    for one, collection in found:
        if one.id in free:
            ROUND.move(session, one, RoundState.CLOSED, at=now, person_id=None)
            close_now(collection, now)
            turned.append(one)
    return [one.reference for one in turned]
