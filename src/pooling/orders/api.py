"""A purchase's orders, for programs: naming suppliers, making, sending, confirming, amending, cancelling."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Literal

from litestar import get, post, put
from pydantic import Field
from sqlalchemy import select
from sqlmodel import col

from pooling.kernel.clock import FIRST_DAY, LAST_DAY
from pooling.kernel.doubts import LONGEST_REASON
from pooling.kernel.errors import Invalid
from pooling.kernel.slices import Listed
from pooling.kernel.tables import any_of, linked
from pooling.kernel.text import Line
from pooling.members.endpoint import endpoint
from pooling.members.group_page import Here
from pooling.members.models import Member
from pooling.needs.api import Units
from pooling.orders import changing
from pooling.orders.changing import LONGEST_REFERENCE, AmendmentIn, ConfirmationIn, Place
from pooling.orders.charging import charges_shown
from pooling.orders.mailing import send_by_mail
from pooling.orders.making import make_orders
from pooling.orders.models import OrderItem, OrderLine, OrderState
from pooling.orders.naming import awarded, name_invoicers, name_suppliers
from pooling.orders.page import OnOrder
from pooling.orders.permissions import concerned_as, may_see_orders, sees_every_order
from pooling.orders.reading import (
    LineShown,
    OrderShown,
    charges_ordered,
    find_order,
    items_ordered,
    lines_listed,
    orders_listed,
    totals_of_orders,
    version_now,
)
from pooling.orders.rules import Totals
from pooling.orders.sending import LONGEST_HOW, say_sent
from pooling.purchases.api import Exact, MemberRef
from pooling.purchases.finding import item_ids, lock_purchase
from pooling.purchases.page import OnPurchase
from pooling.purchases.permissions import may_run
from pooling.web.api import ApiIn, ApiOut, PageIn, RowId, require_match, wants_match
from pooling.web.api_input import refuse_twice

LIST = "/purchases/{reference:str}/orders"
ONE = f"{LIST}/{{order_number:int}}"
Day = Annotated[date, Field(ge=FIRST_DAY, le=LAST_DAY)]
Reason = Annotated[Line, Field(max_length=LONGEST_REASON)]
Price = Annotated[Decimal, Field(ge=0, lt=Decimal(10**9), max_digits=13, decimal_places=4)]
Amount = Annotated[Decimal, Field(gt=-Decimal(10**9), lt=Decimal(10**9), max_digits=11, decimal_places=2)]
Percent = Annotated[Decimal, Field(ge=0, le=100, decimal_places=2)]
SENDING = (
    *("not_ordering", "not_ready", "drafts_outdated", "not_consolidated", "no_order_email", "too_large_to_mail"),
)


class SupplierRef(ApiOut):
    id: int
    name: str


class OrderLineOut(ApiOut):
    """An order in a list; amounts are in euros."""

    number: int
    """Within its purchase: its address."""
    reference: str
    """What the supplier gives back with its invoice."""
    state: OrderState
    version: int
    supplier: SupplierRef
    buyer: str
    promised_on: date | None
    ht: Exact
    ttc: Exact


class OrderItemOut(ApiOut):
    item: str
    name: str
    unit: str
    supplier_code: str
    unit_price: Exact
    vat_rate: Exact
    quantity: int


class OrderChargeOut(ApiOut):
    """What the supplier is to invoice beside items, in euros before VAT."""

    charge: str
    label: str
    amount: Exact
    vat_rate: Exact


class OrderOut(OrderLineOut):
    supplier_reference: str
    over_percent: Exact
    under_percent: Exact
    sent_at: datetime | None
    version_sent_at: datetime | None
    """Null: the present version has not left."""
    confirmed_at: datetime | None
    cancelled_at: datetime | None
    cancelled_because: str
    items: Sequence[OrderItemOut]
    charges: Sequence[OrderChargeOut]


class OrderedPlaceOut(ApiOut):
    """Units of an item for a member's site, as the order stands now."""

    id: int
    item: str
    member: MemberRef
    site: int | None
    quantity: int
    engagement: str


class MadeOut(ApiOut):
    drafts: int
    """How many orders are about to leave."""


class NamedIn(ApiIn):
    item: str = Field(max_length=40)
    supplier: RowId


class InvoicerIn(ApiIn):
    charge: str = Field(max_length=60)
    supplier: RowId | None
    """Null: no supplier invoices it."""


