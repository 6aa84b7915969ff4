"""What conventions add to what features share."""

from pooling.conventions import api, pages
from pooling.conventions.event_words import EVENTS
from pooling.conventions.export import DELIBERATIONS
from pooling.conventions.texts import read_conventions
from pooling.members.features import Feature

FEATURE = Feature(
    pages=pages.ROUTES,
    api=api.ROUTES,
    configuration=read_conventions,
    exports=lambda _: (DELIBERATIONS,),
    events=EVENTS,
)
