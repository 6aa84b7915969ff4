"""What actions add to what features share."""

from pooling.actions import api, pages
from pooling.actions.catalogue import read_catalogue
from pooling.actions.departing import DEPARTURE
from pooling.actions.event_words import EVENTS
from pooling.actions.page import ACTIONS, CATALOGUE
from pooling.members.features import Entry, Feature, Section
from pooling.members.rights import Right

FEATURE = Feature(
    pages=pages.ROUTES,
    api=api.ROUTES,
    navigation=(Entry("Actions", ACTIONS, Right.SEE_GROUP),),
    sections=(
        Section("Actions", ACTIONS, Right.SEE_GROUP, under=ACTIONS),
        Section("Catalogue", CATALOGUE, Right.SEE_GROUP, under=ACTIONS),
    ),
    configuration=read_catalogue,
    departures=(DEPARTURE,),
    events=EVENTS,
)
