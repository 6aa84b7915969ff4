"""How the group chose: actions from the catalogue, a workshop at the first meeting, a round in which members rank, and
terms that they answer.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlmodel import col

from pooling import BESIDE
from pooling.actions.catalogue import read_catalogue
from pooling.actions.keeping import move_action
from pooling.actions.models import Action, ActionState, Ease, FactorKind
from pooling.actions.partners import add_partner
from pooling.demo.actions import (
    CARPOOL,
    COMPANIES,
    CYCLISTS,
    FIRST_BIKES,
    FIRST_CARS,
    FOUNDING,
    KITS,
    LENT_DESKS,
    RACKS,
    STAFF_PRICE,
    STATIONS,
    propose,
)
from pooling.demo.filing import Voted, file_ballots
from pooling.demo.history.telling import Past, Story
from pooling.demo.purchases import codes_of
from pooling.demo.rounds import Said, hold_workshop
from pooling.kernel.clock import FixedClock
from pooling.kernel.database import insert_many
from pooling.kernel.events import record_event
from pooling.rounds.models import Mark
from pooling.rounds.preparing import prepare_round
from pooling.rounds.running import close_round, open_round
from pooling.rounds.schemas import RoundIn
from pooling.terms.keeping import write_terms
from pooling.terms.models import ChargesKey, Position, Spread, TermsAnswer
from pooling.terms.schemas import AidIn, EstimateIn, TermsIn, TermsItemIn

FIRST_ROUND = "Par quoi commencer ensemble ?"
SAID = (
    Said(
        FactorKind.OBSTACLE,
        Ease.MEDIUM,
        "Personne pour poser",
        ("Nos services techniques n’ont pas le temps", "Sceller dans l’enrobé, qui sait faire ?"),
        6,
    ),
    Said(FactorKind.OBSTACLE, Ease.EASY, "Ne pas savoir combien", ("On n’a jamais compté les vélos",), 3),
    Said(
        FactorKind.OPPORTUNITY,
        Ease.EASY,
        "Des écoles qui demandent",
        ("Trois conseils d’école l’ont écrit", "Les parents viennent déjà à vélo"),
        7,
    ),
)
POINTS: Mapping[str, Sequence[int]] = {
    "213300098": (3, 1, 2, 1, 3, 0, 0),
    "213301997": (4, 2, 0, 2, 2, 0, 0),
    "213302607": (5, 0, 3, 0, 0, 1, 1),
    "213304983": (2, 2, 2, 2, 0, 2, 0),
    "213302847": (4, 0, 2, 3, 0, 1, 0),
    "213300114": (1, 3, 0, 4, 0, 0, 2),
    "213300056": (3, 3, 1, 1, 0, 2, 0),
    "243300563": (4, 2, 0, 2, 0, 2, 0),
    "243301504": (2, 1, 2, 3, 1, 0, 1),
    "243301405": (3, 2, 1, 4, 0, 0, 0),
    "BU": (5, 3, 2, 0, 0, 0, 0),
    "UFR-STAPS": (0, 6, 4, 0, 0, 0, 0),
}
"""What members gave in the first round, to the actions in the order in which they were proposed; nobody anything to the
last one. Whoever is not among these did not vote.
"""
MOVES: Sequence[tuple[int, ActionState, Sequence[str]]] = (
    (549, ActionState.AGREED, (RACKS, FIRST_BIKES, CARPOOL, STAFF_PRICE)),
    (545, ActionState.UNDER_WAY, (RACKS,)),
    (540, ActionState.UNDER_WAY, (FIRST_BIKES, CARPOOL)),
    (530, ActionState.UNDER_WAY, (STAFF_PRICE,)),
    (460, ActionState.AGREED, (LENT_DESKS, FIRST_CARS, KITS)),
    (455, ActionState.UNDER_WAY, (LENT_DESKS, FIRST_CARS, KITS)),
)
"""What the facilitator says after committees."""
_HELP = AidIn(label="Aide au stationnement (fictive)", rate_hundredths=3_000)
TERMS: Mapping[str, TermsIn] = {
    RACKS: TermsIn(
        items=(
            TermsItemIn(code="arceau-pose", name="Arceau posé (prix fictif)", unit="arceau", unit_price_cents=18_000),
            TermsItemIn(code="arceau-livre", name="Arceau livré (prix fictif)", unit="arceau", unit_price_cents=9_500),
        ),
        estimates=(
            EstimateIn(
                label="Pose comprise",
                quantities={"arceau-pose": 180},
                charges_cents=90_000,
                aids=(_HELP,),
            ),
            EstimateIn(
                label="Posé en régie",
                quantities={"arceau-livre": 180},
                charges_cents=90_000,
                charges_key=ChargesKey.QUANTITY,
                aids=(_HELP,),
            ),
        ),
    ),
    CARPOOL: TermsIn(
        items=(TermsItemIn(code="acces", name="Accès d’un agent (prix fictif)", unit="agent", unit_price_cents=900),),
        estimates=(
            EstimateIn(
                label="Abonnement d’un an",
                quantities={"acces": 600},
                spread=Spread.AGENTS,
                charges_cents=120_000,
            ),
        ),
    ),
}
MANDATE = "Le pilote consulte, choisit et commande pour tous ; il rend compte à chaque comité."
EXIT = "Un membre peut se retirer jusqu’à l’ouverture des déclarations de besoins, sans frais."


async def proposals(past: Past) -> Story:
    """The first of them before the first meeting, whose workshop is about it."""
    catalogue = read_catalogue(BESIDE / "config")
    first, *others = FOUNDING
    yield 733
    for partner in (CYCLISTS, STATIONS, COMPANIES):
        await add_partner(past.session, past.facilitator, partner, past.ago(733))
    await propose(past.session, past.facilitator, first, catalogue, past.today, past.ago(733))
    yield 728
    reference = await reference_of(past, first.title)
    await hold_workshop(past.session, past.facilitator, reference, SAID, catalogue, past.ago(728))
    for place, told in enumerate(others):
        yield 724 - place
        await propose(past.session, past.facilitator, told, catalogue, past.today, past.ago(724 - place))
    for days, state, titles in MOVES:
        yield days
        for title in titles:
            reference = await reference_of(past, title)
            await move_action(past.session, past.facilitator, reference, state, past.ago(days))


async def first_round(past: Past) -> Story:
    session = past.session
    yield 712
    actions = [(told.title, await reference_of(past, told.title)) for told in FOUNDING]
    command = RoundIn(
        title=FIRST_ROUND,
        content="Chaque collectivité a dix points. Les fiches-actions disent ce que chacune demande.",
        actions=tuple(reference for _, reference in actions),
        closes_at=past.ago(660),
    )
    found = await prepare_round(session, past.facilitator, command, past.ago(712))
    yield 710
    await open_round(session, past.facilitator, found.reference, FixedClock(past.ago(710)))
    ids = {reference: key for reference, key in await session.execute(select(col(Action.reference), col(Action.id)))}
    yield 690
    voted = [
        Voted(
            past.territory.referent(code),
            past.ago(690) + timedelta(days=2 * place),
            past.territory.members[code],
            {
                ids[reference]: {Mark.POINTS: points}
                for (_, reference), points in zip(actions, given, strict=False)
                if points
            },
        )
        for place, (code, given) in enumerate(POINTS.items())
    ]
    await file_ballots(session, found.id, voted)
    yield 660
    await close_round(session, past.facilitator, found.reference, FixedClock(past.ago(660)))


async def terms(past: Past) -> Story:
    """Of two of the actions that came first. All but a few answer; one asks for a condition, one stays out."""
    session = past.session
    yield 630
    ids = {}
    for title, said in TERMS.items():
        reference = await reference_of(past, title)
        also = {"mandate": MANDATE, "exit_clause": EXIT, "answer_by": past.ago(570).date()}
        command = said.model_copy(update=also)
        await write_terms(session, past.facilitator, reference, command, past.ago(630))
        found = await session.execute(select(col(Action.id)).where(col(Action.reference) == reference))
        ids[title] = found.scalar_one()
    yield 600
    for title, action_id in ids.items():
        await _answers(past, title, action_id)


async def _answers(past: Past, title: str, action_id: int) -> None:
    rows: list[dict[str, Any]] = []
    for place, code in enumerate(codes_of(past.territory)):
        if place % 9 == 8:  # noqa: PLR2004 - who never said
            continue
        position = {4: Position.UNDER_CONDITION, 7: Position.OUT}.get(place, Position.IN)
        conditional = position is Position.UNDER_CONDITION
        at = past.ago(600) + timedelta(days=place)
        rows.append(
            {
                "action_id": action_id,
                "member_id": past.territory.members[code],
                "position": str(position),
                "condition": "Que la pose attende la fin des travaux de la place." if conditional else "",
                "quantities": json.dumps(
                    {item.code: 4 + place % 7 for item in TERMS[title].items}
                    if title == RACKS and position is not Position.OUT
                    else {}
                ),
                "deliberation": f"D-{at.year}-{10 + place} (fictive)" if position is Position.IN else "",
                "deliberated_on": at.date() if position is Position.IN else None,
                "answered_at": at,
                "answered_by": past.territory.referent(code),
            }
        )
    await insert_many(past.session, TermsAnswer, rows)
    for row in rows:
        record_event(
            past.session,
            at=row["answered_at"],
            person_id=row["answered_by"],
            subject=("action", action_id),
            name="action.answered",
            details={"member_id": row["member_id"], "position": row["position"]},
        )


async def reference_of(past: Past, title: str) -> str:
    found = await past.session.execute(select(col(Action.reference)).where(col(Action.title) == title))
    reference: str = found.scalar_one()
    return reference
