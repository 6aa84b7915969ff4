"""What has arrived of what was ordered: tables of the rules, and what holds however a delivery is cut into parts."""

from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from pooling.receipts.rules import (
    Arrival,
    Arrived,
    DeliveryState,
    ItemArrived,
    differences,
    exceeds,
    is_same,
    spare,
    state_of,
)

NONE, FIVE, TEN = Decimal(0), Decimal(5), Decimal(10)
DAY = date(2027, 6, 1)


def add_up(lines: Iterable[Arrived], over_percent: Decimal, under_percent: Decimal) -> ItemArrived:
    """As the statement of `receipts/queries.py` does."""
    found = list(lines)
    ordered = sum(line.ordered for line in found)
    return ItemArrived(
        ordered,
        sum(line.accepted for line in found),
        sum(line.refused for line in found),
        sum(line.due for line in found),
        sum(line.over for line in found),
        spare(ordered, over_percent),
        spare(ordered, under_percent),
    )


@pytest.mark.parametrize(
    ("ordered", "percent", "units"),
    [
        (0, TEN, 0),
        (19, FIVE, 0),
        (20, FIVE, 1),
        (39, FIVE, 1),
        (100, Decimal("2.50"), 2),
        (7, Decimal(100), 7),
        (3, Decimal("33.33"), 0),
    ],
)
def test_a_tolerance_is_whole_units_rounded_down(ordered: int, percent: Decimal, units: int) -> None:
    assert spare(ordered, percent) == units


@pytest.mark.parametrize(
    ("lines", "over", "under", "state", "said"),
    [
        ([Arrived(10)], NONE, NONE, "none", ["rien n’est arrivé, il manque 10 arceaux"]),
        ([Arrived(10, 8)], NONE, NONE, "partial", ["il manque 2 arceaux"]),
        ([Arrived(10, 10)], NONE, NONE, "complete", []),
        ([Arrived(10, 9)], NONE, TEN, "complete", ["il manque 1 arceau, dans la tolérance"]),
        ([Arrived(10, 8)], NONE, TEN, "partial", ["il manque 2 arceaux"]),
        ([Arrived(10, 11)], TEN, NONE, "complete", ["1 arceau de trop, dans la tolérance"]),
        ([Arrived(10, 12)], TEN, NONE, "complete", ["2 arceaux de trop"]),
        ([Arrived(10, 8, 2)], NONE, NONE, "partial", ["refus de 2 arceaux", "il manque 2 arceaux"]),
        ([Arrived(10, 10, 2)], NONE, NONE, "complete", ["refus de 2 arceaux"]),
        ([Arrived(0, 3)], TEN, NONE, "complete", ["3 arceaux sans commande"]),
        # a unit at the wrong place makes up for none
        ([Arrived(5, 6), Arrived(5, 4)], NONE, NONE, "partial", ["1 arceau de trop", "il manque 1 arceau"]),
        ([Arrived(5, 6), Arrived(5, 4)], TEN, TEN, "complete", [
            "1 arceau de trop, dans la tolérance", "il manque 1 arceau, dans la tolérance",
        ]),
        ([Arrived(1000, 0)], NONE, NONE, "none", ["rien n’est arrivé, il manque 1 000 arceaux"]),
    ],
)  # fmt: skip
def test_what_came_of_an_item(lines: list[Arrived], over: Decimal, under: Decimal, state: str, said: list[str]) -> None:
    item = add_up(lines, over, under)

    assert state_of([item], declared=False) == state
    spoken = [one.said("arceau").replace("\u202f", " ").replace("\u00a0", " ") for one in differences(item)]
    assert spoken == said


def test_an_order_is_complete_with_all_its_items_or_when_somebody_says_so() -> None:
    done, half = add_up([Arrived(2, 2)], NONE, NONE), add_up([Arrived(2, 1)], NONE, NONE)

    assert state_of([done, done], declared=False) == DeliveryState.COMPLETE
    assert state_of([done, half], declared=False) == DeliveryState.PARTIAL
    assert state_of([half], declared=True) == DeliveryState.DECLARED
    assert state_of([], declared=False) == DeliveryState.NONE
    assert {state for state in DeliveryState if state.is_complete} == {DeliveryState.COMPLETE, DeliveryState.DECLARED}


LINES = {1: (4, 0), 2: (3, 1)}


