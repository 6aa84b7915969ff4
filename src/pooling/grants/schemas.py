from datetime import date

from pydantic import BaseModel, ConfigDict, Field

from pooling.kernel.clock import FIRST_DAY, LAST_DAY
from pooling.kernel.text import Line

MOST_PAYMENTS = 10
LARGEST_CENTS = 100_000_000_000


class PaymentIn(BaseModel):
    """An instalment, in cents."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    paid_on: date = Field(ge=FIRST_DAY, le=LAST_DAY)
    cents: int = Field(gt=0, le=LARGEST_CENTS)


class GrantIn(BaseModel):
    """All that is known of a file. Amounts are cents; `member` is a SIREN or a unit's code, empty of the group's own;
    `purchase` and `action` are references, `subsidy` the code of what the purchase's allocation takes off.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    title: Line = Field(min_length=1, max_length=200)
    funder: Line = Field(min_length=1, max_length=200)
    program: Line = Field(default="", max_length=200)
    member: Line = Field(default="", max_length=200)
    purchase: Line = Field(default="", max_length=40)
    action: Line = Field(default="", max_length=40)
    subsidy: Line = Field(default="", max_length=120)
    asked_on: date = Field(ge=FIRST_DAY, le=LAST_DAY)
    asked_cents: int = Field(gt=0, le=LARGEST_CENTS)
    granted_on: date | None = Field(default=None, ge=FIRST_DAY, le=LAST_DAY)
    granted_cents: int | None = Field(default=None, gt=0, le=LARGEST_CENTS)
    decision: Line = Field(default="", max_length=200)
    refused_on: date | None = Field(default=None, ge=FIRST_DAY, le=LAST_DAY)
    answer_by: date | None = Field(default=None, ge=FIRST_DAY, le=LAST_DAY)
    justify_by: date | None = Field(default=None, ge=FIRST_DAY, le=LAST_DAY)
    justified_on: date | None = Field(default=None, ge=FIRST_DAY, le=LAST_DAY)
    pay_by: date | None = Field(default=None, ge=FIRST_DAY, le=LAST_DAY)
    payments: tuple[PaymentIn, ...] = Field(default=(), max_length=MOST_PAYMENTS)
    note: str = Field(default="", max_length=2000)


DAYS = ("granted_on", "refused_on", "answer_by", "justify_by", "justified_on", "pay_by")
"""Those that may be left empty."""
