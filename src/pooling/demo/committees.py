"""A committee that met, with its minutes, and one to come whose reminder of a week before is due as the demo starts."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from pooling.committees.minutes import save_minutes
from pooling.committees.publishing import publish_minutes
from pooling.committees.scheduling import schedule_committee
from pooling.committees.schemas import CommitteeIn
from pooling.demo.territory import FACILITATOR, Demonstration
from pooling.kernel.database import Database
from pooling.members.models import Role
from pooling.members.rights import Caller, HeldRole
from pooling.reminders.rules import is_working_day

AGENDA = """Arceaux et abris : où en sont les déclarations
Vélos électriques : palier de prix atteint, calendrier de commande
Plateforme de covoiturage : clé de répartition à valider
Prochaine action à mutualiser : bureaux pour le télétravail"""

MINUTES = """Présents : seize collectivités sur vingt, et l’université.

Arceaux et abris : la COBAS pilote l’achat ; collecte ouverte trois semaines.
Vélos électriques : les membres acceptent une tolérance d’un vélo pour atteindre le palier de 30.
Kits de communication : livrés sur tous les sites ; l’état de répartition part aux services des finances.

Prochain comité dans trois mois au plus tard."""

INVITED = (Role.FACILITATOR, Role.READER, Role.REFERENT, Role.LEAD_BUYER)


async def make_committees(database: Database, territory: Demonstration, now: datetime) -> None:
    zone = ZoneInfo("Europe/Paris")
    facilitator = Caller(territory.people[FACILITATOR], territory.group_id, (HeldRole(Role.FACILITATOR),))
    today = now.astimezone(zone).date()
    past = _working_day(today - timedelta(days=75), zone)
    # Six days from now or a little less: a week before was yesterday at the latest, so the reminder is due at once.
    to_come = next(
        day for day in (today + timedelta(days=ahead) for ahead in (6, 5, 4, 3)) if is_working_day(day, zone)
    )
    async with database.transaction(territory.group_id) as session:
        met = await schedule_committee(
            session,
            facilitator,
            CommitteeIn(
                day=past, hour=time(14), place="Siège de la COBAS, salle du conseil", agenda=AGENDA.splitlines()[0],
                roles=INVITED,
            ),
            now - timedelta(days=100),
        )  # fmt: skip
        held_at = datetime.combine(past, time(17), tzinfo=zone)
        await save_minutes(session, facilitator, met, MINUTES, held_at)
        await publish_minutes(session, facilitator, met, held_at)
        await schedule_committee(
            session,
            facilitator,
            CommitteeIn(
                day=to_come, hour=time(14), place="Hôtel de ville de Biganos", agenda=AGENDA, roles=INVITED,
            ),
            now - timedelta(days=30),
        )  # fmt: skip


def _working_day(day: date, zone: ZoneInfo) -> date:
    """This day, or the working day before."""
    return day if is_working_day(day, zone) else _working_day(day - timedelta(days=1), zone)
