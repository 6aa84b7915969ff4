"""The pages of a purchase's bills: what is invoiced, one bill, and all that is decided on it."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from functools import partial
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery

from pooling.allocation.locking import may_edit as may_edit_costs
from pooling.allocation.page import finance_of
from pooling.bills import typing_pages
from pooling.bills.balancing import Mend, Mending
from pooling.bills.comparing import STATE_TAGS, STATE_WORDS, count, rate, state_of
from pooling.bills.deciding import (
    accept_bill,
    all_differences,
    dispute_bill,
    doubtful,
    forget_advance,
    link_bill,
    match_lines,
    note_advance,
    reject_bill,
    take_back,
)
from pooling.bills.keeping import BillKnown, keep_read, lacks_lines
from pooling.bills.models import Bill, BillLine, BillState
from pooling.bills.ordered import items_of_orders, orders_chosen, orders_named, orders_of_bill
from pooling.bills.ordered_charges import share_as_ordered
from pooling.bills.page import BILLS, ONE, SECTION, BillPage, BillsPage, called
from pooling.bills.permissions import may_decide, may_note_bills, may_see_bill
from pooling.bills.queries import BillShown, bills_listed, lines_of, parts_of, rates_of, seller_identity, show_bill
from pooling.bills.rules import BILL, ItemOrdered, Key, link, references_of, sign_of
from pooling.bills.totals import (
    ItemBilled,
    OrderBilled,
    advances_of,
    charges_billed,
    items_billed,
    orders_billed,
    payable_of,
    rates_billed,
)
from pooling.bills.tying import Tied, read_tied
from pooling.bills.typing_form import read_orders
from pooling.bills.workbook import FILE_NAMES, bills_file
from pooling.invoices.apart import SECONDS, read_apart
from pooling.invoices.invoice import MOST_BYTES
from pooling.kernel.errors import Invalid, NotFound
from pooling.kernel.files import file_with_content
from pooling.kernel.limits import BYTES, Readers, limit
from pooling.kernel.slices import Slice
from pooling.kernel.tables import id_typed
from pooling.members.group_page import Here
from pooling.members.rights import Right
from pooling.needs.adjusting import ADJUSTING
from pooling.purchases.kinds.parts import Part
from pooling.purchases.permissions import may_run
from pooling.sharing.money import Cents
from pooling.sharing.tying import Tying
from pooling.suppliers.models import Supplier
from pooling.web.addresses import path_of
from pooling.web.cursors import pages_after
from pooling.web.downloads import REVALIDATED, download
from pooling.web.forms import Form, PostedForm
from pooling.web.numbers import read_cents, typed_cents, typed_number
from pooling.web.scanning import scan_files, scanning_words
from pooling.web.typography import date_short, euros, plural, price

FIELD = "file"
LARGEST_INVOICE = limit(
    MOST_BYTES, "A supplier’s electronic invoice", __name__, Readers.OPERATORS, Readers.PROGRAMS, unit=BYTES
)
_AROUND = 100_000
HINT = f"PDF Factur-X, ou XML CII ou UBL, de {MOST_BYTES // 10**6} Mo au plus. Lu en {SECONDS} secondes au plus."
EDITED_LINES = 200
"""Lines whose item may be chosen on one page; of more, the rule's own matches stand."""
_FIRST_ORDERS = 3


@get(BILLS, right=Right.SEE_TOTALS)
async def show_bills(here: Here[BillsPage], apres: FromQuery[str] = "") -> Response[str]:
    """What is ordered, accepted and invoiced, of what concerns the caller; whether what is shared ties with it."""
    return await _bills_page(here, Form(), apres)


