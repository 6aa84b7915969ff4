"""What a committee's decision does to a round: its ranking is adopted."""

from sqlalchemy import select
from sqlmodel import col

from pooling.members.acts import Act, NoTerms, Order
from pooling.rounds.adopting import adopt_round
from pooling.rounds.models import Round, RoundState


async def _adopt(order: Order[NoTerms]) -> None:
    reference: str = (
        await order.session.execute(select(col(Round.reference)).where(col(Round.id) == order.subject_id))
    ).scalar_one()
    await adopt_round(order.session, order.caller, reference, order.clock, reason=order.reason)


ADOPT = Act(
    name="adopt_round",
    label="Adopter le classement",
    subject="round",
    possible=frozenset({RoundState.CLOSED}),
    terms=NoTerms,
    carry_out=_adopt,
    consequences=lambda _: (
        "Les actions choisies prennent leur rang ; celles qui étaient proposées deviennent priorisées.",
        "Le rang d’un tour précédent ne compte plus.",
    ),
    did={"round.adopted": "le classement est adopté", "action.prioritised": "des actions sont priorisées"},
)