@pytest.mark.parametrize(
    ("note", "days", "lines", "same"),
    [
        ("BL 12", 0, {1: (9, 0)}, True),  # the same delivery note, whatever was counted
        ("bl-12", 60, {1: (4, 0)}, True),
        ("BL 12", 0, {3: (4, 0)}, False),  # the rest of that delivery, elsewhere
        ("BL 13", 0, LINES, False),  # two delivery notes are two deliveries
        ("", 0, LINES, True),
        ("", 3, LINES, True),
        ("", -3, {1: (4, 0)}, True),  # one site of what somebody noted for several
        ("", 4, LINES, False),
        ("", 0, {1: (5, 0)}, False),
        ("", 0, {1: (4, 0), 2: (3, 0)}, False),
        ("", 0, {}, False),
    ],
)
def test_when_an_arrival_may_be_noted_twice(
    note: str,
    days: int,
    lines: dict[int, tuple[int, int]],
    same: bool,
) -> None:
    noted = Arrival(DAY, "BL 12", LINES)
    noting = Arrival(DAY + timedelta(days=days), note, lines)

    assert is_same(noting, noted) is same
    assert is_same(noted, noting) is same


percents = st.decimals(min_value=0, max_value=100, places=2)


@given(
    st.lists(st.tuples(st.integers(0, 60), st.lists(st.integers(0, 20), max_size=5)), min_size=1, max_size=6),
    percents,
    percents,
)
def test_parts_count_like_one_delivery(lines: list[tuple[int, list[int]]], over: Decimal, under: Decimal) -> None:
    item = add_up([Arrived(ordered, sum(parts)) for ordered, parts in lines], over, under)

    assert item.accepted - item.over + item.due == item.ordered
    assert item.spare_over * 100 <= item.ordered * over
    assert (item.spare_under + 1) * 100 > item.ordered * under
    # noted part by part, in any order, no part is doubted that does not bring it above
    so_far = [0] * len(lines)
    before = add_up([Arrived(ordered) for ordered, _ in lines], over, under)
    doubted = False
    for place, (_, parts) in enumerate(lines):
        for units in parts:
            so_far[place] += units
            after = add_up([Arrived(o, done) for (o, _), done in zip(lines, so_far, strict=True)], over, under)
            doubted = doubted or exceeds(before, after)
            before = after
    assert before == item
    assert doubted == item.is_too_much


class Deliveries(RuleBasedStateMachine):
    """An order of two lines through receipts, withdrawals and versions: what is due follows at every moment."""

    def __init__(self) -> None:
        super().__init__()
        self.ordered = [0, 0]
        self.receipts: list[tuple[int, int, int]] = []

    @initialize(first=st.integers(0, 30), second=st.integers(0, 30), percent=percents)
    def order(self, first: int, second: int, percent: Decimal) -> None:
        self.ordered, self.percent = [first, second], percent

    @rule(line=st.integers(0, 1), accepted=st.integers(0, 12), refused=st.integers(0, 5))
    def receive(self, line: int, accepted: int, refused: int) -> None:
        self.receipts.append((line, accepted, refused))

    @rule(which=st.integers(0, 50))
    def withdraw(self, which: int) -> None:
        if self.receipts:
            self.receipts.pop(which % len(self.receipts))

    @rule(line=st.integers(0, 1), units=st.integers(0, 30))
    def amend(self, line: int, units: int) -> None:
        self.ordered[line] = units

    @rule()
    def amend_to_what_came(self) -> None:
        """The version that asks for no more than what came leaves nothing due and nothing too much."""
        self.ordered = [line.accepted for line in self._lines()]
        item = self._item()
        assert (item.due, item.over) == (0, 0)
        assert item.is_complete

    def _lines(self) -> list[Arrived]:
        return [
            Arrived(
                self.ordered[line],
                sum(accepted for at, accepted, _ in self.receipts if at == line),
                sum(refused for at, _, refused in self.receipts if at == line),
            )
            for line in (0, 1)
        ]

    def _item(self) -> ItemArrived:
        return add_up(self._lines(), self.percent, self.percent)

    @invariant()
    def nothing_is_lost(self) -> None:
        if not hasattr(self, "percent"):
            return
        item = self._item()
        assert item.accepted == item.ordered - item.due + item.over
        assert item.refused == sum(refused for *_, refused in self.receipts)
        state = state_of([item], declared=False)
        if state == DeliveryState.NONE:
            assert not item.accepted
        if not item.due and (item.ordered or item.accepted):
            assert state == DeliveryState.COMPLETE
        said = [one.gap for one in differences(item)]
        assert len(said) == len(set(said))


TestDeliveries = Deliveries.TestCase
