"""What quotes add to what features share."""

from pooling.members.features import Feature, Tab
from pooling.members.rights import Right
from pooling.purchases.kinds.parts import Part
from pooling.purchases.rules import ONCE_CLOSED
from pooling.quotes import (
    api,
    award_api,
    award_pages,
    comparison_api,
    comparison_pages,
    offering,
    pages,
    request_api,
    request_pages,
)
from pooling.quotes.acts import AWARD
from pooling.quotes.event_words import EVENTS
from pooling.quotes.opening import open_offers
from pooling.quotes.page import SECTION
from pooling.quotes.supplier_part import offered_part
from pooling.quotes.tasks import QUOTES_TO_GATHER

FEATURE = Feature(
    pages=[*pages.ROUTES, *comparison_pages.ROUTES, *award_pages.ROUTES, *request_pages.ROUTES],
    front=offering.FRONT,
    api=[*api.ROUTES, *comparison_api.ROUTES, *award_api.ROUTES, *request_api.ROUTES],
    purchase_tabs=(Tab("Devis", SECTION, Right.SEE_ALL_NEEDS, states=ONCE_CLOSED),),
    purchase_parts={"devis": Part.QUOTES, "quotes": Part.QUOTES, "awards": Part.QUOTES},
    supplier_parts=(offered_part,),
    chores=lambda _: (open_offers,),
    purchase_tasks=(QUOTES_TO_GATHER,),
    events=EVENTS,
    acts=(AWARD,),
)
