"""Sharing what a member is assigned among its places: whole units, all of them, never fewer than none.

In proportion to what was wished, by largest remainder: the larger fraction first, then the larger wish, then the place
with the smaller id, which was known first. What adds up to the units is hence taken as it is. Where nothing was wished,
all of them go to the main place.
"""

from collections.abc import Mapping

from pooling.sharing.money import apportion_in_order, proportions


def over_places(units: int, wished: Mapping[int, int], main: int | None) -> dict[int | None, int]:
    """Units by the id of their place, those that get some; `main` is None where there is no place at all."""
    places = sorted(place for place, wish in wished.items() if wish)
    if not places:
        return {main: units} if units else {}
    shares = apportion_in_order(units, *proportions(units, [wished[place] for place in places]))
    return {place: share for place, share in zip(places, shares, strict=True) if share}
