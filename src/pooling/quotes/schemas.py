from datetime import date
from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator

from pooling.kernel.clock import FIRST_DAY, LAST_DAY
from pooling.kernel.text import Line, clean
from pooling.purchases.schemas import MOST_TIERS, MOST_UNITS, Code, Price, TierIn

MOST_CENTS = 10**11
"""A billion euros."""
MOST_DAYS = 1_000
MOST_LINES = 500


class QuoteLineIn(BaseModel):
    """What is offered of one item, by its code; cents before VAT."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    item: Code
    unit_price: Decimal = Price
    tiers: tuple[TierIn, ...] = Field(default=(), max_length=MOST_TIERS)
    pack: int = Field(default=1, ge=1, le=MOST_UNITS)
    minimum: int = Field(default=0, ge=0, le=MOST_UNITS)
    minimum_cents: int = Field(default=0, ge=0, le=MOST_CENTS)
    code: Line = Field(default="", max_length=60)

    @field_validator("tiers")
    @classmethod
    def _each_from_its_own(cls, tiers: tuple[TierIn, ...]) -> tuple[TierIn, ...]:
        if len({tier.from_quantity for tier in tiers}) < len(tiers):
            raise ValueError("Deux paliers commencent à la même quantité")
        return tuple(sorted(tiers, key=lambda tier: tier.from_quantity))


class QuoteIn(BaseModel):
    """The whole of a quote; an item without a line is not offered."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    lines: tuple[QuoteLineIn, ...] = Field(default=(), max_length=MOST_LINES)
    delivery_cents: int = Field(default=0, ge=0, le=MOST_CENTS)
    delivery_vat_rate: Decimal = Field(default=Decimal(20), ge=0, le=100, max_digits=5, decimal_places=2)
    delivery_days: int | None = Field(default=None, ge=0, le=MOST_DAYS)
    valid_until: date | None = Field(default=None, ge=FIRST_DAY, le=LAST_DAY)
    reference: Line = Field(default="", max_length=60)
    note: Annotated[str, BeforeValidator(lambda typed: clean(typed) if isinstance(typed, str) else typed)] = Field(
        default="", max_length=2_000
    )