class NamingPut(ApiIn):
    """From whom items are ordered, and who invoices charges; of those that are not named nothing changes."""

    items: tuple[NamedIn, ...] = Field(max_length=500)
    charges: tuple[InvoicerIn, ...] = Field(default=(), max_length=500)
    reason: Reason = ""


class NamedOut(ApiOut):
    item: str
    supplier: int


class InvoicerOut(ApiOut):
    charge: str
    supplier: int
    quoted: bool
    """Its quote says so: it is not named otherwise."""


class NamingOut(ApiOut):
    items: Sequence[NamedOut]
    charges: Sequence[InvoicerOut]
    """Those that a supplier invoices."""


class SendingPost(ApiIn):
    way: Literal["mail", "otherwise"] = "mail"
    how: Line = Field(default="", max_length=LONGEST_HOW)
    """In which other way it left."""


class SentOut(ApiOut):
    left: int
    """How many have left."""
    asked: int
    """How many leave by mail as soon as their documents are made."""


class ConfirmationPut(ApiIn):
    confirmed_on: Day
    promised_on: Day | None = None
    supplier_reference: Line = Field(default="", max_length=LONGEST_REFERENCE)


class PlaceIn(ApiIn):
    item: str = Field(max_length=40)
    member: str = Field(max_length=40)
    site: RowId | None = None
    quantity: Units


class ItemPriceIn(ApiIn):
    item: str = Field(max_length=40)
    unit_price: Price


class ChargeAmountIn(ApiIn):
    charge: str = Field(max_length=60)
    amount: Amount
    """In euros before VAT; below nothing: a discount."""


class AmendmentPost(ApiIn):
    """What the next version says; of what is not named nothing changes."""

    lines: tuple[PlaceIn, ...] = Field(default=(), max_length=2_000)
    prices: tuple[ItemPriceIn, ...] = Field(default=(), max_length=500)
    charges: tuple[ChargeAmountIn, ...] = Field(default=(), max_length=500)
    reason: Reason


class CancellationPost(ApiIn):
    reason: Reason


class TolerancesPut(ApiIn):
    over_percent: Percent
    under_percent: Percent


def _row(one: OrderShown, totals: Totals) -> dict[str, object]:
    order = one.order
    return {
        "number": order.number,
        "reference": order.reference,
        "state": OrderState(order.state),
        "version": order.version,
        "supplier": SupplierRef(id=one.supplier.id, name=one.supplier.name),
        "buyer": one.buyer,
        "promised_on": order.promised_on,
        "ht": Decimal(totals.ht) / 100,
        "ttc": Decimal(totals.ttc) / 100,
    }


async def _out(here: OnOrder) -> OrderOut:
    """As it stands now."""
    found = await find_order(here.session, here.purchase.id, here.order.number)
    assert found is not None
    order = found.order
    version = await version_now(here.session, order)
    items = await items_ordered(here.session, order.id)
    totals = (await totals_of_orders(here.session, [order.id]))[order.id]
    return OrderOut.model_validate(
        {
            **_row(found, totals),
            **{
                name: getattr(order, name)
                for name in (
                    *("supplier_reference", "over_percent", "under_percent", "sent_at", "confirmed_at"),
                    *("cancelled_at", "cancelled_because"),
                )
            },
            "version_sent_at": version.sent_at,
            "items": [
                OrderItemOut(
                    item=one.item.code,
                    name=one.item.name,
                    unit=one.item.unit,
                    supplier_code=one.item.supplier_code,
                    unit_price=one.item.unit_price,
                    vat_rate=one.item.vat_rate,
                    quantity=one.units,
                )
                for one in items
            ],
            "charges": [
                OrderChargeOut(
                    charge=one.code, label=one.label, amount=Decimal(one.amount_cents) / 100, vat_rate=one.vat_rate
                )
                for one in await charges_ordered(here.session, order.id)
            ],
        }
    )


@endpoint(get, LIST, right=may_see_orders)
async def list_orders(here: Here[OnPurchase], asked: PageIn) -> Listed[OrderLineOut]:
    """The orders of a purchase: all for its lead buyer and the facilitator, for others what concerns their member."""
    among = None if sees_every_order(here.caller, here.purchase) else concerned_as(here.caller)
    listed = await orders_listed(here.session, here.purchase.id, asked.slice, among=among)
    totals = await totals_of_orders(here.session, [one.order.id for one in listed.items])
    return listed.each(lambda one: OrderLineOut.model_validate(_row(one, totals[one.order.id])))


