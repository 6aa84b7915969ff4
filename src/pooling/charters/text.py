"""The charter as a document, from the territory's text of the name `charter`."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from pathlib import Path

from pooling.documents.document import Document, document_of
from pooling.documents.texts import DocumentText, read_text
from pooling.kernel.limits import Readers, limit
from pooling.web.markdown import Node, content_of
from pooling.web.typography import date_short, typo

MOST_NAMED = limit(500, "Members that a charter names", __name__, Readers.OPERATORS)
MOST_SHOWN = 100
"""Of these, on its page."""
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


@dataclass(frozen=True)
class CharterBody:
    """What is signed: the text without the names of members and the lines to sign, with its fingerprint."""

    title: str
    blocks: list[Node]
    fingerprint: str


def body_of(charter: CharterText, group: str, at: datetime) -> CharterBody:
    document = charter_of(charter, group, [], notice=None, at=at)
    blocks = [block for block in document.blocks if not block.get("tall")]
    said = json.dumps([document.title, blocks], ensure_ascii=False, sort_keys=True)
    return CharterBody(document.title, blocks, sha256(said.encode()).hexdigest())


def signed_document(
    group: str,
    version: int,
    title: str,
    blocks: Sequence[Node],
    signed: Sequence[tuple[str, str, date]],
    *,
    notice: str | None,
    at: datetime,
) -> Document:
    """A version as it reads, and who signed it: of each the member, who signed for it, and the day."""
    table = {
        "kind": "table",
        "head": [content_of(word) for word in ("Membre", "Signataire", "Signée le")],
        "rows": [[content_of(member), content_of(who), content_of(date_short(day))] for member, who, day in signed],
        "aligns": ["", "", ""],
    }
    return Document(
        title=title,
        blocks=[*blocks, table],
        author=group,
        reference=typo(f"{group}, charte d’engagement, version {version}"),
        notice=typo(notice) if notice else None,
        at=at,
    )
