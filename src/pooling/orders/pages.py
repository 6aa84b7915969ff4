"""The pages of a purchase's orders: all of them, from whom each item is ordered, one order."""

from collections.abc import Sequence
from typing import Any

from litestar import Response, get, post
from litestar.params import FromQuery
from sqlalchemy import select
from sqlmodel import col

from pooling.allocation.records.downloads import writes_apart
from pooling.kernel.errors import Invalid
from pooling.kernel.slices import Slice
from pooling.kernel.tables import id_typed
from pooling.members.group_page import Here
from pooling.needs.consolidating import current_consolidation
from pooling.orders.charging import ChargeShown, charges_shown
from pooling.orders.document import changes_in_words
from pooling.orders.making import ORDERING, make_orders, unawarded_items
from pooling.orders.models import Order, OrderState, OrderVersion
from pooling.orders.naming import awarded, name_invoicers, name_suppliers
from pooling.orders.page import ORDERS, SECTION, OrderPage
from pooling.orders.permissions import concerned_as, may_see_document, may_see_orders, sees_every_order
from pooling.orders.reading import (
    OrderShown,
    Tally,
    charges_ordered,
    count_lines,
    items_ordered,
    lines_listed,
    orders_listed,
    tally_of,
    total_of_purchase,
    totals_of_orders,
    versions_of,
    whole_of,
    without_address,
)
from pooling.orders.rules import LEFT, ORDER, each_buys
from pooling.procurement.reading import plan_of
from pooling.purchases.page import PurchasePage
from pooling.purchases.permissions import may_run
from pooling.purchases.queries import ItemShown, purchase_items
from pooling.suppliers.models import Supplier
from pooling.web.cursors import pages_after
from pooling.web.forms import Form, PostedForm, form_of
from pooling.web.layout import Link
from pooling.web.typography import date_long, date_short, date_time_long, euros, number, plural, price

NAMING = f"{SECTION}/fournisseurs"
MOST_SUPPLIERS = 500
SHOWN_CHANGES = 20
ONE = f"{ORDERS}/{{order_number:int}}"


@get(ORDERS, right=may_see_orders)
async def show_orders(here: Here[PurchasePage], etat: FromQuery[str] = "", apres: FromQuery[str] = "") -> Response[str]:
    return await _list_page(here, Form(), etat, apres)


async def _list_page(here: PurchasePage, form: Form, state: str = "", after: str = "") -> Response[str]:
    session, purchase = here.session, here.purchase
    await session.refresh(purchase)
    sees_all, runs = sees_every_order(here.caller, purchase), may_run(here.caller, purchase)
    state = state if state in list(OrderState) else ""
    among = None if sees_all else concerned_as(here.caller)
    listed = await orders_listed(session, purchase.id, Slice(after), among=among, state=state)
    totals = await totals_of_orders(session, [one.order.id for one in listed.items])
    beside = await here.features.order_facts(session, [one.order.id for one in listed.items])
    tally = await tally_of(session, purchase.id)
    frozen = await current_consolidation(session, purchase.id)
    ht, vat = await total_of_purchase(session, purchase.id) if sees_all else (0, 0)
    lacking = await unawarded_items(session, purchase.id, frozen.id) if frozen and runs else []
    doubtful, many = await without_address(session, purchase.id) if runs and tally.all else ((), 0)
    return here.render(
        "orders/list.html",
        "Commandes",
        form=form,
        orders=[
            _row(one, totals[one.order.id].ht, [facts.get(one.order.id) for facts in beside if facts])
            for one in listed.items
        ],
        columns_beside=[{"label": next(iter(facts.values())).label} for facts in beside if facts],
        tally=tally,
        states_of=_states(here, tally, state),
        files=[
            {"label": f"Toutes les lignes ({kind.upper()})", "url": f"{here.url}{SECTION}/lignes.{kind}"}
            for kind in ("xlsx", "csv")
        ]
        if sees_all
        else [],
        state=state,
        sees_all=sees_all,
        runs=runs,
        makes=runs and purchase.state in ORDERING,
        frozen=frozen,
        lacking=lacking,
        doubtful=doubtful,
        many=many,
        each_buys=each_buys((await plan_of(session, purchase.id)).mandate),
        ht=euros(ht),
        ttc=euros(ht + vat),
        apart=sees_all and tally.all > 0 and writes_apart(here.request, await count_lines(session, purchase.id)),
        **pages_after(here.url + SECTION, after, listed, {"etat": state}),
    )


