"""What tests about people look up, and the person they invite."""

from sqlalchemy import select
from sqlmodel import col

from factories import Territory
from pooling.accounts.models import Person
from pooling.kernel.database import Database
from pooling.kernel.events import Event
from pooling.members.models import Membership
from pooling.outbox.models import Message

BASE = "/g/bassin/personnes"
FACILITATOR, REFERENT = "animation@bassin.example", "referent@lugos.example"
CAMILLE = {
    "email": "Camille.Martin@lugos.example",
    "name": "Camille Martin",
    "function": "Secrétaire",
    "role": "referent",
    "member": "lugos",
}


async def roles(database: Database, territory: Territory, email: str) -> list[tuple[str, int | None]]:
    async with database.transaction(territory.group_id) as session:
        rows = await session.execute(
            select(col(Membership.role), col(Membership.member_id))
            .join(Person, col(Person.id) == col(Membership.person_id))
            .where(col(Person.email) == email, col(Membership.ended_at).is_(None))
            .order_by(col(Membership.id))
        )
        return [(role, member_id) for role, member_id in rows]


async def membership_of(database: Database, territory: Territory, email: str) -> str:
    """The address of somebody's only role."""
    person = territory.people[email]
    async with database.transaction(territory.group_id) as session:
        held = await session.execute(
            select(col(Membership.id)).where(col(Membership.person_id) == person, col(Membership.ended_at).is_(None))
        )
        return f"{BASE}/{person}/roles/{held.scalar_one()}"


async def mails(database: Database, territory: Territory) -> list[Message]:
    async with database.transaction(territory.group_id) as session:
        found = await session.execute(
            select(Message).where(col(Message.kind).startswith("members.")).order_by(col(Message.id))
        )
        return list(found.scalars())


async def events(database: Database, territory: Territory, name: str) -> list[Event]:
    async with database.transaction(territory.group_id) as session:
        found = await session.execute(select(Event).where(col(Event.name) == name).order_by(col(Event.id)))
        return list(found.scalars())
