"""What people say of an action's terms. Amounts are cents without VAT, percents are in hundredths."""

from datetime import date

from pydantic import BaseModel, ConfigDict, Field

from pooling.actions.schemas import Lines
from pooling.kernel.clock import FIRST_DAY, LAST_DAY
from pooling.kernel.text import Line
from pooling.terms.models import ChargesKey, Position, Spread

MOST_ESTIMATES = 3
MOST_UNITS = 1_000_000
MOST_PRICE = 10**9
MOST_HUNDREDTHS = 10_000


class EstimateIn(BaseModel):
    """What the action would cost, shared between those who are not out."""

    model_config = ConfigDict(frozen=True)

    label: Line = Field(min_length=1, max_length=60)
    item: Line = Field(min_length=1, max_length=160)
    quantity: int = Field(ge=0, le=MOST_UNITS)
    """Of all members together."""
    spread: Spread = Spread.POPULATION
    """By what the units are spread that no member counted for itself."""
    unit_price_cents: int = Field(ge=0, le=MOST_PRICE)
    vat_hundredths: int = Field(default=2000, ge=0, le=MOST_HUNDREDTHS)
    charges_cents: int = Field(default=0, ge=0, le=MOST_PRICE)
    charges_key: ChargesKey = ChargesKey.EQUAL
    subsidy_hundredths: int = Field(default=0, ge=0, le=MOST_HUNDREDTHS)
    """Of all of it, before VAT."""


class TermsIn(BaseModel):
    """The terms of an action. The first estimate is the one proposed, the others are variants."""

    model_config = ConfigDict(frozen=True)

    mandate: Lines = Field(default="", max_length=2000)
    exit_clause: Lines = Field(default="", max_length=2000)
    answer_by: date | None = Field(default=None, ge=FIRST_DAY, le=LAST_DAY)
    estimates: tuple[EstimateIn, ...] = Field(default=(), max_length=MOST_ESTIMATES)


class AnswerIn(BaseModel):
    """What a member answers."""

    model_config = ConfigDict(frozen=True)

    position: Position
    condition: Lines = Field(default="", max_length=1000)
    """Said where it is in under a condition, and only there."""
    quantity: int | None = Field(default=None, ge=0, le=MOST_UNITS)
    """The units that it counts for itself."""
    deliberation: Line = Field(default="", max_length=60)
    """The reference of its council's deliberation."""
    deliberated_on: date | None = Field(default=None, ge=FIRST_DAY, le=LAST_DAY)
