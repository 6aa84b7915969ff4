"""What the charter adds to what features share."""

from pooling.charters import api, pages, signature_pages
from pooling.charters.event_words import EVENTS
from pooling.charters.pages import CHARTER
from pooling.charters.reminders import charter_kinds
from pooling.charters.signing import ask_for_the_text_of_today
from pooling.charters.tasks import TO_SIGN
from pooling.charters.text import read_charter
from pooling.members.features import Feature, Section
from pooling.members.rights import Right

FEATURE = Feature(
    pages=(*pages.ROUTES, *signature_pages.ROUTES),
    api=api.ROUTES,
    sections=(Section("Charte", CHARTER, Right.SEE_GROUP, under="/membres"),),
    configuration=read_charter,
    kinds=charter_kinds,
    chores=lambda _: (ask_for_the_text_of_today,),
    tasks=(TO_SIGN,),
    events=EVENTS,
)
"""The charter as it reads today, and as a file to sign."""
