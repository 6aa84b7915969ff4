"""À faire, and a purchase at a glance."""

from pooling.home import pages
from pooling.members.features import Entry, Feature, Tab
from pooling.members.rights import Right

FEATURE = Feature(
    pages=pages.ROUTES,
    front=pages.FRONT,
    navigation=(Entry("À faire", "", Right.SEE_GROUP),),
    purchase_tabs=(Tab("En bref", "", Right.SEE_GROUP),),
)
