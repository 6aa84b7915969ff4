"""Sharing units among members of whom many are alike, without counting one by one.

Those who can take as many units get as many, but for the odd units of one cap, which go one each to the first of its
members in id order. The same rule as `rationing` and `money.split`, asked of caps instead of members.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from pooling.sharing.consolidation_case import Rationing


class Level(NamedTuple):
    """What each member of one cap gets. The first `odd` of them in id order get one more, the others do not."""

    units: int
    odd: int = 0


def levels(units: int, members: Mapping[int, int], rule: Rationing = Rationing.PROPORTIONAL) -> dict[int, Level]:
    """Share `units`, at most the sum of the caps; `members` counts those of each cap. Who comes first cannot be shared
    like this: it depends on each member's turn.
    """
    if rule is Rationing.FIRST_COME:
        raise ValueError("in order of arrival nobody is alike")
    return _max_min(units, members) if rule is Rationing.MAX_MIN else _proportional(units, members)


def _proportional(units: int, members: Mapping[int, int]) -> dict[int, Level]:
    whole = sum(cap * count for cap, count in members.items())
    if units == 0:
        return dict.fromkeys(members, Level(0))
    shares = {cap: divmod(units * cap, whole) for cap in members}
    rest = units - sum(share * members[cap] for cap, (share, _) in shares.items())
    turn = sorted((cap for cap in members if shares[cap][1]), key=lambda cap: (-shares[cap][1], -cap))
    return _with_odd({cap: share for cap, (share, _) in shares.items()}, rest, turn, members)


def _max_min(units: int, members: Mapping[int, int]) -> dict[int, Level]:
    given, waiting, left = {}, sorted(members, reverse=True), sum(members.values())
    while waiting and waiting[-1] * left <= units:
        cap = waiting.pop()
        given[cap] = cap
        units -= cap * members[cap]
        left -= members[cap]
    share, rest = divmod(units, left) if left else (0, 0)
    return _with_odd(given | dict.fromkeys(waiting, share), rest, waiting, members)


def _with_odd(
    shares: Mapping[int, int], rest: int, turn: Iterable[int], members: Mapping[int, int]
) -> dict[int, Level]:
    """One more each, cap by cap, until the rest is given."""
    found = {cap: Level(share) for cap, share in shares.items()}
    for cap in turn:
        odd = min(rest, members[cap])
        rest -= odd
        found[cap] = Level(shares[cap] + 1) if odd == members[cap] else Level(shares[cap], odd)
    return found
