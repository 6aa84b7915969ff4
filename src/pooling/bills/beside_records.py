"""What bills say of a frozen allocation: whether it is what suppliers ask for."""

from sqlalchemy import select
from sqlmodel import col

from pooling.allocation.models import AllocationRecord
from pooling.allocation.records.page import RecordPage
from pooling.bills.balancing import Taxed, balance
from pooling.bills.page import SECTION
from pooling.bills.queries import rates_billed, reach_of
from pooling.bills.tying import ALL, shared_by_rate
from pooling.members.features import Part as PagePart
from pooling.purchases.kinds.parts import Part
from pooling.web.typography import euros


async def record_part(here: RecordPage) -> PagePart:
    """Of its page, for who sees what all share. Nothing where no bill is accepted."""
    reach = await reach_of(here.session, here.caller, here.purchase)
    stated = await here.session.scalar(
        select(col(AllocationRecord.stated)).where(col(AllocationRecord.id) == here.record.id)
    )
    if not here.kind.has(Part.BILLS) or not reach.covers(None) or stated is None:
        return PagePart("bills/record_part.html", {"begun": False})
    billed = await rates_billed(here.session, here.purchase.id, ALL)
    found = balance(shared_by_rate(stated), {rate: Taxed(*both) for rate, both in billed.items()}, (), ())
    facts = {
        "begun": found.begun,
        "ties": found.ties,
        "gap": euros(found.gap.ht + found.gap.vat),
        "url": f"{here.url}{SECTION}",
    }
    return PagePart("bills/record_part.html", facts)
