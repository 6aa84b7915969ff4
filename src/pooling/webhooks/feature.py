"""What webhooks add to what features share."""

from pooling.members.features import Feature, Section
from pooling.members.rights import Right
from pooling.webhooks import pages
from pooling.webhooks.event_words import EVENTS
from pooling.webhooks.forgetting import forget_deliveries
from pooling.webhooks.page import WEBHOOKS

FEATURE = Feature(
    pages=pages.ROUTES,
    sections=(Section("Webhooks", WEBHOOKS, Right.MANAGE_GROUP, under="/membres"),),
    chores=lambda _: (forget_deliveries,),
    events=EVENTS,
)
