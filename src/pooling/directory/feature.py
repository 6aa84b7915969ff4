"""What the directory adds to what features share."""

from pooling.directory import api, merging_pages, pages, renewing_pages
from pooling.members.features import Feature

FEATURE = Feature(pages=(*pages.ROUTES, *renewing_pages.ROUTES, *merging_pages.ROUTES), api=api.ROUTES)