async def _bills_page(here: BillsPage, form: Form, after: str = "") -> Response[str]:
    session, purchase_id, reach = here.session, here.purchase.id, here.reach
    billed = await items_billed(session, purchase_id, reach)
    whole = reach.everything or reach.common
    tied = await read_tied(session, purchase_id, finance_of(here)) if whole else None
    listed = await bills_listed(session, purchase_id, reach, Slice(after))
    orders = await orders_billed(session, purchase_id, reach, Slice())
    rates = await rates_billed(session, purchase_id, reach)
    notes = here.changes and may_note_bills(here.caller, here.purchase, here.buyers)
    return here.render(
        "bills/bills.html",
        form=form,
        base=here.url + SECTION,
        notes=notes,
        hint=HINT,
        scanned=scanning_words(here.request),
        ordered=here.kind.has(Part.ITEMS),
        billed=[_item(item) for item in billed],
        chart=[_drawn(item) for item in billed],
        charges=[
            (", ".join(one.labels), one.supplier, rate(one.vat_rate), euros(one.ordered), euros(one.invoiced))
            for one in await charges_billed(session, purchase_id, reach)
        ],
        payable=await payable_of(session, purchase_id, reach),
        rates=[(rate(each), euros(ht), euros(vat), euros(ht + vat)) for each, (ht, vat) in rates.items()],
        total=_taxed(sum(ht for ht, _ in rates.values()), sum(vat for _, vat in rates.values())),
        orders=[_order(order, here) for order in orders.items],
        more_orders=orders.next is not None,
        advances=await advances_of(session, purchase_id, reach),
        bills=[_listed(shown) for shown in listed.items],
        files=[{"label": kind.upper(), "url": f"{here.url}{SECTION}/{name}"} for kind, name in FILE_NAMES.items()],
        tied=_tied(here, tied) if tied else None,
        **pages_after(here.url + SECTION, after, listed),
    )


def _taxed(ht: Cents, vat: Cents) -> tuple[str, str, str]:
    return euros(ht), euros(vat), euros(ht + vat)


def _item(item: ItemBilled) -> dict[str, str]:
    tally = item.tally
    return {
        "supplier": item.supplier,
        "name": item.name,
        "ordered": count(tally.ordered),
        "accepted": count(tally.accepted),
        "invoiced": count(tally.invoiced),
        "covered": count(tally.covered),
        "ordered_ht": euros(item.ordered_cents),
        "invoiced_ht": euros(item.invoiced_cents),
        "said": _said(item),
    }


def _said(item: ItemBilled) -> str:
    """What to look at, in a few words."""
    tally = item.tally
    if tally.invoiced > tally.ordered:
        return f"{count(tally.invoiced - tally.ordered)} de trop"
    if tally.invoiced > tally.accepted:
        return f"{count(tally.invoiced - tally.accepted)} en avance sur la livraison"
    if tally.accepted > tally.invoiced:
        return f"{count(tally.accepted - tally.invoiced)} à facturer"
    return ""


def _drawn(item: ItemBilled) -> dict[str, Any]:
    """Of each item the part that is settled, that is here and not invoiced, invoiced and not here, still to come."""
    tally = item.tally
    invoiced = max(0.0, float(tally.invoiced))
    covered = float(tally.covered)
    here = max(0.0, min(tally.accepted, tally.ordered) - covered)
    ahead = max(0.0, invoiced - covered)
    return {
        "label": item.name,
        "values": [covered, here, ahead, max(0.0, tally.ordered - covered - here - ahead)],
        "text": f"{count(tally.invoiced)} sur {count(tally.ordered)}",
        "detail": ", ".join(
            plural(each, word)
            for each, word in (
                (tally.ordered, "commandé"),
                (tally.accepted, "reçu"),
                (tally.invoiced, "facturé"),
            )
        )
        + ".",
    }


def _order(order: OrderBilled, here: BillsPage) -> dict[str, Any]:
    state = state_of(order.items)
    return {
        "id": order.id,
        "reference": order.reference,
        "supplier": order.supplier,
        "payer": order.payer or here.lead,
        "tag": STATE_TAGS[state],
        "word": STATE_WORDS[state],
        "advances": order.advances.said,
        "due": euros(order.due),
    }


def _listed(shown: BillShown) -> dict[str, Any]:
    bill = shown.bill
    return {
        "id": bill.id,
        "called": called(bill),
        "seller": shown.seller,
        "order": _orders_named(shown)
        or ("à rattacher" if bill.state in (BillState.TO_CHECK, BillState.DISPUTED) else "–"),
        "issued": date_short(bill.issued_on) if bill.issued_on else "–",
        "due_on": date_short(bill.due_on) if bill.due_on else "–",
        "ttc": _money(bill.currency, shown.signed_ttc),
        "due": _money(bill.currency, sign_of(bill.kind) * bill.due_cents),
        "tag": BILL.tag(bill.state),
        "word": _word(bill),
    }


