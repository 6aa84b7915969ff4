"""The places where somebody's click sends mail: each is declared where the mail is written, with what bounds it.

Mails that leave at their date (reminders, convocations) are nobody's wish: they are not here, but sending them before
it is.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Occasion:
    name: str
    """The kind of its mails, or what is done."""
    wish: str
    """Whose."""
    to: str
    limit: str
    where: str
    """The module that writes the mails down."""


OCCASIONS: dict[str, Occasion] = {}


def occasion(name: str, *, wish: str, to: str, limit: str, where: str) -> str:
    """Declares it, and gives its name back."""
    OCCASIONS[name] = Occasion(name, wish, to, limit, where)
    return name