def _states(here: PurchasePage, tally: Tally, chosen: str) -> list[Link]:
    url = here.url + SECTION
    shown = [
        (str(one), f"{ORDER.words[one]} ({number(tally.by_state[one])})") for one in OrderState if one in tally.by_state
    ]
    return (
        [
            Link("Toutes", url, chosen == ""),
            *(Link(label, f"{url}?etat={state}", chosen == state) for state, label in shown),
        ]
        if len(shown) > 1
        else []
    )


def _row(one: OrderShown, ht: int, beside: Sequence[Any]) -> dict[str, Any]:
    order = one.order
    return {
        "reference": order.reference,
        "number": order.number,
        "supplier": one.supplier.name,
        "buyer": one.buyer,
        "tag": ORDER.tag(order.state),
        "word": ORDER.word(order.state),
        "promised": date_short(order.promised_on) if order.promised_on else "–",
        "ht": euros(ht),
        "beside": beside,
    }


@post(ORDERS, right=may_run)
async def do_make(here: Here[PurchasePage], form: PostedForm) -> Response[Any]:
    async with form.submitted(lambda: _list_page(here, form), conflict=""):
        many = await make_orders(here.session, here.caller, here.purchase.id, here.clock)
    if many:
        return here.redirect(
            SECTION, done=f"{plural(many, 'bon de commande est prêt', 'bons de commande sont prêts')}."
        )
    return here.redirect(SECTION, warning="Tout ce qui est attribué est déjà commandé.")


@get(f"/achats/{{reference:str}}{NAMING}", right=may_run)
async def ask_suppliers(here: Here[PurchasePage]) -> Response[str]:
    items = await purchase_items(here.session, here.purchase.id)
    named = await awarded(here.session, here.purchase.id)
    values = {_field(item): named.get(item.id, "") for item in items}
    values |= {_charge_field(one): one.supplier_id or "" for one in await charges_shown(here.session, here.purchase.id)}
    return await _naming_page(here, form_of(values), items)


async def _naming_page(here: PurchasePage, form: Form, items: Sequence[ItemShown]) -> Response[str]:
    rows = await here.session.execute(
        select(col(Supplier.id), col(Supplier.name))
        .where(col(Supplier.archived_at).is_(None))
        .order_by(col(Supplier.sort_key), col(Supplier.id))
        .limit(MOST_SUPPLIERS)
    )
    return here.render(
        "orders/naming.html",
        ("Commandes", SECTION),
        "Fournisseurs",
        form=form,
        items=[{"field": _field(item), "item": item} for item in items],
        charges=[
            {"field": _charge_field(one), "label": one.label, "quoted": one.quoted}
            for one in await charges_shown(here.session, here.purchase.id)
        ],
        lots=list({item.lot.number: item.lot for item in items if item.lot}.values()),
        suppliers=[(str(supplier_id), name) for supplier_id, name in rows],
    )


def _field(item: ItemShown) -> str:
    return f"article-{item.code}"


def _charge_field(charge: ChargeShown) -> str:
    return f"frais-{charge.code}"


@post(f"/achats/{{reference:str}}{NAMING}", right=may_run)
async def do_suppliers(here: Here[PurchasePage], form: PostedForm) -> Response[Any]:
    """The one for all comes first, then the one of the lot, then the item's own."""
    items = await purchase_items(here.session, here.purchase.id)
    named: dict[str, int] = {}
    for item in items:
        lot = form.value(f"lot-{item.lot.number}") if item.lot else ""
        typed = form.value("tous") or lot or form.value(_field(item))
        if typed:
            named[item.code] = id_typed(typed) or 0
    every = await charges_shown(here.session, here.purchase.id)
    charges = {one.code: one for one in every if _charge_field(one) in form.values}
    invoicers = {
        code: (id_typed(typed) or 0) if (typed := form.value(_charge_field(one))) else None
        for code, one in charges.items()
    }
    reason = form.reason()
    whose = (here.session, here.caller, here.purchase.id)
    fields = {item.code: _field(item) for item in items}
    async with form.submitted(lambda: _naming_page(here, form, items), fields=fields, conflict=""):
        await name_suppliers(*whose, named, here.now, reason=reason)
        try:
            await name_invoicers(*whose, invoicers, here.now)
        except Invalid as refused:  # an item may have the same code
            raise Invalid({_charge_field(charges[code]): said for code, said in refused.errors.items()}) from refused
    return here.redirect(SECTION, done="Les fournisseurs sont enregistrés. Préparez maintenant les commandes.")


