"""A statement tells an allocation whole: the same figures, the same explanations, kept and read again alike."""

import json
from fractions import Fraction

from naive.case_book import Json
from naive.random_cases import random_allocation
from pooling.allocation.allocating import StatedPurchase
from pooling.allocation.figures import Labels
from pooling.allocation.kept import head_of, rows_of, stated_of
from pooling.allocation.models import AllocationShare
from pooling.sharing import RULE_VERSION
from pooling.sharing.allocation import allocate, allocate_raw
from pooling.sharing.allocation_case import Case
from pooling.sharing.allocation_reading import read_case
from pooling.sharing.allocation_result import Allocation
from pooling.sharing.case_writing import case_head, case_lists
from pooling.sharing.errors import RuleError
from pooling.sharing.explanation import explain
from pooling.sharing.shared_lines import LineKind
from pooling.sharing.statement import Statement, state_allocation

UNIVERSITY: Json = {
    "members": [{"id": "commune"}, {"id": "université", "fctva": False}],
    "items": [{"id": "vélo", "unit_price": "1000", "vat_rate": "20", "fctva": True}],
    "needs": [{"member": id_, "item": "vélo", "quantity": 1} for id_ in ("commune", "université")],
    "charges": [{"id": "pose", "amount": "100.00", "vat_rate": "20", "key": "equal", "fctva": True}],
}


def write_case(case: Case) -> dict[str, object]:
    return {**case_head(case), **{name: list(many) for name, many in case_lists(case).items()}}


def some_allocations(most: int = 200) -> list[Allocation]:
    found = []
    for seed in range(most):
        try:
            found.append(allocate_raw(random_allocation(seed)))
        except RuleError:
            continue
    assert len(found) > most / 4
    return found


def kept_and_read(statement: Statement) -> StatedPurchase:
    """Through JSON, as the database keeps it."""
    kept = StatedPurchase(statement, Labels(), "déclarées", None, "16,404 %", {})
    head = json.loads(json.dumps(head_of(kept)))
    shares = [AllocationShare(group_id=1, allocation_id=1, **row) for row in rows_of(kept)]
    for share in shares:
        share.vat_by_rate, share.lines = json.loads(str(share.vat_by_rate)), json.loads(str(share.lines))
    return stated_of(head, shares, statement.rule_version)


def test_a_statement_says_what_the_result_says() -> None:
    for allocation in some_allocations():
        statement = state_allocation(allocation)
        assert statement.to_json() == allocation.to_json()
        assert statement.rule_version == RULE_VERSION


def test_a_statement_explains_as_the_rule_does() -> None:
    told = 0
    for allocation in some_allocations(60):
        statement = state_allocation(allocation)
        for member in statement.members:
            for share in member.shares:
                line = statement.lines[share.line]
                other = explain(allocation, line.kind, line.id, member.result.id)
                assert (share.value, line.whole, share.cents) == (other.value, other.whole, other.share)
                assert share.exact(line) == other.exact
                assert (share.towards_zero(line), share.given(line)) == (other.towards_zero, other.given)
                assert [part for part, _ in share.parts] == [value for _, value, _ in other.parts]
                assert bool(share.given(line)) == (share.rank is not None and share.rank <= abs(line.left))
                told += 1
    assert told > 500


def test_what_is_kept_is_read_again_to_the_letter() -> None:
    for allocation in some_allocations():
        statement = state_allocation(allocation)
        again = kept_and_read(statement).result
        assert again == statement
        assert again.to_json() == allocation.to_json()


def test_a_case_that_is_written_is_the_case_that_is_read() -> None:
    for allocation in some_allocations():
        case = allocation.case
        written = json.loads(json.dumps(write_case(case)))
        reading = read_case(written)
        assert reading.error is None
        assert allocate(reading.case).to_json() == allocation.to_json()
        assert write_case(reading.case) == written


def test_only_who_gets_fctva_has_some() -> None:
    allocation = allocate_raw(UNIVERSITY)
    assert [member.fctva for member in allocation.members] == [20669, 0], "16.404 % of 1 260 € with VAT"
    assert allocation.totals.fctva == 20669
    assert allocation.totals.net == 2 * 126000 - 20669
    assert write_case(allocation.case)["members"] == UNIVERSITY["members"]
    statement = state_allocation(allocation)
    assert [member.fctva for member in statement.members] == [True, False]
    item = next(line for line in statement.lines if line.kind is LineKind.ITEM)
    assert (item.fctva, item.vat_rate) == (True, Fraction(20)), "the item opens the right, for those who have it"
