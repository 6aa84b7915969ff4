"""What open data add to what features share."""

from pooling.members.features import Feature
from pooling.open_data import api, pages
from pooling.open_data.event_words import EVENTS
from pooling.open_data.reminders import publication_kinds
from pooling.open_data.tasks import DATA_TO_PUBLISH
from pooling.procurement.configuration import read_procurement

FEATURE = Feature(
    pages=pages.ROUTES,
    api=api.ROUTES,
    configuration=read_procurement,
    configured_kinds=publication_kinds,
    purchase_tasks=(DATA_TO_PUBLISH,),
    events=EVENTS,
)
