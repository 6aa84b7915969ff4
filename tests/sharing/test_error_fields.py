"""An error points at the place to look at, and a typed case is refused like a JSON one."""

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

import pytest

from naive.case_book import Json
from pooling.sharing.allocation import allocate, allocate_json
from pooling.sharing.allocation_case import (
    AmountSubsidy,
    Basis,
    Case,
    Charge,
    Item,
    Member,
    MixKey,
    MixPart,
    Need,
    PercentsKey,
    WeightsKey,
)
from pooling.sharing.consolidation import consolidate, consolidate_json
from pooling.sharing.consolidation_case import ConsolidationCase, Declared, PackedItem
from pooling.sharing.errors import SENTENCES, RuleError
from pooling.sharing.reading import Shape
from pooling.sharing.tiers import Tier

A = {"id": "a"}
X = {"id": "x", "unit_price": "1", "vat_rate": "0"}
NEED = {"member": "a", "item": "x", "quantity": 1}
C: Json = {"id": "c", "amount": "1", "vat_rate": "0", "key": "equal"}
S: Json = {"id": "s", "kind": "rate", "rate": "1"}
MIX: Json = {"mix": [{"percent": "100", "key": "equal"}]}
ITEM: Json = {"unit_price": "1"}
D: Json = {"member": "a", "firm": 1}


def charge(**changes: Json) -> Json:
    return {"members": [A], "charges": [{**C, **changes}]}


def item(**changes: Json) -> Json:
    return {"items": [{**X, **changes}]}


