"""The bills of a purchase for programs: what is invoiced, each bill, sending the supplier's file, deciding."""

import asyncio
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated

from litestar import get, post, put
from pydantic import Field

from pooling.accounts.idempotency import Made
from pooling.allocation.page import finance_of
from pooling.bills import deciding
from pooling.bills.balancing import Mending
from pooling.bills.comparing import Code
from pooling.bills.keeping import keep_read
from pooling.bills.models import Bill, BillKind, BillState
from pooling.bills.ordered import items_of_orders, orders_called, orders_of_bill
from pooling.bills.page import OnBill, OnBills
from pooling.bills.pages import LARGEST_INVOICE
from pooling.bills.permissions import may_decide, may_note_bills, may_see_bill
from pooling.bills.queries import BillShown, bills_listed, lines_of, parts_of, rates_of, show_bill
from pooling.bills.schemas import MOST_ORDERS
from pooling.bills.totals import items_billed, payable_of, rates_billed
from pooling.bills.tying import read_tied
from pooling.invoices.apart import read_apart
from pooling.invoices.invoice import CENT, Severity, plain
from pooling.kernel.errors import Invalid
from pooling.kernel.files import Upload
from pooling.kernel.slices import Listed
from pooling.members.endpoint import endpoint
from pooling.members.group_page import Here
from pooling.members.rights import Right
from pooling.web.api import ApiIn, ApiOut, PageIn, require_match, wants_match

BILLS = "/purchases/{reference:str}/bills"
ONE = f"{BILLS}/{{bill_id:int}}"
_LONGEST_REASON = 500
_CONFLICTS = ("bills_closed", "transition_refused", "bill_decided")


class FindingOut(ApiOut):
    code: str
    field: str
    severity: Severity
    message: str


class OrderUnitsOut(ApiOut):
    order: str
    units: str


class BillLineOut(ApiOut):
    position: int
    name: str
    supplier_code: str
    quantity: str
    unit_price: str
    net_cents: int
    """As the document says it: not always quantity times price."""
    vat_rate: str
    item: str | None
    """The code of the item that it is for."""
    orders: Sequence[OrderUnitsOut]
    """How many of its units are of which order; negative where they come back."""


class RateOut(ApiOut):
    vat_rate: str
    base_cents: int
    vat_cents: int


class BillDifferenceOut(ApiOut):
    code: Code
    severity: Severity
    message: str
    position: int | None
    """Of the line that it is about."""


class BillSummary(ApiOut):
    """A supplier's invoice or credit note. Amounts are cents as the document says them; its kind turns them."""

    id: int
    kind: BillKind
    number: str
    seller: str
    supplier_id: int | None
    orders: Sequence[str]
    """The references of the orders that it is for."""
    order_reference: str
    """What it says of them itself."""
    issued_on: date | None
    due_on: date | None
    currency: str
    ht_cents: int
    vat_cents: int
    ttc_cents: int
    prepaid_cents: int
    due_cents: int
    state: BillState
    reason: str
    replaced_by: int | None
    """The id of the corrected invoice that stands in its place."""
    decided_at: datetime | None


class BillOut(BillSummary):
    findings: Sequence[FindingOut]
    """What is doubtful in the document itself."""
    differences: Sequence[BillDifferenceOut]
    """What differs from what was ordered and accepted, as things stand."""
    lines: Sequence[BillLineOut]
    rates: Sequence[RateOut]


class ItemBilledOut(ApiOut):
    """An item of a supplier, over all orders that the caller sees."""

    item: str
    supplier: str
    ordered: int
    accepted: int
    invoiced: str
    covered: str
    """Units that were ordered, accepted and invoiced alike."""
    ordered_cents: int
    invoiced_cents: int


class MendOut(ApiOut):
    kind: Mending
    message: str
    item: str
    """Its code; empty: it is about no item."""
    cents: int


class TieOut(ApiOut):
    """What members share beside what accepted bills say."""

    ties: bool
    """To the cent, at each rate of VAT."""
    gap_ht_cents: int
    """What is invoiced beyond what is shared."""
    gap_vat_cents: int
    mends: Sequence[MendOut]


class BillingOut(ApiOut):
    """What is ordered, accepted and invoiced of a purchase, of what the caller sees. Amounts in cents."""

    items: Sequence[ItemBilledOut]
    rates: Sequence[RateOut]
    to_pay_cents: int
    open: int
    """Bills that are still to be decided."""
    tie: TieOut | None
    """Null: the caller sees its own members' bills alone, or nothing is accepted yet."""


class BillsAsked(PageIn):
    pass


class FileAsked(ApiIn):
    name: str = Field(default="facture", max_length=200, description="What the file is called.")


class DecisionPost(ApiIn):
    reason: str = Field(default="", max_length=_LONGEST_REASON)


class OrdersPut(ApiIn):
    orders: tuple[Annotated[str, Field(max_length=35)], ...] = Field(
        max_length=MOST_ORDERS,
        description="The references of the orders, all of one supplier; none: it is for no order.",
    )


