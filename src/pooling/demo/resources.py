"""What the members of the demonstration lend to each other: desks of two of them, one agreement in use, one request."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.demo.territory import FACILITATOR, Demonstration
from pooling.kernel.database import Database
from pooling.members.models import Group, Member, Role
from pooling.members.rights import Caller, HeldRole
from pooling.resources.lending import agree, ask_for, note_use
from pooling.resources.models import ResourceKind
from pooling.resources.offering import offer_resource
from pooling.resources.rules import mask_of
from pooling.resources.schemas import AskIn, ResourceIn
from pooling.sites.models import Site

ARCACHON, GUJAN_MESTRAS = "213300098", "213301997"
LUGOS, SALLES = "213302607", "213304983"
MONDAY_TO_FRIDAY, TUESDAY = mask_of(range(1, 6)), mask_of([2])


async def make_resources(database: Database, territory: Demonstration, now: datetime) -> None:
    facilitator = Caller(territory.people[FACILITATOR], territory.group_id, (HeldRole(Role.FACILITATOR),))
    offered_at = now - timedelta(days=350)
    async with database.transaction(territory.group_id) as session:
        group = await session.get_one(Group, territory.group_id)
        today = now.astimezone(group.zone).date()
        since = offered_at.astimezone(group.zone).date()
        desks = {}
        for code, title, quantity, conditions in (
            (ARCACHON, "Bureaux du premier étage", 4, "De 8 h à 18 h ; badge à l’accueil. Écran et réseau sur place."),
            (GUJAN_MESTRAS, "Bureaux partagés de la mairie", 2, "De 8 h 30 à 17 h 30 ; s’annoncer à l’accueil."),
        ):
            member = await session.get_one(Member, (territory.group_id, territory.members[code]))
            command = ResourceIn(
                site_id=await _main_site(session, member.id),
                kind=ResourceKind.DESK,
                title=title,
                quantity=quantity,
                days=MONDAY_TO_FRIDAY,
                conditions=conditions,
                from_day=since,
            )
            found = await offer_resource(session, facilitator, member, command, offered_at)
            desks[code] = found.resource.id
        agreed = AskIn(
            units=2,
            first_day=since + timedelta(days=7),
            last_day=today + timedelta(days=180),
            days=TUESDAY,
            purpose="Deux agents qui habitent Arcachon, le mardi.",
        )
        referent = _referent(territory, LUGOS)
        asked_at = offered_at + timedelta(days=3)
        lent = await ask_for(session, referent, desks[ARCACHON], territory.members[LUGOS], agreed, asked_at, since)
        await agree(session, _referent(territory, ARCACHON), lent.lending.id, asked_at + timedelta(days=1))
        await note_use(session, referent, lent.lending.id, _uses(agreed, today), now - timedelta(days=2), today)
        waiting = AskIn(
            units=1,
            first_day=today + timedelta(days=14),
            last_day=today + timedelta(days=90),
            days=mask_of([4]),
            purpose="Le jeudi d’un agent qui habite Gujan-Mestras.",
        )
        salles, yesterday = _referent(territory, SALLES), now - timedelta(days=1)
        await ask_for(session, salles, desks[GUJAN_MESTRAS], territory.members[SALLES], waiting, yesterday, today)


def _referent(territory: Demonstration, code: str) -> Caller:
    held = HeldRole(Role.REFERENT, member_id=territory.members[code])
    return Caller(territory.referent(code), territory.group_id, (held,))


async def _main_site(session: AsyncSession, member_id: int) -> int:
    main = select(col(Site.id)).where(col(Site.member_id) == member_id, col(Site.is_main))
    found: int = (await session.execute(main)).scalar_one()
    return found


def _uses(agreed: AskIn, today: date) -> Mapping[date, int]:
    """Both desks nearly each Tuesday of the months that are over."""
    uses: dict[date, int] = {}
    day = agreed.first_day
    while day < today.replace(day=1):
        if day.isoweekday() == 2:  # noqa: PLR2004 - Tuesday
            month = day.replace(day=1)
            uses[month] = uses.get(month, 0) + (1 if month not in uses else agreed.units)
        day += timedelta(days=1)
    return uses
