"""« Pourquoi ? »: an explanation is the figure's own history."""

from fractions import Fraction

import pytest

from naive.case_book import Json
from naive.random_cases import random_allocation
from pooling.sharing.allocation import allocate, allocate_raw
from pooling.sharing.allocation_case import Basis, Case, Charge, Member
from pooling.sharing.allocation_result import Allocation
from pooling.sharing.errors import RuleError
from pooling.sharing.explanation import explain
from pooling.sharing.money import half_up
from pooling.sharing.shared_lines import KeyName, LineKind, shared_lines

CASE: Json = {
    "members": [{"id": "a", "population": 100}, {"id": "b", "population": 300}, {"id": "c", "population": 5}],
    "items": [{"id": "x", "unit_price": "0.335", "vat_rate": "20", "fctva": True}],
    "needs": [{"member": "a", "item": "x", "quantity": 3}, {"member": "b", "item": "x", "quantity": 4}],
    "charges": [
        {
            "id": "poste",
            "amount": "75.00",
            "vat_rate": "5.5",
            "fctva": True,
            "key": {"mix": [{"percent": "50", "key": "equal"}, {"percent": "50", "key": "population"}]},
        },
        {
            "id": "poids",
            "amount": "-1.00",
            "vat_rate": "5.5",
            "scope": ["a", "c"],
            "key": {"weights": {"a": "2.5", "b": "9"}},
        },
        {"id": "fixe", "amount": "10.00", "vat_rate": "5.5", "key": {"percents": {"c": "12.5", "b": "87.5"}}},
        {"id": "zero", "amount": "0.00", "vat_rate": "5.5", "key": "equal"},
    ],
    "invoice": [{"vat_rate": "20", "ht": "2.36", "vat": "0.46"}, {"vat_rate": "5.5", "ht": "84.00", "vat": "4.62"}],
    "subsidies": [
        {"id": "taux", "kind": "rate", "rate": "33.333333"},
        {"id": "forfait", "kind": "amount", "amount": "0.01"},
    ],
}


@pytest.fixture
def allocation() -> Allocation:
    return allocate_raw(CASE)


def test_an_item_goes_by_quantity(allocation: Allocation) -> None:
    told = explain(allocation, LineKind.ITEM, "x", "a")
    assert (told.line.base.key, told.value, told.whole, told.total) == (KeyName.QUANTITY, 3, 7, 235)
    assert (told.exact, told.towards_zero, told.given, told.share) == (Fraction(705, 7), 100, 1, 101)
    assert told.bases == {"a": 3, "b": 4}
    assert explain(allocation, LineKind.ITEM, "x", "c").share == 0


def test_a_mix_tells_its_parts(allocation: Allocation) -> None:
    told = explain(allocation, LineKind.CHARGE, "poste", "a")
    assert (told.line.base.key, told.value, told.whole) == (KeyName.MIX, Fraction(75, 2), 100)
    assert (told.exact, told.towards_zero, told.given, told.share) == (Fraction("2812.5"), 2812, 0, 2812)
    assert [(part.base.key, part.percent, value, part.base.whole, weight) for part, value, weight in told.parts] == [
        (KeyName.EQUAL, Fraction(50), 1, 2, Fraction(25)),
        (KeyName.POPULATION, Fraction(50), 100, 400, Fraction(25, 2)),
    ]


def test_given_numbers_are_told_as_they_were_given(allocation: Allocation) -> None:
    told = explain(allocation, LineKind.CHARGE, "poids", "a")
    assert (told.line.base.key, told.bases, told.share) == (KeyName.WEIGHTS, {"a": Fraction("2.5"), "c": 0}, -100)
    told = explain(allocation, LineKind.CHARGE, "fixe", "c")
    assert (told.line.base.key, told.bases) == (KeyName.PERCENTS, {"b": Fraction("87.5"), "c": Fraction("12.5")})
    assert explain(allocation, LineKind.CHARGE, "zero", "a").line.base.key is KeyName.NONE


def test_vat_and_its_ties(allocation: Allocation) -> None:
    told = explain(allocation, LineKind.ADJUSTMENT, "20", "b")
    assert (told.line.base.key, told.total, told.value, told.share) == (KeyName.SIZE_OF_BASE, 1, 134, 1)
    told = explain(allocation, LineKind.VAT, "20", "b")
    assert (told.line.base.key, told.value, told.total, told.exact) == (KeyName.TAXED_BASE, 135, 47, Fraction(27))
    told = explain(allocation, LineKind.VAT_ADJUSTMENT, "20", "b")
    assert (told.total, told.value, told.whole, told.exact, told.given) == (-1, 135, 236, Fraction(-135, 236), -1)


