"""What experience adds to what features share."""

from pooling.experiences import api, pages
from pooling.experiences.event_words import EVENTS
from pooling.experiences.page import ELSEWHERE, EXPERIENCES
from pooling.experiences.parts import of_action, of_supplier
from pooling.members.features import Entry, Feature, Section
from pooling.members.rights import Right

FEATURE = Feature(
    pages=pages.ROUTES,
    api=api.ROUTES,
    navigation=(Entry("Expérience", EXPERIENCES, Right.SEE_GROUP),),
    sections=(
        Section("Du groupe", EXPERIENCES, Right.SEE_GROUP, under=EXPERIENCES),
        Section("D’autres groupes", ELSEWHERE, Right.SEE_GROUP, under=EXPERIENCES),
    ),
    action_parts=(of_action,),
    supplier_parts=(of_supplier,),
    events=EVENTS,
)
