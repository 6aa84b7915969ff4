"""What a host with many groups adds to what features share."""

from pooling.hosting import api, pages
from pooling.hosting.event_words import EVENTS
from pooling.hosting.pages import COMPARISON, CONSENT
from pooling.hosting.snapshots import renew_snapshot
from pooling.indicators.page import INDICATORS
from pooling.members.features import Feature, Section
from pooling.members.rights import Right

FEATURE = Feature(
    pages=pages.ROUTES,
    front=pages.FRONT,
    api=api.ROUTES,
    sections=(
        Section("Comparaison", COMPARISON, Right.SEE_GROUP, under=INDICATORS),
        Section("Partage", CONSENT, Right.MANAGE_GROUP, under="/membres"),
    ),
    chores=lambda _: (renew_snapshot,),
    events=EVENTS,
)
