"""What the journal adds to what features share."""

from pooling.journal import api, pages
from pooling.members.features import Entry, Feature, Tab
from pooling.members.rights import Right

FEATURE = Feature(
    pages=pages.ROUTES,
    api=api.ROUTES,
    navigation=(Entry("Journal", pages.SECTION, Right.SEE_JOURNAL),),
    purchase_tabs=(Tab("Journal", pages.SECTION, Right.SEE_JOURNAL),),
)
