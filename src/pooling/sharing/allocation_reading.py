"""Reading an allocation case from JSON, up to its first error.

The rule meets errors in reading order, so that a charge without any basis comes before an unreadable amount
in the next charge. Hence what could be read is handed over together with the error that stopped the reading:
the rule looks at the former first. Inside one line, its shape comes before what it refers to.
"""

from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import NamedTuple

from pooling.sharing import reading
from pooling.sharing.allocation_case import (
    FCTVA_RATE,
    AmountSubsidy,
    Case,
    Charge,
    InvoiceLine,
    Item,
    Key,
    Member,
    Need,
    RateSubsidy,
    Scope,
    UnreadKey,
)
from pooling.sharing.errors import RuleError
from pooling.sharing.key_reading import PERCENT_DECIMALS, read_key
from pooling.sharing.money import Cents, parse_cents, parse_fraction
from pooling.sharing.reading import Record
from pooling.sharing.tiers import PRICE_DECIMALS, TierDraft, draft_tiers, priced_tiers

VAT_RATE_DECIMALS = 2

_CASE = reading.Shape(optional="case members items needs charges subsidies fctva_rate invoice")
_MEMBER = reading.Shape(required="id", optional="population agents fctva")
_ITEM = reading.Shape(required="id unit_price vat_rate", optional="fctva tiers")
_NEED = reading.Shape(required="member item quantity")
_CHARGES = {
    name: reading.Shape(required=f"id {name} vat_rate key", optional="scope items fctva")
    for name in ("amount", "percent")
}
_INVOICE_LINE = reading.Shape(required="vat_rate ht vat")
_COUNTED = "items charges members public"
_SUBSIDIES = {
    "rate": reading.Shape(required="id kind rate", optional=f"cap_per_unit cap_total {_COUNTED}"),
    "amount": reading.Shape(required="id kind amount", optional=_COUNTED),
}


class Reading(NamedTuple):
    """What was read, and the error that stopped the reading, if any."""

    case: Case
    error: RuleError | None


def read_case(raw: object) -> Reading:
    """Read a case; never raises."""
    draft = _Draft(label=reading.label_of(raw))
    try:
        draft.read(raw)
    except RuleError as error:
        return Reading(draft.case(), error)
    return Reading(draft.case(), None)


@dataclass(slots=True)
class _Draft:
    """The case as far as it has been read; items stand at a price of zero until needs have been read."""

    label: str
    members: list[Member] = field(default_factory=list)
    items: list[Item] = field(default_factory=list)
    needs: list[Need] = field(default_factory=list)
    charges: list[Charge] = field(default_factory=list)
    subsidies: list[RateSubsidy | AmountSubsidy] = field(default_factory=list)
    invoice: dict[Fraction, InvoiceLine] = field(default_factory=dict)
    fctva_rate: Fraction = FCTVA_RATE

    def read(self, raw: object) -> None:
        """Read everything, in the order in which errors are told."""
        record = _CASE.read(raw, "")
        reading.text(record.get("case", ""), "case")
        for n, value in _numbered(record, "members"):
            self.members.append(_member(value, n))
        shapes: list[tuple[Record, tuple[TierDraft, ...]]] = []
        for n, value in _numbered(record, "items"):
            shape, tiers, item = _item_shape(value, f"items[{n}]")
            self.items.append(item)
            shapes.append((shape, tiers))
        for n, value in _numbered(record, "needs"):
            self.needs.append(_need(value, n))
        self.items = [_priced(item, *shape) for item, shape in zip(self.items, shapes, strict=True)]
        for n, value in _numbered(record, "charges"):
            self.charges.append(_charge(value, f"charges[{n}]"))
        self.invoice = _invoice(record)
        for n, value in _numbered(record, "subsidies"):
            self.subsidies.append(_subsidy(value, f"subsidies[{n}]"))
        if "fctva_rate" in record:
            self.fctva_rate = parse_fraction(record["fctva_rate"], PERCENT_DECIMALS, field="fctva_rate")

    def case(self) -> Case:
        """The case as read so far."""
        return Case(
            label=self.label,
            members=tuple(self.members),
            items=tuple(self.items),
            needs=tuple(self.needs),
            charges=tuple(self.charges),
            subsidies=tuple(self.subsidies),
            invoice=self.invoice,
            fctva_rate=self.fctva_rate,
        )


def _numbered(record: Record, name: str) -> enumerate[object]:
    return enumerate(reading.array(record, name))


def _member(raw: object, place: int) -> Member:
    path = f"members[{place}]"
    record = _MEMBER.read(raw, path)
    id_ = reading.text(record["id"], f"{path}.id")
    return Member(
        id_,
        reading.count(record, "population", path),
        reading.count(record, "agents", path),
        reading.flag(record, "fctva", path, default=True),
    )


def _item_shape(raw: object, path: str) -> tuple[Record, tuple[TierDraft, ...], Item]:
    record = _ITEM.read(raw, path)
    id_ = reading.text(record["id"], f"{path}.id")
    fctva = reading.flag(record, "fctva", f"items.{id_}", default=False)
    tiers = draft_tiers(record, f"items.{id_}")
    return record, tiers, Item(id_, unit_price=Fraction(0), vat_rate=Fraction(0), fctva=fctva)


