"""From the tags of EN 16931 to an invoice's values."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from facturx import parse_ubl_cii_xml
from lxml import etree
from stdnum.fr import siren as fr_siren

from pooling.invoices.containers import Document
from pooling.invoices.invoice import Finding, Invoice, InvoiceLine, Kind, Party, Refused, Totals, VatGroup
from pooling.web.typography import NBSP

Tags = Mapping[str, Any]

_CREDIT_NOTES = frozenset({"381", "261", "262", "396", "502", "503"})
_CORRECTED = frozenset({"384", "471", "472", "473"})
_PREPAYMENTS = frozenset({"386", "500"})
_NUMBER = re.compile(r"[+-]?(?:\d++(?:\.\d*+)?|\.\d++)")
MOST_DIGITS = 30
_SIREN, _SIRET = 9, 14
_YEARS = range(1900, 2200)


def invoice_of(document: Document, profile: str) -> tuple[Invoice, list[Finding]]:
    """What the document says, and what of its dates cannot be read.

    Raises:
        Refused: an amount of more digits than any has, or something that the library cannot take apart.
    """
    findings = _without_odd_dates(document.root)
    try:
        tags = parse_ubl_cii_xml(document.root, level=profile, date_as="string", bytes_as="string", check_xsd=False)
    except Exception as error:  # the library raises what it comes across
        raise Refused("unreadable", "Le contenu de cette facture ne peut pas être lu.") from error
    return _invoice(tags, document, profile), findings


def _invoice(tags: Tags, document: Document, profile: str) -> Invoice:
    type_code = _text(tags, "BT-3")
    seller = _dict(tags, "BG-4")
    return Invoice(
        format=document.format,
        profile=profile,
        kind="credit_note" if document.root.tag.endswith("CreditNote") else _kind(type_code),
        type_code=type_code,
        process=_text(tags, "BT-23"),
        number=_text(tags, "BT-1"),
        issued_on=_text(tags, "BT-2"),
        due_on=_text(tags, "BT-9"),
        currency=_text(tags, "BT-5"),
        seller=_party(seller),
        buyer=_party(_dict(tags, "BG-7")),
        represented=bool(_text(seller, "tax_identifier") or _text(_dict(tags, "BG-11"), "vat_identifier")),
        order=_text(tags, "BT-13"),
        contract=_text(tags, "BT-12"),
        service=_text(tags, "BT-10"),
        credited=[number for group in _list(tags, "BG-3") if (number := _text(group, "BT-25"))],
        lines=[_line(line) for line in _list(tags, "BG-25")],
        vat=_groups(_list(tags, "BG-23")),
        allowances=_amount(tags, "BT-107") or Decimal(0),
        charges=_amount(tags, "BT-108") or Decimal(0),
        totals=_totals(tags, profile),
        objects=_objects(tags, "BT-18"),
    )


def _kind(type_code: str) -> Kind:
    if type_code in _CREDIT_NOTES:
        return "credit_note"
    if type_code in _CORRECTED:
        return "corrected"
    return "prepayment" if type_code in _PREPAYMENTS else "invoice"


def _totals(tags: Tags, profile: str) -> Totals:
    """What is not said is nothing, except in the smallest profile, which has no place for it."""
    unsaid = None if profile == "minimum" else Decimal(0)
    prepaid, rounding = _amount(tags, "BT-113"), _amount(tags, "BT-114")
    return Totals(
        lines=_amount(tags, "BT-106"),
        ht=_amount(tags, "BT-109"),
        vat=_amount(tags, "BT-110"),
        ttc=_amount(tags, "BT-112"),
        prepaid=unsaid if prepaid is None else prepaid,
        rounding=unsaid if rounding is None else rounding,
        due=_amount(tags, "BT-115"),
    )


def _line(tags: Tags) -> InvoiceLine:
    extras = [_sum(_list(tags, name), "amount") for name in ("BG-28", "BG-27")]
    return InvoiceLine(
        id=_text(tags, "BT-126"),
        order_line=_text(tags, "BT-132"),
        name=_text(tags, "BT-153"),
        seller_code=_text(tags, "BT-155"),
        quantity=_amount(tags, "BT-129"),
        unit=_text(tags, "BT-130"),
        unit_price=_amount(tags, "BT-146"),
        price_base=_amount(tags, "BT-149") or Decimal(1),
        net=_amount(tags, "BT-131"),
        category=_text(tags, "BT-151"),
        vat_rate=_amount(tags, "BT-152"),
        extras=extras[0] - extras[1],
        order=_text(tags, "EXT-FR-FE-135"),
        objects=_objects(tags, "BT-128"),
    )


def _objects(tags: Tags, name: str) -> Sequence[str]:
    return [text for value in _dict(tags, name).values() if isinstance(value, str) and (text := value.strip())]


def _groups(groups: Iterable[Tags]) -> list[VatGroup]:
    """Those of the same rate, however it is written, and category, added up."""
    summed: dict[tuple[Decimal | None, str], VatGroup] = {}
    for tags in groups:
        rate, category = _amount(tags, "BT-119"), _text(tags, "BT-118")
        before = summed.get((rate, category), VatGroup(rate, category, Decimal(0), Decimal(0)))
        base, amount = (_amount(tags, name) or Decimal(0) for name in ("BT-116", "BT-117"))
        summed[rate, category] = VatGroup(rate, category, before.base + base, before.amount + amount)
    return list(summed.values())


def _party(tags: Tags) -> Party:
    numbers = list(_identifiers(tags))
    siret = next((number for scheme, number in numbers if _is_siret(scheme, number)), "")
    whole = siret if len(siret) == _SIRET else ""
    named = next((number for scheme, number in numbers if _is_siren(scheme, number)), "")
    return Party(
        name=_text(tags, "name") or _text(tags, "biz_name"),
        siren=named or whole[:_SIREN],
        siret=siret,
        vat=_compact(_text(tags, "vat_identifier")).upper(),
    )


def _identifiers(tags: Tags) -> Iterable[tuple[str, str]]:
    """The legal identifier first: many write a SIRET where the SIREN belongs."""
    yield _text(tags, "legal_identifier_schemeid"), _compact(_text(tags, "legal_identifier"))
    for scheme, number in _dict(tags, "identifiers").items():
        yield str(scheme or ""), _compact(str(number))


def _is_siret(scheme: str, number: str) -> bool:
    """Whatever calls itself one is read as one, however wrong, so that it is said."""
    if scheme == "0009":
        return number != ""
    return scheme in {"0002", ""} and len(number) == _SIRET and number.isascii() and number.isdigit()


def _is_siren(scheme: str, number: str) -> bool:
    if scheme == "0002":
        return len(number) != _SIRET and number != ""
    return scheme == "" and len(number) == _SIREN and bool(fr_siren.is_valid(number))


def _compact(text: str) -> str:
    return "".join(text.split())


def _text(tags: Tags, name: str) -> str:
    """A tag's text; the first where a file repeats what stands once."""
    value = tags.get(name)
    while isinstance(value, list):
        value = value[0] if value else None
    return value.strip() if isinstance(value, str) else ""