def _orders_named(shown: BillShown) -> str:
    """In a list: the first ones."""
    first, more = shown.orders[:_FIRST_ORDERS], len(shown.orders) - _FIRST_ORDERS
    return ", ".join(first) + (f" et {plural(more, 'autre', 'autres')}" if more > 0 else "")


def _word(bill: Bill) -> str:
    return "Remplacée" if bill.replaced_by_id is not None else BILL.word(bill.state)


def _tied(here: BillsPage, tied: Tied) -> dict[str, Any]:
    """Whether the shares tie with what is invoiced, and links to what would mend them."""
    balance = tied.balance
    runs = may_run(here.caller, here.purchase)
    return {
        "begun": balance.begun,
        "refused": tied.refused,
        "ties": tied.ties,
        "alone": _alone(tied),
        "gap": euros(balance.gap.ht + balance.gap.vat),
        "rates": [
            (rate(one.rate), *(euros(side[place]) for place in (0, 1) for side in (one.shared, one.invoiced, one.gap)))
            for one in balance.rates
        ],
        "mends": [(mend.message, *_way(here, mend, runs=runs)) for mend in balance.mends],
        "moves": [(one.code, one.label, said) for one, said in tied.moves],
        "runs": runs and may_edit_costs(here.purchase),
        "record": tied.record,
        "record_ties": tied.record_ties,
        "record_gap": euros(tied.record_gap.ht + tied.record_gap.vat),
    }


def _alone(tied: Tied) -> list[str]:
    """Of members that pay their own bills: whose share is not its bill, and who has none yet."""
    tie = tied.tie
    said = [
        f"{tied.names.get(one.member, one.member)} : sa facture est de {euros(one.ht)} HT et {euros(one.vat)} de TVA "
        f"{'au-dessus' if one.ht + one.vat > 0 else 'au-dessous'} de ce que ses unités donnent."
        if one.member
        else f"Les factures adressées au pilote : {euros(one.ht)} HT et {euros(one.vat)} de TVA de plus que les frais "
        "payés à part. Dites qui a payé ces frais, ou rattachez ces factures à la commande d’un membre."
        for one in tie.untied
        if one.member or tie.to is Tying.OWN
    ]
    if tie.more:
        said.append(f"Et {plural(tie.more, 'autre membre', 'autres membres')}.")
    if tie.waiting:
        said.append(f"{plural(tie.waiting, 'membre n’a', 'membres n’ont')} pas encore de facture acceptée.")
    return said


class Way(NamedTuple):
    """Where something is mended; empty: it is not for the caller, or not in these pages."""

    label: str = ""
    url: str = ""


_ADJUSTED = {
    Mending.QUANTITY: ("Ajuster ce qui est attribué", ""),
    Mending.PRICE: ("Corriger le prix", "prix"),
    Mending.RATE: ("Corriger le taux", "tva"),
}
"""What an adjustment of what is assigned mends, and the field that it fills in."""


def _way(here: BillsPage, mend: Mend, *, runs: bool) -> Way:
    if mend.label and runs and may_edit_costs(here.purchase):
        filled = {
            "label": mend.label,
            "amount": typed_cents(mend.cents),
            "vat_rate": typed_number(f"{Decimal(mend.vat_rate.numerator) / mend.vat_rate.denominator:f}"),
        }
        return Way("Ajouter ces frais", f"{here.url}/couts/frais/nouveau?{urlencode(filled)}")
    adjusts = runs and here.kind.has(Part.ORDERS) and here.purchase.state in ADJUSTING
    if adjusts and mend.kind in _ADJUSTED:
        label, field = _ADJUSTED[mend.kind]
        value = f"?{urlencode({f'{field}-{mend.item}': typed_number(mend.value)})}" if field else ""
        return Way(label, f"{here.url}/receptions/ajustement{value}")
    if mend.kind in (Mending.PRICE, Mending.RATE):
        return Way("Voir l’article", f"{here.url}/articles/{mend.item}")
    if mend.kind is Mending.CHARGE:
        return Way("Voir les coûts", f"{here.url}/couts")
    return Way()


