"""What becomes of a member's own things when it leaves: its people, its components, who asks to speak for it."""

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.members.departures import Departure, Tie
from pooling.members.models import AccessRequest, Member, Membership, RequestState
from pooling.web.typography import plural


async def _ties(session: AsyncSession, member: Member) -> list[Tie]:
    units = select(func.count()).where(col(Member.parent_id) == member.id, col(Member.retired_on).is_(None))
    asking = select(func.count()).where(
        col(AccessRequest.member_id) == member.id, col(AccessRequest.state) == RequestState.PENDING
    )
    people = select(func.count(func.distinct(col(Membership.person_id)))).where(
        col(Membership.member_id) == member.id, col(Membership.ended_at).is_(None)
    )
    counted = await session.execute(select(*(one.scalar_subquery() for one in (units, asking, people))))
    unit_count, request_count, people_count = counted.one()
    page = f"/membres/{member.code}"
    found = []
    if unit_count:
        said = f"{plural(unit_count, 'composante en dépend', 'composantes en dépendent')} : retirez-les d’abord."
        found.append(Tie(said, keeps=True, label="Voir ses composantes", path=page))
    if request_count:
        said = f"{plural(request_count, 'demande d’accès attend', 'demandes d’accès attendent')} une réponse."
        found.append(Tie(said, keeps=True, label="Voir les demandes", path="/demandes"))
    if people_count:
        said = (
            f"{plural(people_count, 'personne perd son rôle', 'personnes perdent leurs rôles')} pour ce membre : "
            "plus de convocation, de relance ni de tâche à ce titre."
        )
        found.append(Tie(said, label="Voir les personnes", path=page))
    return found


DEPARTURE = Departure(ties=_ties)
