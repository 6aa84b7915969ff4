"""A bill's life, what makes two documents one, and which item of an order each of its lines is for. Pure."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from pooling.bills.models import BillKind
from pooling.bills.models import BillState as State
from pooling.kernel.states import StateMachine
from pooling.kernel.text import search_text, slug
from pooling.sharing.money import Cents, half_up
from pooling.suppliers.numbers import siren_of

BILL = StateMachine(
    noun="bill",
    this="Cette facture",
    begins=frozenset({State.TO_CHECK}),
    transitions={
        State.TO_CHECK: frozenset({State.ACCEPTED, State.DISPUTED, State.REJECTED}),
        State.DISPUTED: frozenset({State.ACCEPTED, State.REJECTED, State.TO_CHECK}),
        State.ACCEPTED: frozenset({State.TO_CHECK}),
        State.REJECTED: frozenset({State.TO_CHECK}),
    },
    words={
        State.TO_CHECK: "À vérifier",
        State.DISPUTED: "Contestée",
        State.ACCEPTED: "Acceptée",
        State.REJECTED: "Refusée",
    },
    tags={State.TO_CHECK: "due", State.DISPUTED: "overdue", State.ACCEPTED: "done", State.REJECTED: "cancelled"},
)
_SIREN = 9
_HALF = Fraction(1, 2)
_WORD = re.compile(r"[^\W_]+(?:[-./_][^\W_]+)*")
"""A code as it stands in a text: `ARC-12`, `2.5/B`."""
_SHORTEST_CODE = 3


def sign_of(kind: str) -> int:
    """Credit notes take off what invoices ask for."""
    return -1 if kind == BillKind.CREDIT_NOTE else 1


def units_of(quantity: Decimal, net_cents: Cents, kind: str) -> Decimal:
    """What a line adds to what is invoiced of its item. Some write a return as six units that cost less than nothing,
    others as minus six: the money says which way they go.
    """
    given_back = net_cents < 0 or (net_cents == 0 and quantity < 0)
    return abs(quantity) * (-1 if given_back else 1) * sign_of(kind)


class Identity(NamedTuple):
    """By what a company is known; what is not known is empty."""

    siret: str = ""
    siren: str = ""
    vat: str = ""
    name: str = ""

    @property
    def company(self) -> str:
        """The SIREN of all its establishments."""
        return self.siret[:_SIREN] or self.siren or siren_of(self.vat) or ""

    def is_company_of(self, other: "Identity") -> bool:
        """Whether both are one company: by SIREN, or a foreign one's VAT number. Names prove nothing."""
        if self.company and other.company:
            return self.company == other.company
        return bool(self.vat) and self.vat == other.vat


def same_document(seller: Identity, number: str, fingerprint: str) -> str:
    """Stands for a document: a company gives each of its invoices another number. One without a number is its file."""
    said = "".join(number.split()).upper()
    who = seller.company or seller.vat or search_text(seller.name)
    return f"{who}/{said}" if said and who else f"sha256/{fingerprint}"


class OrderKnown(NamedTuple):
    """An order that has left, as a bill may name it."""

    id: int
    reference: str
    supplier: Identity


class Link(NamedTuple):
    """The order that a bill is for; or None, and why, in French."""

    order_id: int | None
    said: str = ""


def link(order_reference: str, seller: Identity, orders: Collection[OrderKnown]) -> Link:
    """An order is a bill's only by its exact reference and its supplier: half of it is no link."""
    if not orders:
        return Link(None)
    if not order_reference:
        return Link(None, "Cette facture ne dit pas de quelle commande elle est : rattachez-la.")
    named = next((order for order in orders if order.reference == order_reference), None)
    if named is None:
        return Link(None, f"Cet achat n’a pas de commande « {order_reference[:60]} » : rattachez la facture.")
    if not named.supplier.is_company_of(seller):
        said = f"La commande {named.reference} est d’un autre fournisseur que cette facture : vérifiez, puis rattachez."
        return Link(None, said)
    return Link(named.id)


@dataclass(frozen=True)
class ItemOrdered:
    """An item of an order: as ordered, what was accepted of it, what other accepted bills ask for."""

    item_id: int
    position: int
    code: str
    supplier_code: str
    name: str
    unit_price: Fraction
    vat_rate: Fraction
    ordered: int
    accepted: int
    invoiced: Fraction = Fraction(0)

    @property
    def remaining(self) -> Fraction:
        return self.ordered - self.invoiced


