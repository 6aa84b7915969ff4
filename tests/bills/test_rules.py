"""A bill against its order, as values: linking, matching, differences, states, and what ties with what is shared."""

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from pooling.bills.balancing import ChargeShared, ItemShared, Mending, Taxed, balance
from pooling.bills.comparing import Advances, Billed, ChargesOrdered, Code, InvoiceState, ItemTally, compare, state_of
from pooling.bills.rules import (
    Identity,
    ItemOrdered,
    Key,
    LineBilled,
    Matches,
    OrderKnown,
    assign,
    divided,
    expected_cents,
    link,
    match,
    references_of,
    same_document,
    units_of,
    with_matches,
)

MAKER = Identity(siret="55210055400013", name="Arceaux de l’Ouest")
FOREIGN = Identity(vat="DE136695976", name="Fahrrad GmbH")
ORDER = OrderKnown(7, "AG-2027-001-1", MAKER)
TWENTY = Fraction(20)


def item(item_id: int = 1, **changes: object) -> ItemOrdered:
    usual = ItemOrdered(item_id, 0, "arceau", "ARC-12", "Arceau posé", Fraction("4.095"), TWENTY, 20, 20)
    return replace(usual, **changes)  # type: ignore[arg-type]


def line(position: int = 1, **changes: object) -> LineBilled:
    usual = LineBilled(position, "Arceaux", "", "", Fraction(20), 8190, TWENTY)
    return replace(usual, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("reference", "seller", "orders", "linked", "said"),
    [
        ("AG-2027-001-1", Identity(siren="552100554"), [ORDER], 7, ""),
        ("AG-2027-001-1", Identity(vat="FR96552100554"), [ORDER], 7, ""),
        ("AG-2027-001-1", Identity(siret="55210055400021"), [ORDER], 7, ""),
        ("AG-2027-001-1", Identity(siren="130018351"), [ORDER], None, "d’un autre fournisseur"),
        ("AG-2027-001-1", Identity(name=MAKER.name), [ORDER], None, "d’un autre fournisseur"),
        ("AG-2027-001-1", FOREIGN, [OrderKnown(8, "AG-2027-001-1", FOREIGN)], 8, ""),
        ("AG-2027-001", MAKER, [ORDER], None, "n’a pas de commande « AG-2027-001 »"),
        ("", MAKER, [ORDER], None, "ne dit pas de quelle commande"),
        ("AG-2027-001-1", MAKER, [], None, ""),
    ],
)
def test_a_bill_is_linked_by_reference_and_supplier_or_left_and_said(
    reference: str, seller: Identity, orders: list[OrderKnown], linked: int | None, said: str
) -> None:
    found = link(references_of(reference), seller, orders)
    assert list(found.orders) == ([] if linked is None else [linked])
    assert said in found.said


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ((MAKER, "F 12"), (Identity(siren="552100554"), "f12"), True),
        ((MAKER, "F12"), (Identity(vat="FR96552100554"), "F12"), True),
        ((MAKER, "F12"), (MAKER, "F13"), False),
        ((MAKER, "F12"), (Identity(siret="5521005540001", siren="552100554"), "F12"), True),
        ((MAKER, "F12"), (FOREIGN, "F12"), False),
        ((Identity(name="Vélos SA"), "1"), (Identity(name="velos sa"), "1"), True),
    ],
)
def test_one_document_is_told_by_who_and_its_number(
    one: tuple[Identity, str], other: tuple[Identity, str], same: bool
) -> None:
    assert (same_document(*one, "a") == same_document(*other, "b")) is same


def test_a_document_without_a_number_is_its_file() -> None:
    assert same_document(MAKER, "", "a") != same_document(MAKER, " ", "b")


