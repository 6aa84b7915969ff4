"""What holds for every case of the two rules."""

import copy
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from naive.case_book import Json
from naive.random_cases import ODD, random_allocation, random_consolidation, spoilt
from pooling.sharing.allocation import allocate_json, allocate_raw
from pooling.sharing.case_files import UnreadableError, answer_case, answer_lines, parse, write
from pooling.sharing.consolidation import consolidate, consolidate_json
from pooling.sharing.consolidation_reading import read_case
from pooling.sharing.money import parse_cents

SEEDS = st.integers(0, 10**9)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.sampled_from(ODD),
    lambda inside: (
        st.lists(inside, max_size=3)
        | st.dictionaries(
            st.sampled_from(["members", "items", "needs", "charges", "invoice", "item", "id", "key", "firm", "kind"]),
            inside,
            max_size=4,
        )
    ),
    max_leaves=12,
)


def charged(charge: Json, items: Json) -> int:
    """What a charge comes to, in cents: typed, or a percent of its items' HT, halves away from zero."""
    if "amount" in charge:
        return parse_cents(charge["amount"], signed=True)
    base = sum(Decimal(items[item]["ht"]) for item in charge.get("items", items))
    return int((Decimal(charge["percent"]) * base).quantize(Decimal(1), ROUND_HALF_UP))


@given(SEEDS)
def test_members_sum_to_their_lines(seed: int) -> None:
    case = random_allocation(seed)
    result: Json = allocate_json(case)
    if "error" in result:
        return
    members = result["members"]
    for item, line in result["items"].items():
        shares = [member["items"][item]["ht"] for member in members if item in member["items"]]
        assert sum(map(parse_cents, shares)) == parse_cents(line["ht"])
    for charge in case["charges"]:
        shares = [member["charges"].get(charge["id"], "0") for member in members]
        assert sum(parse_cents(share, signed=True) for share in shares) == charged(charge, result["items"])
    for name, total in result["totals"].items():
        if name != "subsidies":
            assert sum(parse_cents(member[name], signed=True) for member in members) == parse_cents(total, signed=True)


@given(SEEDS)
def test_the_order_of_a_case_changes_no_figure(seed: int) -> None:
    case = random_allocation(seed)
    shuffled = copy.deepcopy(case)
    for name in ("members", "items", "needs", "charges", "subsidies"):
        Random(seed).shuffle(shuffled[name])
    before, after = allocate_json(case), allocate_json(shuffled)
    if "error" not in before:
        assert after == before


@given(SEEDS)
def test_a_credit_of_every_charge_mirrors_it(seed: int) -> None:
    case = {**random_allocation(seed), "items": [], "needs": [], "subsidies": []}
    for charge in case["charges"]:
        charge.pop("items", None)
    credit = copy.deepcopy(case)
    for charge in credit["charges"]:
        size = "amount" if "amount" in charge else "percent"
        charge[size] = charge[size][1:] if charge[size].startswith("-") else f"-{charge[size]}"
    before: Json = allocate_json(case)
    after: Json = allocate_json(credit)
    if "error" in before:
        assert after == before
        return
    for one, other in zip(before["members"], after["members"], strict=True):
        for name in ("ht", "vat", "ttc", "fctva", "net"):
            assert parse_cents(one[name], signed=True) == -parse_cents(other[name], signed=True)


@given(SEEDS)
def test_bounds_packs_and_minimum_hold(seed: int) -> None:
    reading = read_case(random_consolidation(seed))
    case, result = reading.case, consolidate(reading.case)
    assert result.order % case.item.pack == 0
    assert result.packs * case.item.pack == result.order
    assert result.order == sum(result.assigned.values()) + result.surplus
    assert result.order == 0 or result.order >= case.item.minimum
    assert (result.order > 0) == (result.status == "ok")
    for need in case.needs:
        got = result.assigned[need.member]
        assert 0 <= got <= need.up_to
        if result.order >= case.firm:
            assert got >= need.firm
        else:
            assert got <= need.firm


@given(SEEDS)
def test_tolerance_for_a_tier_never_raises_the_total(seed: int) -> None:
    case = read_case(random_consolidation(seed)).case
    without = consolidate(replace(case, use_tolerance_for_tier=False))
    with_tolerance = consolidate(replace(case, use_tolerance_for_tier=True))
    assert with_tolerance.total <= without.total
    assert with_tolerance.order >= without.order


@given(SEEDS)
def test_no_json_ever_raises(seed: int) -> None:
    for rule, case in ((allocate_json, random_allocation(seed)), (consolidate_json, random_consolidation(seed))):
        result: Json = rule(spoilt(case, seed))
        assert result.get("error", {"code": "", "field": ""}).keys() == {"code", "field"}
        assert write(result)


