"""An action as it is proposed and corrected."""

from datetime import date
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from pooling.actions.models import Ease, FactorKind, PartnerKind
from pooling.kernel.clock import FIRST_DAY, LAST_DAY
from pooling.kernel.text import Line, clean

LONGEST_TEXT = 10_000
LONGEST_PART = 2_000
LONGEST_NAME = 160
MOST_FACTORS = 30
MOST_PHASES = 20
MOST_PARTNERS = 20
MOST_CENTS = 10**12
MOST_HALF_DAYS = 20_000


def _clean(value: object) -> object:
    return clean(value) if isinstance(value, str) else value


Lines = Annotated[str, BeforeValidator(_clean)]


class FactorIn(BaseModel):
    """An obstacle or an opportunity."""

    model_config = ConfigDict(frozen=True)

    kind: FactorKind
    ease: Ease
    text: Line = Field(min_length=1, max_length=300)


class PhaseIn(BaseModel):
    """A part of the calendar."""

    model_config = ConfigDict(frozen=True)

    label: Line = Field(min_length=1, max_length=120)
    begins_on: date = Field(ge=FIRST_DAY, le=LAST_DAY)
    ends_on: date = Field(ge=FIRST_DAY, le=LAST_DAY)


class BringsIn(BaseModel):
    """What a partner brings. One that the group does not know by this name is added."""

    model_config = ConfigDict(frozen=True)

    partner: Line = Field(min_length=1, max_length=LONGEST_NAME)
    amount_cents: int = Field(default=0, ge=0, le=MOST_CENTS)
    half_days: int = Field(default=0, ge=0, le=MOST_HALF_DAYS)
    premises: Line = Field(default="", max_length=300)


class PartnerIn(BaseModel):
    """A partner as it is to be known, see `Partner`."""

    model_config = ConfigDict(frozen=True)

    name: Line = Field(min_length=1, max_length=LONGEST_NAME)
    kind: PartnerKind = PartnerKind.OTHER
    contact: Line = Field(default="", max_length=200)
    website: Line = Field(default="", max_length=500)
    note: Lines = Field(default="", max_length=LONGEST_PART)


class ActionIn(BaseModel):
    """The whole of a sheet, but for where it stands."""

    model_config = ConfigDict(frozen=True)

    title: Line = Field(min_length=1, max_length=160)
    system: Line = Field(default="", max_length=40)
    lead_member: Line = Field(default="", max_length=20)
    """The code of the member that looks after it; empty: none does yet."""
    content: Lines = Field(default="", max_length=LONGEST_TEXT)
    resources: Lines = Field(default="", max_length=LONGEST_PART)
    levers: Lines = Field(default="", max_length=LONGEST_PART)
    indicators: Lines = Field(default="", max_length=LONGEST_PART)
    vigilance: Lines = Field(default="", max_length=LONGEST_PART)
    starts_on: date | None = None
    ends_on: date | None = None
    factors: tuple[FactorIn, ...] = Field(default=(), max_length=MOST_FACTORS)
    phases: tuple[PhaseIn, ...] = Field(default=(), max_length=MOST_PHASES)
    partners: tuple[BringsIn, ...] = Field(default=(), max_length=MOST_PARTNERS)
