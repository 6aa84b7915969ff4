"""From an invoice as its file says it to a bill, and from one that was typed to an invoice, so that both are checked by
the same checks. Pure.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from pooling.bills.models import BillKind
from pooling.bills.rules import Identity
from pooling.bills.schemas import LARGEST_CENTS, LONGEST_NUMBER, MOST_LINES, MOST_RATES, BillIn, LineIn, RateIn
from pooling.invoices.checks import check
from pooling.invoices.invoice import Finding, Invoice, InvoiceLine, Party, Refused, Totals, VatGroup
from pooling.kernel.text import one_line
from pooling.sharing.money import Cents
from pooling.web.typography import euros

_HUNDRED = Decimal(100)
_CENT = Decimal("0.01")
_REFERENCE = re.compile(r"[0-9]+")
"""An order's number within its purchase."""
_QUANTITY, _PRICE = Decimal("0.000001"), Decimal("0.00000001")
_LARGEST_QUANTITY = Decimal(10**12)
_LARGEST_PRICE = Decimal(10**10)


def bill_of(invoice: Invoice, purchase: str) -> BillIn:
    """What a file says, as a bill is kept. What has no place in one is left to the file. Orders of the purchase of this
    reference may stand where other things do as well: among objects (BT-18, BT-128), before the line of one (BT-132).

    Raises:
        Refused: an amount that no invoice has, more lines or rates than anybody writes.
    """
    if len(invoice.lines) > MOST_LINES:
        raise Refused("unreadable", f"Cette facture a plus de {MOST_LINES} lignes.", "lines")
    totals = invoice.totals
    rates = _rates(invoice.vat)
    ht = _cents(totals.ht) if totals.ht is not None else sum(rate.base_cents for rate in rates)
    vat = _cents(totals.vat) if totals.vat is not None else sum(rate.vat_cents for rate in rates)
    ttc = _cents(totals.ttc) if totals.ttc is not None else ht + vat
    prepaid = _cents(totals.prepaid)
    lines = tuple(_line(line, place, purchase) for place, line in enumerate(invoice.lines, start=1))
    named = invoice.order or _ours(invoice.objects, purchase)
    return BillIn(
        kind=BillKind(invoice.kind),
        number=_text(invoice.number, LONGEST_NUMBER),
        issued_on=_day(invoice.issued_on),
        due_on=_day(invoice.due_on),
        order_reference=_text(
            named or ", ".join(dict.fromkeys(filter(None, (line.order_reference for line in lines)))), 100
        ),
        credited=tuple(_text(number, LONGEST_NUMBER) for number in invoice.credited[:100]),
        currency=_text(invoice.currency, 3) or "EUR",
        lines=lines,
        rates=rates,
        allowances_cents=_cents(invoice.allowances),
        charges_cents=_cents(invoice.charges),
        ht_cents=ht,
        vat_cents=vat,
        ttc_cents=ttc,
        prepaid_cents=prepaid,
        rounding_cents=_cents(totals.rounding),
        due_cents=_cents(totals.due) if totals.due is not None else ttc - prepaid,
    )


def seller_of(party: Party) -> Identity:
    return Identity(party.siret, party.siren, party.vat, _text(party.name, 200))


def _ours(said: Iterable[str], purchase: str) -> str:
    """The first that is the reference of an order of this purchase; empty: none is."""
    return next((each for each in said if each.startswith(f"{purchase}-")), "")


def _order_of(line: InvoiceLine, purchase: str) -> tuple[str, str]:
    """The order that a line names, and its line there."""
    order = line.order or _ours(line.objects, purchase)
    if order or not _ours([line.order_line], purchase):
        return order, line.order_line
    reference = _REFERENCE.match(line.order_line, len(purchase) + 1)
    end = reference.end() if reference else len(line.order_line)
    return line.order_line[:end], line.order_line[end:].strip(" /:.#-")


def _line(line: InvoiceLine, place: int, purchase: str) -> LineIn:
    """A line's own total is trusted; a price for a hundred is made one for one."""
    order, order_line = _order_of(line, purchase)
    quantity = _bounded(line.quantity if line.quantity is not None else Decimal(1), _LARGEST_QUANTITY)
    price = _bounded(line.unit_price or Decimal(0), _LARGEST_PRICE)
    base = line.price_base if line.price_base > 0 else Decimal(1)
    return LineIn(
        name=_text(line.name, 300) or f"Ligne {place}",
        supplier_code=_text(line.seller_code, 100),
        order_line=_text(order_line, 100),
        order_reference=_text(order, 100),
        quantity=quantity.quantize(_QUANTITY, ROUND_HALF_UP),
        unit_price=_bounded(price / base, _LARGEST_PRICE).quantize(_PRICE, ROUND_HALF_UP),
        net_cents=_cents(line.net),
        vat_rate=_rate(line.vat_rate),
    )