def subsidy(**changes: Json) -> Json:
    return {"members": [A], "subsidies": [{**S, **changes}]}


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ([], ""),
        ({"zzz": 1}, "zzz"),
        ({"case": 1}, "case"),
        ({"members": 1}, "members"),
        ({"members": [1]}, "members[0]"),
        ({"members": [{}]}, "members[0].id"),
        ({"members": [A, {"id": 5}]}, "members[1].id"),
        ({"members": [A, A]}, "members.a"),
        ({"members": [{**A, "population": -1}]}, "members[0].population"),
        ({"members": [{**A, "agents": "1"}]}, "members[0].agents"),
        ({"items": [X, X]}, "items.x"),
        ({"items": [X, {"id": "y", "vat_rate": "0"}]}, "items[1].unit_price"),
        (item(id=5), "items[0].id"),
        (item(fctva=1), "items.x.fctva"),
        (item(tiers=1), "items.x.tiers"),
        (item(tiers=[{}]), "items.x.tiers[0].from"),
        (item(tiers=[{"from": "1", "unit_price": "1"}]), "items.x.tiers[0].from"),
        (item(tiers=[{"from": 1, "unit_price": 1}]), "items.x.tiers.1"),
        (item(tiers=[{"from": -1, "unit_price": "1"}]), "items.x.tiers.-1"),
        (item(tiers=[{"from": 2, "unit_price": "1"}] * 2), "items.x.tiers.2"),
        (item(unit_price="x"), "items.x.unit_price"),
        (item(vat_rate="x"), "items.x.vat_rate"),
        ({"needs": [{}]}, "needs[0].item"),
        ({"needs": [{**NEED, "member": 1}]}, "needs[0].member"),
        ({"needs": [{**NEED, "item": 1}]}, "needs[0].item"),
        ({"needs": [{**NEED, "quantity": "1"}]}, "needs[0].quantity"),
        ({"needs": [NEED]}, "needs.a"),
        ({"members": [A], "needs": [NEED]}, "needs.a.x"),
        ({"members": [A], "items": [X], "needs": [NEED, NEED]}, "needs.a.x"),
        ({"members": [A], "items": [X], "needs": [{**NEED, "quantity": -1}]}, "needs.a.x"),
        ({"members": [A], "items": [X], "needs": [{**NEED, "quantity": 10**100}]}, "needs[0].quantity"),
        ({"members": [A], "items": [X], "needs": [{**NEED, "quantity": -(10**100)}]}, "needs[0].quantity"),
        ({"charges": [{}]}, "charges[0].amount"),
        (charge(id=1), "charges[0].id"),
        ({"charges": [{**C, "amount": "0"}] * 2}, "charges.c"),
        (charge(amount="x"), "charges.c.amount"),
        (charge(vat_rate="x"), "charges.c.vat_rate"),
        (charge(scope="some"), "charges.c.scope"),
        (charge(scope=["z"]), "charges.c.scope.z"),
        (charge(scope=["a", "a"]), "charges.c.scope.a"),
        (charge(scope=["a", "a"], key="zzz"), "charges.c.scope.a"),
        (charge(scope=[1]), "charges.c.scope"),
        (charge(items=[1]), "charges.c.items"),
        (charge(items=["z"]), "charges.c.items.z"),
        (charge(fctva=None), "charges.c.fctva"),
        (charge(key="zzz"), "charges.c.key"),
        (charge(key={"weights": 1}), "charges.c.key.weights"),
        (charge(key={"weights": {"a": 1}}), "charges.c.key.weights.a"),
        (charge(key={"weights": {"z": "1"}}), "charges.c.key.weights.z"),
        (charge(key={"weights": {5: "1"}}), "charges.c.key.weights"),
        (charge(key={"percents": 1}), "charges.c.key.percents"),
        (charge(key={"percents": {"a": 1}}), "charges.c.key.percents.a"),
        (charge(key={"percents": {"a": "1"}}), "charges.c.key.percents"),
        (charge(key={"percents": {"z": "100"}}), "charges.c.key.percents.z"),
        (charge(key={"mix": 1}), "charges.c.key.mix"),
        (charge(key={"mix": [{}]}), "charges.c.key.mix[0].key"),
        (charge(key={"mix": [{"percent": 1, "key": "equal"}]}), "charges.c.key.mix[0].percent"),
        (charge(key={"mix": [{"percent": "1", "key": "equal"}]}), "charges.c.key.mix"),
        (charge(key={"mix": [{"percent": "100", "key": MIX}]}), "charges.c.key.mix[0].key"),
        (charge(), "charges.c"),
        (charge(key=MIX), "charges.c"),
        (charge(key="population", scope="all"), "members.a.population"),
        (charge(key="agents", scope="all"), "members.a.agents"),
        ({"invoice": [{}]}, "invoice[0].ht"),
        ({"invoice": [{"vat_rate": "x", "ht": "0", "vat": "0"}]}, "invoice[0].vat_rate"),
        ({"invoice": [{"vat_rate": "0", "ht": "x", "vat": "0"}]}, "invoice[0].ht"),
        ({"invoice": [{"vat_rate": "0", "ht": "0", "vat": "x"}]}, "invoice[0].vat"),
        ({"invoice": [{"vat_rate": "0", "ht": "0", "vat": "0"}] * 2}, "invoice[1].vat_rate"),
        ({"invoice": [{"vat_rate": "5.50", "ht": "1", "vat": "0"}]}, "invoice.5.5"),
        ({"invoice": [{"vat_rate": "5.50", "ht": "0", "vat": "1"}]}, "invoice.5.5"),
        ({**charge(amount="0"), "invoice": [{"vat_rate": "0", "ht": "0.01", "vat": "0"}]}, "invoice.0"),
        ({**charge(amount="0"), "invoice": [{"vat_rate": "0", "ht": "0", "vat": "0.01"}]}, "invoice.0"),
        ({"subsidies": [1]}, "subsidies[0].kind"),
        ({"subsidies": [{"kind": "rate", "rate": "1"}]}, "subsidies[0].id"),
        ({"subsidies": [S, S]}, "subsidies.s"),
        (subsidy(id=1), "subsidies[0].id"),
        (subsidy(rate="x"), "subsidies.s.rate"),
        (subsidy(cap_total="x"), "subsidies.s.cap_total"),
        (subsidy(cap_per_unit="x"), "subsidies.s.cap_per_unit"),
        (subsidy(public=1), "subsidies.s.public"),
        (subsidy(items=[1]), "subsidies.s.items"),
        (subsidy(charges=[1]), "subsidies.s.charges"),
        (subsidy(members=[1]), "subsidies.s.members"),
        (subsidy(items=["z"]), "subsidies.s.items.z"),
        (subsidy(charges=["z"]), "subsidies.s.charges.z"),
        (subsidy(members=["z"]), "subsidies.s.members.z"),
        ({"subsidies": [{"id": "s", "kind": "amount", "amount": "x"}]}, "subsidies.s.amount"),
        ({"subsidies": [{"id": "s", "kind": "amount", "amount": "-1"}]}, "subsidies.s"),
        ({"fctva_rate": "x"}, "fctva_rate"),
    ],
)
def test_allocation_points_at(given: Json, field: str) -> None:
    result: Json = allocate_json(given)
    assert result["error"]["field"] == field


