"""An indicator as pages, files and programs show it. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Any, TypeAlias

from pooling.web.typography import NBSP, euros, number, percent


class Unit(StrEnum):
    COUNT = "count"
    CENTS = "cents"
    RATE = "rate"
    """1 is all of it."""
    DAYS = "days"
    KILOGRAMS = "kilograms"
    """Of CO₂."""


Value: TypeAlias = int | Fraction
MOST_DRAWN = 20
"""Bars of one chart; its table has the others too."""


@dataclass(frozen=True)
class Piece:
    """Something that a figure is made of."""

    label: str
    words: str
    path: str = ""
    """Of its page, from the group's; empty: it has none."""
    note: str = ""
    drawn: Value | None = None
    """How long its bar is, among those of its figure; None: it has none."""


@dataclass(frozen=True)
class Figure:
    """One indicator of a year."""

    code: str
    label: str
    unit: Unit
    value: Value | None
    """None: there is nothing to say it of."""
    note: str = ""
    """What it rests on, in a sentence."""
    target: Value | None = None
    kept: bool | None = None
    """Whether the target is; None: there is none, or nothing to hold against it."""
    pieces: Sequence[Piece] = ()
    whole: Value | None = None
    """What a bar of the pieces is measured against; None: the longest."""

    @property
    def words(self) -> str:
        return said(self.unit, self.value)

    @property
    def thousandths(self) -> int | None:
        """Of a rate, for a bar."""
        return round(self.value * 1000) if self.unit is Unit.RATE and self.value is not None else None

    @property
    def target_words(self) -> str:
        return "" if self.target is None else said(self.unit, self.target)

    @property
    def bars(self) -> list[dict[str, Any]]:
        """Its pieces as a chart draws them: those that have a length, the first ones; nothing of one alone."""
        rows = [
            {"label": piece.label, "value": piece.drawn, "text": piece.words, "detail": piece.note}
            for piece in self.pieces
            if piece.drawn is not None and piece.drawn >= 0
        ]
        return rows[:MOST_DRAWN] if len(rows) > 1 and any(row["value"] for row in rows) else []

    @property
    def longest_bar(self) -> Value:
        drawn = [piece.drawn for piece in self.pieces if piece.drawn is not None]
        return max([self.whole or 0, *drawn])


@dataclass(frozen=True)
class Theme:
    """Figures that are read together."""

    label: str
    figures: Sequence[Figure]

    @property
    def shares(self) -> list[dict[str, Any]]:
        """Its rates as a chart draws them, each with what is expected of it."""
        return [
            {
                "label": figure.label,
                "value": figure.value,
                "text": figure.words,
                "detail": figure.note,
                "target": figure.target,
            }
            for figure in self.figures
            if figure.unit is Unit.RATE and figure.value is not None and figure.value >= 0
        ]


_PLURAL = 2
"""From which on French says « jours »."""


def said(unit: Unit, value: Value | None) -> str:
    """As French writes it."""
    if value is None:
        return "rien à mesurer"
    if unit is Unit.CENTS:
        return euros(int(value))
    if unit is Unit.RATE:
        return percent(value, 1)
    if unit is Unit.DAYS:
        several = value >= _PLURAL or value <= -_PLURAL
        return f"{number(value, 1)}{NBSP}jour{'s' if several else ''}"
    if unit is Unit.KILOGRAMS:
        return f"{number(value, 0)}{NBSP}kg de CO₂"
    return number(value, 1)
