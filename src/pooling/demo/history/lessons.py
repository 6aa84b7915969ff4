"""What the group learnt: experiences told after each purchase, with questions, and the days that agents gave."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from sqlalchemy import select
from sqlmodel import col

from pooling.actions.models import Action
from pooling.demo.actions import CARPOOL, FIRST_BIKES, FIRST_CARS, LENT_DESKS, RACKS, STAFF_PRICE
from pooling.demo.buying import CYCLES, GARAGE, MOBILIER
from pooling.demo.history.choosing import reference_of
from pooling.demo.history.goods import BIKES, CARS, FIRST_RACKS, SHARED_DESKS
from pooling.demo.history.services import FIRST_OFFER, TRIAL
from pooling.demo.history.telling import Past, Story
from pooling.demo.purchases import as_referent
from pooling.experiences.keeping import answer_question, ask_question, share_experience, tell_experience
from pooling.experiences.schemas import ExperienceIn
from pooling.indicators.keeping import note_days
from pooling.indicators.schemas import DaysIn
from pooling.purchases.models import Purchase
from pooling.suppliers.models import Supplier

ASKING = "213304983"
"""The member whose référent asks."""


@dataclass(frozen=True)
class Lesson:
    ago: int
    action: str
    purchase: str
    supplier: str
    sheet: ExperienceIn
    question: str = ""
    answer: str = ""
    shared: bool = False


LESSONS: Sequence[Lesson] = (
    Lesson(
        425,
        RACKS,
        FIRST_RACKS,
        MOBILIER,
        ExperienceIn(
            title="Des arceaux posés en cinq semaines",
            context="Aucune commune ne savait combien il en fallait, ni qui les poserait.",
            done="Un relevé commun des emplacements, une commande, et deux équipes de pose qui tournent.",
            result="Neuf écoles sur dix sont équipées.",
            differently="Commander les scellements avec les arceaux, pas après.",
            figures="62 emplacements\n2 équipes de pose",
            contact="services techniques de l’intercommunalité pilote",
        ),
        "Qui a payé les scellements ?",
        "Chaque commune les siens : ils n’étaient pas dans la commande.",
        shared=True,
    ),
    Lesson(
        330,
        FIRST_BIKES,
        BIKES,
        CYCLES,
        ExperienceIn(
            title="Des trottinettes que personne ne prenait",
            context="Elles étaient rangées au sous-sol, avec une clé à demander.",
            done="Sorties dans le hall, réservées en un clic, avec une démonstration par service.",
            result="Trois fois plus de sorties en deux mois ; les vélos, eux, partaient déjà.",
            differently="Essayer avant de commander : deux communes en auraient pris moins.",
            figures="1 trajet de service sur 6 à vélo",
            contact="référente mobilité d’une commune équipée",
        ),
        "Avez-vous dû former les agents ?",
        "Une heure sur un parking, avec l’association cyclable : elle suffit.",
    ),
    Lesson(
        385,
        STAFF_PRICE,
        FIRST_OFFER,
        "",
        ExperienceIn(
            title="Un prix de groupe ne suffit pas sans essai",
            context="Beaucoup d’agents intéressés, moins qui ont acheté.",
            done="Une journée d’essai a été ajoutée au milieu de l’offre.",
            result="La moitié des achats ont suivi cette journée.",
            differently="Mettre l’essai au début.",
            contact="direction des ressources humaines de l’intercommunalité",
        ),
    ),
    Lesson(
        115,
        CARPOOL,
        TRIAL,
        "",
        ExperienceIn(
            title="Une plateforme de covoiturage vit de ses défis",
            context="Un mois après le lancement, plus personne n’ouvrait l’application.",
            done="Trois défis entre services, avec un petit-déjeuner pour l’équipe gagnante.",
            result="Les trajets partagés doublent pendant un défi et gardent un tiers de la hausse.",
            differently="Prévoir l’animation dans le prix dès le départ.",
            figures="12 collectivités\n3 défis",
            contact="chargée de mission mobilité",
        ),
        "Les données des trajets vous sont-elles rendues ?",
        "Oui, par trimestre, sans nom ni adresse.",
        shared=True,
    ),
    Lesson(
        250,
        LENT_DESKS,
        SHARED_DESKS,
        MOBILIER,
        ExperienceIn(
            title="Prêter deux bureaux demande une page de règles",
            context="Réseau, badge, assurance : chaque service posait ses questions.",
            done="Une page commune, signée par les deux mairies, affichée dans la pièce.",
            result="Deux agents chaque mardi, sans incident.",
            differently="Associer l’informatique dès la première réunion.",
            contact="secrétariat général d’une commune",
        ),
    ),
    Lesson(
        225,
        FIRST_CARS,
        CARS,
        GARAGE,
        ExperienceIn(
            title="La borne avant la voiture",
            context="Deux voitures sont restées au garage, faute de raccordement.",
            done="Les demandes de raccordement sont parties avec la commande suivante.",
            result="Quota tenu ; quatre agents sur cinq préfèrent l’électrique pour leurs tournées.",
            differently="Demander la puissance du site avant d’ouvrir les déclarations.",
            contact="parc automobile de l’intercommunalité",
        ),
        "Quel délai pour le raccordement ?",
        "Quatre mois, et six pour la seconde borne.",
        shared=True,
    ),
)
DAYS: Sequence[tuple[int, str, str, str, str]] = (
    (520, "243300563", "4", "Relevé des emplacements d’arceaux", RACKS),
    (500, "243301504", "2.5", "Choix de la plateforme de covoiturage", CARPOOL),
    (445, "213300098", "3", "Suivi de la pose des arceaux", RACKS),
    (400, "243300563", "1.5", "Réception des vélos et des trottinettes", FIRST_BIKES),
    (340, "243301405", "2", "Équipement des bureaux prêtés", LENT_DESKS),
    (270, "243300563", "3.5", "Livraison des voitures électriques", FIRST_CARS),
    (200, "213300098", "1", "Règles des bureaux prêtés", LENT_DESKS),
    (90, "243301504", "2", "Défi de covoiturage", CARPOOL),
    (30, "243300563", "2.5", "Deuxième tranche d’arceaux", RACKS),
)
"""So many days ago, the member, days of its agents, what they did, for which action."""


async def lessons(past: Past) -> Story:
    session = past.session
    suppliers = {name: key for name, key in await session.execute(select(col(Supplier.name), col(Supplier.id)))}
    for lesson in sorted(LESSONS, key=lambda one: -one.ago):
        yield lesson.ago
        at = past.ago(lesson.ago)
        action = await session.execute(select(col(Action.reference)).where(col(Action.title) == lesson.action))
        purchase = await session.execute(select(col(Purchase.reference)).where(col(Purchase.title) == lesson.purchase))
        names = {
            "action": action.scalar_one(),
            "purchase": purchase.scalar_one(),
            "supplier_id": suppliers.get(lesson.supplier),
        }
        told = await tell_experience(session, past.facilitator, lesson.sheet.model_copy(update=names), at)
        if lesson.question:
            referent = as_referent(past.territory, ASKING)
            asked = await ask_question(session, referent, told.id, lesson.question, at + timedelta(days=2))
            await answer_question(session, past.facilitator, told.id, asked, lesson.answer, at + timedelta(days=4))
        if lesson.shared:
            await share_experience(session, past.facilitator, told.id, at + timedelta(days=5), shared=True)


async def days_given(past: Past) -> Story:
    for days, member, given, what, title in DAYS:
        yield days
        at = past.ago(days)
        action = await reference_of(past, title)
        command = DaysIn(member=member, spent_on=at.date(), days=Decimal(given), what=what, action=action)
        await note_days(past.session, past.facilitator, command, at, at.date())
