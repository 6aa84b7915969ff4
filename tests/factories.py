"""Makes what tests are about, through the use cases where there is one. Persons are roles, never people."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.accounts.models import Person
from pooling.accounts.people import ensure_people
from pooling.kernel.clock import FixedClock
from pooling.kernel.database import Database
from pooling.members.adding import MemberIn, UnitIn, add_members, members_by_code
from pooling.members.entrance import caller_of
from pooling.members.granting import grant_role
from pooling.members.groups import create_group
from pooling.members.models import Membership, Role
from pooling.members.rights import Caller, HeldRole
from pooling.needs.collection import open_collection
from pooling.needs.declaring import file_declaration
from pooling.needs.schemas import DeclarationIn, NeedIn
from pooling.purchases.adding import add_purchase
from pooling.purchases.finding import item_ids
from pooling.purchases.schemas import ItemIn, PurchaseIn

NOW = datetime(2027, 3, 1, 9, 0, tzinfo=UTC)
"""The moment at which tests take place, unless they move the clock: Monday 1 March 2027, 10 h in Paris."""

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
        people = await ensure_people(session, [(email, email.split("@", maxsplit=1)[0], "") for email in PEOPLE], now)
        for email, (role, code) in PEOPLE.items():
            await grant_role(session, people[email], role, now, member_id=members[code] if code else None)
    return Territory(group_id, slug, members, people)


async def find_territory(database: Database, slug: str = "bassin") -> Territory:
    """One that was made before."""
    async with database.transaction() as session:
        found = await session.execute(text("SELECT id FROM group_by_slug(:slug)"), {"slug": slug})
        group_id: int = found.scalar_one()
    async with database.transaction(group_id) as session:
        people = await session.execute(
            select(col(Person.email), col(Person.id))
            .join(Membership, col(Membership.person_id) == col(Person.id))
            .order_by(col(Person.id))
        )
        return Territory(group_id, slug, await members_by_code(session), {email: number for email, number in people})


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
            MemberIn(code=SALLES, name="Salles", category="commune", insee="33498", population=8208, agents=216),
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


BUYER = "achats@arcachon.example"


async def make_purchase(
    database: Database,
    territory: Territory,
    now: datetime,
    *,
    title: str = "Arceaux",
    **options: Any,  # noqa: ANN401 - fields of PurchaseIn
) -> int:
    """A purchase in preparation led by Arcachon, with two items; `BUYER` runs it. Returns its id."""
    values: dict[str, object] = {
        "title": title,
        "lead_member": ARCACHON,
        "items": (
            ItemIn(code="arceau", name="Arceau posé", unit="arceau", unit_price=Decimal("180.00"), pack=5),
            ItemIn(code="abri", name="Abri de 10 places", unit="abri", unit_price=Decimal(14000)),
        ),
        **options,
    }
    async with database.transaction(territory.group_id) as session:
        purchase = await add_purchase(session, PurchaseIn.model_validate(values), now, None)
        people = await ensure_people(session, [(BUYER, "Achats Arcachon", "")], now)
        territory.people |= people
        await grant_role(session, people[BUYER], Role.LEAD_BUYER, now, purchase_id=purchase.id)
        return purchase.id


async def open_purchase(
    database: Database,
    territory: Territory,
    now: datetime,
    *,
    days: int = 14,
    **options: Any,  # noqa: ANN401 - fields of PurchaseIn
) -> int:
    """As `make_purchase`, with its collection open until so many days from now."""
    purchase_id = await make_purchase(database, territory, now, **options)
    async with database.transaction(territory.group_id) as session:
        buyer = await caller_of(session, territory.people[BUYER], territory.group_id)
        await open_collection(session, buyer, purchase_id, now + timedelta(days=days), FixedClock(now))
    return purchase_id


async def file_needs(
    database: Database, territory: Territory, purchase_id: int, email: str, now: datetime, **quantities: int
) -> None:
    """Files a declaration as this référent, quantities by item code."""
    async with database.transaction(territory.group_id) as session:
        caller = await caller_of(session, territory.people[email], territory.group_id)
        items = await item_ids(session, purchase_id)
        command = DeclarationIn(
            member_id=caller.members_as(Role.REFERENT)[0],
            needs=tuple(NeedIn(item_id=items[code], quantity=units) for code, units in quantities.items()),
        )
        await file_declaration(session, caller, purchase_id, command, FixedClock(now))
