"""What is to do between a debtor and its creditor, whatever was owed, issued and paid."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pooling.recovery.rules import RecoveryState, Standing

SMALLEST = 15_00
CENTS = st.integers(0, 10**6)


@pytest.mark.parametrize(
    ("owed", "issued", "late", "paid", "to_issue", "state"),
    [
        (0, 0, 0, 0, 0, RecoveryState.NOTHING),
        (14_99, 0, 0, 0, 0, RecoveryState.TOO_SMALL),
        (14_99, 0, 0, 14_99, 0, RecoveryState.PAID),
        (15_00, 0, 0, 0, 15_00, RecoveryState.TO_ISSUE),
        (100_00, 100_00, 0, 0, 0, RecoveryState.ISSUED),
        (100_00, 100_00, 0, 40_00, 0, RecoveryState.PARTLY_PAID),
        (100_00, 100_00, 100_00, 40_00, 0, RecoveryState.OVERDUE),
        (100_00, 100_00, 100_00, 100_00, 0, RecoveryState.PAID),
        (130_00, 100_00, 100_00, 100_00, 30_00, RecoveryState.TO_ISSUE),
        (114_99, 100_00, 0, 100_00, 0, RecoveryState.PAID),
        (80_00, 100_00, 0, 0, -20_00, RecoveryState.TO_REDUCE),
        (80_00, 100_00, 0, 100_00, -20_00, RecoveryState.TO_REIMBURSE),
        (-20_00, 0, 0, 0, 0, RecoveryState.TO_REIMBURSE),
    ],
)
def test_what_is_to_do(owed: int, issued: int, late: int, paid: int, to_issue: int, state: RecoveryState) -> None:
    standing = Standing(owed, issued, late, paid)
    assert (standing.to_issue(SMALLEST), standing.state(SMALLEST)) == (to_issue, state)
    assert standing.remaining == owed - paid


@given(owed=CENTS, issued=CENTS, paid=CENTS)
def test_doing_what_is_to_do_leaves_nothing_to_do(owed: int, issued: int, paid: int) -> None:
    """A version may say anything: once what lacks is issued or reduced, and paid or given back, all is settled."""
    lacking = Standing(owed, issued, 0, paid).to_issue(SMALLEST)
    issued += lacking
    assert 0 <= issued <= max(owed, 0), "never more than is owed, nor less than nothing"
    assert owed - issued < SMALLEST
    settled = Standing(owed, issued, issued, issued)
    assert settled.to_issue(SMALLEST) == 0
    assert settled.state(SMALLEST) in {RecoveryState.PAID, RecoveryState.TOO_SMALL, RecoveryState.NOTHING}
