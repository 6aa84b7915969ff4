"""Sharing units among members, each within its cap."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from pooling.sharing.consolidation_case import Declared, Rationing
from pooling.sharing.money import split

_UNSAID = datetime.min.replace(tzinfo=UTC)


def ration(units: int, caps: Mapping[str, int], needs: Sequence[Declared], rule: Rationing) -> dict[str, int]:
    """Share `units`, at most the sum of the caps, so that nobody gets more than its cap."""
    match rule:
        case Rationing.FIRST_COME:
            return _first_come(units, caps, needs)
        case Rationing.MAX_MIN:
            return _max_min(units, caps)
        case Rationing.PROPORTIONAL:
            return split(units, caps)


def _first_come(units: int, caps: Mapping[str, int], needs: Sequence[Declared]) -> dict[str, int]:
    """In order of declaration, then of member; those who did not say when come last."""
    given = {}
    for need in sorted(needs, key=_turn):
        given[need.member] = min(units, caps[need.member])
        units -= given[need.member]
    return given


def _turn(need: Declared) -> tuple[bool, datetime, str]:
    return need.declared_at is None, need.declared_at or _UNSAID, need.member


def _max_min(units: int, caps: Mapping[str, int]) -> dict[str, int]:
    """One more to everyone below its cap, again and again, without counting one by one.

    A member whose cap is at most the even share of what is left gets its cap. When none is left like this,
    the others stop at one level, and the units that remain go one each to the larger caps, then by member.
    """
    given = dict.fromkeys(caps, 0)
    waiting = sorted(caps, key=lambda member: caps[member], reverse=True)
    while waiting and caps[waiting[-1]] * len(waiting) <= units:
        member = waiting.pop()
        given[member] = caps[member]
        units -= caps[member]
    if not waiting:
        return given
    level, rest = divmod(units, len(waiting))
    for place, member in enumerate(sorted(waiting, key=lambda member: (-caps[member], member))):
        given[member] = level + (place < rest)
    return given
