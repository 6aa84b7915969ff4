"""What receipts add to what features share."""

from pooling.members.features import Feature, Tab
from pooling.purchases.kinds.parts import Part
from pooling.purchases.kinds.steps import RECEIVED
from pooling.receipts import adjusting_pages, api, completion_pages, pages, taking_api, taking_pages
from pooling.receipts.beside_orders import delivery_facts, receipts_part, received_floors, standing_against
from pooling.receipts.departing import DEPARTURE
from pooling.receipts.event_words import EVENTS
from pooling.receipts.lists import pages as list_pages
from pooling.receipts.lists.writing import LIST_KIND
from pooling.receipts.page import SECTION, SHOWN_IN
from pooling.receipts.permissions import ReceiptRight
from pooling.receipts.photos import forget_photos
from pooling.receipts.queries import all_received
from pooling.receipts.reminders import delivery_kinds
from pooling.receipts.tasks import ARRIVALS_TO_NOTE, ORDERS_TO_ASK_AFTER

FEATURE = Feature(
    pages=(*pages.ROUTES, *completion_pages.ROUTES, *adjusting_pages.ROUTES, *taking_pages.ROUTES, *list_pages.ROUTES),
    exports=lambda _: (LIST_KIND,),
    api=(*api.ROUTES, *taking_api.ROUTES),
    purchase_tabs=(Tab("Réceptions", SECTION, ReceiptRight.SEE_RECEIPTS, states=SHOWN_IN),),
    purchase_parts=dict.fromkeys(("receptions", "arrivees", "receipts"), Part.ORDERS),
    purchase_facts={RECEIVED.name: all_received},
    order_parts=(receipts_part,),
    order_facts=(delivery_facts,),
    order_holds=(standing_against,),
    order_floors=(received_floors,),
    kinds=delivery_kinds,
    purchase_tasks=(ARRIVALS_TO_NOTE, ORDERS_TO_ASK_AFTER),
    events=EVENTS,
    announced={
        "receipt.noted": "Réception notée",
        "receipt.listed": "Réceptions notées par fichier",
        "order.completed": "Commande déclarée complète",
    },
    departures=(DEPARTURE,),
    forgets=(forget_photos,),
)