@pytest.mark.parametrize(
    ("quantity", "net", "kind", "units"),
    [
        ("6", 1000, "invoice", 6),
        ("6", -10998, "invoice", -6),
        ("-6", -10998, "invoice", -6),
        ("6", 1000, "credit_note", -6),
        ("-6", -1000, "credit_note", 6),
        ("-2", 0, "invoice", -2),
    ],
)
def test_money_says_which_way_units_go(quantity: str, net: int, kind: str, units: int) -> None:
    assert units_of(Decimal(quantity), net, kind) == units


def of_items(matches: Matches) -> dict[int, int]:
    """The item of each line, where each has all its units of one order."""
    assert all(len(parts) == 1 for parts in matches.values())
    return {position: key.item_id for position, parts in matches.items() for key in parts}


RACK = item(2, position=1, code="abri-10", supplier_code="", name="Abri de 10 places", unit_price=Fraction(14000))
TWIN = item(3, position=2, code="socle", supplier_code="", name="Socle", ordered=5)


@pytest.mark.parametrize(
    ("billed", "found"),
    [
        (line(order_line="2"), 2),
        (line(order_line="ABRI-10", supplier_code="ARC-12"), 2),
        (line(supplier_code="arc 12"), 1),
        (line(supplier_code="ARCEAU"), 1),
        (line(name="Réf. ARC-12, livraison en mai", net_cents=9_000), 1),
        (line(name="Votre article abri-10", net_cents=1), 2),
        (line(name="abri de 10 places", net_cents=1), 2),
        (line(name="ARC-12 et abri-10"), 1),
        (line(name="Socle arceau", units=Fraction(5), net_cents=2048), 3),
        (line(units=Fraction(5), net_cents=2048), 3),
        (line(units=Fraction(6), net_cents=2457), 1),
        (line(units=Fraction(21), net_cents=8600), None),
        (line(net_cents=9_000), None),
        (line(vat_rate=Fraction(10)), None),
        (line(order_line="9", net_cents=1), None),
    ],
)
def test_lines_are_matched_by_reference_then_by_price_and_what_is_left(billed: LineBilled, found: int | None) -> None:
    assert of_items(match([billed], [item(), RACK, TWIN])).get(billed.position) == found


def test_a_guess_never_takes_more_than_is_left() -> None:
    halves = [line(place, units=Fraction(10), net_cents=4095) for place in (1, 2, 3)]
    assert of_items(match(halves, [item()])) == {1: 1, 2: 1}
    assert of_items(match(halves, [item(invoiced=Fraction(10))])) == {1: 1}
    back = line(units=Fraction(-3), net_cents=1229)
    assert match([back], [item()]) == {}, "nothing to give back"
    assert of_items(match([back], [item(invoiced=Fraction(3))])) == {1: 1}


quantities = some.integers(0, 30)


@given(
    prices=some.lists(some.integers(1, 3), min_size=1, max_size=4),
    ordered=some.lists(quantities, min_size=4, max_size=4),
    billed=some.lists(some.tuples(some.integers(1, 30), some.integers(1, 3)), max_size=6),
)
def test_guesses_are_the_same_each_time_and_within_the_order(
    prices: list[int], ordered: list[int], billed: list[tuple[int, int]]
) -> None:
    items = [
        item(place, position=place, code=f"x{place}", supplier_code="", name=f"n{place}", unit_price=Fraction(each),
             ordered=ordered[place])
        for place, each in enumerate(prices)
    ]  # fmt: skip
    lines = [
        line(place, units=Fraction(many), net_cents=many * each * 100) for place, (many, each) in enumerate(billed)
    ]
    found = match(lines, items)
    assert found == match(lines, list(reversed(items)))
    for one in items:
        assert sum(units.get(one.key, 0) for units in found.values()) <= one.ordered


FIRST = item(order_id=1, order="AG-2027-001-1", ordered=10, accepted=4, supplier_code="")
SECOND = item(order_id=2, order="AG-2027-001-2", ordered=20, accepted=20, supplier_code="")


