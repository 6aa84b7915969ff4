"""What actions add to what features share."""

from pooling.actions import api, file_pages, pages
from pooling.actions.acts import ACTS
from pooling.actions.agenda import ACTIONS as SUGGESTED
from pooling.actions.catalogue import read_catalogue
from pooling.actions.departing import DEPARTURE
from pooling.actions.event_words import EVENTS
from pooling.actions.page import ACTIONS, CATALOGUE
from pooling.actions.subject import SUBJECT
from pooling.actions.tasks import ENDING
from pooling.members.features import Entry, Feature, Section
from pooling.members.rights import Right

FEATURE = Feature(
    pages=(*pages.ROUTES, *file_pages.ROUTES),
    api=api.ROUTES,
    navigation=(Entry("Actions", ACTIONS, Right.SEE_GROUP),),
    sections=(
        Section("Actions", ACTIONS, Right.SEE_GROUP, under=ACTIONS),
        Section("Catalogue", CATALOGUE, Right.SEE_GROUP, under=ACTIONS),
    ),
    configuration=read_catalogue,
    departures=(DEPARTURE,),
    events=EVENTS,
    tasks=(ENDING,),
    subjects=(SUBJECT,),
    acts=ACTS,
    agenda_sources=(SUGGESTED,),
)
