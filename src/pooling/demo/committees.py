"""A committee that met, with its minutes, and one to come whose reminder of a week before is due as the demo starts."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.allocation.acts import CHANGE_TERMS, NewTerms
from pooling.committees.calendars.days_off import why_off
from pooling.committees.decisions.following_up import settle_decision
from pooling.committees.decisions.models import DecisionState
from pooling.committees.decisions.recording import add_decision, give_effect
from pooling.committees.decisions.schemas import DecisionIn
from pooling.committees.meetings.scheduling import schedule_committee
from pooling.committees.meetings.schemas import CommitteeIn
from pooling.committees.minutes.publishing import publish_minutes
from pooling.committees.minutes.writing import save_minutes
from pooling.committees.models import CommitteeKind
from pooling.demo.agendas import fill_agenda
from pooling.demo.attendance import SCHOOL_ZONE, answer, come, set_committees
from pooling.demo.territory import BUYER, FACILITATOR, Demonstration
from pooling.kernel.database import Database
from pooling.members.models import Role
from pooling.members.rights import Caller, HeldRole
from pooling.purchases.models import Purchase
from pooling.reminders.rules import is_working_day

MET_AGENDA = "Arceaux et abris : où en sont les déclarations"
FORMAL_AGENDA = """Approuver le compte-rendu de la réunion précédente
Convention de groupement : avenant pour l’achat de 2027
Calendrier des achats de l’année"""

MINUTES = """## Arceaux et abris : où en sont les déclarations

La COBAS pilote l’achat ; la collecte ouvre pour **trois semaines**.
Le tarif baisse à partir de 100 arceaux, puis de 250.

## Vélos électriques

Les membres acceptent une tolérance d’un vélo pour atteindre le palier de 30.

| Palier | Prix HT |
|--------|---------|
| dès 1 vélo | 1 900 € |
| dès 30 vélos | 1 790 € |
| dès 60 vélos | 1 690 € |

## Kits de communication

- livrés sur tous les sites ;
- l’état de répartition part aux services des finances.

Prochain comité dans trois mois au plus tard."""

KITS, RACKS, BIKES = "Kits de communication mobilité", "Arceaux et abris à vélos", "Vélos à assistance électrique"
"""Purchases that it decides about."""
INVITED = (Role.FACILITATOR, Role.READER, Role.REFERENT, Role.LEAD_BUYER)


async def make_committees(database: Database, territory: Demonstration, now: datetime) -> None:
    zone = ZoneInfo("Europe/Paris")
    facilitator = Caller(territory.people[FACILITATOR], territory.group_id, (HeldRole(Role.FACILITATOR),))
    today = now.astimezone(zone).date()
    # After the purchases that it speaks of were prepared, long enough ago for one of its decisions to be late.
    past = nearest(today - timedelta(days=17), zone, step=-1)
    # Six days from now or a little less: a week before was yesterday at the latest, so the reminder is due at once.
    to_come = next(
        day for day in (today + timedelta(days=ahead) for ahead in (6, 5, 4, 3)) if is_working_day(day, zone)
    )
    formal = nearest(today + timedelta(days=40), zone, SCHOOL_ZONE)
    async with database.transaction(territory.group_id) as session:
        await set_committees(session, facilitator, now - timedelta(days=100))
        met = await schedule_committee(
            session,
            facilitator,
            CommitteeIn(
                day=past, hour=time(14), place="Siège de la COBAS, salle du conseil", agenda=MET_AGENDA,
                roles=INVITED,
            ),
            now - timedelta(days=100),
        )  # fmt: skip
        held_at = datetime.combine(past, time(17), tzinfo=zone)
        await come(session, facilitator, territory, met, held_at)
        await save_minutes(session, facilitator, met, MINUTES, held_at)
        await _decide(session, territory, facilitator, met, held_at)
        await publish_minutes(session, facilitator, met, held_at)
        planned_at = now - timedelta(days=30)
        following = await schedule_committee(
            session,
            facilitator,
            CommitteeIn(day=to_come, hour=time(14), place="Hôtel de ville de Biganos", roles=INVITED),
            planned_at,
        )
        await fill_agenda(session, facilitator, following, territory, planned_at)
        await schedule_committee(
            session,
            facilitator,
            CommitteeIn(
                title="Commission de coordination", kind=CommitteeKind.FORMAL, day=formal, hour=time(9, 30),
                place="Siège de la COBAN, Andernos-les-Bains", agenda=FORMAL_AGENDA, roles=INVITED,
            ),
            now,
        )  # fmt: skip
        await answer(session, territory, following, now - timedelta(days=2))


async def _decide(
    session: AsyncSession, territory: Demonstration, caller: Caller, committee_id: int, at: datetime
) -> None:
    """Three decisions: one done, one overdue, one whose effect waits for somebody to apply it."""
    rows = await session.execute(select(col(Purchase.title), col(Purchase.id)))
    purchases = {title: purchase_id for title, purchase_id in rows}
    buyer, day, zone = territory.people[BUYER], at.date(), ZoneInfo("Europe/Paris")
    decisions = (
        ("Transmettre l’état de répartition des kits aux services des finances.", KITS, FACILITATOR, 7),
        ("Recenser les emplacements des arceaux, commune par commune, avec un plan.", RACKS, BUYER, 10),
        ("La livraison des vélos électriques est repoussée d’un mois : le fournisseur l’a demandé.", BIKES, BUYER, 0),
    )
    for content, title, owner, days in decisions:
        command = DecisionIn(
            content=content,
            votes_for=17,
            votes_abstained=1,
            votes_against=0,
            about=("purchase", purchases[title]),
            owner_id=buyer if owner == BUYER else territory.people[owner],
            due_on=nearest(day + timedelta(days=days), zone, step=-1) if days else None,
        )
        await add_decision(session, caller, committee_id, command, at)
    later = NewTerms(delivery_expected_on=nearest(day + timedelta(days=122), zone))
    await give_effect(session, caller, committee_id, 3, CHANGE_TERMS, later, at)
    done = "Envoyé à tous les services le lendemain du comité."
    await settle_decision(session, caller, committee_id, 1, DecisionState.DONE, done, at + timedelta(days=1))


def nearest(day: date, zone: ZoneInfo, school_zone: str = "", *, step: int = 1) -> date:
    """This day, or the first after it (before it, with a step of -1) that nothing is against."""
    while why_off(day, zone, school_zone):
        day += timedelta(days=step)
    return day