@pytest.mark.parametrize(
    ("given", "field"),
    [
        (5, ""),
        ({}, "item"),
        ({"item": ITEM, "zzz": 1}, "zzz"),
        ({"item": ITEM, "case": 1}, "case"),
        ({"item": 1}, "item"),
        ({"item": {}}, "item.unit_price"),
        ({"item": {**ITEM, "id": 1}}, "item.id"),
        ({"item": {"unit_price": "x"}}, "item.unit_price"),
        ({"item": {**ITEM, "tiers": 1}}, "item.tiers"),
        ({"item": {**ITEM, "tiers": [{"from": 1, "unit_price": 1}]}}, "item.tiers.1"),
        ({"item": {**ITEM, "tiers": [{"from": 1, "unit_price": "1"}] * 2}}, "item.tiers.1"),
        ({"item": {**ITEM, "pack": 0}}, "item.pack"),
        ({"item": {**ITEM, "pack": "1"}}, "item.pack"),
        ({"item": {**ITEM, "minimum": -1}}, "item.minimum"),
        ({"item": {**ITEM, "minimum": "1"}}, "item.minimum"),
        ({"item": ITEM, "needs": 1}, "needs"),
        ({"item": ITEM, "needs": [1]}, "needs[0]"),
        ({"item": ITEM, "needs": [{**D, "member": 1}]}, "needs[0].member"),
        ({"item": ITEM, "needs": [{**D, "firm": "1"}]}, "needs[0].firm"),
        ({"item": ITEM, "needs": [{**D, "up_to": "1"}]}, "needs[0].up_to"),
        ({"item": ITEM, "needs": [{**D, "declared_at": 1}]}, "needs[0].declared_at"),
        ({"item": ITEM, "needs": [{**D, "declared_at": "x"}]}, "needs[0].declared_at"),
        ({"item": ITEM, "needs": [{**D, "declared_at": "2027-01-01"}]}, "needs[0].declared_at"),
        ({"item": ITEM, "needs": [D, D]}, "needs.a"),
        ({"item": ITEM, "needs": [{**D, "up_to": 0}]}, "needs.a"),
        ({"item": ITEM, "rule": "x"}, "rule"),
        ({"item": ITEM, "incomplete_pack": 1}, "incomplete_pack"),
        ({"item": ITEM, "use_tolerance_for_tier": 1}, "use_tolerance_for_tier"),
    ],
)
def test_consolidation_points_at(given: Json, field: str) -> None:
    result: Json = consolidate_json(given)
    assert result["error"]["field"] == field


ONE = Case(
    members=(Member("a"),),
    items=(Item("x", Fraction(1), Fraction(20)),),
    needs=(Need("a", "x", 1),),
)
COST = Charge("c", 100, Fraction(20), Basis.EQUAL)
PACKED = ConsolidationCase(PackedItem(Fraction(1)), (Declared("a", 1, 1),))
HALF = MixKey((MixPart(Fraction(50), Basis.EQUAL),))
LOW = (Tier(1, Fraction(-1)),)


