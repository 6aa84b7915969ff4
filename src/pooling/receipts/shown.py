"""What pages show of orders and receipts, in words."""

from collections.abc import Mapping, Sequence
from typing import Any

from pooling.receipts.page import ARRIVALS, SECTION, ReceiptsPage
from pooling.receipts.queries import Delivered, ItemOf, LineShown, Noted, OrderShown, ReceiptShown, Sums
from pooling.receipts.rules import Arrived, differences
from pooling.receipts.words import STATE_TAGS, STATE_WORDS
from pooling.web.typography import date_long, date_short, date_time_long, number, plural


def delivery_shown(here: ReceiptsPage, order: OrderShown, delivered: Delivered) -> dict[str, Any]:
    state = delivered.state
    late = order.is_late(here.today, state)
    return {
        "order": order,
        "url": f"{here.url}{SECTION}/{order.number}",
        "word": STATE_WORDS[state],
        "tag": STATE_TAGS[state],
        "late": plural((here.today - order.promised_on).days, "jour") if late and order.promised_on else "",
        "promised": date_long(order.promised_on) if order.promised_on else "",
        "completed": (date_time_long(order.completed_at, here.zone, with_year=True) if order.completed_at else ""),
        "by_item": [_item_shown(item) for item in delivered.items],
        "short": any(item.arrived.due for item in delivered.items),
    }


def _item_shown(item: ItemOf) -> dict[str, Any]:
    arrived = item.arrived
    return {
        "name": item.name,
        "unit": item.unit,
        "ordered": number(arrived.ordered),
        "accepted": number(arrived.accepted),
        "refused": number(arrived.refused) if arrived.refused else "–",
        "due": number(arrived.due) if arrived.due else "–",
        "said": " ; ".join(one.said(item.unit) for one in differences(arrived)),
    }


def total_shown(lines: Sequence[LineShown]) -> Arrived:
    """What one member gets of an order, in units of whatever items."""
    return Arrived(
        sum(line.arrived.ordered for line in lines),
        sum(min(line.arrived.accepted, line.arrived.ordered) for line in lines),
        sum(line.arrived.refused for line in lines),
    )


def receipts_shown(
    here: ReceiptsPage, receipts: Sequence[ReceiptShown], sums: Mapping[int, Sums]
) -> list[dict[str, Any]]:
    return [_receipt_shown(here, receipt, sums.get(receipt.id, Sums())) for receipt in receipts]


def _receipt_shown(here: ReceiptsPage, receipt: ReceiptShown, sums: Sums) -> dict[str, Any]:
    units = number(sums.accepted) + (f", refus de {number(sums.refused)}" if sums.refused else "")
    noted = date_time_long(receipt.noted_at, here.zone)
    withdrawn = ""
    if receipt.withdrawn_at is not None:
        by = f" par {receipt.withdrawn_by}" if receipt.withdrawn_by else ""
        withdrawn = f"Retirée{by}, {date_time_long(receipt.withdrawn_at, here.zone)} : {receipt.withdrawn_because}"
    return {
        "receipt": receipt,
        "url": f"{here.url}{ARRIVALS}/{receipt.id}",
        "day": date_short(receipt.received_on),
        "where": sums.member or (plural(sums.members, "membre") if sums.members else "–"),
        "units": units,
        "noted": f"{receipt.noted_by}, {noted}" if receipt.noted_by else noted,
        "withdrawn": withdrawn,
        "replaces_url": f"{here.url}{ARRIVALS}/{receipt.replaces_id}" if receipt.replaces_id else "",
    }


def noted_shown(lines: Sequence[Noted]) -> list[dict[str, Any]]:
    return [
        {
            "member": line.member,
            "site": line.site,
            "item": line.item,
            "accepted": number(line.accepted),
            "refused": f"{number(line.refused)} : {line.reason}" if line.refused else "–",
        }
        for line in lines
    ]
