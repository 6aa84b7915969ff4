"""What the demonstration's group does together: actions in each state, for each system of the action sheet."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from pooling import BESIDE
from pooling.actions.catalogue import Catalogue, read_catalogue
from pooling.actions.keeping import move_action, propose_action
from pooling.actions.models import Action, ActionState, Ease, FactorKind, PartnerKind
from pooling.actions.schemas import ActionIn, BringsIn, FactorIn, PartnerIn, PhaseIn
from pooling.demo.territory import FACILITATOR, LEADING, Demonstration
from pooling.kernel.database import Database
from pooling.members.models import Role
from pooling.members.rights import Caller, HeldRole

COBAS = "243300563"
COBAN = "243301504"


@dataclass(frozen=True)
class Told:
    """One of them."""

    system: str
    title: str
    lead: str = ""
    begins: int | None = None
    """In days from now."""
    lasts: int = 365
    content: str = ""
    resources: str = ""
    levers: str = ""
    factors: Sequence[FactorIn] = ()
    phases: Sequence[tuple[str, int, int]] = ()
    """What is done, from which day to which, counted from its beginning."""
    partners: Sequence[BringsIn] = ()


@dataclass(frozen=True)
class Moved:
    """Where an action stands, since so many days."""

    ago: int
    state: ActionState


def _obstacle(text: str, ease: Ease) -> FactorIn:
    return FactorIn(kind=FactorKind.OBSTACLE, ease=ease, text=text)


def _opportunity(text: str, ease: Ease) -> FactorIn:
    return FactorIn(kind=FactorKind.OPPORTUNITY, ease=ease, text=text)


RACKS = "Des arceaux devant les écoles et les mairies"
FIRST_BIKES = "Des vélos et des trottinettes à essayer en service"
STAFF_PRICE = "Un prix de groupe pour les agents qui achètent un vélo"
CARPOOL = "Une plateforme de covoiturage pour les agents"
LENT_DESKS = "Des bureaux prêtés d’une mairie à l’autre"
FIRST_CARS = "Les premières voitures électriques, achetées ensemble"
KITS = "Un kit de communication pour toutes les mairies"
SHARED_CARS = "Ouvrir les véhicules de service aux habitants"
NEXT_CARS = "Renouveler ensemble les véhicules des services"
NEXT_BIKES = "Des vélos électriques pour les trajets de service"

CYCLISTS = PartnerIn(
    name="Association cyclable du Bassin (fictive)", kind=PartnerKind.ASSOCIATION, contact="permanence de l’atelier"
)
STATIONS = PartnerIn(
    name="Gestionnaire des gares (fictif)", kind=PartnerKind.PUBLIC_BODY, contact="responsable des parvis"
)
COMPANIES = PartnerIn(
    name="Club d’entreprises du Bassin (fictif)", kind=PartnerKind.COMPANY, contact="référente mobilité du club"
)

FOUNDING: Sequence[Told] = (
    Told(
        "stationnement",
        RACKS,
        COBAS,
        -545,
        900,
        content="Arceaux et abris là où l’on arrive, posés avant la rentrée.",
        resources="Les services techniques de six communes savent poser.",
        levers="Dotations d’investissement, fonds de concours.",
        factors=(
            _obstacle("Des trottoirs trop étroits devant trois écoles", Ease.HARD),
            _opportunity("Des travaux de voirie sont prévus dans quatre communes", Ease.EASY),
        ),
        phases=(
            ("Plan des emplacements", 0, 40),
            ("Première commande groupée", 20, 110),
            ("Pose", 95, 180),
            ("Deuxième commande groupée", 525, 660),
            ("Pose devant les gares", 660, 840),
        ),
        partners=(
            BringsIn(partner=CYCLISTS.name, half_days=12, premises="un relevé des usages"),
            BringsIn(partner=STATIONS.name, premises="deux emplacements devant les gares"),
        ),
    ),
    Told(
        "velos",
        FIRST_BIKES,
        COBAS,
        -540,
        240,
        factors=(
            _obstacle("Les agents ne savent pas qu’ils peuvent prendre un vélo", Ease.EASY),
            _opportunity("Les trajets de service font moins de 5 km", Ease.EASY),
        ),
        phases=(("Essais sur parking", 0, 30), ("Commande groupée", 20, 60), ("Mise en service", 110, 240)),
        partners=(BringsIn(partner=CYCLISTS.name, half_days=4, premises="six remises en selle"),),
    ),
    Told(
        "achat-agents",
        STAFF_PRICE,
        COBAN,
        -530,
        700,
        phases=(("Première offre", 40, 110), ("Deuxième offre", 510, 570)),
        partners=(BringsIn(partner=COMPANIES.name, half_days=2),),
    ),
    Told(
        "covoiturage",
        CARPOOL,
        COBAN,
        -540,
        1095,
        factors=(_obstacle("Une plateforme sans animation reste vide", Ease.MEDIUM),),
        phases=(("Choix de la plateforme", 0, 40), ("Année d’essai", 60, 390), ("Abonnement commun", 505, 1095)),
        partners=(BringsIn(partner=COMPANIES.name, amount_cents=250_000, half_days=6),),
    ),
    Told(
        "bureaux",
        LENT_DESKS,
        LEADING,
        -461,
        800,
        content="Les bureaux libres d’une mairie, prêtés un jour par semaine aux agents d’une autre.",
        resources="Quatre bureaux libres à Arcachon, deux à Gujan-Mestras (voir « Ressources »).",
        phases=(("Recenser les bureaux libres", 0, 30), ("Équiper", 31, 100), ("Prêter", 100, 800)),
    ),
    Told(
        "vehicules",
        FIRST_CARS,
        COBAS,
        -461,
        240,
        levers="Bonus écologique s’il est ouvert, reprise des anciens véhicules.",
        phases=(("Recenser les renouvellements", 0, 20), ("Commande groupée", 21, 45), ("Livraison", 150, 200)),
    ),
    Told(
        "communication",
        KITS,
        LEADING,
        -461,
        400,
        content="Affiches et dépliants au nom de chaque commune, relus par le groupe.",
    ),
    Told("autopartage", SHARED_CARS),
)
"""Proposed after the first meeting."""
LATER: Sequence[tuple[int, Told, Sequence[Moved]]] = (
    (
        420,
        Told("vehicules", NEXT_CARS, COBAS, 60),
        (Moved(380, ActionState.PRIORITISED),),  # agreed on with its terms
    ),
    (
        410,
        Told(
            "velos",
            NEXT_BIKES,
            LEADING,
            90,
            factors=(
                _obstacle("Peu de locaux fermés avec une prise", Ease.MEDIUM),
                _opportunity("Un atelier vélo s’installe à Biganos", Ease.EASY),
            ),
        ),
        (Moved(380, ActionState.PRIORITISED),),
    ),
    (20, Told("bureaux", "Des bureaux partagés près des gares"), ()),
)
"""So many days ago."""


async def propose(
    session: AsyncSession, caller: Caller, told: Told, catalogue: Catalogue, today: date, at: datetime
) -> Action:
    return await propose_action(session, caller, _sheet(told, catalogue, today), catalogue, at)


async def make_actions(database: Database, territory: Demonstration, now: datetime) -> None:
    """What came later than the founding ones."""
    facilitator = Caller(territory.people[FACILITATOR], territory.group_id, (HeldRole(Role.FACILITATOR),))
    catalogue = read_catalogue(BESIDE / "config")
    async with database.transaction(territory.group_id) as session:
        for ago, told, moves in LATER:
            action = await propose(session, facilitator, told, catalogue, now.date(), now - timedelta(days=ago))
            for moved in moves:
                await move_action(session, facilitator, action.reference, moved.state, now - timedelta(days=moved.ago))


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
