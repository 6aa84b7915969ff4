"""What the demonstration's group does together: one action in each state."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from pooling import BESIDE
from pooling.actions.catalogue import Catalogue, read_catalogue
from pooling.actions.keeping import move_action, propose_action
from pooling.actions.models import ActionState, Ease, FactorKind
from pooling.actions.schemas import ActionIn, BringsIn, FactorIn, PhaseIn
from pooling.demo.territory import FACILITATOR, LEADING, Demonstration
from pooling.kernel.database import Database
from pooling.members.models import Role
from pooling.members.rights import Caller, HeldRole

COBAS = "243300563"
COBAN = "243301504"


@dataclass(frozen=True)
class Told:
    """One of them, and through which states it came."""

    system: str
    title: str
    states: Sequence[ActionState] = ()
    lead: str = ""
    begins: int | None = None
    """In days from now."""
    lasts: int = 365
    content: str = ""
    resources: str = ""
    levers: str = ""
    factors: Sequence[FactorIn] = ()
    reason: str = ""
    phases: Sequence[tuple[str, int, int]] = ()
    """What is done, from which day to which, counted from its beginning."""
    partners: Sequence[BringsIn] = ()


def _obstacle(text: str, ease: Ease) -> FactorIn:
    return FactorIn(kind=FactorKind.OBSTACLE, ease=ease, text=text)


def _opportunity(text: str, ease: Ease) -> FactorIn:
    return FactorIn(kind=FactorKind.OPPORTUNITY, ease=ease, text=text)


AGREED = (ActionState.PRIORITISED, ActionState.AGREED)
UNDER_WAY = (*AGREED, ActionState.UNDER_WAY)
ACTIONS = (
    Told(
        "autopartage",
        "Ouvrir les véhicules de service aux habitants",
        (ActionState.SET_ASIDE,),
        reason="Trop tôt : deux communes y travaillent seules, on en reparlera dans un an.",
    ),
    Told(
        "communication",
        "Un kit de communication pour toutes les mairies",
        (*UNDER_WAY, ActionState.DONE),
        LEADING,
        -400,
        300,
        content="Affiches et dépliants au nom de chaque commune, relus par le groupe.",
    ),
    Told(
        "stationnement",
        "Des arceaux devant les écoles et les mairies",
        UNDER_WAY,
        COBAS,
        -200,
        content="Arceaux et abris là où l’on arrive, posés avant la rentrée.",
        resources="Les services techniques de six communes savent poser.",
        levers="Dotations d’investissement, fonds de concours.",
        factors=(
            _obstacle("Des trottoirs trop étroits devant trois écoles", Ease.HARD),
            _opportunity("Des travaux de voirie sont prévus dans quatre communes", Ease.EASY),
        ),
        phases=(("Plan des emplacements", 0, 60), ("Commande groupée", 61, 150), ("Pose", 200, 330)),
        partners=(
            BringsIn(partner="Association cyclable du Bassin (fictive)", half_days=12, premises="un relevé des usages"),
            BringsIn(partner="Gestionnaire des gares (fictif)", premises="deux emplacements devant les gares"),
        ),
    ),
    Told(
        "covoiturage",
        "Une plateforme de covoiturage pour les agents",
        UNDER_WAY,
        COBAN,
        -150,
        1095,
        factors=(_obstacle("Une plateforme sans animation reste vide", Ease.MEDIUM),),
        phases=(("Choix de la plateforme", 0, 90), ("Lancement", 91, 150), ("Animation", 151, 1095)),
        partners=(BringsIn(partner="Club d’entreprises du Bassin (fictif)", amount_cents=250_000, half_days=6),),
    ),
    Told("vehicules", "Renouveler ensemble les véhicules des services", AGREED, COBAS, 60),
    Told(
        "velos",
        "Des vélos électriques pour les trajets de service",
        (ActionState.PRIORITISED,),
        LEADING,
        90,
        factors=(
            _obstacle("Peu de locaux fermés avec une prise", Ease.MEDIUM),
            _opportunity("Un atelier vélo s’installe à Biganos", Ease.EASY),
        ),
    ),
    Told("bureaux", "Des bureaux partagés près des gares"),
)


async def make_actions(database: Database, territory: Demonstration, now: datetime) -> None:
    facilitator = Caller(territory.people[FACILITATOR], territory.group_id, (HeldRole(Role.FACILITATOR),))
    catalogue = read_catalogue(BESIDE / "config")
    async with database.transaction(territory.group_id) as session:
        for told in ACTIONS:
            at = now - timedelta(days=420 if told.states else 20)
            sheet = _sheet(told, catalogue, now.date())
            action = await propose_action(session, facilitator, sheet, catalogue, at)
            for step, state in enumerate(told.states, start=1):
                reason = told.reason if state == ActionState.SET_ASIDE else ""
                moved = at + timedelta(days=40 * step)
                await move_action(session, facilitator, action.reference, state, moved, reason)


def _sheet(told: Told, catalogue: Catalogue, today: date) -> ActionIn:
    """With what the catalogue says of its system."""
    system = catalogue.find(told.system)
    begins = today + timedelta(days=told.begins) if told.begins is not None else None
    return ActionIn(
        title=told.title,
        system=told.system if system else "",
        lead_member=told.lead,
        content=told.content or (system.what if system else ""),
        resources=told.resources,
        levers=told.levers,
        indicators="\n".join(system.indicators) if system else "",
        vigilance="\n".join(system.vigilance) if system else "",
        starts_on=begins,
        ends_on=begins + timedelta(days=told.lasts) if begins else None,
        factors=tuple(told.factors),
        phases=_phases(told, begins) if begins else (),
        partners=tuple(told.partners),
    )


def _phases(told: Told, begins: date) -> tuple[PhaseIn, ...]:
    return tuple(
        PhaseIn(label=label, begins_on=begins + timedelta(days=first), ends_on=begins + timedelta(days=last))
        for label, first, last in told.phases
    )
