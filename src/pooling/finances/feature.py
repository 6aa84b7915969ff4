"""What finances add to what features share."""

from pooling.finances import api, pages
from pooling.finances.departing import DEPARTURE
from pooling.finances.event_words import EVENTS
from pooling.finances.files import EVERYBODYS
from pooling.finances.page import FINANCES, TITLE
from pooling.finances.permissions import FinanceRight
from pooling.members.features import Entry, Feature, Section

FEATURE = Feature(
    pages=pages.ROUTES,
    api=api.ROUTES,
    navigation=(Entry(TITLE, FINANCES, FinanceRight.SEE_FINANCES),),
    sections=(Section("Par membre", FINANCES, FinanceRight.SEE_FINANCES, under=FINANCES),),
    exports=lambda _: (EVERYBODYS,),
    events=EVENTS,
    departures=(DEPARTURE,),
)
