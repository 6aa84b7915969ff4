"""Forms about one order: what the supplier confirms, amending, tolerances, cancelling."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from litestar import Response, get, post
from litestar.params import FromQuery
from sqlalchemy import select
from sqlmodel import col

from pooling.kernel.doubts import LONGEST_REASON
from pooling.kernel.errors import Conflict, NotFound
from pooling.kernel.tables import any_of, linked
from pooling.kernel.versions import ChangedMeanwhile, version_of
from pooling.members.group_page import Here
from pooling.members.models import Member
from pooling.orders.changing import (
    LONGEST_REFERENCE,
    AmendmentIn,
    ConfirmationIn,
    Place,
    amend_order,
    cancel_order,
    charges_to_add,
    confirm_order,
    content_of,
    set_tolerances,
)
from pooling.orders.mailing import mailed_to
from pooling.orders.models import OrderItem, OrderLine, OrderState
from pooling.orders.page import ORDERS, OrderPage
from pooling.orders.reading import charges_ordered, version_now
from pooling.orders.rules import LEFT
from pooling.purchases.item_form import typed_price
from pooling.purchases.permissions import may_run
from pooling.sharing.money import Cents
from pooling.sites.models import Site
from pooling.web.forms import Form, PostedForm, form_of
from pooling.web.numbers import read_cents, typed_cents
from pooling.web.typography import number

ONE = f"{ORDERS}/{{order_number:int}}"
CONFIRMATION, AMENDMENT, CANCELLATION = f"{ONE}/confirmation", f"{ONE}/modification", f"{ONE}/annulation"
TOLERANCES = f"{ONE}/tolerances"
MOST_UNITS = 1_000_000
MOST_BOXES = 400
"""Beyond so many places of an order, one member is chosen first."""


async def _seen(here: OrderPage) -> str:
    await here.session.refresh(here.order)
    return version_of(content_of(here.order, await version_now(here.session, here.order)))


async def _renewed(here: OrderPage, form: Form) -> None:
    """What was seen stays so, unless the person has just been told that somebody was faster."""
    seen = await _seen(here)
    if form.conflict == ChangedMeanwhile.code:
        form.values["version"] = seen


@get(CONFIRMATION, right=may_run)
async def ask_confirmation(here: Here[OrderPage]) -> Response[str]:
    order = here.order
    confirmed = order.confirmed_at.astimezone(here.zone).date() if order.confirmed_at else here.today
    values = {
        "confirmed_on": confirmed.isoformat(),
        "promised_on": order.promised_on.isoformat() if order.promised_on else "",
        "supplier_reference": order.supplier_reference,
        "version": await _seen(here),
    }
    return await _confirmation_page(here, form_of(values))


async def _confirmation_page(here: OrderPage, form: Form) -> Response[str]:
    await _renewed(here, form)
    if here.order.state not in LEFT:
        raise Conflict("Cette commande n’est pas chez le fournisseur.", code="order_not_left")
    return here.render("orders/confirmation.html", "Confirmation", form=form, longest=LONGEST_REFERENCE)


@post(CONFIRMATION, right=may_run)
async def do_confirmation(here: Here[OrderPage], form: PostedForm) -> Response[Any]:
    confirmed = form.date("confirmed_on")
    command = ConfirmationIn(
        confirmed or here.today,
        form.date("promised_on") if form.value("promised_on").strip() else None,
        form.text("supplier_reference", longest=LONGEST_REFERENCE),
    )
    async with form.submitted(lambda: _confirmation_page(here, form), conflict=""):
        await confirm_order(
            here.session,
            here.caller,
            here.purchase.id,
            here.order.id,
            command,
            here.clock,
            shown=form.value("version"),
        )
    return here.redirect(here.order_path, done="La confirmation du fournisseur est notée.")


@get(AMENDMENT, right=may_run)
async def ask_amendment(here: Here[OrderPage], membre: FromQuery[str] = "") -> Response[str]:
    return await _amendment_page(here, form_of({"version": await _seen(here), "membre": membre}))


async def _boxes(here: OrderPage, member: str) -> Sequence[dict[str, Any]]:
    """Every place of the order, with those sites of its members that it does not know yet; of one member where it has
    many.
    """
    lines = (
        select(OrderLine, OrderItem, Member, Site)
        .join(
            OrderItem,
            linked(OrderItem.order_id, OrderLine.order_id) & (col(OrderItem.item_id) == col(OrderLine.item_id)),
        )
        .join(Member, linked(Member.id, OrderLine.member_id))
        .outerjoin(Site, linked(Site.id, OrderLine.site_id))
        .where(col(OrderLine.order_id) == here.order.id)
        .order_by(col(Member.sort_key), col(Member.id), col(OrderItem.position), col(OrderLine.id))
        .limit(MOST_BOXES + 1)
    )
    if member:
        lines = lines.where(col(Member.code) == member)
    rows: list[Any] = list(await here.session.execute(lines))
    if len(rows) > MOST_BOXES and not member:
        return []
    boxes = [
        _box((line.item_id, line.member_id, line.site_id), item, person, site, line.quantity)
        for line, item, person, site in rows
    ]
    known = {box["place"] for box in boxes}
    sites = await here.session.execute(
        select(Site)
        .where(
            any_of(col(Site.member_id), {line.member_id for line, *_ in rows}),
            col(Site.archived_at).is_(None),
        )
        .order_by(col(Site.is_main).desc(), col(Site.sort_key))
    )
    more = list(sites.scalars())
    for line, item, person, _ in rows:
        for site in more:
            place = (line.item_id, line.member_id, site.id)
            if site.member_id == line.member_id and place not in known:
                known.add(place)
                boxes.append(_box(place, item, person, site, 0))
    return sorted(boxes, key=lambda box: box["key"])


def _box(place: Place, item: OrderItem, member: Member, site: Site | None, units: int) -> dict[str, Any]:
    return {
        "place": place,
        "field": f"unites-{place[0]}-{place[1]}-{place[2] or 0}",
        "item": item,
        "member": member.name,
        "site": site.name if site else "sans site",
        "units": units,
        "key": (item.position, item.item_id, member.sort_key, member.id, place[2] or 0),
    }


async def _amendment_page(here: OrderPage, form: Form) -> Response[str]:
    await _renewed(here, form)
    if here.order.state not in LEFT:
        raise Conflict("Cette commande n’est pas chez le fournisseur.", code="order_not_left")
    member = form.value("membre").strip()
    boxes = await _boxes(here, member)
    if member and not boxes:
        raise NotFound
    items, charges = await _items(here), await _charges(here)
    for one in charges:
        form.values.setdefault(f"frais-{one.code}", typed_cents(one.amount_cents))
    for item in items:
        form.values.setdefault(f"prix-{item.item_id}", typed_price(item.unit_price))
    for box in boxes:
        form.values.setdefault(box["field"], str(box["units"]))
    return here.render(
        "orders/amendment.html",
        "Modifier",
        form=form,
        boxes=boxes,
        items=items,
        charges=charges,
        one_member=member,
        longest_reason=LONGEST_REASON,
    )


async def _items(here: OrderPage) -> Sequence[OrderItem]:
    rows = await here.session.execute(
        select(OrderItem).where(col(OrderItem.order_id) == here.order.id).order_by(col(OrderItem.position))
    )
    return rows.scalars().all()


class _Charge(NamedTuple):
    code: str
    label: str
    amount_cents: Cents


async def _charges(here: OrderPage) -> Sequence[_Charge]:
    """Those that the order has, then what else its supplier invoices."""
    ordered = await charges_ordered(here.session, here.order.id)
    more = await charges_to_add(here.session, here.order, [one.code for one in ordered])
    return [_Charge(one.code, one.label, one.amount_cents) for one in ordered] + [
        _Charge(one.code, one.label, 0) for one in more
    ]


@post(AMENDMENT, right=may_run)
async def do_amendment(here: Here[OrderPage], form: PostedForm) -> Response[Any]:
    boxes, items = await _boxes(here, form.value("membre").strip()), await _items(here)
    charges = {
        one.code: read_cents(form, f"frais-{one.code}", signed=True)
        for one in await _charges(here)
        if f"frais-{one.code}" in form.values
    }
    units = {
        box["place"]: form.integer(box["field"], largest=MOST_UNITS, default=0)
        for box in boxes
        if box["field"] in form.values
    }
    prices: Mapping[int, Decimal] = {
        item.item_id: form.decimal(f"prix-{item.item_id}", places=4)
        for item in items
        if f"prix-{item.item_id}" in form.values
    }
    reason = form.reason()
    fields = {"units": boxes[0]["field"] if boxes else "", "prices": f"prix-{items[0].item_id}" if items else ""}
    async with form.submitted(lambda: _amendment_page(here, form), fields=fields, conflict=""):
        version = await amend_order(
            here.session,
            here.caller,
            here.purchase.id,
            here.order.id,
            AmendmentIn(units, prices, charges),
            here.clock,
            reason=reason,
            shown=form.value("version"),
        )
    return here.redirect(here.order_path, done=f"La version {number(version)} est prête : envoyez-la au fournisseur.")


@get(CANCELLATION, right=may_run)
async def ask_cancellation(here: Here[OrderPage]) -> Response[str]:
    return await _cancellation_page(here, form_of({"version": await _seen(here)}))


async def _cancellation_page(here: OrderPage, form: Form) -> Response[str]:
    await _renewed(here, form)
    held = await here.features.order_holds(here.session, here.order.id)
    if here.order.state == OrderState.CANCELLED or held:
        raise Conflict(" ".join(held) or "Cette commande est déjà annulée.", code="order_held")
    return here.ask(
        "Annuler",
        template="orders/cancel.html",
        form=form,
        question=f"Annuler la commande {here.order.reference} ?",
        consequences=[
            *([await _who_tells(here)] if here.order.state in LEFT else []),
            "Ce qu’elle devait apporter peut être commandé de nouveau.",
            "Une annulation ne se défait pas.",
        ],
        action=f"{here.order_path}/annulation",
        label="Annuler la commande",
        cancel=here.order_path,
        longest_reason=LONGEST_REASON,
    )


async def _who_tells(here: OrderPage) -> str:
    if await mailed_to(here.session, here.order.id):
        return f"{here.supplier.name} l’apprend par courriel, avec votre raison."
    return f"{here.supplier.name} n’est pas prévenu d’ici : faites-le vous-même."


@post(CANCELLATION, right=may_run)
async def do_cancellation(here: Here[OrderPage], form: PostedForm) -> Response[Any]:
    reason = form.reason()
    async with form.submitted(lambda: _cancellation_page(here, form), conflict=""):
        await cancel_order(
            here.session,
            here.caller,
            here.purchase.id,
            here.order.id,
            here.clock,
            reason=reason,
            shown=form.value("version"),
        )
    return here.redirect(here.order_path, done=f"La commande {here.order.reference} est annulée.", rings="deliver")


@get(TOLERANCES, right=may_run)
async def ask_tolerances(here: Here[OrderPage]) -> Response[str]:
    order = here.order
    values = {
        name: f"{getattr(order, name).normalize():f}".replace(".", ",") for name in ("over_percent", "under_percent")
    }
    return await _tolerances_page(here, form_of(values))


async def _tolerances_page(here: OrderPage, form: Form) -> Response[str]:
    return here.render("orders/tolerances.html", "Tolérances", form=form)


@post(TOLERANCES, right=may_run)
async def do_tolerances(here: Here[OrderPage], form: PostedForm) -> Response[Any]:
    over, under = (form.decimal(name, largest=100) for name in ("over_percent", "under_percent"))
    async with form.submitted(lambda: _tolerances_page(here, form), conflict=""):
        await set_tolerances(here.session, here.caller, here.purchase.id, here.order.id, over, under, here.now)
    return here.redirect(here.order_path, done="Les tolérances sont enregistrées.")


ROUTES = [
    ask_confirmation,
    do_confirmation,
    ask_amendment,
    do_amendment,
    ask_cancellation,
    do_cancellation,
    ask_tolerances,
    do_tolerances,
]
