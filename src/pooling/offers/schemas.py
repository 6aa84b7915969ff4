from datetime import date

from pydantic import BaseModel, ConfigDict, Field

from pooling.kernel.clock import FIRST_DAY, LAST_DAY
from pooling.kernel.text import Line

LARGEST_PRICE = 100_000_000
"""Cents, for one agent."""
MOST_BOUGHT = 1_000_000


class OfferIn(BaseModel):
    """The whole of an offer; what is left out is not known yet. Prices are cents with VAT, by item code."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    supplier: Line = Field(default="", max_length=200)
    valid_from: date | None = Field(default=None, ge=FIRST_DAY, le=LAST_DAY)
    valid_until: date | None = Field(default=None, ge=FIRST_DAY, le=LAST_DAY)
    conditions: str = Field(default="", max_length=5000)
    claiming: str = Field(default="", max_length=2000)
    prices: dict[str, int] = Field(default_factory=dict, max_length=500)
