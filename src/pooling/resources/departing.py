"""What becomes of what a member lends and borrows when it leaves the group, or becomes another one."""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.kernel.database import group_of
from pooling.kernel.tables import any_of, linked
from pooling.members.departures import Departure, Leaving, Merging, Tie
from pooling.members.models import Group, Member
from pooling.resources.lending import stop
from pooling.resources.models import LENDING, RESOURCE, Lending, LendingState, Resource, ResourceState
from pooling.resources.notices import tell_ended, tell_taken_back
from pooling.resources.refusing import named_in_events, refuse_all
from pooling.web.typography import plural

_MOST_REASON = 500


async def _lock(session: AsyncSession, members: Sequence[int]) -> None:
    """What they offer and what they borrow, in one order."""
    borrowed = select(col(Lending.resource_id)).where(any_of(col(Lending.member_id), members))
    await session.execute(
        select(col(Resource.id))
        .where(or_(any_of(col(Resource.member_id), members), col(Resource.id).in_(borrowed)))
        .order_by(col(Resource.id))
        .with_for_update(key_share=True)
    )


async def _counts(session: AsyncSession, members: Sequence[int]) -> tuple[int, int]:
    """What they offer, and what is asked or agreed with them and not over."""
    offered = select(func.count()).where(
        any_of(col(Resource.member_id), members), col(Resource.state) == ResourceState.OFFERED
    )
    open_lendings = (
        select(func.count())
        .select_from(Lending)
        .join(Resource, linked(Resource.id, Lending.resource_id))
        .where(
            or_(any_of(col(Lending.member_id), members), any_of(col(Resource.member_id), members)),
            col(Lending.state).in_([LendingState.ASKED, LendingState.AGREED]),
            col(Lending.last_day) > await _today(session),
        )
    )
    counted = await session.execute(select(offered.scalar_subquery(), open_lendings.scalar_subquery()))
    resources, lendings = counted.one()
    return resources, lendings


async def _today(session: AsyncSession, at: datetime | None = None) -> date:
    group = await session.get(Group, group_of(session))
    assert group is not None, "the transaction was opened for it"
    moment = at or (await session.execute(select(func.now()))).scalar_one()
    today: date = moment.astimezone(group.zone).date()
    return today


async def _ties(session: AsyncSession, member: Member) -> list[Tie]:
    resources, lendings = await _counts(session, [member.id])
    found = []
    if resources:
        said = plural(resources, "ressource qu’il propose est retirée", "ressources qu’il propose sont retirées")
        found.append(Tie(f"{said}.", label="Voir ses ressources", path=f"/membres/{member.code}"))
    if lendings:
        said = plural(lendings, "demande ou accord de ressource prend", "demandes ou accords de ressources prennent")
        found.append(Tie(f"{said} fin."))
    return found


async def _leave(session: AsyncSession, leaving: Leaving) -> None:
    """What it offers is withdrawn, what waits comes to nothing, what is agreed ends today: the other side is told."""
    member, by, at = leaving.member, leaving.by, leaving.at
    reason = f"{member.name} a quitté le groupe : {leaving.reason}"[:_MOST_REASON]
    offered = list(
        (
            await session.execute(
                select(Resource)
                .where(col(Resource.member_id) == member.id, col(Resource.state) == ResourceState.OFFERED)
                .execution_options(populate_existing=True)
            )
        ).scalars()
    )
    for resource in offered:
        RESOURCE.move(session, resource, ResourceState.WITHDRAWN, at=at, person_id=by, reason=reason)
    await session.flush()
    await refuse_all(session, [resource.id for resource in offered], reason, at, by)
    await _stop(session, [member.id], reason, at, by)


async def _stop(session: AsyncSession, members: Sequence[int], reason: str, at: datetime, by: int | None) -> None:
    """Takes back what these members wait for, and ends what goes on with them."""
    today = await _today(session, at)
    concerned = list(
        (
            await session.execute(
                select(Lending)
                .join(Resource, linked(Resource.id, Lending.resource_id))
                .where(
                    or_(
                        (col(Lending.state) == LendingState.ASKED) & any_of(col(Lending.member_id), members),
                        (col(Lending.state) == LendingState.AGREED)
                        & (col(Lending.last_day) > today)
                        & or_(any_of(col(Lending.member_id), members), any_of(col(Resource.member_id), members)),
                    )
                )
                .order_by(col(Lending.id))
                .execution_options(populate_existing=True)
            )
        ).scalars()
    )
    asked = [lending for lending in concerned if lending.state == LendingState.ASKED]
    for lending in concerned:
        if lending.state == LendingState.AGREED:
            stop(session, lending, today, reason, at, by)
    for lending in asked:
        details = named_in_events(lending)
        LENDING.move(session, lending, LendingState.WITHDRAWN, at=at, person_id=by, reason=reason, details=details)
        lending.reason = reason
    await session.flush()
    await tell_ended(session, [lending.id for lending in concerned if lending.state == LendingState.ENDED], at)
    await tell_taken_back(session, [lending.id for lending in asked], at)


async def _merge_ties(session: AsyncSession, members: Sequence[Member], becomes: Member | None) -> list[Tie]:
    former = [one.id for one in members if becomes is None or one.id != becomes.id]
    resources, lendings = await _counts(session, former)
    found = []
    if resources:
        found.append(Tie(f"{plural(resources, 'ressource proposée suit', 'ressources proposées suivent')}."))
    if lendings:
        said = plural(lendings, "demande ou accord de ressource suit", "demandes ou accords de ressources suivent")
        found.append(Tie(f"{said} ; ce qu’ils se prêtent entre eux prend fin."))
    return found


async def _merge(session: AsyncSession, merging: Merging) -> None:
    """What they lend and borrow is the new one's. It lends nothing to itself."""
    for owner in (Resource, Lending):
        await session.execute(
            update(owner)
            .where(any_of(col(owner.member_id), merging.ids))
            .values(member_id=merging.becomes.id)
            .execution_options(synchronize_session=False)
        )
    today = await _today(session, merging.at)
    own = await session.execute(
        select(Lending)
        .join(Resource, linked(Resource.id, Lending.resource_id))
        .where(
            col(Lending.member_id) == merging.becomes.id,
            col(Resource.member_id) == merging.becomes.id,
            or_(
                col(Lending.state) == LendingState.ASKED,
                (col(Lending.state) == LendingState.AGREED) & (col(Lending.last_day) > today),
            ),
        )
        .order_by(col(Lending.id))
        .execution_options(populate_existing=True)
    )
    reason = f"{merging.names} : désormais {merging.becomes.name}"[:_MOST_REASON]
    for lending in own.scalars():
        if lending.state == LendingState.AGREED:
            stop(session, lending, today, reason, merging.at, merging.by)
        else:
            details = named_in_events(lending)
            LENDING.move(
                session,
                lending,
                LendingState.WITHDRAWN,
                at=merging.at,
                person_id=merging.by,
                reason=reason,
                details=details,
            )
            lending.reason = reason
    await session.flush()


DEPARTURE = Departure(ties=_ties, lock=_lock, leave=_leave, merge_ties=_merge_ties, merge=_merge)
