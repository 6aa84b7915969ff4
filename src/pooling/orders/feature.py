"""What orders add to what features share."""

from pooling.members.features import Feature, Tab
from pooling.orders import api, buyer_pages, changing_pages, document_pages, pages, sending_pages
from pooling.orders.departing import DEPARTURE
from pooling.orders.document_export import DOCUMENTS
from pooling.orders.event_words import EVENTS
from pooling.orders.mailing import order_sent_purchases, send_asked
from pooling.orders.page import SECTION
from pooling.orders.permissions import OrderRight
from pooling.orders.reading import awards_held, items_left, purchase_of_order, unordered
from pooling.orders.supplier_part import bought_part
from pooling.orders.tasks import ORDERS_TO_FOLLOW
from pooling.purchases.kinds.parts import Part
from pooling.purchases.kinds.steps import UNORDERED
from pooling.purchases.rules import ONCE_CLOSED

FEATURE = Feature(
    pages=(*pages.ROUTES, *sending_pages.ROUTES, *document_pages.ROUTES, *changing_pages.ROUTES, *buyer_pages.ROUTES),
    api=api.ROUTES,
    purchase_tabs=(Tab("Commandes", SECTION, OrderRight.SEE_ORDERS, states=ONCE_CLOSED),),
    purchase_parts=dict.fromkeys(("commandes", "orders"), Part.ORDERS),
    purchase_facts={UNORDERED.name: unordered},
    award_holds=(awards_held,),
    items_left=(items_left,),
    member_parts=(buyer_pages.buyer_part,),
    chores=lambda _: (send_asked, order_sent_purchases),
    exports=lambda _: (DOCUMENTS,),
    purchase_tasks=(ORDERS_TO_FOLLOW,),
    supplier_parts=(bought_part,),
    events=EVENTS,
    announced={"order.sent": "Commande envoyée"},
    purchase_of={"order": purchase_of_order},
    departures=(DEPARTURE,),
)
