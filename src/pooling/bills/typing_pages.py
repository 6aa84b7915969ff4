"""The pages on which a bill is typed: a whole one, the lines that a file lacks, a supplier that it names."""

from collections.abc import Sequence
from typing import Any

from litestar import Response, get, post
from litestar.params import FromQuery
from sqlalchemy import select
from sqlmodel import col

from pooling.bills.deciding import name_supplier
from pooling.bills.keeping import change_typed, complete_bill, keep_typed
from pooling.bills.models import Bill, BillKind
from pooling.bills.ordered import OrderChosen, items_of_orders, orders_chosen, orders_of_bill
from pooling.bills.page import BILLS, NOUNS, ONE, SECTION, BillPage, BillsPage, called
from pooling.bills.permissions import may_decide, may_note_bills
from pooling.bills.queries import lines_of, rates_of
from pooling.bills.typing_form import (
    line_rows,
    rate_rows,
    read_bill,
    read_lines,
    read_orders,
    read_rates,
    typed_bill,
    typed_orders,
    typed_rates,
)
from pooling.kernel.errors import Conflict
from pooling.kernel.tables import id_typed
from pooling.members.group_page import Here
from pooling.orders.models import Order as SupplierOrder
from pooling.purchases.queries import purchase_items
from pooling.suppliers.keeping import SupplierIn, add_supplier
from pooling.suppliers.models import Supplier
from pooling.suppliers.permissions import may_keep
from pooling.web.bodies import LONG_FORM
from pooling.web.forms import Form, PostedForm, longest_of
from pooling.web.typography import euros

MOST_SUPPLIERS = 500
"""Offered to choose from; the others are found on their page."""
_LONGEST = {name: longest_of(SupplierIn, name) for name in SupplierIn.model_fields}
_TYPING_FIELDS = {"rates": "vatrate-1", "order": "order", "supplier_id": "supplier"}


async def _suppliers(here: BillsPage) -> list[tuple[str, str]]:
    rows = await here.session.execute(
        select(col(Supplier.id), col(Supplier.name))
        .where(col(Supplier.archived_at).is_(None))
        .order_by(col(Supplier.sort_key), col(Supplier.id))
        .limit(MOST_SUPPLIERS)
    )
    return [(str(id_), name) for id_, name in rows]


@get(f"{BILLS}/saisie", right=may_note_bills)
async def ask_typed(here: Here[BillsPage], commande: FromQuery[str] = "") -> Response[str]:
    """An empty form, or one that an order begins."""
    form = Form(values={"kind": BillKind.INVOICE})
    order = next(
        (one for one in await orders_chosen(here.session, here.purchase.id, None) if one.reference == commande), None
    )
    if order is not None:
        kept = await here.session.get_one(SupplierOrder, (here.group.id, order.id))
        form.values |= {"order": str(order.id), "supplier": str(kept.supplier_id)}
        form.values |= typed_orders(await items_of_orders(here.session, [order.id]))
    return await _typed_page(here, form, f"{SECTION}/saisie", "Saisir une facture")


async def _typed_page(
    here: BillsPage, form: Form, path: str, heading: str, linked: Sequence[OrderChosen] = ()
) -> Response[str]:
    items = await purchase_items(here.session, here.purchase.id)
    orders = await orders_chosen(here.session, here.purchase.id, None)
    return here.render(
        "bills/typed.html",
        heading,
        form=form,
        heading=heading,
        action_url=here.url + path,
        cancel_url=here.url + (path.rpartition("/")[0] if path.endswith("/correction") else SECTION),
        suppliers=await _suppliers(here),
        keeps=may_keep(here.caller),
        suppliers_url=f"{here.base}/fournisseurs/nouveau",
        orders=[(str(order.id), order.reference) for order in orders if order not in linked],
        linked=[(str(order.id), order.reference) for order in linked],
        kinds=list(NOUNS.items()),
        rows=line_rows(form),
        rate_rows=rate_rows(form),
        items=[(item.code, item.name) for item in items],
    )


@post(f"{BILLS}/saisie", right=may_note_bills, **LONG_FORM)
async def do_typed(here: Here[BillsPage], form: PostedForm) -> Response[Any]:
    supplier_id, orders = _read_whose(form)
    command = read_bill(form, [item.code for item in await purchase_items(here.session, here.purchase.id)])

    def page() -> Any:  # noqa: ANN401 - a page to come
        return _typed_page(here, form, f"{SECTION}/saisie", "Saisir une facture")

    async with form.submitted(page, fields=_TYPING_FIELDS, conflict="number"):
        assert supplier_id is not None, "it was refused"
        bill = await keep_typed(
            here.session,
            here.caller,
            here.purchase.id,
            command,
            here.now,
            supplier_id=supplier_id,
            orders=orders,
            insistence=form.insistence(),
        )
    return here.redirect(f"{SECTION}/{bill.id}", done=f"{called(bill)} : enregistrée. Vérifiez-la.")


def _read_whose(form: Form) -> tuple[int | None, list[int]]:
    supplier_id = id_typed(form.value("supplier"))
    if supplier_id is None:
        form.refuse("supplier", "Choisissez le fournisseur, ou ajoutez-le d’abord.")
    return supplier_id, read_orders(form)


@get(f"{ONE}/correction", right=may_decide)
async def ask_correction(here: Here[BillPage]) -> Response[str]:
    _require_typed(here.bill)
    lines, rates = await lines_of(here.session, here.bill.id), await rates_of(here.session, here.bill.id)
    codes = {item.id: item.code for item in await purchase_items(here.session, here.purchase.id)}
    form = typed_bill(here.bill, lines, rates, codes)
    linked = await orders_of_bill(here.session, here.bill.id)
    form.lists["orders"] = [str(order.id) for order in linked]
    return await _typed_page(here, form, f"{here.path}/correction", "Corriger la facture", linked)


