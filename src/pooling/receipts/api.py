"""What arrived, for programs: of each order, receipt by receipt."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from litestar import get, post
from pydantic import Field

from pooling.accounts.idempotency import Made
from pooling.kernel.doubts import LONGEST_REASON, Insistence
from pooling.kernel.errors import Invalid
from pooling.kernel.slices import Listed, Slice
from pooling.members.endpoint import endpoint
from pooling.members.group_page import Here
from pooling.purchases.api import MemberRef
from pooling.purchases.page import OnPurchase
from pooling.receipts.finishing import declare_complete, reopen
from pooling.receipts.noting import correct_receipt, lock_order, note_receipt, require_receiving, withdraw_receipt
from pooling.receipts.page import OnOrder, OnReceipt, members_shown
from pooling.receipts.permissions import (
    may_complete,
    may_correct,
    may_note_some,
    may_see_receipt,
    may_see_receipts,
)
from pooling.receipts.queries import (
    Delivered,
    LineShown,
    Noted,
    OrderShown,
    ReceiptShown,
    delivered_of,
    lines_listed,
    noted_listed,
    orders_listed,
    places_named,
    receipt_named,
    receipts_listed,
)
from pooling.receipts.rules import DeliveryState, differences
from pooling.receipts.schemas import (
    LONGEST_DELIVERY_NOTE,
    LONGEST_NOTE,
    LONGEST_WHY,
    MOST_LINES,
    NotedIn,
    ReceiptIn,
    Units,
)
from pooling.web.api import ApiIn, ApiOut, PageIn, RowId

RECEIPTS = "/purchases/{reference:str}/receipts"
ORDERS = f"{RECEIPTS}/orders"
ORDER = f"{ORDERS}/{{order_number:int}}"
RECEIPT = f"{RECEIPTS}/{{receipt_id:int}}"


class ReceivedDifferenceOut(ApiOut):
    kind: str
    """`not_ordered`, `too_much`, `refused`, `too_little` or `nothing`."""
    units: int
    tolerated: bool


class ItemReceivedOut(ApiOut):
    item: str
    ordered: int
    accepted: int
    refused: int
    due: int
    """Still owed, at whichever place; what was refused is."""
    over: int
    """More than was ordered, at whichever place."""
    differences: Sequence[ReceivedDifferenceOut]


class OrderReceivedOut(ApiOut):
    """What came of an order that has left."""

    number: int
    reference: str
    supplier: str
    promised_on: date | None
    state: DeliveryState
    declared_complete_because: str | None
    """Why somebody said that nothing more is awaited; null: nobody did."""
    items: Sequence[ItemReceivedOut]


class ReceivedLineOut(ApiOut):
    """What came for one line of an order."""

    item: str
    member: MemberRef
    site: int | None
    ordered: int
    accepted: int
    refused: int
    due: int


class NotedOut(ApiOut):
    item: str
    member: MemberRef
    site: int | None
    accepted: int
    refused: int
    reason: str


class ReceiptOut(ApiOut):
    """One arrival, as it was noted."""

    id: int
    order: int
    received_on: date
    delivery_note: str
    note: str
    noted_at: datetime
    replaces: int | None
    """The receipt that it corrects."""
    withdrawn_at: datetime | None
    """Null while it counts."""
    withdrawn_because: str


class ReceiptWithLinesOut(ReceiptOut):
    lines: Sequence[NotedOut]
    """The first 500; of the caller's members, where it does not see all."""


class NotedLineIn(ApiIn):
    item: str = Field(max_length=40)
    member: str = Field(max_length=40)
    site: RowId | None = None
    accepted: Units = 0
    refused: Units = 0
    reason: str = Field(default="", max_length=LONGEST_WHY)
    """Why units are refused."""


class ReceiptPost(ApiIn):
    received_on: date
    delivery_note: str = Field(default="", max_length=LONGEST_DELIVERY_NOTE)
    note: str = Field(default="", max_length=LONGEST_NOTE)
    lines: tuple[NotedLineIn, ...] = Field(max_length=MOST_LINES)
    confirmed: str = Field(default="", max_length=LONGEST_REASON)
    """Why it is meant, where it seems noted already, or is more than the order lets."""


class CorrectionPost(ReceiptPost):
    because: str = Field(min_length=1, max_length=LONGEST_REASON)


