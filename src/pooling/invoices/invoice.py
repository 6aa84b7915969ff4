"""What is read of an invoice, as values. Amounts are decimals with the sign of the file, in its currency."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, NamedTuple

Kind = Literal["invoice", "credit_note", "corrected", "prepayment"]
Severity = Literal["error", "warning", "info"]
FindingCode = Literal[
    "unreadable",
    "not_an_invoice",
    "several_documents",
    "schema",
    "totals_differ",
    "line_differs",
    "vat_number",
    "siret",
    "missing",
    "date",
    "currency",
    "duplicate_line",
    "no_lines",
]
MOST_BYTES = 20_000_000
"""Of a file, and of its attachments together."""
CENT = 2
"""Decimals that an amount has at least."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something to look at. An error keeps the invoice out of the allocation until somebody accepts it and says why."""

    code: FindingCode
    field: str
    severity: Severity
    message: str

    def to_json(self) -> dict[str, object]:
        """As the specification writes it."""
        return {"code": self.code, "field": self.field, "severity": self.severity, "message": self.message}


class Refused(Exception):
    """The file is no invoice that can be read; the finding says why."""

    def __init__(self, code: FindingCode, message: str, field: str = "") -> None:
        """Keep what is to be told."""
        super().__init__(message)
        self.finding = Finding(code, field, "error", message)


@dataclass(frozen=True, slots=True)
class Party:
    """The seller or the buyer; what is not said is empty."""

    name: str = ""
    siren: str = ""
    siret: str = ""
    vat: str = ""


@dataclass(frozen=True, slots=True)
class InvoiceLine:
    """One line. `extras` is its own charges less its own allowances, `net` what the file says it comes to."""

    id: str
    order_line: str
    name: str
    seller_code: str
    quantity: Decimal | None
    unit: str
    unit_price: Decimal | None
    price_base: Decimal
    net: Decimal | None
    category: str
    vat_rate: Decimal | None
    extras: Decimal = Decimal(0)
    order: str = ""
    """The order that this line is of, where the invoice is for several (extended profiles)."""
    objects: Sequence[str] = ()
    """What else the line names (BT-128)."""

    def to_json(self) -> dict[str, object]:
        """As the specification writes it."""
        return {
            "id": self.id,
            "order_line": self.order_line,
            "name": self.name,
            "seller_code": self.seller_code,
            "quantity": plain(self.quantity),
            "unit": self.unit,
            "unit_price": plain(self.unit_price, CENT),
            "price_base": plain(self.price_base),
            "net": plain(self.net, CENT),
            "vat_rate": plain(self.vat_rate),
        }


@dataclass(frozen=True, slots=True)
class VatGroup:
    """All that is taxed at one rate, in one category (S, E, AE, K, G, O, Z…)."""

    rate: Decimal | None
    category: str
    base: Decimal
    amount: Decimal

    def to_json(self) -> dict[str, object]:
        """As the specification writes it."""
        return {
            "rate": plain(self.rate),
            "category": self.category,
            "base": plain(self.base, CENT),
            "amount": plain(self.amount, CENT),
        }


@dataclass(frozen=True, slots=True)
class Totals:
    """The foot of the invoice (BT-106, 109, 110, 112, 113, 114, 115); None where the file does not say."""

    lines: Decimal | None
    ht: Decimal | None
    vat: Decimal | None
    ttc: Decimal | None
    prepaid: Decimal | None
    rounding: Decimal | None
    due: Decimal | None

    def to_json(self) -> dict[str, object]:
        """As the specification writes it."""
        return {name: plain(getattr(self, name), CENT) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class Invoice:
    """A file's one invoice. Dates are as `2026-10-02`, empty where there is none."""

    format: str
    profile: str
    kind: Kind
    type_code: str
    process: str
    """The French *cadre de facturation* (BT-23), `B1`, `S2`…"""
    number: str
    issued_on: str
    due_on: str
    currency: str
    seller: Party
    buyer: Party
    represented: bool
    """Whether a tax representative's VAT number, or another tax number of the seller, stands for the seller's own."""
    order: str
    contract: str
    service: str
    credited: Sequence[str]
    lines: Sequence[InvoiceLine]
    vat: Sequence[VatGroup]
    allowances: Decimal
    charges: Decimal
    totals: Totals
    objects: Sequence[str] = ()
    """What else the invoice names (BT-18)."""

    def to_json(self, findings: Sequence[Finding] = ()) -> dict[str, object]:
        """As the specification writes it."""
        return {
            "format": self.format,
            "profile": self.profile,
            "kind": self.kind,
            "number": self.number,
            "issued_on": self.issued_on,
            "due_on": self.due_on,
            "currency": self.currency,
            "seller": _party(self.seller, "name", "siren", "siret", "vat"),
            "buyer": _party(self.buyer, "name", "siren", "siret"),
            "order": self.order,
            "contract": self.contract,
            "service": self.service,
            "credited": list(self.credited),
            "lines": [line.to_json() for line in self.lines],
            "vat": [group.to_json() for group in self.vat],
            "allowances": plain(self.allowances, CENT),
            "charges": plain(self.charges, CENT),
            "totals": self.totals.to_json(),
            "findings": [finding.to_json() for finding in findings],
        }


class Reading(NamedTuple):
    """What was read; without an invoice the file is refused, for what the one finding says."""

    invoice: Invoice | None
    findings: Sequence[Finding]

    def to_json(self) -> dict[str, object]:
        """As the specification writes it."""
        if self.invoice is None:
            return {"findings": [finding.to_json() for finding in self.findings]}
        return self.invoice.to_json(self.findings)


def plain(value: Decimal | None, at_least: int = 0) -> str:
    """A decimal without exponent nor useless zeros, with `at_least` so many decimals; empty for None."""
    if value is None:
        return ""
    text = f"{value:f}"
    whole, _, decimals = text.partition(".")
    decimals = decimals.rstrip("0").ljust(at_least, "0")
    whole = "0" if whole == "-0" and not decimals.strip("0") else whole
    return f"{whole}.{decimals}" if decimals else whole


def _party(party: Party, *names: str) -> Mapping[str, str]:
    return {name: getattr(party, name) for name in names}
