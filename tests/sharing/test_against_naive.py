"""Thousands of random cases, right and wrong: the rules agree with the naive ones, down to the error code."""

import json
import os

import pytest

from naive.allocation import naive_allocation
from naive.case_book import Json
from naive.consolidation import naive_consolidation
from naive.random_cases import random_allocation, random_consolidation, spoilt, with_invoice
from pooling.sharing.allocation import allocate, allocate_json
from pooling.sharing.allocation_reading import read_case
from pooling.sharing.consolidation import consolidate_json

CASES = int(os.environ.get("RANDOM_CASES", "1500"))


def without_field(result: Json) -> Json:
    if "error" in result:
        del result["error"]["field"]
    return result


def outcome(result: Json) -> str:
    return str(result["error"]["code"]) if "error" in result else str(result.get("status", "ok"))


def invoiced(seed: int) -> Json:
    """A random case with an invoice near its own lines; without one when it has no line or is refused."""
    case = random_allocation(seed)
    reading = read_case(case)
    if "error" in allocate_json(case):
        return case
    lines = {rate: (sum(line.bases), line.computed.total) for rate, line in allocate(reading.case).lines.vat.items()}
    return with_invoice(case, lines, seed) if lines else case


ALLOCATIONS: dict[str, tuple[Json, set[str]]] = {
    "plain": (random_allocation, {"ok", "no_basis", "missing_weight"}),
    "invoiced": (invoiced, {"ok", "invoice_mismatch", "no_basis"}),
    "spoilt": (
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
    ),
}
CONSOLIDATIONS: dict[str, tuple[Json, set[str]]] = {
    "plain": (random_consolidation, {"ok", "nothing_declared", "minimum_not_reached", "below_one_pack"}),
    "spoilt": (
        lambda seed: spoilt(random_consolidation(seed), seed),
        {"ok", "malformed", "invalid_amount", "invalid_quantity", "duplicate"},
    ),
}


@pytest.mark.parametrize("kind", ALLOCATIONS)
def test_allocation(kind: str) -> None:
    make, _ = ALLOCATIONS[kind]
    for seed in range(CASES):
        case = make(seed)
        assert without_field(allocate_json(case)) == naive_allocation(case), json.dumps(case)


@pytest.mark.parametrize("kind", CONSOLIDATIONS)
def test_consolidation(kind: str) -> None:
    make, _ = CONSOLIDATIONS[kind]
    for seed in range(2 * CASES):
        case = make(seed)
        assert without_field(consolidate_json(case)) == naive_consolidation(case), json.dumps(case)


@pytest.mark.parametrize("kind", ALLOCATIONS)
def test_random_allocations_are_varied(kind: str) -> None:
    make, expected = ALLOCATIONS[kind]
    assert expected <= {outcome(allocate_json(make(seed))) for seed in range(1000)}


@pytest.mark.parametrize("kind", CONSOLIDATIONS)
def test_random_consolidations_are_varied(kind: str) -> None:
    make, expected = CONSOLIDATIONS[kind]
    assert expected <= {outcome(consolidate_json(make(seed))) for seed in range(2000)}
