"""A sheet as it is told and corrected."""

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from pooling.kernel.text import Line, clean

LONGEST_PART = 4_000
LONGEST_QUESTION = 2_000
MOST_CENTS = 10**12


def _clean(value: object) -> object:
    return clean(value) if isinstance(value, str) else value


Lines = Annotated[str, BeforeValidator(_clean)]


class ExperienceIn(BaseModel):
    """A sheet, whole. What it is of is named by its reference, its supplier by its id."""

    model_config = ConfigDict(frozen=True)

    title: Line = Field(min_length=1, max_length=160)
    context: Lines = Field(default="", max_length=LONGEST_PART)
    done: Lines = Field(default="", max_length=LONGEST_PART)
    cost_cents: int | None = Field(default=None, ge=0, le=MOST_CENTS)
    result: Lines = Field(default="", max_length=LONGEST_PART)
    differently: Lines = Field(default="", max_length=LONGEST_PART)
    figures: Lines = Field(default="", max_length=LONGEST_PART)
    contact: Line = Field(default="", max_length=200)
    action: Line = Field(default="", max_length=40)
    purchase: Line = Field(default="", max_length=40)
    supplier_id: int | None = Field(default=None, ge=1, le=2**63 - 1)


TEXTS = ("context", "done", "result", "differently", "figures")