def units(billed: LineBilled, *items: ItemOrdered) -> dict[int, int]:
    """Units of each order that the line is for."""
    return {key.order_id: int(each) for key, each in match([billed], items).get(billed.position, {}).items()}


@pytest.mark.parametrize(
    ("billed", "orders"),
    [
        (line(supplier_code="arceau", units=Fraction(30), net_cents=12285), {1: 10, 2: 20}),
        (line(supplier_code="arceau", units=Fraction(24), net_cents=9828), {1: 4, 2: 20}),
        (line(supplier_code="arceau", units=Fraction(31), net_cents=12695), {1: 10, 2: 21}),
        (line(units=Fraction(30), net_cents=12285), {1: 10, 2: 20}),
        (line(units=Fraction(31), net_cents=12695), {}),
        (line(supplier_code="arceau", units=Fraction(8), net_cents=3276, order="AG-2027-001-1"), {1: 8}),
        (line(order="AG-2027-001-2"), {2: 20}),
        (line(supplier_code="arceau", order="AG-2027-001-3"), {}),
        (line(supplier_code="arceau", units=Fraction(0), net_cents=0), {1: 0}),
    ],
)
def test_a_line_may_be_for_the_units_of_several_orders(billed: LineBilled, orders: dict[int, int]) -> None:
    """What arrived first; a line that names an order is for no other."""
    assert units(billed, FIRST, SECOND) == orders
    assert units(billed, SECOND, FIRST) == orders


def test_what_comes_back_is_taken_from_what_was_invoiced_too_early() -> None:
    back = line(supplier_code="arceau", units=Fraction(-8), net_cents=3276)
    held = [replace(FIRST, invoiced=Fraction(10)), replace(SECOND, invoiced=Fraction(20))]
    assert units(back, *held) == {1: -8}
    assert units(replace(back, units=Fraction(-1)), held[0], replace(held[1], accepted=19)) == {1: -1}


def test_orders_of_other_prices_are_told_apart() -> None:
    dear = replace(SECOND, unit_price=Fraction(5))
    assert units(line(supplier_code="arceau", units=Fraction(6), net_cents=3000), FIRST, dear) == {2: 6}
    assert units(line(supplier_code="arceau", units=Fraction(6), net_cents=2457), FIRST, dear) == {1: 6}
    both = line(supplier_code="arceau", units=Fraction(30), net_cents=10 * 410 + 20 * 500)
    (matched,) = with_matches([both], match([both], [FIRST, dear]))
    whole = Billed([matched], both.net_cents, both.net_cents)
    assert [one.code for one in compare(whole, [FIRST, dear])] == [Code.AHEAD], "the price is that of each"


def test_somebody_says_the_item_and_its_orders_follow() -> None:
    one = line(units=Fraction(12), net_cents=1)
    given = assign([one], {1: 1}, [FIRST, SECOND])
    assert {key.order_id: int(each) for key, each in given[1].items()} == {1: 4, 2: 8}
    assert assign(with_matches([one], given), {1: None}, [FIRST, SECOND]) == {}


def test_differences_over_several_orders_name_the_order() -> None:
    lines = [
        line(1, supplier_code="arceau", units=Fraction(24), net_cents=9828),
        line(2, name="Pose", units=Fraction(1), net_cents=100, order="AG-2027-001-3"),
    ]
    whole = Billed(with_matches(lines, match(lines, [FIRST, SECOND])), 9928, 9928)
    (pose,) = compare(whole, [FIRST, SECOND])
    assert "« Pose » de la commande AG-2027-001-3" in pose.message
    more = Billed(with_matches(lines[:1], match(lines[:1], [FIRST])), 9828, 9828)
    found = [one.message.replace("\u00a0", " ") for one in compare(more, [FIRST, SECOND])]
    assert "Arceau posé (commande AG-2027-001-1) : 24 facturés en tout, 10 commandés." in found
    assert "Arceau posé (commande AG-2027-001-2) : 20 reçus ne sont pas encore facturés." in found


