"""Makes what tests are about, through the use cases where there is one. Persons are roles, never people."""

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from pooling.accounts.people import ensure_people
from pooling.kernel.database import Database
from pooling.members.models import Role
from pooling.members.rights import Caller, HeldRole
from pooling.members.service import MemberIn, UnitIn, add_members, create_group, grant

ARCACHON, LUGOS, SALLES = "213300098", "213302607", "213304983"
UNIVERSITY = "130018351"


@dataclass
class Territory:
    group_id: int
    slug: str
    members: dict[str, int]
    """Member ids by code."""
    people: dict[str, int] = field(default_factory=dict)
    """Person ids by e-mail address."""

    def caller(self, email: str, *roles: HeldRole) -> Caller:
        return Caller(person_id=self.people[email], group_id=self.group_id, roles=roles)


PEOPLE: dict[str, tuple[Role, str | None]] = {
    "animation@bassin.example": (Role.FACILITATOR, None),
    "observation@bassin.example": (Role.READER, None),
    "referent@arcachon.example": (Role.REFERENT, ARCACHON),
    "finances@arcachon.example": (Role.FINANCE, ARCACHON),
    "referent@lugos.example": (Role.REFERENT, LUGOS),
    "referent@salles.example": (Role.REFERENT, SALLES),
    "referent@droit.example": (Role.REFERENT, "UFR-DROIT"),
}


async def make_territory(database: Database, now: datetime, slug: str = "bassin") -> Territory:
    async with database.transaction() as session:
        group_id = await create_group(session, name=slug.capitalize(), now=now)
    async with database.transaction(group_id) as session:
        members = await make_members(session, now)
        people = await ensure_people(
            session, [(email, email.split("@", maxsplit=1)[0], "") for email in PEOPLE], now
        )
        for email, (role, code) in PEOPLE.items():
            await grant(session, people[email], role, now, member_id=members[code] if code else None)
    return Territory(group_id, slug, members, people)


async def make_members(session: AsyncSession, now: datetime) -> dict[str, int]:
    return await add_members(
        session,
        [
            MemberIn(
                code=ARCACHON,
                name="Arcachon",
                category="commune",
                insee="33009",
                population=11092,
                agents=292,
            ),
            MemberIn(code=LUGOS, name="Lugos", category="commune", insee="33260", population=1208, agents=32),
            MemberIn(
                code=SALLES, name="Salles", category="commune", insee="33498", population=8208, agents=216
            ),
            MemberIn(code=UNIVERSITY, name="Université", category="université", agents=900),
            UnitIn(
                code="UFR-DROIT",
                parent=UNIVERSITY,
                name="UFR de droit",
                agents=120,
                budgets={"900-D": "Budget droit"},
            ),
            UnitIn(
                code="UFR-SANTE",
                parent=UNIVERSITY,
                name="UFR de santé",
                agents=300,
                budgets={"900-S": "Budget santé"},
            ),
        ],
        now,
    )
