"""Reading a consolidation case from JSON, up to its first error (as for an allocation case)."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from fractions import Fraction
from typing import NamedTuple, TypeVar

from pooling.sharing import reading
from pooling.sharing.consolidation_case import (
    ConsolidationCase,
    Declared,
    IncompletePack,
    PackedItem,
    Rationing,
)
from pooling.sharing.errors import RuleError
from pooling.sharing.money import parse_fraction
from pooling.sharing.tiers import PRICE_DECIMALS, draft_tiers, priced_tiers

_CASE = reading.Shape(required="item", optional="case needs rule incomplete_pack use_tolerance_for_tier")
_ITEM = reading.Shape(required="unit_price", optional="id tiers pack minimum")
_NEED = reading.Shape(required="member firm", optional="up_to declared_at")

_Choice = TypeVar("_Choice", bound=StrEnum)


class Reading(NamedTuple):
    """A consolidation case as far as it was read, and the error that stopped the reading, if any."""

    case: ConsolidationCase
    error: RuleError | None


def read_case(raw: object) -> Reading:
    """Read a case; never raises."""
    draft = _Draft(reading.label_of(raw))
    try:
        draft.read(raw)
    except RuleError as error:
        return Reading(draft.case(), error)
    return Reading(draft.case(), None)


@dataclass(slots=True)
class _Draft:
    """The case as far as it has been read; nothing declared and nothing to pay until then."""

    label: str
    item: PackedItem = field(default_factory=lambda: PackedItem(Fraction(0)))
    needs: list[Declared] = field(default_factory=list)
    rule: Rationing = Rationing.PROPORTIONAL
    incomplete_pack: IncompletePack = IncompletePack.ROUND_DOWN
    use_tolerance_for_tier: bool = True

    def read(self, raw: object) -> None:
        """Read everything, in the order in which errors are told."""
        record = _CASE.read(raw, "")
        reading.text(record.get("case", ""), "case")
        self.item = _item(record["item"])
        for place, need in enumerate(reading.array(record, "needs")):
            self.needs.append(_declared(need, f"needs[{place}]"))
        self.rule = _choice(record, "rule", self.rule)
        self.incomplete_pack = _choice(record, "incomplete_pack", self.incomplete_pack)
        self.use_tolerance_for_tier = reading.flag(record, "use_tolerance_for_tier", "", default=True)

    def case(self) -> ConsolidationCase:
        """The case as read so far."""
        return ConsolidationCase(
            item=self.item,
            needs=tuple(self.needs),
            label=self.label,
            rule=self.rule,
            incomplete_pack=self.incomplete_pack,
            use_tolerance_for_tier=self.use_tolerance_for_tier,
        )


def _item(raw: object) -> PackedItem:
    record = _ITEM.read(raw, "item")
    reading.text(record.get("id", ""), "item.id")
    drafts = draft_tiers(record, "item")
    price = parse_fraction(record["unit_price"], PRICE_DECIMALS, field="item.unit_price")
    tiers = priced_tiers(drafts, "item")
    pack = reading.integer(record.get("pack", 1), "item.pack")
    return PackedItem(price, tiers, pack, reading.integer(record.get("minimum", 0), "item.minimum"))


def _declared(raw: object, path: str) -> Declared:
    record = _NEED.read(raw, path)
    member = reading.text(record["member"], f"{path}.member")
    firm = reading.integer(record["firm"], f"{path}.firm")
    up_to = reading.integer(record.get("up_to", firm), f"{path}.up_to")
    if "declared_at" not in record:
        return Declared(member, firm, up_to)
    return Declared(member, firm, up_to, _instant(record["declared_at"], f"{path}.declared_at"))


def _instant(raw: object, path: str) -> datetime:
    """An ISO 8601 instant in UTC; a local or vague time would put members in a doubtful order."""
    try:
        instant = datetime.fromisoformat(reading.text(raw, path))
    except ValueError:
        raise RuleError("malformed", path) from None
    if instant.utcoffset() != timedelta(0):
        raise RuleError("malformed", path)
    return instant


def _choice(record: reading.Record, name: str, default: _Choice) -> _Choice:
    value = record.get(name, default.value)
    for choice in type(default):
        if choice.value == value:
            return choice
    raise RuleError("malformed", name)
