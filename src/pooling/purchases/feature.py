"""What purchases add to what features share."""

from pooling.members.features import Entry, Feature, Section
from pooling.members.rights import Right
from pooling.purchases import (
    api,
    buyers_pages,
    correcting_api,
    correcting_pages,
    item_api,
    item_pages,
    lot_api,
    lot_pages,
    pages,
    preparing_pages,
    serving_api,
    serving_pages,
)
from pooling.purchases.departing import DEPARTURE
from pooling.purchases.details import copy_details
from pooling.purchases.event_words import EVENTS
from pooling.purchases.kinds.parts import Part
from pooling.purchases.lots import copy_lots
from pooling.purchases.queries import has_items
from pooling.purchases.subject import SUBJECT

FEATURE = Feature(
    pages=(
        *pages.ROUTES,
        *preparing_pages.ROUTES,
        *correcting_pages.ROUTES,
        *buyers_pages.ROUTES,
        *item_pages.ROUTES,
        *lot_pages.ROUTES,
        *serving_pages.ROUTES,
    ),
    api=(*api.ROUTES, *correcting_api.ROUTES, *item_api.ROUTES, *lot_api.ROUTES, *serving_api.ROUTES),
    copies=(copy_details, copy_lots),
    navigation=(Entry("Achats groupés", "/achats", Right.SEE_GROUP),),
    sections=(Section("Achats groupés", "/achats", Right.SEE_GROUP, under="/achats"),),
    purchase_parts=dict.fromkeys(("articles", "items", "lots"), Part.ITEMS),
    purchase_holdings={Part.ITEMS: has_items},
    events=EVENTS,
    announced={
        "purchase.ordered": "Achat commandé",
        "purchase.in_service": "Service en place",
        "purchase.delivered": "Achat livré",
        "purchase.settled": "Achat soldé",
    },
    subjects=(SUBJECT,),
    departures=(DEPARTURE,),
)
