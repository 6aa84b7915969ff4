"""How a new group begins: what its facilitator still has to set up. Each step ticks itself."""

from dataclasses import dataclass

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.committees.models import Committee
from pooling.members.models import Member, Membership, Role
from pooling.members.rights import Caller
from pooling.purchases.models import Purchase


@dataclass(frozen=True)
class Step:
    sentence: str
    path: str
    """From the group's address on."""
    button: str
    done: bool


async def first_steps(session: AsyncSession, caller: Caller) -> list[Step]:
    """For the facilitator, while one of them is not done; then none, for good."""
    if not caller.has(Role.FACILITATOR):
        return []
    others = exists().where(col(Membership.person_id) != caller.person_id, col(Membership.ended_at).is_(None))
    asked = select(
        exists().where(col(Member.id) > 0),
        others,
        exists().where(col(Purchase.id) > 0),
        exists().where(col(Committee.id) > 0),
    )
    members, people, purchase, committee = (await session.execute(asked)).one()
    steps = [
        Step("Réunir les collectivités membres", "/annuaire", "Ajouter des membres", members),
        Step("Inviter les personnes", "/personnes/invitation", "Inviter", people),
        Step("Préparer un premier achat", "/achats/nouveau", "Préparer", purchase),
        Step("Programmer un premier comité", "/comites/nouveau", "Programmer", committee),
    ]
    return [] if all(step.done for step in steps) else steps