@dataclass(frozen=True)
class LineBilled:
    """A line of a bill. `units` are signed as they count, `net_cents` are as the document says them."""

    position: int
    name: str
    supplier_code: str
    order_line: str
    units: Fraction
    net_cents: Cents
    vat_rate: Fraction
    item_id: int | None = None


def expected_cents(units: Fraction, unit_price: Fraction) -> Cents:
    """What so many units come to at the price ordered, without their sign."""
    return half_up(abs(units) * unit_price * 100)


def ties(line: LineBilled, item: ItemOrdered) -> bool:
    """Whether the line's own total is that of the price ordered, as far as rounding a price to cents explains."""
    return abs(abs(line.net_cents) - expected_cents(line.units, item.unit_price)) <= tolerance(line.units)


def tolerance(units: Fraction) -> Fraction:
    """In cents: a price that is written in cents is half a cent off at most, for each unit; a total one cent."""
    return max(Fraction(1), abs(units) * _HALF)


def match(lines: Sequence[LineBilled], items: Sequence[ItemOrdered]) -> dict[int, int]:
    """The item of each line that has one, by the line's position: by reference first, then by price and what is left.

    Whoever writes the same invoice gets the same matches: lines go in their order, items in the order's.
    """
    found: dict[int, int] = {}
    for line in lines:
        item = _by_reference(line, items)
        if item is not None:
            found[line.position] = item.item_id
    left = {item.item_id: item.remaining for item in items}
    for line in lines:
        if line.position in found:
            left[found[line.position]] -= line.units
    for line in lines:
        if line.position in found or not line.units:
            continue
        item = _by_price(line, items, left)
        if item is not None:
            found[line.position] = item.item_id
            left[item.item_id] -= line.units
    return found


def _by_reference(line: LineBilled, items: Sequence[ItemOrdered]) -> ItemOrdered | None:
    """The line of the order that it names, a code of its own, then one that is hidden in its text."""
    for said in (line.order_line, line.supplier_code):
        named = slug(said)
        if not named:
            continue
        by_code = _only(item for item in items if named in {slug(item.code), slug(item.supplier_code)})
        if by_code is not None:
            return by_code
        if said == line.order_line and named.isdecimal():
            by_place = _only(item for item in items if item.position + 1 == int(named[:6]))
            if by_place is not None:
                return by_place
    return _in_text(line, items)


def _in_text(line: LineBilled, items: Sequence[ItemOrdered]) -> ItemOrdered | None:
    """An item whose code the text holds as a word of its own, or whose name it is. A code that is a plain word, such
    as « abri », may be there by chance: then the price must tie too.
    """
    whole = _only(item for item in items if slug(item.name) == slug(line.name))
    if whole is not None:
        return whole
    words = {slug(word) for word in _WORD.findall(line.name)}
    held = []
    for item in items:
        codes = [slug(code) for code in (item.code, item.supplier_code) if len(code) >= _SHORTEST_CODE]
        if any(code in words and (not code.isalpha() or ties(line, item)) for code in codes):
            held.append(item)
    return _only(held)


def _by_price(line: LineBilled, items: Sequence[ItemOrdered], left: Mapping[int, Fraction]) -> ItemOrdered | None:
    """An item of this rate at this price, of which so many units are still to be invoiced (or were, for a credit)."""

    def fits(item: ItemOrdered) -> bool:
        if line.vat_rate != item.vat_rate or not ties(line, item) or not item.unit_price:
            return False
        if line.units > 0:
            return line.units <= left[item.item_id]
        return -line.units <= item.ordered - left[item.item_id]

    fitting = [item for item in items if fits(item)]
    fitting.sort(key=lambda item: (left[item.item_id] != line.units, item.position, item.item_id))
    return fitting[0] if fitting else None


def with_matches(lines: Iterable[LineBilled], matches: Mapping[int, int]) -> list[LineBilled]:
    return [replace(line, item_id=matches.get(line.position)) for line in lines]


def _only(items: Iterable[ItemOrdered]) -> ItemOrdered | None:
    """The one there is; None where there is none, or one cannot tell which."""
    found: Iterator[ItemOrdered] = iter(items)
    first = next(found, None)
    return first if next(found, None) is None else None
