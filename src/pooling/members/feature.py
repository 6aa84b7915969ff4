"""What the group, its members and its people add to what features share."""

from pooling.members import (
    adding_pages,
    administration_pages,
    answering_pages,
    api,
    asking_pages,
    changing_pages,
    inviting_pages,
    list_pages,
    pages,
    people_pages,
    readdressing_pages,
    retiring_pages,
    role_pages,
    settings_pages,
)
from pooling.members.asking import forget_requests
from pooling.members.departing import DEPARTURE
from pooling.members.event_words import EVENTS
from pooling.members.features import Entry, Feature, Section
from pooling.members.rights import Right
from pooling.members.task import REQUESTS_TO_ANSWER
from pooling.web.layout import Link

FEATURE = Feature(
    pages=(
        *pages.ROUTES,
        *adding_pages.ROUTES,
        *changing_pages.ROUTES,
        *list_pages.ROUTES,
        *people_pages.ROUTES,
        *readdressing_pages.ROUTES,
        *retiring_pages.ROUTES,
        *role_pages.ROUTES,
        *inviting_pages.ROUTES,
        *asking_pages.ROUTES,
        *answering_pages.ROUTES,
        *settings_pages.ROUTES,
    ),
    front=(*asking_pages.FRONT, *administration_pages.ROUTES),
    administration=(Link("Groupes", administration_pages.BASE),),
    api=api.ROUTES,
    api_front=api.FRONT,
    navigation=(
        Entry(
            "Membres",
            "/membres",
            Right.SEE_GROUP,
            also_here=(
                "/demande",
                "/membres-partis",
                "/fusion",
                "/annuaire",
                "/membre-hors-annuaire",
                "/populations",
                "/liste-de-membres",
            ),
        ),
    ),
    sections=(
        Section("Membres", "/membres", Right.SEE_GROUP, under="/membres"),
        Section("Personnes", "/personnes", Right.MANAGE_MEMBERS, under="/membres"),
        Section("Demandes d’accès", "/demandes", Right.MANAGE_MEMBERS, under="/membres"),
        Section("Réglages du groupe", "/reglages", Right.MANAGE_GROUP, under="/membres"),
    ),
    tasks=(REQUESTS_TO_ANSWER,),
    events=EVENTS,
    departures=(DEPARTURE,),
    forgets=(forget_requests,),
)
