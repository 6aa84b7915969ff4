"""What bills say of a frozen allocation: whether it is what suppliers ask for, and why another one is to be frozen."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlmodel import col

from pooling.allocation.models import AllocationRecord, Cause
from pooling.allocation.page import CostsPage
from pooling.allocation.records.page import RecordPage
from pooling.bills.balancing import Taxed, balance
from pooling.bills.models import Bill, BillKind, BillState
from pooling.bills.page import SECTION
from pooling.bills.queries import reach_of
from pooling.bills.totals import rates_billed
from pooling.bills.tying import ALL, shared_by_rate
from pooling.kernel.tables import linked
from pooling.members.features import Changed
from pooling.members.features import Part as PagePart
from pooling.purchases.kinds.parts import Part
from pooling.suppliers.models import Supplier
from pooling.web.typography import euros, of_name

NAMED_AT_MOST = 5


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


async def accepted_since(here: CostsPage, since: datetime) -> Sequence[Changed]:
    """Invoices and credit notes that were accepted, the latest first, some of them by name."""
    rows = await here.session.execute(
        select(col(Bill.kind), col(Bill.number), col(Supplier.name))
        .join(Supplier, linked(Supplier.id, Bill.supplier_id))
        .where(
            col(Bill.purchase_id) == here.purchase.id,
            col(Bill.state) == BillState.ACCEPTED,
            col(Bill.kind) != BillKind.PREPAYMENT,
            col(Bill.decided_at) >= since,
        )
        .order_by(col(Bill.decided_at).desc(), col(Bill.id))
        .limit(NAMED_AT_MOST)
    )
    return [
        Changed(
            Cause.CREDIT_NOTE if kind == BillKind.CREDIT_NOTE else Cause.INVOICE,
            f"{'avoir' if kind == BillKind.CREDIT_NOTE else 'facture'} {number} {of_name(supplier)}",
        )
        for kind, number, supplier in rows
    ]
