"""What terms add to what features share."""

from pooling.members.features import Feature
from pooling.terms import api, pages
from pooling.terms.event_words import EVENTS
from pooling.terms.parts import of_action

FEATURE = Feature(pages=pages.ROUTES, api=api.ROUTES, action_parts=(of_action,), events=EVENTS)
