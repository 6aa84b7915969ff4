"""What offers to staff add to what features share."""

from pooling.members.features import Feature, Tab
from pooling.members.rights import Right
from pooling.offers import api, pages
from pooling.offers.copying import copy_offer
from pooling.offers.event_words import EVENTS
from pooling.offers.page import ACCOUNT, SECTION
from pooling.offers.queries import has_offer, offer_written
from pooling.offers.reminders import offer_kinds
from pooling.offers.tasks import uptakes_to_tell
from pooling.purchases.kinds.parts import Part
from pooling.purchases.kinds.steps import OFFERED

FEATURE = Feature(
    pages=pages.ROUTES,
    api=api.ROUTES,
    purchase_tabs=(Tab("Offre", SECTION, Right.SEE_TOTALS), Tab("Bilan", ACCOUNT, Right.SEE_TOTALS)),
    purchase_parts={
        **dict.fromkeys(("offre", "offer"), Part.OFFER),
        **dict.fromkeys(("bilan", "uptakes"), Part.UPTAKE),
    },
    purchase_holdings={Part.OFFER: has_offer},
    purchase_facts={OFFERED.name: offer_written},
    purchase_tasks=(uptakes_to_tell,),
    kinds=offer_kinds,
    events=EVENTS,
    announced={"purchase.published": "Offre aux agents publiée", "purchase.ended": "Offre aux agents terminée"},
    copies=(copy_offer,),
)
