"""What the demonstration's group ranks: one round whose result is to be adopted, one in which it votes now; and what a
workshop said of an action.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling import BESIDE
from pooling.actions.catalogue import Catalogue, read_catalogue
from pooling.actions.keeping import propose_action
from pooling.actions.models import Action, Ease, FactorKind
from pooling.actions.schemas import ActionIn
from pooling.demo.filing import Voted, file_ballots
from pooling.demo.territory import FACILITATOR, Demonstration
from pooling.kernel.clock import FixedClock
from pooling.kernel.database import Database, insert_many
from pooling.members.models import Role
from pooling.members.rights import Caller, HeldRole
from pooling.rounds.models import CRITERIA, Mark, Method, Weighting
from pooling.rounds.preparing import RANKED, prepare_round
from pooling.rounds.running import close_round, open_round
from pooling.rounds.schemas import RoundIn
from pooling.rounds.workshops.finding import notes_of, themes_of
from pooling.rounds.workshops.leading import arrange, close_workshop, move_workshop, open_workshop
from pooling.rounds.workshops.models import WorkshopDot, WorkshopState
from pooling.rounds.workshops.schemas import Arrangement, NoteIn, ThemeIn
from pooling.rounds.workshops.taking_part import post_note

MORE = (
    ("formation", "Un atelier de réparation qui passe de mairie en mairie"),
    ("essai", "Prêter des vélos à essayer"),
)
VOTES: Sequence[tuple[str, Sequence[int]]] = (
    ("213300098", (5, 2, 3, 0)),
    ("213301997", (0, 4, 4, 2)),
    ("213302607", (2, 6, 0, 2)),
    ("213304983", (4, 0, 3, 3)),
    ("243300563", (6, 0, 4, 0)),
    ("243301504", (3, 3, 0, 4)),
    ("243301405", (0, 5, 5, 0)),
)
"""Points by member, in the order of the ballot: two actions have as many, of as many members."""


@dataclass(frozen=True)
class Said:
    """A theme of a workshop: its notes, and how many telephones put a dot on it."""

    kind: FactorKind
    ease: Ease
    title: str
    notes: Sequence[str]
    dots: int


SAID = (
    Said(
        FactorKind.OBSTACLE,
        Ease.MEDIUM,
        "Recharger sans local",
        ("Pas de prise au garage", "Où recharger à l’école ?"),
        5,
    ),
    Said(FactorKind.OBSTACLE, Ease.HARD, "Des routes sans piste", ("La départementale fait peur",), 3),
    Said(FactorKind.OPPORTUNITY, Ease.EASY, "Des agents déjà volontaires", ("Six agents viennent à vélo",), 4),
)
MARKED: Sequence[tuple[str, Sequence[Sequence[int]]]] = (
    ("213300098", ((5, 2, 3, 4), (3, 4, 4, 2))),
    ("243300563", ((4, 3, 4, 4), (4, 4, 3, 3))),
    ("213304983", ((3, 3, 2, 5), (2, 5, 5, 2))),
)


async def make_rounds(database: Database, territory: Demonstration, now: datetime) -> None:
    facilitator = Caller(territory.people[FACILITATOR], territory.group_id, (HeldRole(Role.FACILITATOR),))
    catalogue = read_catalogue(BESIDE / "config")
    async with database.transaction(territory.group_id) as session:
        for system, title in MORE:
            found = catalogue.find(system)
            sheet = ActionIn(title=title, system=system if found else "", content=found.what if found else "")
            await propose_action(session, facilitator, sheet, catalogue, now - timedelta(days=60))
        actions = await _ranked(session)
        await _closed(session, territory, facilitator, actions, now)
        await _open(session, territory, facilitator, dict(list(actions.items())[:2]), now)
        await hold_workshop(session, facilitator, next(iter(actions)), SAID, catalogue, now - timedelta(days=30))


async def _ranked(session: AsyncSession) -> Mapping[str, int]:
    """The ids of those that may be ranked, by their references."""
    states = [str(state) for state in RANKED]
    rows = await session.execute(
        select(col(Action.reference), col(Action.id)).where(col(Action.state).in_(states)).order_by(col(Action.id))
    )
    return {reference: key for reference, key in rows}


async def _closed(
    session: AsyncSession, territory: Demonstration, facilitator: Caller, actions: Mapping[str, int], now: datetime
) -> None:
    begun, closes_at = now - timedelta(days=24), now - timedelta(days=3)
    command = RoundIn(
        title="Que faire ensemble l’an prochain ?",
        content="Lisez les fiches, parlez-en dans votre collectivité : votre bulletin l’engage à titre indicatif.",
        actions=tuple(actions),
        closes_at=closes_at,
    )
    found = await prepare_round(session, facilitator, command, begun - timedelta(days=2))
    await open_round(session, facilitator, found.reference, FixedClock(begun))
    voted = [
        Voted(
            territory.referent(code),
            begun + timedelta(days=2 * place),
            territory.members[code],
            {action: {Mark.POINTS: value} for action, value in zip(actions.values(), points, strict=False) if value},
        )
        for place, (code, points) in enumerate(VOTES, start=1)
    ]
    await file_ballots(session, found.id, voted)
    await close_round(session, facilitator, found.reference, FixedClock(closes_at))


async def _open(
    session: AsyncSession, territory: Demonstration, facilitator: Caller, actions: Mapping[str, int], now: datetime
) -> None:
    begun = now - timedelta(days=5)
    command = RoundIn(
        title="Trajets de service : par quoi commencer ?",
        actions=tuple(actions),
        method=Method.CRITERIA,
        impact_weight=3,
        cost_weight=2,
        weighting=Weighting.POPULATION,
        closes_at=(now + timedelta(days=12)).replace(hour=17, minute=0, second=0, microsecond=0),
    )
    found = await prepare_round(session, facilitator, command, begun - timedelta(days=1))
    await open_round(session, facilitator, found.reference, FixedClock(begun))
    voted = [
        Voted(
            territory.referent(code),
            begun + timedelta(days=place),
            territory.members[code],
            {
                action: dict(zip(CRITERIA, values, strict=True))
                for action, values in zip(actions.values(), given, strict=True)
            },
        )
        for place, (code, given) in enumerate(MARKED, start=1)
    ]
    await file_ballots(session, found.id, voted)


async def hold_workshop(
    session: AsyncSession,
    facilitator: Caller,
    reference: str,
    said: Sequence[Said],
    catalogue: Catalogue,
    at: datetime,
) -> None:
    """For an action: notes are written, grouped, ranked, and kept with its sheet."""
    found = await open_workshop(session, facilitator, reference, 2, at)
    for theme in said:
        for text in theme.notes:
            await post_note(session, found, b"telephone", NoteIn(kind=theme.kind, text=text), at)
        new = ThemeIn(kind=theme.kind, ease=theme.ease, title=theme.title)
        await arrange(session, facilitator, found.id, Arrangement(new=new))
        made = (await themes_of(session, found))[-1].id
        loose = {note.id: made for note in await notes_of(session, found) if note.theme_id is None}
        await arrange(session, facilitator, found.id, Arrangement(notes=dict(loose)))
    found = await move_workshop(session, facilitator, found.id, WorkshopState.RANKING, at)
    themes = [one.id for one in await themes_of(session, found)]
    dots = [
        {"workshop_id": found.id, "theme_id": theme, "browser_hash": bytes([telephone])}
        for theme, its in zip(themes, said, strict=True)
        for telephone in range(its.dots)
    ]
    await insert_many(session, WorkshopDot, dots)
    ended = at + timedelta(hours=1)
    await close_workshop(session, facilitator, found.id, catalogue, ended, keeping=True)
