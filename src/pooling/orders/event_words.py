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
    "orders.invoicers_named": "a dit quels fournisseurs facturent les frais de {purchase}",
    "orders.made": "a préparé les commandes de {purchase} : {orders}",
    "order.sent": "a envoyé la commande {order} ({how})",
    "order.not_sent": "n’a pas pu envoyer la commande {order}",
    "order.confirmed": "a noté que le fournisseur confirme la commande {order}",
    "order.promised": "a noté ce que le fournisseur promet de la commande {order}",
    "order.amended": "a modifié la commande {order}",
    "order.cancelled": "a annulé la commande {order}",
    "order.tolerated": "a changé les tolérances de la commande {order}",
    "order_buyer.described": "a dit ce que les bons de commande disent de {member}",
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
    settings={
        "promised_on": "livraison promise",
        "supplier_reference": "numéro du fournisseur",
        "version": "version",
        "over_percent": "tolérance en plus",
        "under_percent": "tolérance en moins",
        "siret": "SIRET",
        "vat_number": "numéro de TVA",
        "service_code": "code du service",
        "service": "service",
        "address": "adresse",
    },
    changes={"orders.suppliers_named": _differing, "orders.invoicers_named": _differing},
)
