"""What opinions come to. Pure."""

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

BEST = 5
GOOD = 4
"""A mark from which on somebody is satisfied."""


class About(StrEnum):
    PURCHASE = "achat"
    COMMITTEE = "comite"


QUESTIONS: dict[About, tuple[str, str]] = {
    About.PURCHASE: (
        "Ce que vous avez reçu répond-il à votre besoin ?",
        "Acheter ensemble a-t-il été simple ?",
    ),
    About.COMMITTEE: (
        "Cette réunion vous a-t-elle été utile ?",
        "Sa préparation et sa durée vous ont-elles convenu ?",
    ),
}
MARKS: tuple[tuple[str, str], ...] = (
    ("5", "5 – Tout à fait"),
    ("4", "4 – Plutôt oui"),
    ("3", "3 – Moyennement"),
    ("2", "2 – Plutôt non"),
    ("1", "1 – Pas du tout"),
)


@dataclass(frozen=True)
class Satisfaction:
    """Of several opinions."""

    opinions: int = 0
    marks: int = 0
    """The sum of both marks of each."""
    satisfied: int = 0
    """Opinions of which both marks are good."""

    def __add__(self, other: "Satisfaction") -> "Satisfaction":
        return Satisfaction(self.opinions + other.opinions, self.marks + other.marks, self.satisfied + other.satisfied)

    @property
    def mean(self) -> Fraction | None:
        """From 1 to 5; None: nobody said anything."""
        return Fraction(self.marks, 2 * self.opinions) if self.opinions else None

    @property
    def rate(self) -> Fraction | None:
        """How many are satisfied, of those who said something."""
        return Fraction(self.satisfied, self.opinions) if self.opinions else None