class MatchIn(ApiIn):
    position: int = Field(ge=0, le=100_000)
    item: str | None = Field(max_length=100, description="The code of the order's item; null: none.")


class MatchesPut(ApiIn):
    lines: tuple[MatchIn, ...] = Field(max_length=1_000)


def _summary(shown: BillShown) -> dict[str, object]:
    bill = shown.bill
    same = BillSummary.model_fields.keys() - {"seller", "orders", "replaced_by"}
    return {
        **{name: getattr(bill, name) for name in same},
        "seller": shown.seller,
        "orders": shown.orders,
        "replaced_by": bill.replaced_by_id,
    }


async def _out(here: OnBills, bill: Bill) -> BillOut:
    session = here.session
    await session.flush()
    lines, rates = await lines_of(session, bill.id), await rates_of(session, bill.id)
    orders = {order.id: order.reference for order in await orders_of_bill(session, bill.id)}
    codes = {item.item_id: item.code for item in await items_of_orders(session, orders)}
    parts = await parts_of(session, bill.id)
    return BillOut.model_validate(
        {
            **_summary(await show_bill(session, bill)),
            "findings": bill.findings,
            "differences": [
                BillDifferenceOut(code=one.code, severity=one.severity, message=one.message, position=one.position)
                for one in await deciding.all_differences(session, bill)
            ],
            "lines": [
                BillLineOut(
                    position=line.position,
                    name=line.name,
                    supplier_code=line.supplier_code,
                    quantity=plain(line.quantity),
                    unit_price=plain(line.unit_price, CENT),
                    net_cents=line.net_cents,
                    vat_rate=plain(line.vat_rate),
                    item=codes.get(line.item_id or 0),
                    orders=[
                        OrderUnitsOut(order=orders[key.order_id], units=_units(units))
                        for key, units in parts.get(line.position, {}).items()
                    ],
                )
                for line in lines
            ],
            "rates": [
                RateOut(vat_rate=plain(rate.vat_rate), base_cents=rate.base_cents, vat_cents=rate.vat_cents)
                for rate in rates
            ],
        }
    )


@endpoint(get, BILLS, right=Right.SEE_TOTALS)
async def list_bills(here: Here[OnBills], asked: BillsAsked) -> Listed[BillSummary]:
    """The bills of a purchase that the caller sees, the latest first."""
    listed = await bills_listed(here.session, here.purchase.id, here.reach, asked.slice)
    return listed.each(lambda shown: BillSummary.model_validate(_summary(shown)))


@endpoint(get, "/purchases/{reference:str}/billing", right=Right.SEE_TOTALS)
async def get_billing(here: Here[OnBills]) -> BillingOut:
    """What is ordered, accepted and invoiced of a purchase, and whether what members share ties with it."""
    session, purchase_id, reach = here.session, here.purchase.id, here.reach
    payable = await payable_of(session, purchase_id, reach)
    tie = None
    if reach.everything or reach.common:
        tied = await read_tied(session, purchase_id, finance_of(here))
        balance = tied.balance
        if balance.begun:
            tie = TieOut(
                ties=balance.ties,
                gap_ht_cents=balance.gap.ht,
                gap_vat_cents=balance.gap.vat,
                mends=[
                    *(
                        MendOut(kind=mend.kind, message=mend.message, item=mend.item, cents=mend.cents)
                        for mend in balance.mends
                    ),
                    *(
                        MendOut(kind=Mending.CHARGE, message=said, item="", cents=one.ordered - one.shared)
                        for one, said in tied.moves
                    ),
                ],
            )
    return BillingOut(
        items=[
            ItemBilledOut(
                item=one.code,
                supplier=one.supplier,
                ordered=one.tally.ordered,
                accepted=one.tally.accepted,
                invoiced=_units(one.tally.invoiced),
                covered=_units(one.tally.covered),
                ordered_cents=one.ordered_cents,
                invoiced_cents=one.invoiced_cents,
            )
            for one in await items_billed(session, purchase_id, reach)
        ],
        rates=[
            RateOut(vat_rate=_units(rate), base_cents=ht, vat_cents=vat)
            for rate, (ht, vat) in (await rates_billed(session, purchase_id, reach)).items()
        ],
        to_pay_cents=payable.due,
        open=payable.open,
        tie=tie,
    )


def _units(value: object) -> str:
    numerator, denominator = value.as_integer_ratio()  # type: ignore[attr-defined]
    return plain(Decimal(numerator) / Decimal(denominator))


@endpoint(get, ONE, right=may_see_bill, tagged=True)
async def get_bill(here: Here[OnBill]) -> BillOut:
    """A bill with its lines, what is doubtful in it, and what differs from its order."""
    return await _out(here, here.bill)


