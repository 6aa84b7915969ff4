"""The host of the demonstration: who administers it, and what its group lets out."""

from datetime import datetime

from sqlalchemy import update
from sqlmodel import col

from pooling import BESIDE
from pooling.accounts.models import Person
from pooling.accounts.people import ensure_people
from pooling.demo.territory import ADMINISTRATOR, FACILITATOR, Demonstration
from pooling.features import FEATURES
from pooling.hosting.consenting import ConsentIn, consent
from pooling.indicators.report import Indicating, read_indicating
from pooling.kernel.database import Database
from pooling.members.features import Features
from pooling.members.models import Role
from pooling.members.rights import Caller, HeldRole

INTRODUCTION = (
    "Des communes, des intercommunalités et une université achètent ensemble ce qu’il faut pour venir travailler "
    "autrement : arceaux, vélos, covoiturage, bureaux partagés, voitures électriques."
)


async def make_host(database: Database, territory: Demonstration, now: datetime) -> None:
    """Last of all: what a group lets out are its figures of that day."""
    async with database.transaction() as session:
        people = await ensure_people(
            session, [(ADMINISTRATOR, "Administration de la plateforme", "Administratrice ou administrateur")], now
        )
        mine = col(Person.id) == people[ADMINISTRATOR]
        await session.execute(update(Person).where(mine).values(administrator=True))
    configured = Features(FEATURES, configurations={Indicating: read_indicating(BESIDE / "config")})
    database = database.handing(configured)
    facilitator = Caller(territory.people[FACILITATOR], territory.group_id, (HeldRole(Role.FACILITATOR),))
    async with database.transaction(territory.group_id) as session:
        await consent(session, facilitator, ConsentIn(compared=True, public=True, introduction=INTRODUCTION), now)
