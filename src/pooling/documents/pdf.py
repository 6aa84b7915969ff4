"""A document as an accessible PDF."""

from pooling.documents.document import Document
from pooling.web.pdf import set_pdf

TEMPLATE = "documents/document.typ"


def write_pdf(document: Document) -> bytes:
    """The file.

    Raises:
        Unprintable: it cannot be set.
    """
    data = {
        "title": document.title,
        "group": document.author,
        "notice": document.notice,
        "reference": document.reference,
        "blocks": document.blocks,
    }
    return set_pdf(TEMPLATE, data, document.at)