@endpoint(
    post,
    BILLS,
    right=may_note_bills,
    status=201,
    once=True,
    sends=("application/octet-stream",),
    conflicts=("bill_known", "bills_closed"),
    request_max_body_size=LARGEST_INVOICE,
)
async def add_bill(here: Here[OnBills], asked: FileAsked) -> Made[BillOut]:
    """Send a supplier's electronic invoice: the body is the file itself, a Factur-X PDF, a CII or a UBL XML."""
    content = await here.request.body()
    if not content:
        raise Invalid({"file": "Envoyez le fichier de la facture dans le corps de la requête."})
    reading = await asyncio.to_thread(read_apart, content)
    sent = Upload(asked.name, content)
    bill = await keep_read(here.session, here.caller, here.purchase.id, reading, sent, here.now)
    return Made(await _out(here, bill), f"{here.api_url}/purchases/{here.purchase.reference}/bills/{bill.id}")


async def _seen(here: OnBill) -> int | None:
    """The version that the program has before its eyes, where it says so."""
    if not wants_match(here.request):
        return None
    await here.session.refresh(here.bill)
    require_match(here.request, await _out(here, here.bill))
    return here.bill.version


@endpoint(put, f"{ONE}/orders", right=may_decide, conflicts=_CONFLICTS, tagged=True, matched=True)
async def link_bill(here: Here[OnBill], sent: OrdersPut) -> BillOut:
    """Link a bill to the orders that it is for, or to none; its lines are matched anew."""
    known = await orders_called(here.session, here.purchase.id, sent.orders)
    if unknown := [reference for reference in sent.orders if reference not in known]:
        raise Invalid({"orders": f"Cet achat n’a pas de commande envoyée « {unknown[0]} »."})
    whose = (here.session, here.caller, here.purchase.id, here.bill.id)
    return await _out(here, await deciding.link_bill(*whose, list(known.values()), here.now, seen=await _seen(here)))


@endpoint(put, f"{ONE}/matches", right=may_decide, conflicts=(*_CONFLICTS, "bill_unlinked"), tagged=True, matched=True)
async def match_bill(here: Here[OnBill], sent: MatchesPut) -> BillOut:
    """Say for which item of its orders each line is; lines that are not named stay as they are."""
    orders = [order.id for order in await orders_of_bill(here.session, here.bill.id)]
    by_code = {item.code: item.item_id for item in await items_of_orders(here.session, orders)}
    if unknown := [one.item for one in sent.lines if one.item is not None and one.item not in by_code]:
        raise Invalid({"lines": f"La commande n’a pas d’article « {unknown[0]} »."})
    matches = {one.position: by_code[one.item] if one.item is not None else None for one in sent.lines}
    whose = (here.session, here.caller, here.purchase.id, here.bill.id)
    return await _out(here, await deciding.match_lines(*whose, matches, here.now, seen=await _seen(here)))


@endpoint(
    post,
    f"{ONE}/acceptance",
    right=may_decide,
    conflicts=(*_CONFLICTS, "bill_supplier_unknown", "bill_currency", "bill_incomplete"),
    tagged=True,
    matched=True,
)
async def accept_bill(here: Here[OnBill], sent: DecisionPost) -> BillOut:
    """Accept a bill: it counts from now on. A reason is asked for where something differs."""
    whose = (here.session, here.caller, here.purchase.id, here.bill.id)
    seen = await _seen(here)
    return await _out(here, await deciding.accept_bill(*whose, here.now, reason=sent.reason, seen=seen))


@endpoint(post, f"{ONE}/dispute", right=may_decide, conflicts=_CONFLICTS, tagged=True, matched=True)
async def dispute_bill(here: Here[OnBill], sent: DecisionPost) -> BillOut:
    """Dispute a bill, saying why: it stays open and does not count."""
    whose = (here.session, here.caller, here.purchase.id, here.bill.id)
    seen = await _seen(here)
    return await _out(here, await deciding.dispute_bill(*whose, here.now, reason=sent.reason, seen=seen))


@endpoint(post, f"{ONE}/rejection", right=may_decide, conflicts=_CONFLICTS, tagged=True, matched=True)
async def reject_bill(here: Here[OnBill], sent: DecisionPost) -> BillOut:
    """Refuse a bill, saying why."""
    whose = (here.session, here.caller, here.purchase.id, here.bill.id)
    seen = await _seen(here)
    return await _out(here, await deciding.reject_bill(*whose, here.now, reason=sent.reason, seen=seen))


@endpoint(post, f"{ONE}/reopening", right=may_decide, conflicts=_CONFLICTS, tagged=True, matched=True)
async def reopen_bill(here: Here[OnBill], sent: DecisionPost) -> BillOut:
    """Take back what was decided on a bill: it is to be checked again."""
    whose = (here.session, here.caller, here.purchase.id, here.bill.id)
    seen = await _seen(here)
    return await _out(here, await deciding.take_back(*whose, here.now, reason=sent.reason, seen=seen))


ROUTES = [
    list_bills,
    get_billing,
    get_bill,
    add_bill,
    link_bill,
    match_bill,
    accept_bill,
    dispute_bill,
    reject_bill,
    reopen_bill,
]
