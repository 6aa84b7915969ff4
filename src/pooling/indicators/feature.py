"""What indicators add to what features share."""

from pooling.indicators import api, pages
from pooling.indicators.departing import DEPARTURE
from pooling.indicators.event_words import EVENTS
from pooling.indicators.page import INDICATORS
from pooling.indicators.parts import of_action
from pooling.indicators.report import read_indicating
from pooling.members.features import Entry, Feature, Section
from pooling.members.rights import Right

FEATURE = Feature(
    pages=pages.ROUTES,
    api=api.ROUTES,
    navigation=(Entry("Indicateurs", INDICATORS, Right.SEE_GROUP),),
    sections=(Section("Indicateurs", INDICATORS, Right.SEE_GROUP, under=INDICATORS),),
    action_parts=(of_action,),
    configuration=read_indicating,
    departures=(DEPARTURE,),
    events=EVENTS,
)
