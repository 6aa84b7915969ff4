"""A document: a title and blocks, and the formats that it is written in.

Blocks are those of `web/markdown.py`. Of a text's, two are read otherwise: a rule (`---`) begins a page, and a code
block that is called `signatures` is a table to sign in, a line for each who signs.
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from markupsafe import Markup

from pooling.documents.texts import DocumentText
from pooling.web.markdown import Node, blocks_of, content_of, html_of, plain_text
from pooling.web.typography import typo

SIGNATURES = "signatures"
_TO_SIGN = ("Signataire", "Date", "Signature")
LANGUAGE, COUNTRY = "fr", "FR"


@dataclass(frozen=True)
class Document:
    """What each format says. Levels of headings are those of its blocks; the title stands above them, at 1."""

    title: str
    blocks: Sequence[Node]
    author: str
    """The group."""
    reference: str
    """Said in the foot of every page."""
    notice: str | None
    """What is to be known before anything: that all is fictional."""
    at: datetime

    def preview(self, *, under: int = 2) -> Markup:
        """The blocks as HTML, below a heading of this level that says the title."""
        return html_of([_as_read(block) for block in self.blocks], under=under - 1)


def document_of(
    text: DocumentText, values: Mapping[str, Any], *, author: str, reference: str, notice: str | None, at: datetime
) -> Document:
    """A text with its values."""
    first, *blocks = blocks_of(text.filled(values).lstrip())
    return Document(
        title=plain_text([first]),
        blocks=list(_read(blocks)),
        author=author,
        reference=typo(reference),
        notice=typo(notice) if notice else None,
        at=at,
    )


def _read(blocks: Sequence[Node]) -> Iterator[Node]:
    for block in blocks:
        if block["kind"] == "rule":
            yield {"kind": "page"}
        elif block["kind"] == "code" and block["info"] == SIGNATURES:
            yield {
                "kind": "table",
                "head": [content_of(word) for word in _TO_SIGN],
                "rows": [[content_of(line), [], []] for line in block["text"].splitlines() if line.strip()],
                "aligns": ["", "", ""],
                "tall": True,
            }
        else:
            yield block


def _as_read(block: Node) -> Node:
    return {"kind": "rule"} if block["kind"] == "page" else block


class Format(NamedTuple):
    media_type: str
    word: str
    write: Callable[[Document], bytes]


def _odt(document: Document) -> bytes:
    from pooling.documents.odt import write_odt  # noqa: PLC0415 - loads odfdo and lxml

    return write_odt(document)


def _docx(document: Document) -> bytes:
    from pooling.documents.docx import write_docx  # noqa: PLC0415 - loads python-docx and lxml

    return write_docx(document)


def _pdf(document: Document) -> bytes:
    from pooling.documents.pdf import write_pdf  # noqa: PLC0415 - as the others

    return write_pdf(document)


FORMATS: Mapping[str, Format] = {
    "odt": Format("application/vnd.oasis.opendocument.text", "ODT", _odt),
    "docx": Format("application/vnd.openxmlformats-officedocument.wordprocessingml.document", "DOCX", _docx),
    "pdf": Format("application/pdf", "PDF", _pdf),
}


async def written(document: Document, kind: str) -> bytes:
    """The document in one of `FORMATS`.

    Raises:
        Unprintable: it cannot be set.
    """
    return await asyncio.to_thread(FORMATS[kind].write, document)
