"""What declarations, collections and consolidations add to what features share."""

from pooling.members.features import Feature, Tab
from pooling.members.rights import Right
from pooling.needs import (
    acts,
    advancing_pages,
    amendment_pages,
    api,
    collection_api,
    collection_pages,
    consolidation_pages,
    gathering_pages,
    life_pages,
    pages,
    receipts,
)
from pooling.needs.agenda import COLLECTIONS
from pooling.needs.collection import close_what_is_due
from pooling.needs.consolidating import consolidated
from pooling.needs.departing import DEPARTURE
from pooling.needs.doors import no_need_pages
from pooling.needs.doors import pages as door_pages
from pooling.needs.event_words import EVENTS
from pooling.needs.leaving import collections_ahead, declarations_unfinished
from pooling.needs.page import SECTION
from pooling.needs.reminders import need_kinds
from pooling.needs.silence import joined
from pooling.needs.tasks import declarations_to_file, purchases_to_run
from pooling.purchases.kinds.parts import Part
from pooling.purchases.kinds.steps import CONSOLIDATED, JOINED

FEATURE = Feature(
    pages=(
        *pages.ROUTES,
        *no_need_pages.ROUTES,
        *door_pages.ROUTES,
        *gathering_pages.ROUTES,
        *life_pages.ROUTES,
        *amendment_pages.ROUTES,
        *collection_pages.ROUTES,
        *advancing_pages.ROUTES,
        *consolidation_pages.ROUTES,
    ),
    api=(*api.ROUTES, *collection_api.ROUTES),
    purchase_tabs=(
        Tab("Besoins", SECTION, Right.SEE_TOTALS),
        Tab("Suivi", life_pages.SECTION, Right.SEE_ALL_NEEDS),
        Tab("Consolidation", consolidation_pages.SECTION, Right.SEE_ALL_NEEDS),
    ),
    purchase_parts={
        **dict.fromkeys(("ouverture", "cloture", "prolongation", "relance"), Part.COLLECTION),
        **dict.fromkeys(("opening", "closure", "reminding"), Part.COLLECTION),
        **dict.fromkeys(("besoins", "declarations", "suivi"), Part.NEEDS),
        "consolidation": Part.CONSOLIDATION,
    },
    purchase_facts={CONSOLIDATED.name: consolidated, JOINED.name: joined},
    kinds=need_kinds,
    copied_mails=(receipts.COPIES,),
    chores=lambda _: (close_what_is_due,),
    purchase_tasks=(declarations_to_file, purchases_to_run),
    events=EVENTS,
    announced={
        "purchase.open": "Collecte ouverte",
        "purchase.closed": "Collecte close",
        "purchase.cancelled": "Achat annulé",
    },
    agenda_sources=(COLLECTIONS,),
    acts=(acts.OPEN, acts.EXTEND, acts.CLOSE, acts.CANCEL),
    on_leaving=(declarations_unfinished,),
    ahead=(collections_ahead,),
    departures=(DEPARTURE,),
)
