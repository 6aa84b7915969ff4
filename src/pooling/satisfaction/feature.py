"""What opinions add to what features share."""

from pooling.members.features import Feature
from pooling.satisfaction import pages
from pooling.satisfaction.forgetting import forget_comments
from pooling.satisfaction.parts import of_committee
from pooling.satisfaction.reminders import opinion_kinds
from pooling.satisfaction.tasks import OF_COMMITTEES, OF_PURCHASES

FEATURE = Feature(
    pages=pages.ROUTES,
    front=pages.FRONT,
    kinds=opinion_kinds,
    committee_parts=(of_committee,),
    tasks=(OF_COMMITTEES,),
    purchase_tasks=(OF_PURCHASES,),
    forgets=(forget_comments,),
)