@endpoint(post, LIST, right=may_run, conflicts=("not_ordering", "not_consolidated", "not_awarded"))
async def make_purchase_orders(here: Here[OnPurchase]) -> MadeOut:
    """Make the orders of all that is assigned and in none that has left; drafts are made again as things stand now. Two
    calls make one set.
    """
    return MadeOut(drafts=await make_orders(here.session, here.caller, here.purchase.id, here.clock))


async def _naming(here: OnPurchase) -> NamingOut:
    named = await awarded(here.session, here.purchase.id)
    items = await item_ids(here.session, here.purchase.id)
    return NamingOut(
        items=[NamedOut(item=code, supplier=named[key]) for code, key in sorted(items.items()) if key in named],
        charges=[
            InvoicerOut(charge=one.code, supplier=one.supplier_id, quoted=one.quoted)
            for one in await charges_shown(here.session, here.purchase.id)
            if one.supplier_id is not None
        ],
    )


@endpoint(get, f"{LIST}/suppliers", right=may_run, tagged=True)
async def get_order_suppliers(here: Here[OnPurchase]) -> NamingOut:
    """From whom items are ordered, those that are known."""
    return await _naming(here)


@endpoint(
    put, f"{LIST}/suppliers", right=may_run, conflicts=("not_ordering", "already_ordered"), tagged=True, matched=True
)
async def name_order_suppliers(here: Here[OnPurchase], sent: NamingPut) -> NamingOut:
    """Say from whom items are ordered, where no quote was chosen. Orders are made again afterwards."""
    if wants_match(here.request):
        await lock_purchase(here.session, here.purchase.id)
        require_match(here.request, await _naming(here))
    refuse_twice([one.item for one in sent.items], "items.{}.item")
    refuse_twice([one.charge for one in sent.charges], "charges.{}.charge")
    named = {one.item: one.supplier for one in sent.items}
    try:
        await name_suppliers(here.session, here.caller, here.purchase.id, named, here.now, reason=sent.reason)
    except Invalid as refused:
        places = {one.item: place for place, one in enumerate(sent.items)}
        raise Invalid({f"items.{places[code]}": said for code, said in refused.errors.items()}) from refused
    invoicers = {one.charge: one.supplier for one in sent.charges}
    try:
        await name_invoicers(here.session, here.caller, here.purchase.id, invoicers, here.now)
    except Invalid as refused:
        places = {one.charge: place for place, one in enumerate(sent.charges)}
        raise Invalid({f"charges.{places[code]}": said for code, said in refused.errors.items()}) from refused
    return await _naming(here)


@endpoint(post, f"{LIST}/sending", right=may_run, conflicts=SENDING)
async def send_orders(here: Here[OnPurchase], sent: SendingPost) -> SentOut:
    """Send all that wait. What has left already does not leave again."""
    return await _send(here, sent, None)


async def _send(here: OnPurchase, sent: SendingPost, number: int | None) -> SentOut:
    whose = (here.session, here.caller, here.purchase.id, here.clock)
    if sent.way == "mail":
        left, asked = await send_by_mail(*whose, number=number)
        return SentOut(left=left, asked=asked)
    return SentOut(left=await say_sent(*whose, how=sent.how, number=number), asked=0)


@endpoint(get, ONE, right=may_see_orders, tagged=True)
async def get_order(here: Here[OnOrder]) -> OrderOut:
    """An order as it stands."""
    return await _out(here)


@endpoint(get, f"{ONE}/lines", right=may_see_orders)
async def list_order_lines(here: Here[OnOrder], asked: PageIn) -> Listed[OrderedPlaceOut]:
    """Units by place: everybody's for those who see all lines, for others their members'."""
    codes = {one.item.item_id: one.item.code for one in await items_ordered(here.session, here.order.id)}
    listed = await lines_listed(here.session, here.order.id, asked.slice, among=here.among)
    return listed.each(lambda one: _place(one, codes[one.line.item_id]))


def _place(one: LineShown, code: str) -> OrderedPlaceOut:
    return OrderedPlaceOut(
        id=one.line.id,
        item=code,
        member=MemberRef(code=one.member_code, name=one.member),
        site=one.line.site_id,
        quantity=one.line.quantity,
        engagement=one.line.engagement,
    )


@endpoint(post, f"{ONE}/sending", right=may_run, conflicts=SENDING)
async def send_order(here: Here[OnOrder], sent: SendingPost) -> SentOut:
    """Send its present version. One that has left already does not leave again."""
    return await _send(here, sent, here.order.number)


CHANGING = ("purchase_over", "order_not_left", "transition_refused")


