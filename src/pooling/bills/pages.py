"""The page of a purchase's bills: what is ordered, accepted and invoiced, whether the shares tie with it, advances."""

import asyncio
from decimal import Decimal
from typing import Any, NamedTuple
from urllib.parse import urlencode

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery

from pooling.allocation.locking import may_edit as may_edit_costs
from pooling.allocation.page import finance_of
from pooling.bills import bill_pages, typing_pages
from pooling.bills.balancing import Mend, Mending
from pooling.bills.comparing import STATE_TAGS, STATE_WORDS, count, rate, state_of
from pooling.bills.deciding import forget_advance, note_advance
from pooling.bills.keeping import BillKnown, keep_read
from pooling.bills.models import BillState
from pooling.bills.ordered_charges import share_as_ordered
from pooling.bills.page import BILLS, SECTION, BillsPage, called, money, state_word
from pooling.bills.permissions import may_note_bills, may_see_bill
from pooling.bills.queries import BillShown, bills_listed
from pooling.bills.rules import BILL, sign_of
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
from pooling.bills.workbook import FILE_NAMES, bills_file
from pooling.invoices.apart import SECONDS, read_apart
from pooling.invoices.invoice import MOST_BYTES
from pooling.kernel.errors import Invalid
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
from pooling.web.addresses import path_of
from pooling.web.cursors import pages_after
from pooling.web.downloads import download
from pooling.web.forms import Form, PostedForm
from pooling.web.numbers import read_cents, typed_cents, typed_number
from pooling.web.scanning import scan_files, scanning_words
from pooling.web.typography import date_short, euros, plural

FIELD = "file"
LARGEST_INVOICE = limit(
    MOST_BYTES, "A supplier’s electronic invoice", __name__, Readers.OPERATORS, Readers.PROGRAMS, unit=BYTES
)
_AROUND = 100_000
HINT = f"PDF Factur-X, ou XML CII ou UBL, de {MOST_BYTES // 10**6} Mo au plus. Lu en {SECONDS} secondes au plus."
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
        "ttc": money(bill.currency, shown.signed_ttc),
        "due": money(bill.currency, sign_of(bill.kind) * bill.due_cents),
        "tag": BILL.tag(bill.state),
        "word": state_word(bill),
    }


def _orders_named(shown: BillShown) -> str:
    """In a list: the first ones."""
    first, more = shown.orders[:_FIRST_ORDERS], len(shown.orders) - _FIRST_ORDERS
    return ", ".join(first) + (f" et {plural(more, 'autre', 'autres')}" if more > 0 else "")


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
    *bill_pages.ROUTES,
    do_share_as_ordered,
    do_advance,
    do_forget_advance,
    *typing_pages.ROUTES,
]
