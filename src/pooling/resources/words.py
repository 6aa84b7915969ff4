"""What resources and lendings are called."""

from collections.abc import Mapping
from datetime import date
from typing import Protocol

from babel.dates import format_date

from pooling.resources.models import LENDING, LendingState, ResourceKind
from pooling.resources.rules import Span, week_words
from pooling.web.typography import date_long, date_short, euros, plural

KIND_WORDS: Mapping[ResourceKind, str] = {
    ResourceKind.DESK: "Bureaux pour le télétravail",
    ResourceKind.ROOM: "Salles",
    ResourceKind.VEHICLE: "Véhicules",
    ResourceKind.BIKE: "Vélos",
}
_UNITS: Mapping[ResourceKind, str] = {
    ResourceKind.DESK: "bureau",
    ResourceKind.ROOM: "salle",
    ResourceKind.VEHICLE: "véhicule",
    ResourceKind.BIKE: "vélo",
}


def units_words(kind: str, units: int) -> str:
    """« 2 bureaux »."""
    return plural(units, _UNITS[ResourceKind(kind)])


def price_words(cents: int) -> str:
    return f"{euros(cents)} par jour et par unité, TTC" if cents else "Gratuit"


def span_words(span: Span) -> str:
    """« du lundi au vendredi, depuis le 01/03/2027 », « le mardi, du 02/03/2027 au 30/03/2027 »."""
    if span.last == span.first:
        return date_long(span.first)
    when = f"depuis le {date_short(span.first)}"
    if span.last is not None:
        when = f"du {date_short(span.first)} au {date_short(span.last)}"
    return f"{week_words(span.days)}, {when}"


class Dated(Protocol):
    """A lending, as a row or as it is shown."""

    @property
    def state(self) -> str: ...

    @property
    def last_day(self) -> date: ...


def state_words(lending: Dated, today: date) -> tuple[str, str]:
    """Its tag and word; what was agreed is over once its last day is."""
    if lending.state == LendingState.AGREED and lending.last_day < today:
        return "closed", "Terminée"
    return LENDING.tag(lending.state), LENDING.word(lending.state)


def month_words(month: date) -> str:
    return str(format_date(month, "MMMM y", locale="fr_FR"))
