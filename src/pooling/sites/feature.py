"""What the sites of members add to what features share."""

from pooling.members.features import Feature
from pooling.sites import api, pages
from pooling.sites.event_words import EVENTS
from pooling.sites.keeping import forget_contacts

FEATURE = Feature(
    pages=pages.ROUTES,
    api=api.ROUTES,
    member_parts=(pages.sites_part,),
    events=EVENTS,
    forgets=(forget_contacts,),
)