@pytest.mark.parametrize(
    ("said", "lines", "references"),
    [
        ("AG-2027-001-1", [], ["AG-2027-001-1"]),
        ("AG-2027-001-1, AG-2027-001-2;AG-2027-001-1", ["", "AG-2027-001-4"], [f"AG-2027-001-{n}" for n in (1, 2, 4)]),
        (" ", [""], []),
    ],
)
def test_references_stand_in_one_text_or_on_lines(said: str, lines: list[str], references: list[str]) -> None:
    assert references_of(said, lines) == references


@given(some.integers(-10_000, 10_000), some.lists(some.integers(0, 50), min_size=1, max_size=5))
def test_amounts_of_several_orders_add_up(cents: int, weights: list[int]) -> None:
    assert sum(divided(cents, weights)) == cents


def told(billed: Billed, items: list[ItemOrdered]) -> list[Code]:
    return [found.code for found in compare(billed, items)]


def of(*lines: LineBilled, ht: int | None = None, is_credit: bool = False) -> Billed:
    matched = with_matches(lines, {one.position: {Key(0, 1): one.units} for one in lines if one.name != "Port"})
    whole = sum(one.net_cents for one in lines) if ht is None else ht
    return Billed(matched, whole, whole, is_credit=is_credit)


@pytest.mark.parametrize(
    ("billed", "ordered", "codes"),
    [
        (of(line()), item(), []),
        (of(line(net_cents=8200)), item(), []),
        (of(line(net_cents=8201)), item(), [Code.PRICE]),
        (of(line(vat_rate=Fraction(10))), item(), [Code.RATE]),
        (of(line()), item(accepted=15), [Code.AHEAD]),
        (of(line()), item(ordered=15), [Code.BEYOND]),
        (of(line()), item(invoiced=Fraction(1)), [Code.BEYOND]),
        (of(line(units=Fraction(5), net_cents=2048)), item(), [Code.MISSING]),
        (of(line(), line(2, name="Port", units=Fraction(1), net_cents=500)), item(), [Code.NOT_ORDERED]),
        (of(line(), ht=8290), item(), [Code.NOT_ORDERED]),
        (of(line(units=Fraction(-2), net_cents=819), is_credit=True), item(invoiced=Fraction(20)), []),
        (of(line(units=Fraction(-2), net_cents=819), is_credit=True), item(invoiced=Fraction(1)), [Code.BACK]),
        (of(line(units=Fraction(2), net_cents=-819), is_credit=True), item(), [Code.NEGATIVE]),
    ],
)
def test_each_difference_is_told(billed: Billed, ordered: ItemOrdered, codes: list[Code]) -> None:
    assert told(billed, [ordered]) == codes


FREIGHT = line(2, name="Port", units=Fraction(1), net_cents=4500)


def charged(*lines: LineBilled, around: int = 0, is_credit: bool = False) -> Billed:
    """Of lines and of charges on the whole document, all at one rate."""
    billed = of(*lines, is_credit=is_credit)
    whole = billed.ht_cents + around
    return billed._replace(ht_cents=whole, base_cents=whole, bases={TWENTY: whole})


