"""What was ordered, accepted and invoiced, held against each other; each difference is a French sentence. Pure."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import NamedTuple

from pooling.bills.rules import ItemOrdered, LineBilled, expected_cents, ties
from pooling.invoices.invoice import Severity
from pooling.sharing.money import Cents
from pooling.web.typography import euros, number, plural, price
from pooling.web.typography import percent as _percent


class Code(StrEnum):
    UNLINKED = "unlinked"
    PRICE = "price"
    RATE = "rate"
    BEYOND = "beyond_order"
    AHEAD = "ahead_of_receipt"
    BACK = "credit_beyond_invoice"
    NOT_ORDERED = "not_ordered"
    CHARGE = "charge"
    INCOMPLETE = "incomplete"
    NEGATIVE = "negative_credit"
    MISSING = "missing"


class Difference(NamedTuple):
    """An error asks for a reason of whoever accepts the bill all the same."""

    code: Code
    severity: Severity
    message: str
    position: int | None = None
    """The line that it is about."""
    item_id: int | None = None


class Billed(NamedTuple):
    """A bill as it is compared. `ht_cents` as its document says it, `is_prepayment` asks for money before anything."""

    lines: Sequence[LineBilled]
    ht_cents: Cents
    base_cents: Cents
    """Of all its rates together: what is known by rate."""
    is_credit: bool = False
    is_prepayment: bool = False
    bases: Mapping[Fraction, Cents] = {}
    """The same, by rate."""


class ChargesOrdered(NamedTuple):
    """What an order says beside items at one rate of VAT, and what other accepted bills ask for beside its items there.
    In cents before VAT; below nothing: a discount.
    """

    vat_rate: Fraction
    labels: Sequence[str]
    ordered: Cents
    invoiced: Cents = 0


def compare(bill: Billed, items: Sequence[ItemOrdered], charges: Sequence[ChargesOrdered] = ()) -> list[Difference]:
    """All that differs between a bill and its orders, line by line, then item by item, then beside items. `items` and
    `charges` do not count this bill. Without items there is no order to compare with: only what the bill says itself.
    """
    found = [*_incomplete(bill), *_negative(bill)]
    if not items or bill.is_prepayment:
        return found
    known = {item.key: item for item in items}
    several = len({item.order_id for item in items}) > 1
    charged = {one.vat_rate for one in charges if bill.lines}
    for line in bill.lines:
        if line.parts and all(key in known for key in line.parts):
            found += _line(line, [(known[key], units) for key, units in line.parts.items()])
        elif line.vat_rate not in charged:
            found += _not_ordered(line)
    if bill.lines:
        found += _around(bill, charged)
    for item in items:
        billed = [line.parts[item.key] for line in bill.lines if item.key in line.parts]
        called = f"{item.name} (commande {item.order})" if several else item.name
        after = item.invoiced + sum(billed)
        found += _item(item, called, after, touched=bool(billed), is_credit=bill.is_credit)
    for one in charges if bill.lines else ():
        found += _charges(bill, one)
    return found


def _incomplete(bill: Billed) -> Iterator[Difference]:
    if bill.base_cents != bill.ht_cents:
        yield Difference(
            Code.INCOMPLETE,
            "error",
            f"Ses bases par taux de TVA font {euros(bill.base_cents)}, son total HT {euros(bill.ht_cents)} : "
            "complétez-la avant de l’accepter.",
        )


def _negative(bill: Billed) -> Iterator[Difference]:
    """A credit note’s kind turns its amounts: one that turns them itself as well asks for more."""
    if bill.is_credit and bill.ht_cents < 0:
        more = euros(-bill.ht_cents)
        said = (
            f"Cet avoir porte des montants négatifs : tel quel, il ajoute {more} HT à ce qui est dû au lieu de les "
            "retrancher. Demandez au fournisseur un avoir aux montants positifs."
        )
        yield Difference(Code.NEGATIVE, "error", said)


def _not_ordered(line: LineBilled) -> Iterator[Difference]:
    if line.net_cents:
        whose = f" de la commande {line.order[:40]}" if line.order else ""
        said = f"« {line.name[:80]} »{whose}, {euros(line.net_cents)} HT : aucun article commandé n’y correspond."
        yield Difference(Code.NOT_ORDERED, "error", said, line.position)


def _line(line: LineBilled, parts: Sequence[tuple[ItemOrdered, Fraction]]) -> Iterator[Difference]:
    """Of one item, whose price and rate may differ from order to order."""
    item = next((one for one, _ in parts if one.vat_rate != line.vat_rate), parts[0][0])
    if line.vat_rate != item.vat_rate:
        said = f"{item.name} : TVA à {rate(line.vat_rate)} sur la facture, {rate(item.vat_rate)} sur la commande."
        yield Difference(Code.RATE, "error", said, line.position, item.item_id)
    asked = item.unit_price
    if line.units:
        asked = sum((one.unit_price * units for one, units in parts), Fraction(0)) / line.units
    if not ties(line, asked):
        more = abs(line.net_cents) - expected_cents(line.units, asked)
        each = _each(line)
        both = f"{each} l’unité, {price(asked)} à la commande" if each else "sans quantité"
        said = f"{item.name} : {both}, soit {euros(abs(more))} HT {'de plus' if more > 0 else 'de moins'}."
        yield Difference(Code.PRICE, "error", said, line.position, item.item_id)


def _each(line: LineBilled) -> str:
    return price(Fraction(abs(line.net_cents), 100) / abs(line.units)) if line.units else ""


def _around(bill: Billed, charged: Collection[Fraction]) -> Iterator[Difference]:
    """Charges and allowances on the whole document stand beside its lines; those at rates at which charges are ordered
    are held against these.
    """
    around = bill.ht_cents - sum(line.net_cents for line in bill.lines)
    around -= sum(_beside(bill, rate, bill.lines) for rate in charged)
    if around:
        what = "Frais" if around > 0 else "Remise"
        said = f"{what} sur l’ensemble de la facture, {euros(around)} HT : la commande n’en dit rien."
        yield Difference(Code.NOT_ORDERED, "error", said)


def _beside(bill: Billed, vat_rate: Fraction, lines: Iterable[LineBilled]) -> Cents:
    """What the bill asks for at this rate beside these lines, as its document says it."""
    return bill.bases.get(vat_rate, 0) - sum(line.net_cents for line in lines if line.vat_rate == vat_rate)


def _charges(bill: Billed, one: ChargesOrdered) -> Iterator[Difference]:
    """All that is asked for beside items may be what is ordered so, whatever its document calls it, and no more."""
    asked = _beside(bill, one.vat_rate, [line for line in bill.lines if line.parts])
    after = one.invoiced + (-asked if bill.is_credit else asked)
    named = ", ".join(f"« {label} »" for label in one.labels)
    if after == one.ordered:
        return
    if min(0, one.ordered) <= after <= max(0, one.ordered):
        if not bill.is_credit:
            left = euros(one.ordered - after)
            yield Difference(Code.MISSING, "info", f"{named} : {left} HT ne sont pas encore facturés.")
    elif asked:
        said = (
            f"{euros(after)} HT à {rate(one.vat_rate)} de TVA facturés en tout hors articles, "
            f"{euros(one.ordered)} à la commande ({named})."
        )
        yield Difference(Code.CHARGE, "error", said)


def _item(item: ItemOrdered, called: str, after: Fraction, *, touched: bool, is_credit: bool) -> Iterator[Difference]:
    """Never more than ordered, never ahead of what was accepted, over all bills together."""
    if touched and after < 0:
        said = f"{called} : l’avoir rend {count(-after)} de plus que ce qui a été facturé."
        yield Difference(Code.BACK, "error", said, item_id=item.item_id)
    elif touched and after > item.ordered and not is_credit:
        said = f"{called} : {plural(after, 'facturé')} en tout, {plural(item.ordered, 'commandé')}."
        yield Difference(Code.BEYOND, "error", said, item_id=item.item_id)
    elif touched and after > item.accepted and not is_credit:
        received = plural(item.accepted, "reçu et accepté", "reçus et acceptés")
        said = f"{called} : {plural(after, 'facturé')} en tout, {received} à ce jour."
        yield Difference(Code.AHEAD, "error", said, item_id=item.item_id)
    elif after < item.accepted and not is_credit:
        left = plural(item.accepted - after, "reçu n’est pas encore facturé", "reçus ne sont pas encore facturés")
        said = f"{called} : {left}."
        yield Difference(Code.MISSING, "info", said, item_id=item.item_id)


def needs_reason(found: Iterable[Difference]) -> bool:
    return any(one.severity == "error" for one in found)


def rate(value: Fraction | Decimal) -> str:
    """A rate of VAT in percent, as sentences say it."""
    return _percent(Fraction(value) / 100, 2)


def count(units: Fraction | Decimal | int) -> str:
    return number(Fraction(units))


class InvoiceState(StrEnum):
    """How much of an order is invoiced, by bills that are accepted."""

    NONE = "none"
    PARTLY = "partly"
    FULLY = "fully"
    OVER = "over"


STATE_WORDS: Mapping[InvoiceState, str] = {
    InvoiceState.NONE: "Pas encore facturée",
    InvoiceState.PARTLY: "Facturée en partie",
    InvoiceState.FULLY: "Entièrement facturée",
    InvoiceState.OVER: "Facturée au-delà",
}
STATE_TAGS: Mapping[InvoiceState, str] = {
    InvoiceState.NONE: "draft",
    InvoiceState.PARTLY: "primary",
    InvoiceState.FULLY: "done",
    InvoiceState.OVER: "overdue",
}


class ItemTally(NamedTuple):
    """One item of an order, all its bills together."""

    ordered: int
    accepted: int
    invoiced: Fraction
    complete: bool = False
    """Its order is declared complete: nothing more will come than what was accepted."""

    @property
    def expected(self) -> int:
        return self.accepted if self.complete else self.ordered

    @property
    def covered(self) -> Fraction:
        """Units that were ordered, accepted and invoiced alike: no bill matches more than that."""
        return max(Fraction(0), min(Fraction(self.ordered), Fraction(self.accepted), self.invoiced))


def state_of(items: Iterable[ItemTally]) -> InvoiceState:
    """A bill is no full match while a part only is invoiced of something, and one unit too many is over."""
    each = list(items)
    if any(item.invoiced > item.expected for item in each):
        return InvoiceState.OVER
    if not any(item.invoiced for item in each):
        return InvoiceState.NONE
    full = all(item.invoiced == item.expected for item in each)
    return InvoiceState.FULLY if full else InvoiceState.PARTLY


@dataclass(frozen=True)
class Advances:
    """Advances on an order (CCP R2191-3 and following), with VAT, in cents."""

    paid: Cents = 0
    taken_off: Cents = 0
    """What accepted bills say is paid already."""

    @property
    def left(self) -> Cents:
        """Still to take off of what is invoiced; below nothing: more was taken off than paid."""
        return self.paid - self.taken_off

    @property
    def said(self) -> str:
        """In French; empty where there is none."""
        if not self.paid and not self.taken_off:
            return ""
        if self.left > 0:
            return f"{euros(self.paid)} versés, {euros(self.taken_off)} déduits, {euros(self.left)} à déduire encore."
        if self.left < 0:
            return f"{euros(self.taken_off)} déduits pour {euros(self.paid)} versés : vérifiez les acomptes déduits."
        return f"{euros(self.paid)} versés, tous déduits."
