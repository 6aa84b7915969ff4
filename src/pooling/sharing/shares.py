"""One total shared among all the members of a case, and how: shares and explanations rest on it."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from pooling.sharing.money import Cents, apportion_in_order, proportions


@dataclass(frozen=True, slots=True)
class Shares:
    """Shares in cents, in member order; each exact share is `numerators[place] / denominator` cents."""

    total: Cents
    numerators: Sequence[int]
    denominator: int
    cents: Sequence[Cents]

    @classmethod
    def exact(cls, total: Cents, numerators: Sequence[int], denominator: int) -> "Shares":
        """Apportion `total` along exact shares."""
        return cls(total, numerators, denominator, apportion_in_order(total, numerators, denominator))

    @classmethod
    def weighted(cls, total: Cents, weights: Sequence[int], field: str) -> "Shares":
        """Split `total` by weights; raises `no_basis` on `field`."""
        return cls.exact(total, *proportions(total, weights, field))

    @classmethod
    def nothing(cls, members: int) -> "Shares":
        """Zero for everyone."""
        return cls(0, [0] * members, 1, [0] * members)

    def exact_share(self, place: int) -> Fraction:
        """The exact share of one member, in cents."""
        return Fraction(self.numerators[place], self.denominator)

    def towards_zero(self, place: int) -> Cents:
        """The share without its fraction."""
        whole = abs(self.numerators[place]) // self.denominator
        return whole if self.numerators[place] >= 0 else -whole

    @property
    def left(self) -> Cents:
        """The cents that remain to be given one by one, with their sign."""
        whole = self.denominator
        return self.total - sum(n // whole if n >= 0 else -(-n // whole) for n in self.numerators)

    def given(self, place: int) -> int:
        """The remaining cent that the member received: 1, 0 or -1."""
        return self.cents[place] - self.towards_zero(place)
