"""What recovery adds to what features share."""

from pooling.allocation.configuration import read_finance
from pooling.members.features import Feature, Tab
from pooling.members.rights import Right
from pooling.purchases.kinds.parts import Part
from pooling.purchases.rules import ONCE_CLOSED
from pooling.recovery import api, pages
from pooling.recovery.departing import DEPARTURE
from pooling.recovery.event_words import EVENTS
from pooling.recovery.export import recovery_export
from pooling.recovery.page import SECTION, TITLE
from pooling.recovery.reminders import recovery_kinds
from pooling.recovery.tasks import LATE_TO_REMIND, TITRES_TO_ISSUE, TITRES_TO_PAY

FEATURE = Feature(
    pages=pages.ROUTES,
    api=api.ROUTES,
    purchase_tabs=(Tab(TITLE, SECTION, Right.SEE_TOTALS, states=ONCE_CLOSED),),
    purchase_parts={"recouvrement": Part.COSTS, "recovery": Part.COSTS},
    configuration=read_finance,
    exports=lambda finance: (recovery_export(finance),),
    configured_kinds=recovery_kinds,
    purchase_tasks=(TITRES_TO_ISSUE, TITRES_TO_PAY, LATE_TO_REMIND),
    events=EVENTS,
    departures=(DEPARTURE,),
)
