"""The places where somebody's click sends mail: each is declared where the mail is written, with what bounds it.

Mails that leave at their date (reminders, convocations) are asked for by nobody: only sending
them before it is declared here.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class MailOccasion:
    name: str
    """The kind of its mails, or what is done."""
    asked_by: str
    """Whose."""
    to: str
    limit: str
    where: str
    """The module that writes the mails down."""


OCCASIONS: dict[str, MailOccasion] = {}


def occasion(name: str, *, asked_by: str, to: str, limit: str, where: str) -> str:
    """Declares it, and gives its name back."""
    OCCASIONS[name] = MailOccasion(name, asked_by, to, limit, where)
    return name
