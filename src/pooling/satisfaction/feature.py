"""What opinions add to what features share."""

from pooling.members.features import Feature
from pooling.satisfaction import pages
from pooling.satisfaction.forgetting import forget_comments
from pooling.satisfaction.reminders import opinion_kinds

FEATURE = Feature(front=pages.FRONT, kinds=opinion_kinds, forgets=(forget_comments,))