def _rates(groups: Iterable[VatGroup]) -> tuple[RateIn, ...]:
    """By rate alone: whatever the reason for which nothing is taxed, nothing is."""
    bases: dict[Decimal, Cents] = defaultdict(int)
    amounts: dict[Decimal, Cents] = defaultdict(int)
    for group in groups:
        rate = _rate(group.rate)
        bases[rate] += _cents(group.base)
        amounts[rate] += _cents(group.amount)
    if len(bases) > MOST_RATES:
        raise Refused("unreadable", f"Cette facture a plus de {MOST_RATES} taux de TVA.", "vat")
    return tuple(RateIn(vat_rate=rate, base_cents=bases[rate], vat_cents=amounts[rate]) for rate in sorted(bases))


def _rate(value: Decimal | None) -> Decimal:
    rate = Decimal(0) if value is None else value
    if not 0 <= rate <= _HUNDRED:
        raise Refused("unreadable", "Un taux de TVA de cette facture n’est pas entre 0 et 100 %.", "vat")
    return rate.quantize(_CENT, ROUND_HALF_UP)


def _cents(value: Decimal | None) -> Cents:
    """In whole cents, halves away from zero: the checks have seen the amount as it is written."""
    if value is None:
        return 0
    if abs(value) * _HUNDRED > LARGEST_CENTS:
        raise Refused("unreadable", "Un montant de cette facture est plus grand qu’aucune facture.")
    return int((value * _HUNDRED).quantize(Decimal(1), ROUND_HALF_UP))


def _bounded(value: Decimal, largest: Decimal) -> Decimal:
    if abs(value) >= largest:
        raise Refused(
            "unreadable", "Une quantité ou un prix de cette facture est plus grand qu’aucune facture.", "lines"
        )
    return value


def _text(text: str, longest: int) -> str:
    return one_line(text)[:longest].rstrip()


def _day(iso: str) -> date | None:
    try:
        return date.fromisoformat(iso)
    except ValueError:
        return None


def check_typed(bill: BillIn, seller: Identity) -> Sequence[Finding]:
    """What is doubtful in a bill that was typed: the checks of one that is read."""
    lines = sum(line.net_cents for line in bill.lines) if bill.lines else None
    totals = Totals(
        lines=_euros(bill.ht_cents + bill.allowances_cents - bill.charges_cents) if lines is None else _euros(lines),
        ht=_euros(bill.ht_cents),
        vat=_euros(bill.vat_cents),
        ttc=_euros(bill.ttc_cents),
        prepaid=_euros(bill.prepaid_cents),
        rounding=_euros(bill.rounding_cents),
        due=_euros(bill.due_cents),
    )
    invoice = Invoice(
        format="typed",
        profile="",
        kind=bill.kind.value,
        type_code="386" if bill.kind is BillKind.PREPAYMENT else "380",
        process="",
        number=bill.number,
        issued_on=bill.issued_on.isoformat() if bill.issued_on else "",
        due_on=bill.due_on.isoformat() if bill.due_on else "",
        currency=bill.currency,
        seller=Party(seller.name, seller.company, seller.siret, seller.vat),
        buyer=Party(),
        represented=not seller.vat,
        order=bill.order_reference,
        contract="",
        service="",
        credited=bill.credited,
        lines=[_typed_line(line, place) for place, line in enumerate(bill.lines, start=1)],
        vat=[
            VatGroup(rate.vat_rate, _category(rate.vat_rate), _euros(rate.base_cents), _euros(rate.vat_cents))
            for rate in bill.rates
        ],
        allowances=_euros(bill.allowances_cents),
        charges=_euros(bill.charges_cents),
        totals=totals,
    )
    return [*check(invoice), *_bases(bill)]


def _typed_line(line: LineIn, place: int) -> InvoiceLine:
    return InvoiceLine(
        id=str(place),
        order_line=line.order_line,
        name=line.name,
        seller_code=line.supplier_code,
        quantity=line.quantity,
        unit="",
        unit_price=line.unit_price,
        price_base=Decimal(1),
        net=_euros(line.net_cents),
        category=_category(line.vat_rate),
        vat_rate=line.vat_rate,
    )


def _bases(bill: BillIn) -> list[Finding]:
    """What is taxed is the whole total, or the shares could not tie at each rate."""
    together = sum(rate.base_cents for rate in bill.rates)
    if not bill.rates or together == bill.ht_cents:
        return []
    said = f"Les bases par taux font {euros(together)}, le total HT {euros(bill.ht_cents)}."
    return [Finding("totals_differ", "vat", "error", said)]


def _category(rate: Decimal) -> str:
    return "S" if rate else "Z"


def _euros(cents: Cents) -> Decimal:
    return Decimal(cents) / _HUNDRED
