"""What suppliers add to what features share."""

from pooling.members.features import Feature, Section
from pooling.members.rights import Right
from pooling.suppliers import api, pages
from pooling.suppliers.event_words import EVENTS
from pooling.suppliers.page import SUPPLIERS

FEATURE = Feature(
    pages=pages.ROUTES,
    api=api.ROUTES,
    sections=(Section("Fournisseurs", SUPPLIERS, Right.SEE_GROUP, under="/achats"),),
    events=EVENTS,
)
