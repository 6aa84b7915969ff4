"""What orders add to what features share."""

from pooling.members.features import Feature, Tab
from pooling.orders import pages, sending_pages
from pooling.orders.event_words import EVENTS
from pooling.orders.page import SECTION
from pooling.orders.permissions import OrderRight
from pooling.orders.reading import awards_held, purchase_of_order, unordered
from pooling.purchases.kinds.parts import Part
from pooling.purchases.kinds.steps import UNORDERED
from pooling.purchases.rules import ONCE_CLOSED

FEATURE = Feature(
    pages=(*pages.ROUTES, *sending_pages.ROUTES),
    purchase_tabs=(Tab("Commandes", SECTION, OrderRight.SEE_ORDERS, states=ONCE_CLOSED),),
    purchase_parts={"commandes": Part.ORDERS},
    purchase_facts={UNORDERED.name: unordered},
    award_holds=(awards_held,),
    events=EVENTS,
    announced={"order.sent": "Commande envoyée"},
    purchase_of={"order": purchase_of_order},
)