@get(ONE, right=may_see_orders)
async def show_order(here: Here[OrderPage], apres: FromQuery[str] = "") -> Response[str]:
    return await order_page(here, Form(), apres)


async def order_page(here: OrderPage, form: Form, after: str = "") -> Response[str]:
    session, order = here.session, here.order
    await session.refresh(order)
    items = await items_ordered(session, order.id)
    mine = {one.item.item_id: one.units for one in await items_ordered(session, order.id, here.among)}
    lines = await lines_listed(session, order.id, Slice(after), among=here.among)
    versions = await versions_of(session, order.id)
    charges = await charges_ordered(session, order.id)
    totals = whole_of(items, charges)
    return here.render(
        "orders/order.html",
        form=form,
        order=order,
        supplier=here.supplier,
        tag=ORDER.tag(order.state),
        word=ORDER.word(order.state),
        items=[
            {
                "name": one.item.name,
                "units": plural(one.units, one.item.unit),
                "mine": plural(mine[one.item.item_id], one.item.unit),
                "price": price(one.item.unit_price),
                "rate": f"{number(one.item.vat_rate)}\u00a0%",
                "ht": euros(one.total),
            }
            for one in items
        ],
        charges=[
            {"label": one.label, "rate": f"{number(one.vat_rate)}\u00a0%", "ht": euros(one.amount_cents)}
            for one in charges
        ],
        sees_all=here.among is None,
        lines=lines.items,
        totals=totals,
        rates=[
            (f"{number(rate)}\u00a0%", euros(totals.by_rate[rate]), euros(totals.vat_at(rate)))
            for rate in totals.by_rate
        ],
        versions=versions,
        versions_shown=[await _version(here, one) for one in versions],
        to_send=order.state != OrderState.CANCELLED and versions[0].sent_at is None,
        left=order.state in LEFT,
        may_cancel=order.state != OrderState.CANCELLED and not await here.features.order_holds(session, order.id),
        whole=may_see_document(here.caller, here.purchase, order),
        apart=writes_apart(here.request, await count_lines(session, here.purchase.id, order.id)),
        facts_shown=_facts(here),
        parts=await here.features.order_parts(here),
        runs=may_run(here.caller, here.purchase),
        **pages_after(here.url + here.order_path, after, lines),
    )


async def _version(here: OrderPage, version: OrderVersion) -> dict[str, Any]:
    made = f"Préparée le {date_time_long(version.made_at, here.zone, with_year=True)}, pas encore envoyée."
    if version.sent_at is not None:
        made = f"Partie le {date_time_long(version.sent_at, here.zone, with_year=True)} : {version.sent_how}."
    return {
        "number": version.number,
        "said": made,
        "reason": version.reason,
        "changes": await changes_in_words(here.session, here.order.id, version.changes, SHOWN_CHANGES),
        "kept": version.pdf_id is not None,
    }


def _facts(here: OrderPage) -> list[dict[str, str]]:
    order, supplier = here.order, here.supplier
    known = {
        "Fournisseur": supplier.name,
        "Acheteur": here.buyer,
        "Référence à rappeler": order.reference,
        "Envoyée le": date_time_long(order.sent_at, here.zone, with_year=True) if order.sent_at else "",
        "Confirmée le": date_short(order.confirmed_at.astimezone(here.zone).date()) if order.confirmed_at else "",
        "Numéro du fournisseur": order.supplier_reference,
        "Livraison promise": date_long(order.promised_on) if order.promised_on else "",
        "Tolérances": _tolerances(order),
        "Annulée": order.cancelled_because,
    }
    return [{"label": label, "value": value} for label, value in known.items() if value]


def _tolerances(order: Order) -> str:
    parts = ((order.over_percent, "en plus"), (order.under_percent, "en moins"))
    return ", ".join(f"{number(percent)}\u00a0% {which}" for percent, which in parts if percent)


ROUTES = [show_orders, do_make, ask_suppliers, do_suppliers, show_order]
