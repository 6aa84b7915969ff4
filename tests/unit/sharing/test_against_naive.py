"""Thousands of random cases, right and wrong: the rules agree with the naive ones, down to the error code."""

import json
from collections import Counter

import pytest

from naive.allocation import naive_allocation
from naive.case_book import Json
from naive.consolidation import naive_consolidation
from naive.random_cases import random_allocation, random_consolidation, spoilt, with_invoice
from pooling.sharing.allocation import allocate, allocate_json
from pooling.sharing.allocation_reading import read_case
from pooling.sharing.consolidation import consolidate_json

CASES = 1500


def without_field(result: Json) -> Json:
    if "error" in result:
        del result["error"]["field"]
    return result


def outcome(result: Json) -> str:
    return str(result["error"]["code"]) if "error" in result else "ok"


def invoiced(seed: int) -> Json:
    """A random case with an invoice near its own lines; without one when it has no line or is refused."""
    case = random_allocation(seed)
    reading = read_case(case)
    if "error" in allocate_json(case):
        return case
    lines = {rate: (sum(line.bases), line.computed.total) for rate, line in allocate(reading.case).lines.vat.items()}
    return with_invoice(case, lines, seed) if lines else case


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        pytest.param(random_allocation, {"ok", "no_basis", "missing_weight"}, id="plain"),
        pytest.param(invoiced, {"ok", "invoice_mismatch", "no_basis"}, id="invoiced"),
        pytest.param(
            lambda seed: spoilt(invoiced(seed), seed),
            {
                "ok",
                "malformed",
                "invalid_amount",
                "duplicate",
                "no_basis",
                "unknown_member",
                "unknown_item",
                "percent_sum",
                "missing_weight",
                "invoice_mismatch",
            },
            id="spoilt",
        ),
    ],
)
def test_allocation(make: Json, expected: set[str]) -> None:
    seen: Counter[str] = Counter()
    for seed in range(CASES):
        case = make(seed)
        result = without_field(allocate_json(case))
        assert result == naive_allocation(case), json.dumps(case)
        seen[outcome(result)] += 1
    assert expected <= set(seen), seen


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        pytest.param(random_consolidation, {"ok"}, id="plain"),
        pytest.param(
            lambda seed: spoilt(random_consolidation(seed), seed),
            {"ok", "malformed", "invalid_amount", "invalid_quantity", "duplicate"},
            id="spoilt",
        ),
    ],
)
def test_consolidation(make: Json, expected: set[str]) -> None:
    seen: Counter[str] = Counter()
    statuses: Counter[str] = Counter()
    for seed in range(2 * CASES):
        case = make(seed)
        result = without_field(consolidate_json(case))
        assert result == naive_consolidation(case), json.dumps(case)
        seen[outcome(result)] += 1
        statuses[str(result.get("status"))] += 1
    assert expected <= set(seen), seen
    assert {"ok", "nothing_declared", "minimum_not_reached", "below_one_pack"} <= set(statuses), statuses
