"""What the demonstration adds to what features share. Its way in stands in the place of signing in."""

from pooling.demo import pages
from pooling.members.features import Feature

FEATURE = Feature(pages=pages.ROUTES, navigation=pages.NAVIGATION)
