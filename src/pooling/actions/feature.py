"""What actions add to what features share."""

from pooling.actions import api, board_pages, document_pages, entry_pages, file_pages, pages, partner_api, partner_pages
from pooling.actions.acts import ACTS
from pooling.actions.agenda import ACTIONS as SUGGESTED
from pooling.actions.catalogue import read_catalogue
from pooling.actions.departing import DEPARTURE
from pooling.actions.event_words import EVENTS
from pooling.actions.page import ACTIONS, BOARD, CALENDAR, CATALOGUE, PARTNERS
from pooling.actions.subject import SUBJECT
from pooling.actions.tasks import ENDING
from pooling.members.features import Entry, Feature, Section
from pooling.members.rights import Right
from pooling.web.layout import Link

FEATURE = Feature(
    pages=(
        *pages.ROUTES,
        *board_pages.ROUTES,
        *partner_pages.ROUTES,
        *file_pages.ROUTES,
        *document_pages.ROUTES,
    ),
    front=entry_pages.ROUTES,
    administration=(Link("Catalogue des actions", entry_pages.BASE),),
    api=(*api.ROUTES, *partner_api.ROUTES),
    navigation=(Entry("Actions", ACTIONS, Right.SEE_GROUP),),
    sections=(
        Section("Actions", ACTIONS, Right.SEE_GROUP, under=ACTIONS),
        Section("Tableau", BOARD, Right.SEE_GROUP, under=ACTIONS),
        Section("Calendrier", CALENDAR, Right.SEE_GROUP, under=ACTIONS),
        Section("Partenaires", PARTNERS, Right.SEE_GROUP, under=ACTIONS),
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
