"""What shared resources add to what features share."""

from pooling.members.features import Entry, Feature
from pooling.members.rights import Right
from pooling.resources import api, lending_pages, pages
from pooling.resources.departing import DEPARTURE
from pooling.resources.event_words import EVENTS
from pooling.resources.forgetting import forget_purposes
from pooling.resources.page import RESOURCES
from pooling.resources.tasks import LENDINGS_TO_SEE_TO

FEATURE = Feature(
    pages=(*pages.ROUTES, *lending_pages.ROUTES),
    api=api.ROUTES,
    navigation=(Entry("Ressources", RESOURCES, Right.SEE_GROUP),),
    member_parts=(pages.resources_part,),
    tasks=(LENDINGS_TO_SEE_TO,),
    events=EVENTS,
    departures=(DEPARTURE,),
    forgets=(forget_purposes,),
)
