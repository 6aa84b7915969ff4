"""A bill's life, what makes two documents one, and which item of which orders each of its lines is for. Pure."""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from pooling.bills.models import BillKind
from pooling.bills.models import BillState as State
from pooling.kernel.states import StateMachine
from pooling.kernel.text import search_text, slug
from pooling.sharing.money import Cents, half_up
from pooling.sharing.shares import Shares
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
_SIREN, _SIRET = 9, 14
_HALF = Fraction(1, 2)
_WORD = re.compile(r"[^\W_]+(?:[-./_][^\W_]+)*")
"""A code as it stands in a text: `ARC-12`, `2.5/B`."""
_BETWEEN = re.compile(r"[,;]")
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
        whole = self.siret if len(self.siret) == _SIRET else ""
        return whole[:_SIREN] or self.siren or siren_of(self.vat) or ""

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
    """The orders that a bill is for; or none, and why, in French."""

    orders: Sequence[int] = ()
    said: str = ""


def references_of(said: str, lines: Iterable[str] = ()) -> list[str]:
    """The references of orders that a document names as a whole, where several stand in one text, and by its lines."""
    return list(dict.fromkeys([*_BETWEEN.sub(" ", said).split(), *filter(None, lines)]))


def link(references: Sequence[str], seller: Identity, orders: Collection[OrderKnown]) -> Link:
    """An order is a bill's only by its exact reference and its supplier: half of it is no link."""
    if not orders:
        return Link()
    if not references:
        return Link(said="Cette facture ne dit pas de quelle commande elle est : rattachez-la.")
    named = [order for order in orders if order.reference in references]
    if not named:
        said = f"Cet achat n’a pas de commande « {references[0][:60]} » : rattachez la facture."
        return Link(said=said)
    for order in named:
        if not order.supplier.is_company_of(seller):
            named_so = f"La commande {order.reference} est d’un autre fournisseur que cette facture"
            return Link(said=f"{named_so} : vérifiez, puis rattachez.")
    return Link([order.id for order in named])


class Key(NamedTuple):
    """An item of an order."""

    order_id: int
    item_id: int


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
    order_id: int = 0
    order: str = ""
    """Its order's reference."""

    @property
    def key(self) -> Key:
        return Key(self.order_id, self.item_id)

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
    order: str = ""
    """The reference of the order that it names itself."""
    parts: Mapping[Key, Fraction] = field(default_factory=dict)
    """Its units by what they are of: one item, of one order or of several. Nothing: it is for no item."""

    @property
    def item_id(self) -> int | None:
        return next((key.item_id for key in self.parts), None)


def expected_cents(units: Fraction, unit_price: Fraction) -> Cents:
    """What so many units come to at the price ordered, without their sign."""
    return half_up(abs(units) * unit_price * 100)


def ties(line: LineBilled, unit_price: Fraction) -> bool:
    """Whether the line's own total is that of the price ordered, as far as rounding a price to cents explains."""
    return abs(abs(line.net_cents) - expected_cents(line.units, unit_price)) <= tolerance(line.units)


def tolerance(units: Fraction) -> Fraction:
    """In cents: a price that is written in cents is half a cent off at most, for each unit; a total one cent."""
    return max(Fraction(1), abs(units) * _HALF)


Matches = dict[int, Mapping[Key, Fraction]]
"""Of lines that are for an item, by their position: how many units of which."""


def match(lines: Sequence[LineBilled], items: Sequence[ItemOrdered]) -> Matches:
    """What each line is for: by reference first, then by price and what is left. A line that names an order is for no
    other.

    Whoever writes the same invoice gets the same matches: lines go in their order, items in their orders'.
    """
    items = sorted(items, key=lambda item: (item.order_id, item.position, item.item_id))
    left = {item.key: item.remaining for item in items}
    named = {line.position: _by_reference(line, _of_its_order(line, items)) for line in lines}
    found = {line.position: divide(line, named[line.position], left) for line in lines if named[line.position]}
    for line in lines:
        if line.position in found or not line.units:
            continue
        if held := _by_price(line, _of_its_order(line, items), left):
            found[line.position] = divide(line, held, left)
    return found


def assign(lines: Sequence[LineBilled], chosen: Mapping[int, int | None], items: Sequence[ItemOrdered]) -> Matches:
    """What lines are for once somebody says the item of each of the `chosen`, by position; the others stay."""
    items = sorted(items, key=lambda item: (item.order_id, item.position, item.item_id))
    found: Matches = {line.position: line.parts for line in lines if line.position not in chosen and line.parts}
    left = {item.key: item.remaining for item in items}
    for parts in found.values():
        for key, units in parts.items():
            left[key] -= units
    for line in lines:
        item_id = chosen.get(line.position)
        if item_id is not None:
            held = [item for item in items if item.item_id == item_id]
            own = [item for item in held if item.order == line.order]
            found[line.position] = divide(line, own or held, left)
    return found