def _priced(item: Item, record: Record, tiers: tuple[TierDraft, ...]) -> Item:
    path = f"items.{item.id}"
    return replace(
        item,
        unit_price=parse_fraction(record["unit_price"], PRICE_DECIMALS, field=f"{path}.unit_price"),
        vat_rate=_vat_rate(record, path),
        tiers=priced_tiers(tiers, path),
    )


def _need(raw: object, place: int) -> Need:
    if isinstance(raw, dict) and raw.keys() == _NEED.required:
        member, item, quantity = raw["member"], raw["item"], raw["quantity"]
        # There may be 280 000 needs: the usual one is read without the ceremony that names what is wrong.
        if type(member) is str and type(item) is str and type(quantity) is int and 0 <= quantity < reading.MOST:
            return Need(member, item, quantity)
    path = f"needs[{place}]"
    record = _NEED.read(raw, path)
    return Need(
        reading.text(record["member"], f"{path}.member"),
        reading.text(record["item"], f"{path}.item"),
        reading.integer(record["quantity"], f"{path}.quantity"),
    )


def _charge(raw: object, path: str) -> Charge:
    size = "percent" if isinstance(raw, dict) and "percent" in raw else "amount"
    record = _CHARGES[size].read(raw, path)
    id_ = reading.text(record["id"], f"{path}.id")
    path = f"charges.{id_}"
    amount, percent = _CHARGE_SIZES[size](record[size], f"{path}.{size}")
    return Charge(
        id=id_,
        amount=amount,
        vat_rate=_vat_rate(record, path),
        scope=_scope(record, path),
        items=reading.texts(record, "items", path),
        fctva=reading.flag(record, "fctva", path, default=False),
        key=_charge_key(record["key"], f"{path}.key", amount),
        percent=percent,
    )


def _amount(raw: object, field: str) -> tuple[Cents | None, Fraction | None]:
    return parse_cents(raw, signed=True, field=field), None


def _percent(raw: object, field: str) -> tuple[Cents | None, Fraction | None]:
    return None, parse_fraction(raw, PERCENT_DECIMALS, signed=True, field=field)


def _charge_key(raw: object, field: str, amount: Cents | None) -> Key | UnreadKey | None:
    """None where the charge comes to nothing. What a percent comes to is known once its items are shared: until then
    its key may be wrong.
    """
    if amount == 0:
        return None
    try:
        return read_key(raw, field)
    except RuleError as error:
        if amount is None:
            return UnreadKey(error)
        raise


_CHARGE_SIZES = {"amount": _amount, "percent": _percent}


def _scope(record: Record, path: str) -> Scope:
    match record.get("scope", "participants"):
        case "participants":
            return "participants"
        case "all":
            return "all"
    return reading.texts(record, "scope", path) or ()


def _invoice(record: Record) -> dict[Fraction, InvoiceLine]:
    invoice: dict[Fraction, InvoiceLine] = {}
    for n, raw in _numbered(record, "invoice"):
        path = f"invoice[{n}]"
        line = _INVOICE_LINE.read(raw, path)
        rate = _vat_rate(line, path)
        ht = parse_cents(line["ht"], signed=True, field=f"{path}.ht")
        vat = parse_cents(line["vat"], signed=True, field=f"{path}.vat")
        if rate in invoice:
            raise RuleError("duplicate", f"{path}.vat_rate")
        invoice[rate] = InvoiceLine(ht, vat)
    return invoice


def _subsidy(raw: object, path: str) -> RateSubsidy | AmountSubsidy:
    kind = raw.get("kind") if isinstance(raw, dict) else None
    if not isinstance(kind, str) or kind not in _SUBSIDIES:
        raise RuleError("malformed", f"{path}.kind")
    record = _SUBSIDIES[kind].read(raw, path)
    id_ = reading.text(record["id"], f"{path}.id")
    path = f"subsidies.{id_}"
    items = reading.texts(record, "items", path)
    charges = reading.texts(record, "charges", path) or ()
    members = reading.texts(record, "members", path)
    public = reading.flag(record, "public", path, default=True)
    if kind == "amount":
        amount = parse_cents(record["amount"], signed=True, field=f"{path}.amount")
        return AmountSubsidy(id_, items, charges, members, public, amount)
    rate = parse_fraction(record["rate"], PERCENT_DECIMALS, field=f"{path}.rate")
    caps = [_cap(record, name, path) for name in ("cap_per_unit", "cap_total")]
    return RateSubsidy(id_, items, charges, members, public, rate, *caps)


def _cap(record: Record, name: str, path: str) -> int | None:
    return parse_cents(record[name], field=f"{path}.{name}") if name in record else None


def _vat_rate(record: Record, path: str) -> Fraction:
    return parse_fraction(record["vat_rate"], VAT_RATE_DECIMALS, field=f"{path}.vat_rate")