@given(JSON)
def test_no_json_at_all_ever_raises(raw: Json) -> None:
    for rule in (allocate_json, consolidate_json):
        assert "case" in rule(raw)


class Odd:
    """Nothing that JSON holds."""


@pytest.mark.parametrize(
    "raw",
    [
        None,
        True,
        5,
        float("nan"),
        "case",
        [],
        [{}],
        Odd(),
        {1: 2},
        {None: 1, "a": 2},
        {"case": "x", 5: 1},
        {"members": [[]]},
        {"members": [{"id": []}]},
        {"members": [{"id": {}}]},
        {"members": ({"id": "a"},)},
        {"members": [{"id": "a", "population": 10**100}]},
        {
            "members": [{"id": "a"}],
            "charges": [{"id": "c", "amount": "1", "vat_rate": "0", "key": {"weights": {5: "1"}}}],
        },
        {"members": [{"id": "a"}], "charges": [{"id": "c", "amount": "1", "vat_rate": "0", "key": {"mix": [[]]}}]},
        {"members": [{"id": "a"}], "charges": [{"id": "c", "amount": "1", "vat_rate": "0", "key": {"mix": {}}}]},
        {
            "members": [{"id": "a"}],
            "charges": [{"id": "c", "amount": "1", "vat_rate": "0", "key": "equal", "scope": [[]]}],
        },
        {"subsidies": [{"id": "s", "kind": []}]},
        {"subsidies": [[]]},
        {"item": {"unit_price": "1"}, "rule": []},
        {"item": {"unit_price": "1"}, "rule": {}},
        {"item": {"unit_price": "1"}, "needs": [{"member": "a", "firm": 1, "declared_at": "\ud800"}]},
        {"item": {"unit_price": "1"}, "needs": [{"member": "a", "firm": 1, "declared_at": 5}]},
        {"item": {"unit_price": "1"}, "needs": [{"member": "a", "firm": 10**100}]},
    ],
)
def test_odd_values_are_malformed(raw: Json) -> None:
    for rule in (allocate_json, consolidate_json):
        result: Json = rule(raw)
        assert result["error"]["code"] == "malformed"


def test_very_large_figures_are_exact() -> None:
    price, units = "9" * 60, 10**90
    case = {
        "members": [{"id": "a"}, {"id": "b"}],
        "items": [{"id": "x", "unit_price": price, "vat_rate": "20", "fctva": True}],
        "needs": [{"member": "a", "item": "x", "quantity": units}, {"member": "b", "item": "x", "quantity": 1}],
    }
    assert allocate_raw(case).totals.ht == (units + 1) * int(price) * 100
    assert not answer_case(write(case).encode(), allocate_json).failed


@pytest.mark.parametrize(
    "text", [b"", b"{", b"\xff\xfe", b"[" * 200_000, b"9" * 5_000, b"nul", b"{} {}", "é".encode("latin-1")]
)
def test_what_is_no_json_is_malformed(text: bytes) -> None:
    answer = answer_case(text, allocate_json)
    assert answer.failed
    assert answer.line == '{"case": "", "error": {"code": "malformed", "field": ""}}'


def test_not_a_number_is_refused_and_a_mark_is_not() -> None:
    assert '"malformed"' in answer_case(b'{"members": [{"id": "a", "agents": NaN}]}', allocate_json).line
    assert '"invalid_amount"' in answer_case(b'{"fctva_rate": Infinity}', allocate_json).line
    assert not answer_case(b"\xef\xbb\xbf{}", allocate_json).failed


def test_what_no_rule_sees_says_why() -> None:
    with pytest.raises(UnreadableError, match=r"^malformed: $"):
        parse(b"{")


def test_a_key_given_twice_is_told_with_the_case() -> None:
    text = b'{"case": "deux poids", "members": [], "charges": [{"key": {"weights": {"b": "1", "a": "1", "a": "2"}}}]}'
    assert answer_case(text, allocate_json) == (
        '{"case": "deux poids", "error": {"code": "duplicate", "field": "a"}}',
        True,
    )


def test_lines_answer_one_by_one_and_blank_ones_are_no_case() -> None:
    lines = iter(
        [b'{"case": "un"}\n', b"\n", b"X\n", b"  \t\r\n", b"\xef\xbb\xbf\n", b'{"case": "\xc3\xa9", "members": 5}\r\n']
    )
    answers = answer_lines(lines, allocate_json)
    assert '"case": "un"' in next(answers).line
    assert next(answers) == ('{"case": "", "error": {"code": "malformed", "field": ""}}', True)
    assert next(answers) == ('{"case": "é", "error": {"code": "malformed", "field": "members"}}', True)
    assert next(answers, None) is None


def test_an_id_that_no_encoding_holds_is_escaped() -> None:
    answer = answer_case(b'{"members": [{"id": "\\ud800"}]}', allocate_json)
    assert not answer.failed
    assert "\\ud800" in answer.line
