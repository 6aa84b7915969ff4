"""What deliveries add to what features share."""

from pooling.deliveries import api, pages
from pooling.deliveries.event_words import EVENTS
from pooling.deliveries.merging import DEPARTURE
from pooling.deliveries.page import SECTION
from pooling.deliveries.tasks import DELIVERIES_TO_SAY
from pooling.members.features import Feature, Tab
from pooling.members.rights import Right
from pooling.purchases.kinds.parts import Part

FEATURE = Feature(
    pages=pages.ROUTES,
    api=api.ROUTES,
    purchase_tabs=(Tab("Livraisons", SECTION, Right.SEE_ALL_NEEDS),),
    purchase_parts=dict.fromkeys(("livraisons", "deliveries"), Part.CONSOLIDATION),
    purchase_tasks=(DELIVERIES_TO_SAY,),
    events=EVENTS,
    departures=(DEPARTURE,),
)
