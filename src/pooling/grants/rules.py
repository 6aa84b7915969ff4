"""How a file of a subsidy stands, and whether what an allocation takes off is what it brings. Pure."""

from collections.abc import Mapping
from datetime import date
from enum import StrEnum

from pooling.sharing.money import Cents
from pooling.web.typography import euros


class GrantState(StrEnum):
    ASKED = "asked"
    GRANTED = "granted"
    PARTLY_PAID = "partly_paid"
    PAID = "paid"
    REFUSED = "refused"


WORDS: Mapping[GrantState, str] = {
    GrantState.ASKED: "Demandée",
    GrantState.GRANTED: "Accordée",
    GrantState.PARTLY_PAID: "Versée en partie",
    GrantState.PAID: "Versée",
    GrantState.REFUSED: "Refusée",
}
TAGS: Mapping[GrantState, str] = {
    GrantState.ASKED: "waiting",
    GrantState.GRANTED: "primary",
    GrantState.PARTLY_PAID: "primary",
    GrantState.PAID: "done",
    GrantState.REFUSED: "cancelled",
}


class Deadline(StrEnum):
    ANSWER = "answer"
    JUSTIFY = "justify"
    PAY = "pay"


DEADLINES: Mapping[Deadline, str] = {
    Deadline.ANSWER: "réponse attendue",
    Deadline.JUSTIFY: "à justifier",
    Deadline.PAY: "versement attendu",
}


def state_of(refused_on: date | None, granted: Cents | None, paid: Cents) -> GrantState:
    if refused_on is not None:
        return GrantState.REFUSED
    if granted is None:
        return GrantState.ASKED
    if paid >= granted:
        return GrantState.PAID
    return GrantState.PARTLY_PAID if paid else GrantState.GRANTED


def counted_on(asked: Cents, granted: Cents | None, refused_on: date | None) -> Cents:
    """What one may count on: what is granted; until somebody answers, what is asked."""
    if refused_on is not None:
        return 0
    return asked if granted is None else granted


def gap_words(title: str, counted: Cents, assumed: Cents) -> str:
    """Where an allocation takes off something else; empty where it is the same."""
    if counted == assumed:
        return ""
    said = f"« {title} » apporte {euros(counted)}, la répartition en déduit {euros(assumed)}"
    if counted < assumed:
        return f"{said} : baissez la subvention de {euros(assumed - counted)} dans les coûts, puis figez un autre état."
    return f"{said} : elle peut être relevée de {euros(counted - assumed)} dans les coûts."
