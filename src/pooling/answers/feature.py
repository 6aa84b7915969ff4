"""What answers add to what features share."""

from pooling.answers import api, pages
from pooling.answers.event_words import EVENTS
from pooling.answers.page import SECTION
from pooling.members.features import Feature, Tab
from pooling.members.rights import Right
from pooling.purchases.kinds.parts import Part

FEATURE = Feature(
    pages=pages.ROUTES,
    api=api.ROUTES,
    purchase_tabs=(Tab("Participation", SECTION, Right.SEE_TOTALS),),
    purchase_parts=dict.fromkeys(("participation", "answers"), Part.ANSWERS),
    events=EVENTS,
)
