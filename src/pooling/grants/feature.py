"""What files of subsidies add to what features share."""

from pooling.grants import api, pages
from pooling.grants.departing import DEPARTURE
from pooling.grants.doubts import subsidies_differ
from pooling.grants.event_words import EVENTS
from pooling.grants.page import FINANCES, GRANTS, TITLE
from pooling.grants.permissions import GrantRight
from pooling.grants.reminders import grant_kinds
from pooling.grants.tasks import DEADLINES_TO_MEET
from pooling.members.features import Feature, Section

FEATURE = Feature(
    pages=pages.ROUTES,
    api=api.ROUTES,
    sections=(Section(TITLE, GRANTS, GrantRight.KEEP_GRANTS, under=FINANCES),),
    kinds=grant_kinds,
    tasks=(DEADLINES_TO_MEET,),
    freezing_doubts=(subsidies_differ,),
    events=EVENTS,
    departures=(DEPARTURE,),
)
