"""What costs add to what features share."""

from pooling.allocation import api, pages
from pooling.allocation.action_part import purchases_part
from pooling.allocation.acts import CHANGE_TERMS
from pooling.allocation.case import has_costs
from pooling.allocation.configuration import read_finance
from pooling.allocation.copying import copy_lines
from pooling.allocation.departing import DEPARTURE
from pooling.allocation.event_words import EVENTS
from pooling.allocation.page import SECTION
from pooling.allocation.records.freezing import agreed
from pooling.allocation.records.version_exports import VERSION_EXPORTS
from pooling.allocation.records.version_job import version_kind
from pooling.allocation.records.workbook_export import workbook_kind
from pooling.allocation.tasks import records_to_process
from pooling.members.features import Feature, Tab
from pooling.members.rights import Right
from pooling.purchases.kinds.parts import Part
from pooling.purchases.kinds.steps import AGREED

FEATURE = Feature(
    pages=pages.ROUTES,
    api=api.ROUTES,
    purchase_tabs=(Tab("Coûts", SECTION, Right.SEE_TOTALS),),
    purchase_parts={"couts": Part.COSTS, "allocation": Part.COSTS},
    purchase_holdings={Part.COSTS: has_costs},
    purchase_facts={AGREED.name: agreed},
    configuration=read_finance,
    exports=lambda finance: (workbook_kind(finance), version_kind(finance), *VERSION_EXPORTS),
    purchase_tasks=(records_to_process,),
    events=EVENTS,
    acts=(CHANGE_TERMS,),
    action_parts=(purchases_part,),
    copies=(copy_lines,),
    departures=(DEPARTURE,),
)
