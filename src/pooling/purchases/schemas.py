from datetime import date
from decimal import Decimal
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from pooling.actions.codes import Account, Cpv
from pooling.kernel.clock import FIRST_DAY, LAST_DAY
from pooling.kernel.text import Line
from pooling.purchases.models import Emission, ItemNature, PurchaseKind

Price = Field(ge=0, le=Decimal(1_000_000_000), max_digits=14, decimal_places=4)
Code = Annotated[str, Field(max_length=40)]
MOST_UNITS = 100_000_000
MOST_TIERS = 50
MOST_LOTS = 99
LONGEST_SOURCE = 200


class TierIn(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    from_quantity: int = Field(ge=1, le=MOST_UNITS)
    unit_price: Decimal = Price


class DetailsIn(BaseModel):
    """What else is said of an item: nothing of it is needed."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    cpv: Cpv = ""
    """A code of the Common Procurement Vocabulary; its check digit is added where it is left out."""
    family: Line = Field(default="", max_length=120)
    """The homogeneous family, in the lead's own nomenclature."""
    account: Account = ""
    """By nature, of the M57."""
    nature: ItemNature = ItemNature.UNSAID
    emission: Emission = Emission.NO_VEHICLE
    """Of a light vehicle: counted against the quota of clean vehicles."""
    price_alone: Decimal | None = Field(default=None, ge=0, le=Decimal(1_000_000_000), max_digits=14, decimal_places=4)
    """Euros before VAT that a member would pay for one unit alone: never without its source and its day."""
    price_source: Line = Field(default="", max_length=LONGEST_SOURCE)
    priced_on: date | None = Field(default=None, ge=FIRST_DAY, le=LAST_DAY)

    @model_validator(mode="after")
    def _price_has_source(self) -> Self:
        if len({self.price_alone is None, not self.price_source, self.priced_on is None}) > 1:
            raise ValueError("Un prix de référence va avec sa source et sa date")
        return self


NOTHING_SAID = DetailsIn()


class ItemIn(BaseModel):
    """An item to buy. Prices are in euros before VAT, the VAT rate in percent."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    code: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")
    name: Line = Field(min_length=1, max_length=200)
    description: str = Field(default="", max_length=1000)
    unit: Line = Field(default="unité", min_length=1, max_length=40)
    unit_price: Decimal = Price
    vat_rate: Decimal = Field(default=Decimal(20), ge=0, le=100, decimal_places=2)
    fctva: bool = False
    pack: int = Field(default=1, ge=1, le=MOST_UNITS)
    minimum: int = Field(default=0, ge=0, le=MOST_UNITS)
    tiers: tuple[TierIn, ...] = Field(default=(), max_length=MOST_TIERS)
    details: DetailsIn | None = None
    """None: as they are, where the item is there already."""

    @field_validator("tiers")
    @classmethod
    def _start_apart(cls, value: tuple[TierIn, ...]) -> tuple[TierIn, ...]:
        if len({tier.from_quantity for tier in value}) < len(value):
            raise ValueError("Deux paliers commencent à la même quantité")
        return value


class LotIn(BaseModel):
    """A lot, with the codes of its items."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    number: int = Field(ge=1, le=MOST_LOTS)
    title: Line = Field(min_length=1, max_length=200)
    cpv: Cpv = ""
    """A code of the Common Procurement Vocabulary; its check digit is added where it is left out."""
    items: tuple[Code, ...] = Field(default=(), max_length=500)


class LotsIn(BaseModel):
    """How a purchase is split in lots, all of it; without any it is not."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    lots: tuple[LotIn, ...] = Field(default=(), max_length=MOST_LOTS)


class PurchaseTerms(BaseModel):
    """What is said of a purchase when it is prepared and when it is corrected. Members are given by their codes."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    title: Line = Field(min_length=1, max_length=200)
    description: str = Field(default="", max_length=5000)
    lead_member: Code
    participants: tuple[Code, ...] | None = Field(default=None, max_length=50_000)
    """None: every member that is not the parent of others in the list."""
    delivery_expected_on: date | None = Field(default=None, ge=FIRST_DAY, le=LAST_DAY)


class PurchaseIn(PurchaseTerms):
    """A purchase to prepare."""

    kind: PurchaseKind = PurchaseKind.GOODS
    action: Code = ""
    """The reference of the action that it serves, if any: `FA-2027-003`."""
    items: tuple[ItemIn, ...] = Field(default=(), max_length=500)


class CorrectionIn(PurchaseTerms):
    """What a purchase in preparation is corrected to; its items are rewritten by themselves."""

    kind: PurchaseKind | None = None
    """None: it stays what it is."""
    same_participants: bool = False
    """Those that take part now go on: `participants` says nothing."""
