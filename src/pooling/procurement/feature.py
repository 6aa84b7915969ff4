"""What the procedure of a purchase adds to what features share."""

from pooling.members.features import Feature, Tab
from pooling.members.rights import Right
from pooling.procurement import api, pages
from pooling.procurement.configuration import read_procurement
from pooling.procurement.departing import DEPARTURE
from pooling.procurement.event_words import EVENTS
from pooling.procurement.page import SECTION
from pooling.procurement.reading import convened, has_plan, undecided_said
from pooling.purchases.kinds.parts import Part
from pooling.purchases.kinds.steps import CONVENED

FEATURE = Feature(
    pages=pages.ROUTES,
    api=api.ROUTES,
    purchase_tabs=(Tab("Procédure", SECTION, Right.SEE_ALL_NEEDS),),
    purchase_holdings={Part.PROCEDURE: has_plan},
    purchase_parts={"procedure": Part.PROCEDURE},
    purchase_facts={CONVENED.name: convened},
    purchase_lacking={CONVENED.name: undecided_said},
    configuration=read_procurement,
    events=EVENTS,
    departures=(DEPARTURE,),
)
