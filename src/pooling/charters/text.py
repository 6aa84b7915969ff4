"""The charter as a document, from the territory's text of the name `charter`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pooling.documents.document import Document, document_of
from pooling.documents.texts import DocumentText, read_text
from pooling.kernel.limits import Readers, limit

MOST_NAMED = limit(500, "Members that a charter names", __name__, Readers.OPERATORS)
_SAMPLES = (
    {"group": "Bassin d’Arcachon", "members": ["Lugos"], "more_members": 2},
    {"group": "Bassin d’Arcachon", "members": [], "more_members": 0},
)


@dataclass(frozen=True)
class CharterText:
    text: DocumentText


def read_charter(config_dir: Path) -> CharterText:
    """Read at the start, so that a change counts from the next one.

    Raises:
        ConfigurationError: the text is not right; the message says where.
    """
    return CharterText(read_text(config_dir, "charter", _SAMPLES))


def charter_of(
    charter: CharterText, group: str, members: Sequence[str], *, more: int = 0, notice: str | None, at: datetime
) -> Document:
    """The charter of a group of this name between these members, by their names in order, and so many more."""
    more += max(len(members) - MOST_NAMED, 0)
    values = {"group": group, "members": members[:MOST_NAMED], "more_members": more}
    return document_of(
        charter.text, values, author=group, reference=f"{group}, charte d’engagement", notice=notice, at=at
    )