def _require_typed(bill: Bill) -> None:
    if bill.source is not None:
        raise Conflict("Une facture lue dans un fichier ne se corrige pas : contestez-la.", code="bill_read")


@post(f"{ONE}/correction", right=may_decide, **LONG_FORM)
async def do_correction(here: Here[BillPage], form: PostedForm) -> Response[Any]:
    supplier_id, orders = _read_whose(form)
    command = read_bill(form, [item.code for item in await purchase_items(here.session, here.purchase.id)])

    async def page() -> Response[str]:
        await here.session.refresh(here.bill)
        if form.conflict:
            form.values["version"] = str(here.bill.version)
        linked = await orders_of_bill(here.session, here.bill.id)
        return await _typed_page(here, form, f"{here.path}/correction", "Corriger la facture", linked)

    async with form.submitted(page, fields=_TYPING_FIELDS, conflict=""):
        assert supplier_id is not None, "it was refused"
        await change_typed(
            here.session,
            here.caller,
            here.purchase.id,
            here.bill.id,
            command,
            here.now,
            supplier_id=supplier_id,
            orders=orders,
            seen=id_typed(form.value("version")),
            insistence=form.insistence(),
        )
    return here.redirect(here.path, done="La facture est corrigée.")


@get(f"{ONE}/lignes", right=may_decide)
async def ask_lines(here: Here[BillPage]) -> Response[str]:
    """What its file lacks, begun with its orders where it has some."""
    lines, rates = await lines_of(here.session, here.bill.id), await rates_of(here.session, here.bill.id)
    codes = {item.id: item.code for item in await purchase_items(here.session, here.purchase.id)}
    form = typed_bill(here.bill, lines, rates, codes)
    if not lines:
        orders = [order.id for order in await orders_of_bill(here.session, here.bill.id)]
        form.values |= typed_orders(await items_of_orders(here.session, orders, without=here.bill.id))
    return await _lines_page(here, form)


async def _lines_page(here: BillPage, form: Form) -> Response[str]:
    await here.session.refresh(here.bill)
    if form.conflict:
        form.values["version"] = str(here.bill.version)
    bill = here.bill
    if form.has_errors:
        for name, value in typed_rates(await rates_of(here.session, bill.id)).items():
            form.values.setdefault(name, value)
    return here.render(
        "bills/lines.html",
        "Compléter",
        form=form,
        heading=called(bill),
        path=here.url + here.path,
        ht=euros(bill.ht_cents),
        vat=euros(bill.vat_cents),
        rows=line_rows(form),
        rate_rows=rate_rows(form),
        items=[(item.code, item.name) for item in await purchase_items(here.session, here.purchase.id)],
    )


@post(f"{ONE}/lignes", right=may_decide, **LONG_FORM)
async def do_lines(here: Here[BillPage], form: PostedForm) -> Response[Any]:
    lines = read_lines(form, [item.code for item in await purchase_items(here.session, here.purchase.id)])
    rates = read_rates(form, lines)
    if not lines and not rates:
        form.refuse("", "Indiquez au moins une ligne.")
    whose = (here.session, here.caller, here.purchase.id, here.bill.id)
    async with form.submitted(lambda: _lines_page(here, form), conflict=""):
        seen = id_typed(form.value("version"))
        await complete_bill(*whose, lines, rates, here.now, seen=seen, insistence=form.insistence())
    return here.redirect(here.path, done="La facture est complétée.")


@get(f"{ONE}/fournisseur", right=may_decide)
async def ask_supplier(here: Here[BillPage]) -> Response[str]:
    """Whom the document names, to be chosen or added: filled in with what it says."""
    said = (here.bill.source or {}).get("seller", {})
    vat = said.get("vat", "")
    filled = {"name": said.get("name", ""), "siret": said.get("siret", ""), "vat_number": vat}
    return await _supplier_page(here, Form(values={**filled, "version": str(here.bill.version)}))


async def _supplier_page(here: BillPage, form: Form) -> Response[str]:
    await here.session.refresh(here.bill)
    if form.conflict:
        form.values["version"] = str(here.bill.version)
    return here.render(
        "bills/supplier.html",
        "Fournisseur",
        form=form,
        longest=_LONGEST,
        keeps=may_keep(here.caller),
        heading=called(here.bill),
        path=here.url + here.path,
        suppliers=await _suppliers(here),
    )


@post(f"{ONE}/fournisseur", right=may_decide)
async def do_supplier(here: Here[BillPage], form: PostedForm) -> Response[Any]:
    """One that is known, or a new one."""
    chosen = id_typed(form.value("supplier"))
    command = None
    if chosen is None:
        names: Sequence[str] = ("siret", "vat_number", "address", "contact", "phone", "note")
        command = form.command(
            SupplierIn,
            {},
            name=form.text("name", required="Choisissez un fournisseur, ou indiquez le nom du nouveau."),
            order_email=form.value("order_email"),
            **{name: form.value(name) for name in names},
        )
    async with form.submitted(lambda: _supplier_page(here, form), conflict=""):
        if command is not None:
            chosen = (await add_supplier(here.session, here.caller, command, here.now)).id
        assert chosen is not None, "one or the other"
        whose = (here.session, here.caller, here.purchase.id, here.bill.id)
        await name_supplier(*whose, chosen, here.now, seen=id_typed(form.value("version")))
    return here.redirect(here.path, done="Le fournisseur est connu.")


ROUTES = [
    ask_typed,
    do_typed,
    ask_correction,
    do_correction,
    ask_lines,
    do_lines,
    ask_supplier,
    do_supplier,
]