class BecauseIn(ApiIn):
    because: str = Field(min_length=1, max_length=LONGEST_REASON)


@endpoint(get, RECEIPTS, right=may_see_receipts)
async def list_receipts(here: Here[OnPurchase], asked: PageIn) -> Listed[ReceiptOut]:
    """What was noted, the latest first; to people of a member, what concerns it."""
    listed = await receipts_listed(here.session, here.purchase.id, asked.slice, members=members_shown(here))
    return listed.each(lambda receipt: ReceiptOut(**_facts(receipt)))


@endpoint(get, ORDERS, right=may_see_receipts)
async def list_received_orders(here: Here[OnPurchase], asked: PageIn) -> Listed[OrderReceivedOut]:
    """What came of each order that has left, item by item."""
    listed = await orders_listed(here.session, here.purchase.id, asked.slice, members=members_shown(here))
    delivered = await delivered_of(here.session, [order.id for order in listed.items])
    return listed.each(lambda order: _order_out(order, delivered[order.id]))


@endpoint(get, f"{ORDER}/lines", right=may_see_receipts)
async def list_received_lines(here: Here[OnOrder], asked: PageIn) -> Listed[ReceivedLineOut]:
    """What came for each line of an order: an item for a member at a place."""
    listed = await lines_listed(here.session, here.order.id, asked.slice, members=members_shown(here))
    return listed.each(_line_out)


@endpoint(
    post,
    ORDER,
    right=may_note_some,
    status=201,
    once=True,
    conflicts=("order_not_sent", "purchase_over"),
)
async def post_receipt(here: Here[OnOrder], sent: ReceiptPost) -> Made[ReceiptWithLinesOut]:
    """Note what arrived of an order. For the lead buyer, and référents for what their members receive."""
    command = await _command(here, here.order.id, sent)
    kept = await note_receipt(
        here.session, here.caller, here.purchase.id, here.order.id, command, here.now, here.zone,
        insistence=Insistence(sent.confirmed),
    )  # fmt: skip
    return await _made(here, kept.id)


@endpoint(get, RECEIPT, right=may_see_receipt)
async def get_receipt(here: Here[OnReceipt]) -> ReceiptWithLinesOut:
    """One arrival, as it was noted."""
    return await _with_lines(here, here.receipt)


@endpoint(
    post,
    f"{RECEIPT}/correction",
    right=may_correct,
    status=201,
    once=True,
    conflicts=("already_withdrawn", "order_not_sent", "purchase_over"),
)
async def post_correction(here: Here[OnReceipt], sent: CorrectionPost) -> Made[ReceiptWithLinesOut]:
    """Replace a receipt by what really arrived; the first one stays, withdrawn."""
    command = await _command(here, here.receipt.order_id, sent)
    kept = await correct_receipt(
        here.session, here.caller, here.purchase.id, here.receipt.id, command, here.now, here.zone,
        reason=sent.because, insistence=Insistence(sent.confirmed),
    )  # fmt: skip
    return await _made(here, kept.id)


@endpoint(
    post,
    f"{RECEIPT}/withdrawal",
    right=may_correct,
    once=True,
    conflicts=("already_withdrawn", "order_not_sent", "purchase_over"),
)
async def post_withdrawal(here: Here[OnReceipt], sent: BecauseIn) -> ReceiptWithLinesOut:
    """Say that it never arrived: the receipt stays, and counts no more."""
    await withdraw_receipt(here.session, here.caller, here.purchase.id, here.receipt.id, here.now, reason=sent.because)
    return (await _made(here, here.receipt.id)).gives


@endpoint(
    post,
    f"{ORDER}/completion",
    right=may_complete,
    once=True,
    conflicts=("already_complete", "order_not_sent", "purchase_over"),
)
async def post_completion(here: Here[OnOrder], sent: BecauseIn) -> OrderReceivedOut:
    """Say that nothing more is awaited of an order, whatever came."""
    purchase, order = await lock_order(here.session, here.purchase.id, here.order.id)
    require_receiving(purchase, order)
    await declare_complete(here.session, here.caller, purchase, order, here.now, reason=sent.because)
    return await _order_again(here)