@endpoint(put, f"{ONE}/confirmation", right=may_run, conflicts=CHANGING, tagged=True, matched=True)
async def confirm_order(here: Here[OnOrder], sent: ConfirmationPut) -> OrderOut:
    """Note what the supplier confirms and promises."""
    await _match(here)
    command = ConfirmationIn(sent.confirmed_on, sent.promised_on, sent.supplier_reference)
    whose = (here.session, here.caller, here.purchase.id, here.order.id)
    await changing.confirm_order(*whose, command, here.clock)
    return await _out(here)


async def _match(here: OnOrder) -> None:
    if wants_match(here.request):
        await changing.lock_running(here.session, here.caller, here.purchase.id, here.order.id)
        require_match(here.request, await _out(here))


@endpoint(post, f"{ONE}/amendment", right=may_run, conflicts=CHANGING, once=True, tagged=True, matched=True)
async def amend_order(here: Here[OnOrder], sent: AmendmentPost) -> OrderOut:
    """Change an order that has left, in its next version; it is sent afterwards."""
    await _match(here)
    command = await _amendment(here, sent)
    whose = (here.session, here.caller, here.purchase.id, here.order.id)
    await changing.amend_order(*whose, command, here.clock, reason=sent.reason)
    return await _out(here)


async def _amendment(here: OnOrder, sent: AmendmentPost) -> AmendmentIn:
    """Raises:
    Invalid: an item or a member that the order does not have, or one place twice.
    """
    rows = await here.session.execute(
        select(col(OrderItem.code), col(OrderItem.item_id)).where(col(OrderItem.order_id) == here.order.id)
    )
    items: dict[str, int] = {code: item_id for code, item_id in rows}
    named = await here.session.execute(
        select(col(Member.code), col(Member.id))
        .join(OrderLine, linked(OrderLine.member_id, Member.id))
        .where(col(OrderLine.order_id) == here.order.id, any_of(col(Member.code), {one.member for one in sent.lines}))
        .distinct()
    )
    members: dict[str, int] = {code: member_id for code, member_id in named}
    errors = {
        f"lines.{place}.item": "Cette commande n’a pas cet article."
        for place, one in enumerate(sent.lines)
        if one.item not in items
    }
    errors |= {
        f"lines.{place}.member": "Cette commande n’est pas pour ce membre."
        for place, one in enumerate(sent.lines)
        if one.member not in members
    }
    errors |= {
        f"prices.{place}.item": "Cette commande n’a pas cet article."
        for place, price in enumerate(sent.prices)
        if price.item not in items
    }
    if errors:
        raise Invalid(errors)
    refuse_twice([f"{one.item} {one.member} {one.site}" for one in sent.lines], "lines.{}.item")
    refuse_twice([one.item for one in sent.prices], "prices.{}.item")
    refuse_twice([one.charge for one in sent.charges], "charges.{}.charge")
    units: dict[Place, int] = {(items[one.item], members[one.member], one.site): one.quantity for one in sent.lines}
    charges = {one.charge: int(one.amount * 100) for one in sent.charges}
    return AmendmentIn(units, {items[one.item]: one.unit_price for one in sent.prices}, charges)


@endpoint(
    post, f"{ONE}/cancellation", right=may_run, conflicts=("purchase_over", "order_held"), tagged=True, matched=True
)
async def cancel_order(here: Here[OnOrder], sent: CancellationPost) -> OrderOut:
    """Give an order up; what it was to bring may be ordered anew. Twice is once."""
    await _match(here)
    whose = (here.session, here.caller, here.purchase.id, here.order.id)
    await changing.cancel_order(*whose, here.clock, reason=sent.reason)
    return await _out(here)


@endpoint(put, f"{ONE}/tolerances", right=may_run, conflicts=("purchase_over",), tagged=True, matched=True)
async def set_order_tolerances(here: Here[OnOrder], sent: TolerancesPut) -> OrderOut:
    """Say how much more than ordered is accepted, and how much less still makes it complete."""
    await _match(here)
    whose = (here.session, here.caller, here.purchase.id, here.order.id)
    await changing.set_tolerances(*whose, sent.over_percent, sent.under_percent, here.now)
    return await _out(here)


ROUTES = [
    list_orders,
    make_purchase_orders,
    get_order_suppliers,
    name_order_suppliers,
    send_orders,
    get_order,
    list_order_lines,
    send_order,
    confirm_order,
    amend_order,
    cancel_order,
    set_order_tolerances,
]
