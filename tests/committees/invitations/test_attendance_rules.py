from datetime import UTC, datetime, timedelta

import pytest

from pooling.committees.attendance_rules import Quorum, attendance_open
from pooling.committees.models import CommitteeState as State

START = datetime(2027, 3, 30, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("percent", "invited", "needed"),
    [
        (50, 20, 11),  # the majority of a council of twenty
        (50, 21, 11),
        (50, 1, 1),
        (50, 2, 2),
        (50, 0, 1),  # nobody invited never decides
        (33, 9, 3),  # more than 2.97
        (33, 100, 34),
        (0, 10, 1),
        (99, 10, 10),
        (99, 1000, 991),
        (50, 35_000, 17_501),
    ],
)
def test_more_than_the_share_of_those_invited(percent: int, invited: int, needed: int) -> None:
    assert Quorum(percent, invited, 0).needed == needed
    assert not Quorum(percent, invited, needed - 1).reached
    assert Quorum(percent, invited, needed).reached
    assert Quorum(percent, invited, needed - 1).missing == 1
    assert Quorum(percent, invited, needed + 5).missing == 0


@pytest.mark.parametrize(
    ("state", "minutes", "is_open"),
    [
        (State.PLANNED, -61, False),
        (State.PLANNED, -60, True),
        (State.CONVENED, -5, True),
        (State.HELD, 60 * 24 * 40, True),
        (State.MINUTED, 120, False),
        (State.CANCELLED, 0, False),
    ],
)
def test_the_sheet_is_open_from_an_hour_before_until_the_minutes_are_published(
    state: State, minutes: int, is_open: bool
) -> None:
    assert attendance_open(state, START, START + timedelta(minutes=minutes)) is is_open