@pytest.mark.parametrize(
    ("billed", "ordered", "before", "codes"),
    [
        (charged(line(), FREIGHT), 4500, 0, []),
        (charged(line(), around=4500), 4500, 0, []),
        (charged(line(), around=2000), 4500, 2500, []),
        (charged(line(), around=2000), 4500, 0, [Code.MISSING]),
        (charged(line()), 4500, 0, [Code.MISSING]),
        (charged(line()), 4500, 4500, []),
        (charged(line(), FREIGHT), 4500, 1, [Code.CHARGE]),
        (charged(line(), FREIGHT), 4499, 0, [Code.CHARGE]),
        (charged(line(), FREIGHT, line(3, name="Port", units=Fraction(1), net_cents=1)), 4500, 0, [Code.CHARGE]),
        (charged(line(), around=-1000), -1000, 0, []),
        (charged(line()), -1000, 0, [Code.MISSING]),
        (charged(line(), around=-1001), -1000, 0, [Code.CHARGE]),
        (charged(line(units=Fraction(1), net_cents=410), around=4500, is_credit=True), 4500, 4500, []),
        (charged(line(units=Fraction(1), net_cents=410), around=4501, is_credit=True), 4500, 4500, [Code.CHARGE]),
    ],
)
def test_what_is_asked_for_beside_items_is_held_against_what_is_ordered_so(
    billed: Billed, ordered: int, before: int, codes: list[Code]
) -> None:
    bought = item(invoiced=Fraction(1) if billed.is_credit else Fraction(0))
    found = compare(billed, [bought], [ChargesOrdered(TWENTY, ["Livraison"], ordered, before)])
    assert [one.code for one in found] == codes


def test_charges_at_another_rate_are_told_as_before() -> None:
    reduced = line(2, name="Port", units=Fraction(1), net_cents=500, vat_rate=Fraction(11, 2))
    billed = of(line(), reduced)._replace(bases={TWENTY: 8190, Fraction(11, 2): 500})
    found = compare(billed, [item()], [ChargesOrdered(TWENTY, ["Livraison"], 4500)])
    assert [one.code for one in found] == [Code.NOT_ORDERED, Code.MISSING]
    over = compare(charged(line(), FREIGHT), [item()], [ChargesOrdered(TWENTY, ["Livraison"], 4000)])
    assert over[0].message.replace("\u202f", "\u00a0") == (
        "45,00\u00a0€ HT à 20\u00a0% de TVA facturés en tout hors articles, 40,00\u00a0€ à la commande (« Livraison »)."
    )


def test_differences_are_sentences() -> None:
    dear = of(line(units=Fraction(10), net_cents=4595))
    (price,) = compare(dear, [item(ordered=10, accepted=10)])
    assert (
        price.message == "Arceau posé : 4,595\u00a0€ l’unité, 4,095\u00a0€ à la commande, soit 5,00\u00a0€ HT de plus."
    )
    assert compare(Billed([], 100, 0), [])[0].code is Code.INCOMPLETE


@pytest.mark.parametrize(
    ("items", "state"),
    [
        ([], InvoiceState.NONE),
        ([ItemTally(20, 20, Fraction(0))], InvoiceState.NONE),
        ([ItemTally(20, 15, Fraction(15))], InvoiceState.PARTLY),
        ([ItemTally(20, 20, Fraction(20)), ItemTally(3, 3, Fraction(0))], InvoiceState.PARTLY),
        ([ItemTally(20, 20, Fraction(20)), ItemTally(3, 3, Fraction(3))], InvoiceState.FULLY),
        ([ItemTally(20, 18, Fraction(18), complete=True)], InvoiceState.FULLY),
        ([ItemTally(20, 20, Fraction(21)), ItemTally(3, 3, Fraction(0))], InvoiceState.OVER),
    ],
)
def test_how_much_is_invoiced(items: list[ItemTally], state: InvoiceState) -> None:
    assert state_of(items) is state


def test_no_bill_covers_more_than_what_was_received() -> None:
    assert ItemTally(20, 15, Fraction(20)).covered == 15
    assert ItemTally(20, 25, Fraction(22)).covered == 20
    assert ItemTally(20, 20, Fraction(-1)).covered == 0


@pytest.mark.parametrize(
    ("advances", "said"),
    [
        (Advances(), ""),
        (Advances(100_000, 40_000), "600,00\u00a0€ à déduire encore"),
        (Advances(100_000, 100_000), "tous déduits"),
        (Advances(0, 20_100), "vérifiez les acomptes"),
    ],
)
def test_advances_are_followed(advances: Advances, said: str) -> None:
    assert said in advances.said