def _of_its_order(line: LineBilled, items: Sequence[ItemOrdered]) -> list[ItemOrdered]:
    return [item for item in items if line.order in ("", item.order)]


def divide(line: LineBilled, held: Sequence[ItemOrdered], left: dict[Key, Fraction]) -> Mapping[Key, Fraction]:
    """A line's units among the orders that have its item: what arrived and is not invoiced, then what is still to be
    invoiced, order after order; what is too much goes to the last. What comes back is taken likewise from what was
    invoiced beyond what is here, then from what was invoiced. Takes them off what is `left`.
    """
    held = [item for item in held if ties(line, item.unit_price)] or held
    sign = -1 if line.units < 0 else 1
    rest = abs(line.units)
    parts = {item.key: Fraction(0) for item in held}
    for first in (True, False):
        for item in held:
            taken = max(Fraction(0), min(rest, _room(item, left[item.key], sign, first=first) - parts[item.key]))
            parts[item.key] += taken
            rest -= taken
    parts[held[-1].key] += rest
    found = {key: sign * units for key, units in parts.items() if units} or {held[0].key: Fraction(0)}
    for key, units in found.items():
        left[key] -= units
    return found


def _room(item: ItemOrdered, left: Fraction, sign: int, *, first: bool) -> Fraction:
    """How many units of it a line may be for."""
    invoiced = item.ordered - left
    if sign > 0:
        return min(item.accepted, item.ordered) - invoiced if first else left
    return invoiced - item.accepted if first else invoiced


def _by_reference(line: LineBilled, items: Sequence[ItemOrdered]) -> Sequence[ItemOrdered]:
    """The line of the order that it names, a code of its own, then one that is hidden in its text."""
    for said in (line.order_line, line.supplier_code):
        named = slug(said)
        if not named:
            continue
        if by_code := _one(item for item in items if named in {slug(item.code), slug(item.supplier_code)}):
            return by_code
        if said == line.order_line and named.isdecimal():
            by_place = _one(item for item in items if item.position + 1 == int(named[:6]))
            if by_place:
                return by_place
    return _in_text(line, items)


def _in_text(line: LineBilled, items: Sequence[ItemOrdered]) -> Sequence[ItemOrdered]:
    """An item whose code the text holds as a word of its own, or whose name it is. A code that is a plain word, such
    as « abri », may be there by chance: then the price must tie too.
    """
    if whole := _one(item for item in items if slug(item.name) == slug(line.name)):
        return whole
    words = {slug(word) for word in _WORD.findall(line.name)}
    held = []
    for item in items:
        codes = [slug(code) for code in (item.code, item.supplier_code) if len(code) >= _SHORTEST_CODE]
        if any(code in words and (not code.isalpha() or ties(line, item.unit_price)) for code in codes):
            held.append(item)
    return _one(held)


def _by_price(line: LineBilled, items: Sequence[ItemOrdered], left: Mapping[Key, Fraction]) -> Sequence[ItemOrdered]:
    """An item of this rate at this price, of which so many units are still to be invoiced (or were, for a credit), in
    the orders that have it.
    """
    held: dict[int, list[ItemOrdered]] = defaultdict(list)
    for item in items:
        if line.vat_rate == item.vat_rate and item.unit_price and ties(line, item.unit_price):
            held[item.item_id].append(item)
    rooms = {
        item_id: sum(left[item.key] if line.units > 0 else item.ordered - left[item.key] for item in each)
        for item_id, each in held.items()
    }
    fitting = [item_id for item_id, room in rooms.items() if abs(line.units) <= room]
    fitting.sort(key=lambda item_id: (rooms[item_id] != line.units, held[item_id][0].position, item_id))
    return held[fitting[0]] if fitting else ()


def divided(cents: Cents, weights: Sequence[int]) -> Sequence[Cents]:
    """An amount of a bill among its orders, by what each weighs; where nothing weighs, alike."""
    return Shares.weighted(cents, weights if any(weights) else [1] * len(weights), "orders").cents


def with_matches(lines: Iterable[LineBilled], matches: Mapping[int, Mapping[Key, Fraction]]) -> list[LineBilled]:
    return [replace(line, parts=matches.get(line.position, {})) for line in lines]


def _one(items: Iterable[ItemOrdered]) -> Sequence[ItemOrdered]:
    """The one item there is, in each of the orders that have it; nothing where one cannot tell which."""
    found = list(items)
    return found if len({item.item_id for item in found}) == 1 else ()
