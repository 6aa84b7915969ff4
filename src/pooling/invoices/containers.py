"""From a file to its one XML document: a PDF with an attachment, or the XML itself. Whatever the file holds, the only
exception is `Refused`.
"""

import logging
from collections.abc import Iterator
from io import BytesIO
from typing import NamedTuple

from lxml import etree
from pypdf import PdfReader
from pypdf.errors import LimitReachedError

from pooling.invoices.invoice import MOST_BYTES, Refused

MOST_ATTACHMENTS = 100
_HEAD = 1024
"""How far into a PDF its mark may stand."""
INVOICES = {
    "{urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100}CrossIndustryInvoice": "cii",
    "{urn:oasis:names:specification:ubl:schema:xsd:Invoice-2}Invoice": "ubl",
    "{urn:oasis:names:specification:ubl:schema:xsd:CreditNote-2}CreditNote": "ubl",
}
"""Roots of documents that are invoices, with their format."""
_OTHERS = {
    "SCRDMCCBDACIOMessageStructure": "une commande (Order-X)",
    "Order": "une commande (UBL)",
    "OrderResponse": "une réponse à une commande (UBL)",
    "DespatchAdvice": "un avis d’expédition (UBL)",
    "Quotation": "un devis (UBL)",
    "CrossIndustryDocument": "une facture ZUGFeRD 1.0, d’avant la norme EN 16931",
}

logging.getLogger("pypdf").setLevel(logging.CRITICAL)
logging.getLogger("factur-x").setLevel(logging.CRITICAL)


class Document(NamedTuple):
    """An invoice's XML, and how it came: `factur-x`, `cii` or `ubl`."""

    format: str
    root: etree._Element


def open_file(content: bytes) -> Document:
    """The file's one invoice.

    Raises:
        Refused: unreadable, not an invoice, several of them.
    """
    if len(content) > MOST_BYTES:
        raise Refused("unreadable", f"Ce fichier dépasse {MOST_BYTES // 1_000_000}\u00a0Mo.")
    if not content.strip():
        raise Refused("unreadable", "Ce fichier est vide.")
    if b"%PDF-" in content[:_HEAD]:
        return Document("factur-x", _in_pdf(content))
    if content.lstrip()[:20].lower().startswith((b"<!doctype html", b"<html")):
        raise Refused("not_an_invoice", "Ce fichier n’est pas une facture\u00a0: c’est une page web.")
    root = _parsed(content)
    return Document(INVOICES[_required_invoice(root).tag], root)


def _in_pdf(content: bytes) -> etree._Element:
    found: dict[bytes, etree._Element] = {}
    others: list[Refused] = []
    for name, attached in _attachments(content):
        if not (name.lower().endswith(".xml") or attached.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<?xml")):
            continue
        try:
            root = _required_invoice(_parsed(attached))
        except Refused as refused:
            others.append(refused)
        else:
            found[etree.tostring(root, method="c14n")] = root
    if len(found) > 1:
        raise Refused(
            "several_documents", f"Ce PDF contient {len(found)} factures différentes\u00a0: envoyez-les une à une."
        )
    if found:
        return next(iter(found.values()))
    if others:
        raise others[0]
    raise Refused(
        "not_an_invoice",
        "Ce PDF ne contient pas de facture électronique\u00a0: aucun XML n’y est joint. Demandez au fournisseur "
        "une facture Factur-X, ou saisissez-la à la main.",
    )


def _attachments(content: bytes) -> Iterator[tuple[str, bytes]]:
    """Raises:
    Refused: the PDF is damaged, protected, or holds more than anybody needs.
    """
    size = 0
    try:
        for count, (name, attached) in enumerate(_attached(content), start=1):
            size += len(attached)
            _require_little(count, size)
            yield name, attached
    except (Refused, GeneratorExit):
        raise
    except LimitReachedError as error:
        raise _too_much() from error
    except Exception as error:  # a PDF may be wrong in any way: pypdf raises what it comes across
        raise Refused("unreadable", "Ce PDF est abîmé ou incomplet\u00a0: il ne peut pas être lu.") from error


def _attached(content: bytes) -> Iterator[tuple[str, bytes]]:
    reader = PdfReader(BytesIO(content))
    if reader.is_encrypted and not reader.decrypt(""):
        raise Refused("unreadable", "Ce PDF est protégé par un mot de passe\u00a0: demandez-le sans protection.")
    for attached in reader.attachment_list:
        yield str(attached.name), bytes(attached.content or b"")


def _require_little(count: int, size: int) -> None:
    if count > MOST_ATTACHMENTS or size > MOST_BYTES:
        raise _too_much()


def _too_much() -> Refused:
    return Refused("unreadable", "Ce PDF a trop de pièces jointes, ou de trop lourdes.")


def _parsed(content: bytes) -> etree._Element:
    """Raises:
    Refused: no XML, cut short, not in the encoding that it names, with entities of its own.
    """
    # A comment within a text would cut it there for whoever reads the text of its element.
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise Refused("unreadable", _unparsed(str(error))) from error
    if root.getroottree().docinfo.doctype:
        raise Refused(
            "unreadable", "Ce XML définit ses propres entités (DOCTYPE)\u00a0: par sécurité, il n’est pas lu."
        )
    return root


def _unparsed(error: str) -> str:
    if "encod" in error.lower() or "not proper UTF-8" in error:
        return "Ce XML n’est pas dans l’encodage qu’il annonce\u00a0: ses accents seraient faux. Demandez-le corrigé."
    if error.startswith(("Start tag expected", "Document is empty")):
        return "Ce fichier n’est ni un PDF ni un XML."
    line = error.partition("line ")[2].partition(",")[0]
    where = f" (ligne {line})" if line.isdigit() else ""
    return f"Ce XML est mal formé ou coupé{where}\u00a0: il ne peut pas être lu."


def _required_invoice(root: etree._Element) -> etree._Element:
    """Raises:
    Refused: it is another document.
    """
    if root.tag in INVOICES:
        return root
    name = etree.QName(root).localname
    what = _OTHERS.get(name, f"un document «\u00a0{name[:60]}\u00a0»")
    raise Refused("not_an_invoice", f"Ce fichier n’est pas une facture\u00a0: c’est {what}.")