@endpoint(
    post,
    f"{ORDER}/reopening",
    right=may_complete,
    once=True,
    conflicts=("not_declared_complete", "order_not_sent", "purchase_over"),
)
async def post_reopening(here: Here[OnOrder], sent: BecauseIn) -> OrderReceivedOut:
    """Take that back: what is due is awaited again."""
    purchase, order = await lock_order(here.session, here.purchase.id, here.order.id)
    require_receiving(purchase, order)
    await reopen(here.session, here.caller, purchase, order, here.now, reason=sent.because)
    return await _order_again(here)


async def _order_again(here: OnOrder) -> OrderReceivedOut:
    await here.session.flush()
    listed = await orders_listed(here.session, here.purchase.id, Slice(), number=here.order.number)
    return _order_out(listed.items[0], (await delivered_of(here.session, [here.order.id]))[here.order.id])


async def _command(here: OnPurchase, order_id: int, sent: ReceiptPost) -> ReceiptIn:
    """Raises:
    Invalid: a line is of no line of the order; at `lines.{place}`.
    """
    named = [(one.item, one.member, one.site) for one in sent.lines]
    known = await places_named(here.session, order_id, named)
    unknown = {
        f"lines.{place}": "Cette commande n’a pas de ligne pour cet article, ce membre et ce site."
        for place, name in enumerate(named)
        if name not in known
    }
    if unknown:
        raise Invalid(unknown)
    return ReceiptIn(
        received_on=sent.received_on,
        delivery_note=sent.delivery_note,
        note=sent.note,
        lines=tuple(
            NotedIn(line=known[name], accepted=one.accepted, refused=one.refused, reason=one.reason)
            for name, one in zip(named, sent.lines, strict=True)
        ),
    )


def _facts(receipt: ReceiptShown) -> Mapping[str, object]:
    return {
        "id": receipt.id,
        "order": receipt.order_number,
        "received_on": receipt.received_on,
        "delivery_note": receipt.delivery_note,
        "note": receipt.note,
        "noted_at": receipt.noted_at,
        "replaces": receipt.replaces_id,
        "withdrawn_at": receipt.withdrawn_at,
        "withdrawn_because": receipt.withdrawn_because,
    }


async def _made(here: OnPurchase, receipt_id: int) -> Made[ReceiptWithLinesOut]:
    receipt = await receipt_named(here.session, here.purchase.id, receipt_id)
    assert receipt is not None, "it is noted"
    location = f"{here.api_url}/purchases/{here.purchase.reference}/receipts/{receipt_id}"
    return Made(await _with_lines(here, receipt), location)


async def _with_lines(here: OnPurchase, receipt: ReceiptShown) -> ReceiptWithLinesOut:
    lines = await noted_listed(here.session, receipt.id, Slice(size=MOST_LINES), members=members_shown(here))
    return ReceiptWithLinesOut(**_facts(receipt), lines=[_noted_out(line) for line in lines.items])


def _noted_out(line: Noted) -> NotedOut:
    return NotedOut(
        item=line.code,
        member=MemberRef(code=line.member_code, name=line.member),
        site=line.site_id,
        accepted=line.accepted,
        refused=line.refused,
        reason=line.reason,
    )


def _line_out(line: LineShown) -> ReceivedLineOut:
    return ReceivedLineOut(
        item=line.code,
        member=MemberRef(code=line.member_code, name=line.member),
        site=line.site_id,
        ordered=line.arrived.ordered,
        accepted=line.arrived.accepted,
        refused=line.arrived.refused,
        due=line.arrived.due,
    )


def _order_out(order: OrderShown, delivered: Delivered) -> OrderReceivedOut:
    return OrderReceivedOut(
        number=order.number,
        reference=order.reference,
        supplier=order.supplier,
        promised_on=order.promised_on,
        state=delivered.state,
        declared_complete_because=order.completed_because if order.completed_at else None,
        items=[
            ItemReceivedOut(
                item=item.code,
                ordered=item.arrived.ordered,
                accepted=item.arrived.accepted,
                refused=item.arrived.refused,
                due=item.arrived.due,
                over=item.arrived.over,
                differences=[
                    ReceivedDifferenceOut(kind=one.gap, units=one.units, tolerated=one.tolerated)
                    for one in differences(item.arrived)
                ],
            )
            for item in delivered.items
        ],
    )


ROUTES = [
    list_receipts, list_received_orders, list_received_lines, post_receipt, get_receipt, post_correction,
    post_withdrawal, post_completion, post_reopening,
]  # fmt: skip
