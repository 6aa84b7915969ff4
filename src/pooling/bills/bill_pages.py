"""The pages of one bill: what it asks for beside its orders, and all that is decided on it."""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from fractions import Fraction
from functools import partial
from typing import Any
from urllib.parse import quote, urlencode

from litestar import Response, get, post

from pooling.bills.comparing import count, rate
from pooling.bills.deciding import (
    accept_bill,
    all_differences,
    dispute_bill,
    doubtful,
    link_bill,
    match_lines,
    reject_bill,
    take_back,
)
from pooling.bills.keeping import lacks_lines
from pooling.bills.models import Bill, BillLine, BillState
from pooling.bills.ordered import items_of_orders, orders_chosen, orders_named, orders_of_bill
from pooling.bills.page import ONE, BillPage, called, in_currency, money, state_word
from pooling.bills.permissions import may_decide, may_see_bill
from pooling.bills.queries import lines_of, parts_of, rates_of, seller_identity, show_bill
from pooling.bills.rules import BILL, ItemOrdered, Key, link, references_of, sign_of
from pooling.bills.typing_form import read_orders
from pooling.kernel.errors import NotFound
from pooling.kernel.files import file_with_content
from pooling.kernel.tables import id_typed
from pooling.members.group_page import Here
from pooling.suppliers.models import Supplier
from pooling.web.downloads import REVALIDATED, download
from pooling.web.forms import Form, PostedForm
from pooling.web.typography import date_short, euros, price

EDITED_LINES = 200
"""Lines whose item may be chosen on one page; of more, the rule's own matches stand."""


@get(ONE, right=may_see_bill)
async def show_bill_page(here: Here[BillPage]) -> Response[str]:
    return await _bill_page(here, Form())


async def _bill_page(here: BillPage, form: Form) -> Response[str]:
    """The version stays the one that was shown, unless the person has just been told of a newer one."""
    session, purchase_id = here.session, here.purchase.id
    await session.refresh(here.bill)
    bill = here.bill
    if not form.value("version") or form.conflict:
        form.values["version"] = str(bill.version)
    shown = await show_bill(session, bill)
    lines, rates = await lines_of(session, bill.id), await rates_of(session, bill.id)
    linked = await orders_of_bill(session, bill.id)
    items = await items_of_orders(session, [order.id for order in linked], without=bill.id)
    differences = await all_differences(session, bill)
    is_open = bill.state in (BillState.TO_CHECK, BillState.DISPUTED)
    orders = await orders_chosen(session, purchase_id, bill.supplier_id) if here.decides and is_open else []
    if not form.has_errors:
        form.lists["orders"] = [str(order.id) for order in linked]
    supplier = await session.get(Supplier, (bill.group_id, bill.supplier_id)) if bill.supplier_id else None
    return here.render(
        "bills/bill.html",
        form=form,
        bill=bill,
        shown=shown,
        heading=called(bill),
        payer=shown.payer or here.lead,
        tag=BILL.tag(bill.state),
        word=state_word(bill),
        is_open=is_open,
        decides=here.decides,
        sign=sign_of(bill.kind),
        money=partial(money, bill.currency),
        lines=_lines(here, lines, items, await parts_of(session, bill.id)),
        rates=[
            (rate(each.vat_rate), *(money(bill.currency, cents) for cents in (each.base_cents, each.vat_cents)))
            for each in rates
        ],
        differences=differences,
        findings=_findings(bill),
        needs_reason=doubtful(bill) or any(one.severity == "error" for one in differences),
        unlinked=await _unlinked(here, lines) if not linked and is_open else "",
        orders=[(str(order.id), order.reference) for order in orders if order not in linked],
        linked=[(str(order.id), order.reference) for order in linked] if here.decides and is_open else [],
        lacks_lines=lacks_lines(bill) and is_open,
        corrects=bill.source is None and is_open,
        matches=bool(items) and bool(lines) and is_open and len(lines) <= EDITED_LINES,
        mail=_mail(here, supplier, [one.message for one in differences if one.severity == "error"]),
        issued=date_short(bill.issued_on) if bill.issued_on else "non lue",
        due_on=date_short(bill.due_on) if bill.due_on else "non dite",
    )


