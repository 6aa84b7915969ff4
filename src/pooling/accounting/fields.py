"""What files for accounting packages may say of a member's share, by the names that layouts know it by."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TypeAlias

from pooling.accounting.dues import Buying, Creditor, Owes, Payment, paid_to, payments_of
from pooling.allocation.booking import INVESTMENT, Booked, Identity
from pooling.allocation.figures import KINDS, decimal
from pooling.sharing.money import Cents
from pooling.sharing.shared_lines import LineKind
from pooling.sharing.statement import StatedMember

FOR_OTHERS = "4581"
"""M57: what is spent for others, who give it back; an operation of investment, whatever is bought."""


class Amount(int):
    """Cents."""


Said: TypeAlias = str | Amount | Decimal | int | date | None


@dataclass(frozen=True)
class Entry:
    """A member's share of a frozen allocation as it is booked. A row may be about one `line` of it, and about what is
    paid to one creditor.
    """

    purchase: str
    """« AG-2027-001 Arceaux »."""
    reference: str
    record: int
    dated: date
    code: str
    name: str
    identity: Identity
    budget: str
    number: str
    """Of its statement."""
    orders: Sequence[str]
    buying: Buying
    owed: Mapping[Owes, Cents]
    """What it owes with VAT."""
    lines: Sequence[Booked]
    labels: Mapping[int, str]
    """Of lines, by their ids in memory."""
    filed: Mapping[int, tuple[str, str, str]]
    """Their section, account and CPV, likewise."""
    engagements: Mapping[int, tuple[str, str]]
    """Budget and engagement number of the member's lines, likewise."""
    member: StatedMember
    line: Booked | None = None
    to: Owes | None = None
    for_others: bool = False
    """The lead pays it for the other members."""

    @property
    def payments(self) -> Sequence[Payment]:
        return payments_of(self.buying, self.code, self.lines, self.owed)

    @property
    def creditor(self) -> Creditor:
        """Whom this row is paid to; what a member paid itself, to itself."""
        to = self.to or paid_to(self.buying, self.code, self.one)
        return self.buying.creditor(to) if to is not None else Creditor(self.name, self.identity.siret)

    @property
    def one(self) -> Booked:
        assert self.line is not None, "the layout has a row for each line"
        return self.line

    def total(self, name: str) -> Amount:
        return Amount(sum(getattr(line, name) for line in self.lines))

    @property
    def bills(self) -> Sequence[str]:
        """Numbers of the suppliers' bills that its share comes from."""
        return [*self.buying.bills.get(self.code, ()), *self.buying.bills.get("", ())]

    @property
    def engaged(self) -> str:
        numbers = dict.fromkeys(number for _, number in self.engagements.values() if number)
        return ", ".join(numbers)

    @property
    def due_on(self) -> date | None:
        found: list[Owes | None] = [self.to]
        if self.to is None:
            lines = self.lines if self.line is None else [self.line]
            found = [paid_to(self.buying, self.code, line) for line in lines]
        days = [self.buying.when(self.code, to)[0] for to in found if to is not None]
        return max((day for day in days if day is not None), default=None)


def _object(entry: Entry) -> str:
    return f"{entry.purchase}, état de répartition n° {entry.record}"


def _line_label(entry: Entry) -> str:
    label = entry.labels[id(entry.one.line)]
    return f"{label} (pour les autres membres)" if entry.for_others else label


def _amount(name: str) -> Callable[[Entry], Said]:
    return lambda entry: Amount(getattr(entry.one, name))


_OF_MEMBERS: Mapping[str, Callable[[Entry], Said]] = {
    "year": lambda entry: entry.dated.year,
    "dated": lambda entry: entry.dated,
    "due_on": lambda entry: entry.due_on,
    "purchase": lambda entry: entry.reference,
    "record": lambda entry: entry.record,
    "statement_number": lambda entry: entry.number,
    "file": lambda entry: f"{entry.number}.pdf" if entry.number else "",
    "object": _object,
    "member": lambda entry: entry.code,
    "member_name": lambda entry: entry.name,
    "siren": lambda entry: entry.identity.siren,
    "siret": lambda entry: entry.identity.siret,
    "service_code": lambda entry: entry.identity.service_code,
    "service": lambda entry: entry.identity.service,
    "address": lambda entry: ", ".join(entry.identity.address.splitlines()),
    "budget": lambda entry: entry.budget,
    "engagements": lambda entry: entry.engaged,
    "orders": lambda entry: ", ".join(entry.orders),
    "ht": lambda entry: entry.total("ht"),
    "vat": lambda entry: entry.total("vat"),
    "ttc": lambda entry: entry.total("ttc"),
    "subsidies": lambda entry: entry.total("subsidies"),
    "fctva": lambda entry: entry.total("fctva"),
    "net": lambda entry: entry.total("net"),
}
PAID_FIELDS: Mapping[str, Callable[[Entry], Said]] = {
    "creditor": lambda entry: entry.creditor.name,
    "creditor_siret": lambda entry: entry.creditor.siret,
}
"""Of rows about what is paid to somebody."""
LINE_FIELDS: Mapping[str, Callable[[Entry], Said]] = {
    "line_object": lambda entry: f"{_line_label(entry)} – {_object(entry)}",
    "kind": lambda entry: KINDS[entry.one.line.kind],
    "code": lambda entry: entry.one.line.id,
    "label": lambda entry: entry.labels[id(entry.one.line)],
    "engagement": lambda entry: entry.engagements.get(id(entry.one.line), ("", ""))[1],
    "line_budget": lambda entry: entry.engagements.get(id(entry.one.line), ("", ""))[0],
    "section": lambda entry: INVESTMENT if entry.for_others else entry.filed[id(entry.one.line)][0],
    "account": lambda entry: FOR_OTHERS if entry.for_others else entry.filed[id(entry.one.line)][1],
    "cpv": lambda entry: entry.filed[id(entry.one.line)][2],
    "quantity": lambda entry: int(entry.one.share.value) if entry.one.line.kind is LineKind.ITEM else None,
    "unit_price": lambda entry: (
        decimal(entry.one.line.unit_price or 0) if entry.one.line.kind is LineKind.ITEM else None
    ),
    "vat_rate": lambda entry: decimal(entry.one.line.vat_rate or 0),
    "line_ht": _amount("ht"),
    "line_vat": _amount("vat"),
    "line_ttc": _amount("ttc"),
    "line_subsidies": _amount("subsidies"),
    "line_fctva": _amount("fctva"),
    "line_net": _amount("net"),
}
FIELDS: Mapping[str, Callable[[Entry], Said]] = {**_OF_MEMBERS, **PAID_FIELDS, **LINE_FIELDS}
