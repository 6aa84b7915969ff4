"""What orders ask of bills: how much of each is invoiced, why one may not be cancelled."""

from collections.abc import Mapping, Sequence

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.bills.comparing import STATE_TAGS, STATE_WORDS, state_of
from pooling.bills.models import Bill, BillOrder, BillState
from pooling.bills.totals import tallies_of
from pooling.kernel.tables import linked
from pooling.members.features import OrderFact


async def invoice_facts(session: AsyncSession, orders: Sequence[int]) -> Mapping[int, OrderFact]:
    states = {order_id: state_of(items) for order_id, items in (await tallies_of(session, orders)).items()}
    return {
        order_id: OrderFact("Facturation", STATE_TAGS[state], STATE_WORDS[state]) for order_id, state in states.items()
    }


async def invoiced_already(session: AsyncSession, order_id: int) -> str:
    """What was accepted to be paid is not undone by cancelling."""
    accepted = exists().where(
        linked(Bill.id, BillOrder.bill_id), col(BillOrder.order_id) == order_id, col(Bill.state) == BillState.ACCEPTED
    )
    if not (await session.execute(select(accepted))).scalar_one():
        return ""
    return "Des factures en sont acceptées : reprenez d’abord ces décisions, ou demandez un avoir."
