"""What purchases run elsewhere add to what features share."""

from pooling.followups import api, pages
from pooling.followups.copying import copy_followup
from pooling.followups.event_words import EVENTS
from pooling.followups.page import SECTION
from pooling.followups.queries import costed, has_followup, organised
from pooling.followups.reminders import followup_kinds
from pooling.members.features import Feature, Tab
from pooling.members.rights import Right
from pooling.purchases.kinds.parts import Part
from pooling.purchases.kinds.steps import COSTED, ORGANISED

FEATURE = Feature(
    pages=pages.ROUTES,
    api=api.ROUTES,
    purchase_tabs=(Tab("Suivi", SECTION, Right.SEE_TOTALS),),
    purchase_parts=dict.fromkeys(("ailleurs", "followup"), Part.FOLLOWED),
    purchase_holdings={Part.FOLLOWED: has_followup},
    purchase_facts={ORGANISED.name: organised, COSTED.name: costed},
    kinds=followup_kinds,
    events=EVENTS,
    copies=(copy_followup,),
)