@post(BILLS, right=may_note_bills, request_max_body_size=LARGEST_INVOICE + _AROUND, guards=[scan_files])
async def do_read(here: Here[BillsPage], form: PostedForm) -> Response[Any]:
    """Reads the file that was sent, in a process of its own, and keeps what it says."""
    file = form.files.get(FIELD)
    if file is None or not file.content:
        form.refuse(FIELD, "Choisissez le fichier que le fournisseur a envoyé.")
    async with form.submitted(lambda: _bills_page(here, form)):
        assert file is not None, "it was refused"
        reading = await asyncio.to_thread(read_apart, file.content)
        try:
            bill = await keep_read(here.session, here.caller, here.purchase.id, reading, file, here.now, field=FIELD)
        except BillKnown as known:
            if known.purchase.id != here.purchase.id or not may_see_bill(here.caller, here.reach, known.bill):
                raise Invalid({FIELD: known.message}) from known
            return here.redirect(f"{SECTION}/{known.bill.id}", warning=known.message)
        return here.redirect(f"{SECTION}/{bill.id}", done=f"{called(bill)} : lue et gardée. Vérifiez-la.")
    raise AssertionError("the form is shown again")


@get([f"{BILLS}/{name}" for name in FILE_NAMES.values()], right=Right.SEE_TOTALS)
async def download_bills(here: Here[BillsPage]) -> Response[bytes]:
    """The bills that the caller sees, with their amounts by rate, as one file."""
    kind = path_of(here.request).rpartition(".")[2]
    content, media_type = await bills_file(here, kind)
    return download(content, f"{here.purchase.reference}-factures.{kind}", media_type)


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
        word=_word(bill),
        is_open=is_open,
        decides=here.decides,
        sign=sign_of(bill.kind),
        money=partial(_money, bill.currency),
        lines=_lines(here, lines, items, await parts_of(session, bill.id)),
        rates=[
            (rate(each.vat_rate), *(_money(bill.currency, cents) for cents in (each.base_cents, each.vat_cents)))
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


def _money(currency: str, cents: Cents) -> str:
    """An amount in the document's own currency."""
    return _in(currency, euros(cents))


def _in(currency: str, said: str) -> str:
    return said if currency == "EUR" else said.replace("€", currency)


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
        "price": _in(here.bill.currency, price(line.unit_price)),
        "net": _money(here.bill.currency, line.net_cents),
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


@post(f"{BILLS}/frais", right=may_run)
async def do_share_as_ordered(here: Here[BillsPage], form: PostedForm) -> Response[Any]:
    """Shares a charge again as the orders of members say it."""
    whose = (here.session, here.caller, here.purchase.id)
    charge = await share_as_ordered(*whose, form.value("charge"), here.clock)
    return here.redirect(SECTION, done=f"{charge.label} : réparti comme les commandes des membres le disent.")


@post(f"{BILLS}/avances", right=may_note_bills)
async def do_advance(here: Here[BillsPage], form: PostedForm) -> Response[Any]:
    cents = read_cents(form, "cents")
    order_id = id_typed(form.value("order"))
    if order_id is None:
        form.refuse("order", "Choisissez la commande de cette avance.")
    paid_on = form.date("paid_on")
    note = form.text("note", longest=200)
    async with form.submitted(lambda: _bills_page(here, form), conflict=""):
        assert order_id is not None, "it was refused"
        assert paid_on is not None, "it was refused"
        whose = (here.session, here.caller, here.purchase.id, order_id)
        await note_advance(*whose, cents, paid_on, here.now, note=note)
    return here.redirect(SECTION, done="L’avance est notée : elle se déduit des factures.")


@post(f"{BILLS}/avances/{{advance_id:int}}/retrait", right=may_note_bills)
async def do_forget_advance(here: Here[BillsPage], advance_id: FromPath[int]) -> Response[Any]:
    await forget_advance(here.session, here.caller, here.purchase.id, advance_id, here.now)
    return here.redirect(SECTION, done="L’avance est retirée.")


ROUTES = [
    show_bills,
    do_read,
    download_bills,
    show_bill_page,
    download_bill,
    do_link,
    ask_matching,
    do_matching,
    do_accept,
    do_dispute,
    do_reject,
    do_take_back,
    do_share_as_ordered,
    do_advance,
    do_forget_advance,
    *typing_pages.ROUTES,
]