def _amount(tags: Tags, name: str) -> Decimal | None:
    text = _text(tags, name)
    if not text or not _NUMBER.fullmatch(text):
        return None
    if len(text) > MOST_DIGITS:
        raise Refused("unreadable", f"Un montant a plus de {MOST_DIGITS} chiffres.", name)
    return Decimal(text)


def _sum(tags: Iterable[Tags], name: str) -> Decimal:
    return sum((_amount(each, name) or Decimal(0) for each in tags), Decimal(0))


def _list(tags: Tags, name: str) -> Sequence[Tags]:
    value = tags.get(name)
    return [each for each in value if isinstance(each, Mapping)] if isinstance(value, list) else []


def _dict(tags: Tags, name: str) -> Tags:
    value = tags.get(name)
    return value if isinstance(value, Mapping) else {}


def _without_odd_dates(root: etree._Element) -> list[Finding]:
    """Takes out the dates that cannot be read, which the library stumbles over, and names them."""
    findings = []
    for element in root.iter(etree.Element):
        read = _DATES.get(etree.QName(element).localname)
        text = (element.text or "").strip()
        if read is None or not text or _is_date(text, read):
            continue
        element.text = ""
        field = _field_of(element)
        findings.append(
            Finding(
                "date", field, "error", f"La date «{NBSP}{text[:40]}{NBSP}» n’est pas écrite comme la norme le veut."
            )
        )
    return findings


def _is_date(text: str, read: Callable[[str], date]) -> bool:
    try:
        return read(text).year in _YEARS
    except ValueError:
        return False


def _compact_date(text: str) -> date:
    return datetime.strptime(text, "%Y%m%d").date() if len(text) == len("20260101") else date.min  # noqa: DTZ007 - a day


_DATES: Mapping[str, Callable[[str], date]] = {
    "DateTimeString": _compact_date,
    **dict.fromkeys(("IssueDate", "DueDate", "PaymentDueDate", "ActualDeliveryDate"), date.fromisoformat),
    **dict.fromkeys(("StartDate", "EndDate", "TaxPointDate"), date.fromisoformat),
}
_FIELDS = {"IssueDateTime": "issued_on", "IssueDate": "issued_on", "DueDateDateTime": "due_on", "DueDate": "due_on"}


def _field_of(element: etree._Element) -> str:
    """The invoice's own field, or the name of what holds the date."""
    holder = element if etree.QName(element).localname in _FIELDS else element.getparent()
    name = str(etree.QName(holder if holder is not None else element).localname)
    return _FIELDS.get(name, name)
