"""What Arcachon asks of funders: a subsidy that is paid in part and to be justified, another one that waits for an
answer.
"""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlmodel import col

from pooling.actions.models import Action
from pooling.demo.territory import FACILITATOR, Demonstration
from pooling.grants.keeping import attach_to_grant, open_grant
from pooling.grants.schemas import GrantIn, PaymentIn
from pooling.kernel.database import Database
from pooling.kernel.files import Upload
from pooling.members.models import Role
from pooling.members.rights import Caller, HeldRole

ARCACHON = "213300098"
DECISION = b"Decision fictive : 2 000,00 EUR pour des arceaux devant les ecoles. Justificatifs a remettre.\n"


async def make_grants(database: Database, territory: Demonstration, now: datetime) -> None:
    facilitator = Caller(territory.people[FACILITATOR], territory.group_id, (HeldRole(Role.FACILITATOR),))
    day = now.date()
    async with database.transaction(territory.group_id) as session:
        rows = await session.execute(select(col(Action.system), col(Action.reference)))
        actions = {system: reference for system, reference in rows}
        paid_in_part = GrantIn(
            title="Arceaux devant les écoles",
            funder="Fonds régional des mobilités (fictif)",
            program="Stationner son vélo",
            member=ARCACHON,
            action=actions.get("stationnement", ""),
            asked_on=day - timedelta(days=120),
            asked_cents=240_000,
            granted_on=day - timedelta(days=60),
            granted_cents=200_000,
            decision="Décision fictive n° 2026-118",
            justify_by=day + timedelta(days=20),
            pay_by=day + timedelta(days=75),
            payments=(PaymentIn(paid_on=day - timedelta(days=30), cents=80_000),),
            note="Le solde suit les photos et les factures acquittées.",
        )
        waiting = GrantIn(
            title="Vélos de service à assistance électrique",
            funder="Agence des mobilités (fictive)",
            program="Flottes propres",
            member=ARCACHON,
            asked_on=day - timedelta(days=40),
            asked_cents=380_000,
            answer_by=day + timedelta(days=6),
        )
        granted = await open_grant(session, facilitator, paid_in_part, now)
        await attach_to_grant(session, facilitator, granted.id, [Upload("decision-fictive.txt", DECISION)], now)
        await open_grant(session, facilitator, waiting, now)
