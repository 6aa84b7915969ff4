"""The terms of the demonstration's actions: one that members are answering, one agreed on with its purchase."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling import BESIDE
from pooling.actions.catalogue import Catalogue, read_catalogue
from pooling.actions.keeping import move_action
from pooling.actions.models import Action, ActionState
from pooling.demo.actions import NEXT_BIKES, NEXT_CARS
from pooling.demo.territory import FACILITATOR, Demonstration
from pooling.kernel.database import Database
from pooling.kernel.files import Upload
from pooling.members.changing import member_by_code
from pooling.members.models import Role
from pooling.members.rights import Caller, HeldRole
from pooling.procurement.models import Mandate
from pooling.terms.beginning import begin_purchase
from pooling.terms.files import attach_to_answer
from pooling.terms.form import from_catalogue
from pooling.terms.keeping import answer_terms, write_terms
from pooling.terms.models import ChargesKey, Position, Spread
from pooling.terms.schemas import AidIn, AnswerIn, EstimateIn, TermsIn

_IN = AnswerIn(position=Position.IN)
_EXIT = "Un membre sort avant la commande sans rien devoir ; après, il paie la part qu’il avait acceptée."


@dataclass(frozen=True)
class Answers:
    """By the place of members among those that are authorities, in the order of the territory."""

    said: Mapping[int, AnswerIn]
    deliberated: int
    """Whose deliberation is on file."""


BIKES = Answers(
    {
        0: AnswerIn(position=Position.IN, quantities={"velo-a-assistance-electrique": 6}),
        1: _IN,
        2: _IN,
        3: AnswerIn(position=Position.UNDER_CONDITION, condition="Après le vote du budget, en mars."),
        4: AnswerIn(position=Position.OUT),
    },
    deliberated=1,
)
CARS = Answers(dict.fromkeys(range(6), _IN) | {6: AnswerIn(position=Position.OUT)}, deliberated=2)


async def make_terms(database: Database, territory: Demonstration, now: datetime) -> None:
    catalogue = read_catalogue(BESIDE / "config")
    facilitator = _facilitator(territory)
    async with database.transaction(territory.group_id) as session:
        bikes, cars = [await _action(session, title) for title in (NEXT_BIKES, NEXT_CARS)]
        asked = now - timedelta(days=16)
        await write_terms(session, facilitator, bikes, _bikes(catalogue, now), asked)
        await _answer(session, territory, bikes, BIKES, asked)
        discussed = now - timedelta(days=375)
        await write_terms(session, facilitator, cars, _cars(catalogue, now), discussed)
        await _answer(session, territory, cars, CARS, discussed)
        await move_action(session, facilitator, cars, ActionState.AGREED, now - timedelta(days=340))


async def buy_what_is_agreed(database: Database, territory: Demonstration, now: datetime) -> None:
    async with database.transaction(territory.group_id) as session:
        cars = await _action(session, NEXT_CARS)
        await begin_purchase(session, _facilitator(territory), cars, now - timedelta(days=2))


def _facilitator(territory: Demonstration) -> Caller:
    return Caller(territory.people[FACILITATOR], territory.group_id, (HeldRole(Role.FACILITATOR),))


async def _action(session: AsyncSession, title: str) -> str:
    return (await session.execute(select(col(Action.reference)).where(col(Action.title) == title))).scalar_one()


def _bikes(catalogue: Catalogue, now: datetime) -> TermsIn:
    system = catalogue.find("velos")
    assert system is not None
    base = from_catalogue(system)
    bike, cargo = base.items[0].code, base.items[1].code
    region = AidIn(label="Fonds de concours (fictif)", rate_hundredths=2_000, cap_total_cents=1_000_000)
    unit = AidIn(label="Prime à l’achat (fictive)", rate_hundredths=3_000, cap_per_unit_cents=40_000, item=bike)
    return base.model_copy(
        update={
            "mandate": "Consulter, signer et notifier au nom de tous ; chaque membre commande et paie ce qu’il prend.",
            "coordination": Mandate.SIGN_AND_NOTIFY,
            "exit_clause": _EXIT,
            "answer_by": (now + timedelta(days=12)).date(),
            "order_by": (now + timedelta(days=60)).date(),
            "deliver_by": (now + timedelta(days=120)).date(),
            "items": base.items[:2],
            "estimates": (
                EstimateIn(
                    label="Trente vélos",
                    quantities={bike: 24, cargo: 6},
                    spread=Spread.AGENTS,
                    charges_label="Livraison et marquage",
                    charges_cents=180_000,
                    aids=(region,),
                ),
                EstimateIn(
                    label="Sans vélo-cargo",
                    quantities={bike: 30},
                    spread=Spread.AGENTS,
                    charges_label="Livraison et marquage",
                    charges_cents=180_000,
                    charges_key=ChargesKey.QUANTITY,
                    aids=(region,),
                ),
                EstimateIn(
                    label="Avec une prime",
                    quantities={bike: 24, cargo: 6},
                    spread=Spread.AGENTS,
                    charges_label="Livraison et marquage",
                    charges_cents=180_000,
                    aids=(region, unit),
                ),
            ),
        }
    )


def _cars(catalogue: Catalogue, now: datetime) -> TermsIn:
    system = catalogue.find("vehicules")
    assert system is not None
    base = from_catalogue(system)
    car, van = (item.code for item in base.items)
    return base.model_copy(
        update={
            "mandate": "Mener la procédure ; chaque membre signe et paie ses véhicules.",
            "coordination": Mandate.PROCEDURE_ONLY,
            "exit_clause": _EXIT,
            "answer_by": (now - timedelta(days=350)).date(),
            "order_by": (now + timedelta(days=90)).date(),
            "deliver_by": (now + timedelta(days=240)).date(),
            "estimates": (
                EstimateIn(
                    label="Quatorze véhicules",
                    quantities={car: 10, van: 4},
                    charges_label="Assistance à la consultation",
                    charges_cents=450_000,
                    charges_key=ChargesKey.POPULATION,
                    aids=(AidIn(label="Aide au renouvellement (fictive)", amount_cents=2_000_000),),
                ),
            ),
        }
    )


async def _answer(
    session: AsyncSession,
    territory: Demonstration,
    action: str,
    answers: Answers,
    asked: datetime,
) -> None:
    codes = [code for code in territory.members if code.isdigit()]
    for place, answer in answers.said.items():
        at, code = asked + timedelta(days=3 + place), codes[place]
        member = await member_by_code(session, code)
        referent = Caller(territory.referent(code), territory.group_id, (HeldRole(Role.REFERENT, member.id),))
        if place != answers.deliberated:
            await answer_terms(session, referent, action, member, answer, at)
            continue
        day = at.date() - timedelta(days=2)
        deliberated = {"deliberation": f"{day:%Y}-031", "deliberated_on": day}
        await answer_terms(session, referent, action, member, answer.model_copy(update=deliberated), at)
        text = f"Délibération {day:%Y}-031 (fictive) : le conseil décide de participer.\n"
        await attach_to_answer(session, referent, action, member, [Upload("deliberation.txt", text.encode())], at)
