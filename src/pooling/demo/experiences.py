"""What the demonstration's group learnt: two sheets, and a question with its answer."""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlmodel import col

from pooling.actions.models import Action
from pooling.demo.actions import KITS, RACKS
from pooling.demo.territory import FACILITATOR, Demonstration
from pooling.experiences.keeping import answer_question, ask_question, share_experience, tell_experience
from pooling.experiences.schemas import ExperienceIn
from pooling.kernel.database import Database
from pooling.members.models import Role
from pooling.members.rights import Caller, HeldRole

LUGOS = "213302607"
TOLD = (
    (
        KITS,
        ExperienceIn(
            title="Un même kit de communication pour dix-sept mairies",
            context="Chaque commune imprimait ses affiches, avec des messages différents.",
            done="Un modèle relu par le groupe, décliné au nom de chaque commune, imprimé en une fois.",
            cost_cents=1_240_000,
            result="Le même message partout à la rentrée, et des affiches qui se complètent d’une commune à l’autre.",
            differently="Relire les textes avec les écoles avant l’impression.",
            figures="15 communes servies\n600 affiches posées",
            contact="chargée de communication de la commune pilote",
        ),
        35,
    ),
    (
        RACKS,
        ExperienceIn(
            title="Poser des arceaux devant une école étroite",
            context="Le trottoir ne laissait pas 1,40 m aux personnes en fauteuil.",
            done="Les arceaux ont pris la place d’une voiture, avec l’accord des riverains.",
            result="Aucune plainte, et dix vélos chaque matin.",
            differently="Mesurer le trottoir avant de commander.",
            contact="responsable des services techniques",
        ),
        6,
    ),
)


async def make_experiences(database: Database, territory: Demonstration, now: datetime) -> None:
    facilitator = Caller(territory.people[FACILITATOR], territory.group_id, (HeldRole(Role.FACILITATOR),))
    referent = Caller(
        territory.referent(LUGOS), territory.group_id, (HeldRole(Role.REFERENT, member_id=territory.members[LUGOS]),)
    )
    async with database.transaction(territory.group_id) as session:
        rows = await session.execute(select(col(Action.title), col(Action.reference)))
        actions = {title: reference for title, reference in rows}
        for title, sheet, days in TOLD:
            at = now - timedelta(days=days)
            command = sheet.model_copy(update={"action": actions[title]})
            told = await tell_experience(session, facilitator, command, at)
            question = await ask_question(
                session, referent, told.id, "Combien de temps entre l’accord et la pose ?", at + timedelta(days=1)
            )
            if days > 30:  # noqa: PLR2004 - the older one
                answer = "Trois mois, dont un pour la relecture."
                await answer_question(session, facilitator, told.id, question, answer, at + timedelta(days=2))
                await share_experience(session, facilitator, told.id, at, shared=True)
