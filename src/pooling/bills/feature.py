"""What bills add to what features share."""

from pooling.bills import api, pages
from pooling.bills.beside_orders import invoice_facts, invoiced_already
from pooling.bills.beside_records import accepted_since, record_part
from pooling.bills.departing import DEPARTURE
from pooling.bills.event_words import EVENTS
from pooling.bills.page import SECTION
from pooling.bills.queries import purchase_of_bill
from pooling.bills.tasks import BILLS_TO_DECIDE
from pooling.bills.tying import untied
from pooling.members.features import Feature, Tab
from pooling.members.rights import Right
from pooling.purchases.kinds.parts import Part
from pooling.purchases.rules import ONCE_CLOSED

FEATURE = Feature(
    pages=pages.ROUTES,
    api=api.ROUTES,
    purchase_tabs=(Tab("Factures", SECTION, Right.SEE_TOTALS, states=ONCE_CLOSED),),
    purchase_parts=dict.fromkeys(("factures", "bills", "billing"), Part.BILLS),
    order_facts=(invoice_facts,),
    order_holds=(invoiced_already,),
    freezing_doubts=(untied,),
    changes=(accepted_since,),
    record_parts=(record_part,),
    purchase_tasks=(BILLS_TO_DECIDE,),
    events=EVENTS,
    announced={"bill.noted": "Facture reçue", "bill.accepted": "Facture acceptée"},
    purchase_of={"bill": purchase_of_bill},
    departures=(DEPARTURE,),
)