def test_subsidies_go_by_claim_or_by_eligible_cost(allocation: Allocation) -> None:
    told = explain(allocation, LineKind.SUBSIDY, "taux", "b")
    assert (told.line.base.key, told.value) == (KeyName.CLAIM, Fraction("33.333333") * 134 / 100)
    told = explain(allocation, LineKind.SUBSIDY, "forfait", "b")
    assert (told.line.base.key, told.value, told.share) == (KeyName.ELIGIBLE_COST, 134, 1)
    line = allocation.lines.subsidies["taux"]
    assert (line.eligible, line.units) == ([101, 134, 0], [3, 4, 0])


def test_fctva_is_of_what_is_flagged(allocation: Allocation) -> None:
    exact = Fraction("0.16404") * (101 * Fraction("1.2") + 2812 * Fraction("1.055"))
    assert [allocation.member(one).fctva for one in ("a", "c")] == [half_up(exact), 0] == [507, 0]


@pytest.mark.parametrize(
    ("kind", "line", "member"),
    [(LineKind.ITEM, "y", "a"), (LineKind.CHARGE, "x", "a"), (LineKind.ITEM, "x", "z"), (LineKind.VAT, "10", "a")],
)
def test_what_is_not_there_is_not_explained(allocation: Allocation, kind: LineKind, line: str, member: str) -> None:
    with pytest.raises(KeyError):
        explain(allocation, kind, line, member)


def test_every_line_is_told_once_in_reading_order(allocation: Allocation) -> None:
    told = [(str(line.kind), line.id, str(line.base.key)) for line in shared_lines(allocation)]
    assert told == [
        ("item", "x", "quantity"),
        ("charge", "poste", "mix"),
        ("charge", "poids", "weights"),
        ("charge", "fixe", "percents"),
        ("charge", "zero", "none"),
        ("adjustment", "20", "size_of_base"),
        ("vat", "20", "taxed_base"),
        ("vat_adjustment", "20", "size_of_base"),
        ("adjustment", "5.5", "size_of_base"),
        ("vat", "5.5", "taxed_base"),
        ("vat_adjustment", "5.5", "size_of_base"),
        ("subsidy", "taux", "claim"),
        ("subsidy", "forfait", "eligible_cost"),
    ]
    assert explain(allocation, LineKind.CHARGE, "zero", "b").member == "b"
    told_zero = explain(allocation, LineKind.CHARGE, "zero", "b")
    assert (told_zero.whole, told_zero.total, told_zero.exact) == (0, 0, Fraction(0))


def test_a_negative_share_goes_towards_zero_first() -> None:
    charge = {"id": "r", "amount": "-0.20", "vat_rate": "0", "key": "population", "scope": "all"}
    members = [{"id": "a", "population": 1}, {"id": "b", "population": 2}, {"id": "c", "population": 0}]
    told = explain(allocate_raw({"members": members, "charges": [charge]}), LineKind.CHARGE, "r", "a")
    assert (told.exact, told.towards_zero, told.given, told.share) == (Fraction(-20, 3), -6, -1, -7)
    assert told.bases == {"a": 1, "b": 2, "c": 0}


def test_the_key_of_a_typed_charge_of_nothing_is_not_told() -> None:
    case = Case(members=(Member("a"),), charges=(Charge("c", 0, Fraction(0), Basis.POPULATION, "all"),))
    assert explain(allocate(case), LineKind.CHARGE, "c", "a").line.base.key is KeyName.NONE


def test_without_an_invoice_nothing_is_adjusted() -> None:
    allocation = allocate_raw({**CASE, "invoice": []})
    assert LineKind.ADJUSTMENT not in {line.kind for line in shared_lines(allocation)}
    for kind in (LineKind.ADJUSTMENT, LineKind.VAT_ADJUSTMENT):
        with pytest.raises(KeyError, match="20"):
            explain(allocation, kind, "20", "a")


def test_every_explained_figure_adds_up_to_the_result() -> None:
    explained = 0
    for seed in range(200):
        try:
            allocation = allocate_raw(random_allocation(seed))
        except RuleError:
            continue
        for member in allocation.members:
            told = [explain(allocation, line.kind, line.id, member.id) for line in shared_lines(allocation)]
            assert all(figure.share == figure.towards_zero + figure.given for figure in told)
            assert all(
                figure.exact == figure.total * figure.value / Fraction(figure.whole)
                for figure in told
                if figure.total and figure.line.kind is not LineKind.VAT
            )
            sums = {kind: sum(figure.share for figure in told if figure.line.kind is kind) for kind in LineKind}
            assert sums[LineKind.ITEM] + sums[LineKind.CHARGE] == member.ht
            assert (sums[LineKind.VAT], sums[LineKind.SUBSIDY]) == (member.vat, member.subsidised)
            explained += len(told)
    assert explained > 1000