def _lines(
    here: BillPage,
    lines: Sequence[BillLine],
    items: Sequence[ItemOrdered],
    parts: Mapping[int, Mapping[Key, Fraction]],
) -> list[dict[str, Any]]:
    """With what each is for: also of which order, where the bill has several."""
    names = {item.item_id: item.name for item in items}
    orders = {item.order_id: item.order for item in items}

    def said(line: BillLine) -> str:
        units = parts.get(line.position, {})
        return ", ".join(f"{count(abs(each))} de {orders[key.order_id]}" for key, each in units.items())

    return [_line(here, place, line, names, said(line) if len(orders) > 1 else "") for place, line in enumerate(lines)]


def _line(here: BillPage, place: int, line: BillLine, names: Mapping[int, str], orders: str = "") -> dict[str, Any]:
    found = [one["message"] for one in here.bill.findings if one["field"] == f"lines[{place}].net"]
    return {
        "place": line.position,
        "name": line.name,
        "code": line.supplier_code,
        "orders": orders,
        "quantity": count(line.quantity),
        "price": in_currency(here.bill.currency, price(line.unit_price)),
        "net": money(here.bill.currency, line.net_cents),
        "rate": rate(line.vat_rate),
        "item": names.get(line.item_id or 0, ""),
        "item_id": line.item_id,
        "found": " ".join(found),
    }


def _findings(bill: Bill) -> list[dict[str, str]]:
    """What concerns the document as a whole, its parties or amounts: lines tell their own."""
    return [one for one in bill.findings if not one["field"].startswith("lines[")]


async def _unlinked(here: BillPage, lines: Sequence[BillLine]) -> str:
    """Why it is linked to no order, where its purchase has some."""
    references = references_of(here.bill.order_reference, (line.order_reference for line in lines))
    orders, some = await orders_named(here.session, here.purchase.id, references)
    if not some:
        return ""
    if here.bill.currency != "EUR":
        return f"Cette facture est en {here.bill.currency} : elle n’est rapprochée d’aucune commande."
    if not references:
        return "Elle ne dit pas de quelle commande elle est : rattachez-la."
    if not orders:
        return f"Cet achat n’a pas de commande « {here.bill.order_reference or references[0]} » : rattachez-la."
    seller = await seller_identity(here.session, here.bill)
    return link(references, seller, orders).said or "Rattachez-la à sa commande."


def _mail(here: BillPage, supplier: Supplier | None, differences: Sequence[str]) -> str:
    """A letter to the supplier, as a link that opens the person's own mail program; empty without its address."""
    if supplier is None or not supplier.order_email:
        return ""
    bill = here.bill
    about = f"{called(bill)}, {euros(bill.ttc_cents)} TTC"
    if bill.order_reference:
        about += f", commande {bill.order_reference}"
    told = "\n".join(f"- {sentence}" for sentence in (bill.reason, *differences) if sentence)
    body = (
        f"Bonjour,\n\nNous ne pouvons pas accepter ce document : {about}.\n\n{told}\n\n"
        "Merci de nous adresser un document corrigé ou un avoir.\n"
    )
    filled = {"subject": f"{called(bill)} : à corriger", "body": body}
    return f"mailto:{quote(supplier.order_email)}?{urlencode(filled, quote_via=quote)}"


@get(f"{ONE}/fichier", right=may_see_bill)
async def download_bill(here: Here[BillPage]) -> Response[bytes]:
    """The file as it was received."""
    if here.bill.file_id is None:
        raise NotFound
    file, content = await file_with_content(here.session, here.bill.file_id)
    return download(content, file.name, file.media_type, headers=REVALIDATED)


def _seen(form: Form) -> int | None:
    return id_typed(form.value("version"))


