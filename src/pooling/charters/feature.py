"""What the charter adds to what features share."""

from pooling.charters import pages
from pooling.charters.pages import CHARTER
from pooling.charters.text import read_charter
from pooling.members.features import Feature, Section
from pooling.members.rights import Right

FEATURE = Feature(
    pages=pages.ROUTES,
    sections=(Section("Charte", CHARTER, Right.SEE_GROUP, under="/membres"),),
    configuration=read_charter,
)
