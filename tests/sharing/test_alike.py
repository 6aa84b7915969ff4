"""What is said of caps is what the rule gives each member."""

from collections import Counter
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pooling.sharing.alike import levels
from pooling.sharing.consolidation_case import Rationing
from pooling.sharing.rationing import ration

caps = st.dictionaries(st.text("ab1É", min_size=1, max_size=4), st.integers(0, 6), max_size=30)


@given(caps, st.data(), st.sampled_from([Rationing.PROPORTIONAL, Rationing.MAX_MIN]))
def test_levels_are_what_the_rule_gives_each(caps: dict[str, int], data: st.DataObject, rule: Rationing) -> None:
    units = data.draw(st.integers(0, sum(caps.values())))
    found, turns = levels(units, Counter(caps.values()), rule), {cap: count() for cap in caps.values()}
    dealt = {
        member: found[cap].units + (next(turns[cap]) < found[cap].odd)
        for member, cap in sorted(caps.items())  # in id order
    }
    assert dealt == ration(units, caps, (), rule)
    assert sum(1 for level in found.values() if level.odd) <= 1


@given(caps.filter(lambda caps: sum(caps.values()) > 0), st.integers(0, 10**15))
def test_cents_are_shared_like_units(units: dict[str, int], cents: int) -> None:
    found, turns = levels(cents, Counter(units.values())), {cap: count() for cap in units.values()}
    dealt = {member: found[cap].units + (next(turns[cap]) < found[cap].odd) for member, cap in sorted(units.items())}
    assert dealt == ration(cents, units, (), Rationing.PROPORTIONAL)


def test_those_who_come_in_turn_are_not_alike() -> None:
    with pytest.raises(ValueError, match="arrival"):
        levels(3, {2: 4}, Rationing.FIRST_COME)