@pytest.mark.parametrize(
    ("work", "told"),
    [
        (lambda: allocate(replace(ONE, members=(Member("a", population=-1),))), "malformed: members.a"),
        (lambda: allocate(replace(ONE, members=(Member("a", agents=-1),))), "malformed: members.a"),
        (lambda: allocate(replace(ONE, items=(Item("x", Fraction(-1), Fraction(0)),))), "invalid_amount: items.x"),
        (lambda: allocate(replace(ONE, items=(Item("x", Fraction(1), Fraction(-1)),))), "invalid_amount: items.x"),
        (
            lambda: allocate(replace(ONE, items=(Item("x", Fraction(1), Fraction(0), tiers=LOW),))),
            "invalid_amount: items.x",
        ),
        (
            lambda: allocate(replace(ONE, items=(Item("x", Fraction(1), Fraction(0), tiers=LOW * 2),))),
            "duplicate: items.x.tiers.1",
        ),
        (lambda: allocate(replace(ONE, charges=(replace(COST, key=None),))), "malformed: charges.c.key"),
        (lambda: allocate(replace(ONE, charges=(replace(COST, key=HALF),))), "percent_sum: charges.c.key.mix"),
        (
            lambda: allocate(replace(ONE, charges=(replace(COST, vat_rate=Fraction(-1)),))),
            "invalid_amount: charges.c.vat_rate",
        ),
        (
            lambda: allocate(replace(ONE, charges=(replace(COST, key=WeightsKey({"a": Fraction(-1)})),))),
            "invalid_amount: charges.c.key.weights.a",
        ),
        (
            lambda: allocate(replace(ONE, charges=(replace(COST, key=PercentsKey({"a": Fraction(-1)})),))),
            "invalid_amount: charges.c.key.percents.a",
        ),
        (lambda: allocate(replace(ONE, charges=(replace(COST, scope=("a", "a")),))), "duplicate: charges.c.scope.a"),
        (lambda: allocate(replace(ONE, fctva_rate=Fraction(-1))), "invalid_amount: fctva_rate"),
        (
            lambda: allocate(replace(ONE, subsidies=(AmountSubsidy("s", items=("x", "x")),))),
            "duplicate: subsidies.s.items.x",
        ),
        (lambda: consolidate(replace(PACKED, item=PackedItem(Fraction(-1)))), "invalid_amount: item.unit_price"),
        (lambda: consolidate(replace(PACKED, item=PackedItem(Fraction(1), LOW * 2))), "duplicate: item.tiers.1"),
        (lambda: consolidate(replace(PACKED, item=PackedItem(Fraction(1), LOW))), "invalid_amount: item.unit_price"),
    ],
)
def test_a_typed_case_is_looked_at_too(work: Callable[[], object], told: str) -> None:
    with pytest.raises(RuleError) as refused:
        work()
    assert str(refused.value) == told
    assert refused.value.sentence == SENTENCES[refused.value.code]


@pytest.mark.parametrize("given", [[], 5, None, {"case": 5, "zzz": 1}, {"zzz": 1}])
def test_a_case_without_a_readable_label_is_answered_without_one(given: Json) -> None:
    assert (allocate_json(given)["case"], consolidate_json(given)["case"]) == ("", "")


def test_a_shape_has_what_it_must_and_nothing_unknown() -> None:
    shape = Shape("a b", "c")
    for fits in ({"a": 1, "b": 2}, {"a": 1, "b": 2, "c": 3}):
        assert shape.read(fits, "here") is fits
    for odd, told in (({"a": 1}, "here.b"), ({"a": 1, "b": 2, "d": 3}, "here.d"), ({"d": 1}, "here.a")):
        with pytest.raises(RuleError, match=f"^malformed: {told}$"):
            shape.read(odd, "here")
    assert (list(Shape(optional="c").required), list(Shape("a").allowed)) == ([], ["a"])


def test_a_typed_case_gives_typed_figures() -> None:
    member = allocate(replace(ONE, charges=(COST,))).member("a")
    assert (member.ht, member.vat, member.ttc, member.net, member.charges) == (200, 40, 240, 240, {"c": 100})
