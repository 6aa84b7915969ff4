"""What happens to orders, in words for the journal."""

from collections.abc import Collection, Mapping

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.kernel.events import Event
from pooling.kernel.tables import any_of
from pooling.members.events import EventWords, Names, Subject, each_differing
from pooling.orders.models import Order
from pooling.orders.rules import ORDER
from pooling.web.typography import plural

SENTENCES: Mapping[str, str] = {
    "orders.suppliers_named": "a dit à quels fournisseurs vont les articles de {purchase}",
    "orders.made": "a préparé les commandes de {purchase} : {orders}",
    "order.sent": "a envoyé la commande {order} ({how})",
}


def _orders(event: Event, names: Names) -> str:  # noqa: ARG001 - as the other gaps
    return plural(int(event.details.get("orders", 0)), "bon de commande", "bons de commande")


def _differing(event: Event, names: Names) -> tuple[str, str]:  # noqa: ARG001 - as the others
    return each_differing(event, str)


async def _named(session: AsyncSession, ids: Collection[int]) -> dict[int, str]:
    rows = await session.execute(select(col(Order.id), col(Order.reference)).where(any_of(col(Order.id), sorted(ids))))
    return {key: reference for key, reference in rows}


EVENTS = EventWords(
    SENTENCES,
    (Subject("order", "Commandes", otherwise="une commande", states=ORDER.words, named=_named),),
    gaps={"orders": _orders},
    changes={"orders.suppliers_named": _differing},
)