@post(f"{ONE}/commande", right=may_decide)
async def do_link(here: Here[BillPage], form: PostedForm) -> Response[Any]:
    orders = read_orders(form)
    async with form.submitted(lambda: _bill_page(here, form), conflict=""):
        await link_bill(here.session, here.caller, here.purchase.id, here.bill.id, orders, here.now, seen=_seen(form))
    done = "La facture est rattachée, ses lignes sont rapprochées." if orders else "La facture n’est plus rattachée."
    return here.redirect(here.path, done=done)


@get(f"{ONE}/rapprochement", right=may_decide)
async def ask_matching(here: Here[BillPage]) -> Response[str]:
    return await _matching_page(here, Form())


async def _matching_page(here: BillPage, form: Form) -> Response[str]:
    await here.session.refresh(here.bill)
    bill = here.bill
    lines = await lines_of(here.session, bill.id)
    orders = [order.id for order in await orders_of_bill(here.session, bill.id)]
    items = await items_of_orders(here.session, orders, without=bill.id)
    names = {item.item_id: item.name for item in items}
    if not form.value("version") or form.conflict:
        form.values["version"] = str(bill.version)
    for line in lines:
        form.values.setdefault(f"line-{line.position}", str(line.item_id or ""))
    return here.render(
        "bills/matching.html",
        "Rapprocher",
        form=form,
        heading=called(bill),
        path=here.url + here.path,
        lines=[_line(here, place, line, names) for place, line in enumerate(lines[:EDITED_LINES])],
        options=_options(items),
    )


def _options(items: Sequence[ItemOrdered]) -> list[tuple[str, str]]:
    """Each item once, at the prices of the orders that have it."""
    prices: dict[tuple[int, str], list[str]] = defaultdict(list)
    for item in items:
        prices[item.item_id, item.name].append(price(item.unit_price))
    return [
        (str(item_id), f"{name}, {' ou '.join(dict.fromkeys(each))} HT") for (item_id, name), each in prices.items()
    ]


@post(f"{ONE}/rapprochement", right=may_decide)
async def do_matching(here: Here[BillPage], form: PostedForm) -> Response[Any]:
    lines = await lines_of(here.session, here.bill.id)
    fields = {line.position: f"line-{line.position}" for line in lines}
    matches = {place: id_typed(form.value(name)) for place, name in fields.items() if name in form.values}
    whose = (here.session, here.caller, here.purchase.id, here.bill.id)
    async with form.submitted(lambda: _matching_page(here, form), conflict=""):
        await match_lines(*whose, matches, here.now, seen=_seen(form))
    return here.redirect(here.path, done="Les lignes sont rapprochées.")


@post(f"{ONE}/acceptation", right=may_decide)
async def do_accept(here: Here[BillPage], form: PostedForm) -> Response[Any]:
    return await _decided(
        here, form, accept_bill, "La facture est acceptée : elle compte désormais dans ce qui est facturé."
    )


@post(f"{ONE}/contestation", right=may_decide)
async def do_dispute(here: Here[BillPage], form: PostedForm) -> Response[Any]:
    return await _decided(
        here, form, dispute_bill, "La facture est contestée : écrivez au fournisseur, la page prépare le courriel."
    )


@post(f"{ONE}/refus", right=may_decide)
async def do_reject(here: Here[BillPage], form: PostedForm) -> Response[Any]:
    return await _decided(here, form, reject_bill, "La facture est refusée : elle ne compte pour rien.")


@post(f"{ONE}/reprise", right=may_decide)
async def do_take_back(here: Here[BillPage], form: PostedForm) -> Response[Any]:
    return await _decided(here, form, take_back, "La facture est de nouveau à vérifier.")


async def _decided(here: BillPage, form: Form, decide: Callable[..., Awaitable[Bill]], done: str) -> Response[Any]:
    reason = form.reason()
    whose = (here.session, here.caller, here.purchase.id, here.bill.id)
    async with form.submitted(lambda: _bill_page(here, form), conflict=""):
        await decide(*whose, here.now, reason=reason, seen=_seen(form))
    return here.redirect(here.path, done=done)


ROUTES = [
    show_bill_page,
    download_bill,
    do_link,
    ask_matching,
    do_matching,
    do_accept,
    do_dispute,
    do_reject,
    do_take_back,
]
