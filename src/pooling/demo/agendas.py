"""What the committee to come speaks about: items with durations and presenters, a difficulty, an attachment."""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.committees.agendas.difficulties import raise_difficulty
from pooling.committees.agendas.files import attach_files
from pooling.committees.agendas.items import add_item
from pooling.committees.agendas.schemas import AgendaItemIn, DifficultyIn
from pooling.committees.agendas.taking_up import take_up
from pooling.committees.models import Topic
from pooling.demo.territory import Demonstration
from pooling.kernel.files import Upload
from pooling.members.models import Role
from pooling.members.rights import Caller, HeldRole
from pooling.purchases.models import Purchase

LUGOS = "213302607"
ITEMS: tuple[tuple[str, int, str, str], ...] = (
    ("Arceaux et abris : où en sont les déclarations", 15, "Acheteuse pilote", "Arceaux et abris vélos"),
    ("Vélos électriques : palier de prix atteint, calendrier de commande", 20, "Acheteur pilote", ""),
    ("Plateforme de covoiturage : clé de répartition à valider", 30, "Direction des finances", ""),
    ("Prochaine action à mutualiser : bureaux pour le télétravail", 20, "Animatrice du plan", ""),
)
NOTE = """Vélos électriques : comparatif remis aux membres

Palier de 30 vélos : prix unitaire abaissé ; livraison en une fois.
Sous le palier : prix catalogue ; livraison par collectivité.

Document fictif de la démonstration.
"""
DIFFICULTY = (
    "Notre service technique n’a pas d’abri fermé : nous ne pouvons pas recevoir les vélos avant la fin des travaux du "
    "garage. Une autre commune peut-elle les garder un mois ?"
)


async def fill_agenda(
    session: AsyncSession, facilitator: Caller, committee_id: int, territory: Demonstration, now: datetime
) -> None:
    """For a committee that has just been planned."""
    rows = await session.execute(select(col(Purchase.title), col(Purchase.reference)).order_by(col(Purchase.id)))
    references = {title: reference for title, reference in rows}
    for title, minutes, presenter, purchase in ITEMS:
        command = AgendaItemIn(
            title=title,
            duration_minutes=minutes,
            presenter=presenter,
            purchase=_reference(references, purchase or title.split(" : ", maxsplit=1)[0]),
        )
        item_id = await add_item(session, facilitator, committee_id, command, now)
        if title.startswith("Vélos"):
            note = Upload("Comparatif vélos électriques.txt", NOTE.encode())
            await attach_files(session, facilitator, committee_id, [note], now, agenda_item_id=item_id)
    referent = Caller(
        territory.referent(LUGOS),
        territory.group_id,
        (HeldRole(Role.REFERENT, member_id=territory.members[LUGOS]),),
    )
    raised = DifficultyIn(
        content=DIFFICULTY, purchase=_reference(references, "Vélos"), member_id=territory.members[LUGOS]
    )
    await raise_difficulty(session, referent, raised, now + timedelta(days=4))
    await take_up(session, facilitator, committee_id, now + timedelta(days=4), keys=[str(Topic.FOLLOW_UP)])


def _reference(references: dict[str, str], title: str) -> str:
    """Of the first purchase whose title begins so, if there is one."""
    word = title.split(maxsplit=1)[0]
    return next((reference for name, reference in references.items() if name.startswith(word)), "")