def shared(**changes: Any) -> ItemShared:  # noqa: ANN401 - fields of it
    usual = ItemShared(
        "arceau", "Arceau posé", TWENTY, Fraction("4.095"), 20, 8190, 20, 20, Fraction(20), {TWENTY: 8190}
    )
    return usual._replace(**changes)


def billed(units: int, net: int, **changes: Any) -> ItemShared:  # noqa: ANN401 - as above
    return shared(invoiced=Fraction(units), nets={TWENTY: net}, **changes)


PORT = ChargeShared("Port", TWENTY, 1000)


@pytest.mark.parametrize(
    ("one", "invoiced", "kinds"),
    [
        (shared(), Taxed(9190, 1838), []),
        (shared(nets={TWENTY: 8200}), Taxed(9200, 1840), [Mending.ROUNDING]),
        (shared(), Taxed(9190, 1839), [Mending.ROUNDING]),
        (shared(nets={TWENTY: 8690}), Taxed(9690, 1938), [Mending.PRICE]),
        (shared(), Taxed(8190, 1638), [Mending.CHARGE]),
        (shared(), Taxed(9690, 1938), [Mending.CHARGE]),
        (billed(18, 7371), Taxed(8371, 1674), [Mending.BILL]),
        (billed(18, 7371, accepted=18), Taxed(8371, 1674), [Mending.BILL]),
        (billed(18, 7371, accepted=18, ordered=18), Taxed(8371, 1674), [Mending.QUANTITY]),
        (billed(22, 9009), Taxed(10009, 2002), [Mending.CREDIT]),
        (billed(22, 9009, accepted=22), Taxed(10009, 2002), [Mending.QUANTITY]),
    ],
)  # fmt: skip
def test_what_does_not_tie_says_what_to_mend(one: ItemShared, invoiced: Taxed, kinds: list[Mending]) -> None:
    found = balance({TWENTY: Taxed(9190, 1838)}, {TWENTY: invoiced}, [one], [PORT])
    assert [mend.kind for mend in found.mends] == kinds
    assert found.ties is (not kinds)


def test_another_rate_is_to_mend() -> None:
    ten = Fraction(10)
    one = shared(nets={ten: 8190})
    found = balance({TWENTY: Taxed(8190, 1638)}, {ten: Taxed(8190, 819)}, [one], [])
    assert [mend.kind for mend in found.mends] == [Mending.RATE]
    assert [(gap.rate, gap.gap) for gap in found.rates] == [(TWENTY, Taxed(-8190, -1638)), (ten, Taxed(8190, 819))]


@given(cents=some.integers(-3, 3), vat=some.integers(-3, 3), units=some.integers(1, 400), each=some.integers(1, 99_999))
def test_roundings_that_are_mended_tie(cents: int, vat: int, units: int, each: int) -> None:
    """The charges that are proposed make up the whole gap, HT and VAT."""
    ht = expected_cents(Fraction(units), Fraction(each, 10_000))
    net = ht + cents if abs(cents) <= max(1, units / 2) else ht
    one = shared(
        unit_price=Fraction(each, 10_000), shared=units, ht=ht, ordered=units, accepted=units,
        invoiced=Fraction(units), nets={TWENTY: net},
    )  # fmt: skip
    told = balance({TWENTY: Taxed(ht, round(ht / 5))}, {TWENTY: Taxed(net, round(net / 5) + vat)}, [one], [])
    assert {mend.kind for mend in told.mends} <= {Mending.ROUNDING}
    mended = sum(mend.cents for mend in told.mends if not mend.vat_rate)
    assert sum(mend.cents for mend in told.mends if mend.vat_rate) == told.gap.ht
    of_charge = (2 * (ht + told.gap.ht) + 5) // 10 - (2 * ht + 5) // 10
    assert mended + of_charge == told.gap.vat
