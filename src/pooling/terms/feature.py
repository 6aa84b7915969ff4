"""What terms add to what features share."""

from pooling.members.features import Feature
from pooling.terms import answer_pages, api, pages
from pooling.terms.drafting import draft_what_was_said
from pooling.terms.event_words import EVENTS
from pooling.terms.parts import of_action
from pooling.terms.reminders import terms_kinds
from pooling.terms.tasks import ANSWERS_TO_GIVE, PURCHASES_TO_BEGIN

FEATURE = Feature(
    pages=(*pages.ROUTES, *answer_pages.ROUTES),
    api=api.ROUTES,
    action_parts=(of_action,),
    drafts=(draft_what_was_said,),
    kinds=terms_kinds,
    tasks=(ANSWERS_TO_GIVE, PURCHASES_TO_BEGIN),
    events=EVENTS,
)
