"""A round as it is prepared, a ballot as it is filed."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from pooling.kernel.text import Line, clean
from pooling.rounds.models import Method, Weighting

MOST_ACTIONS = 40
FEWEST_ACTIONS = 2
MOST_POINTS = 1000
HIGHEST_WEIGHT = 10
LONGEST_CONTENT = 2_000

Weight = Field(default=1, ge=0, le=HIGHEST_WEIGHT)


def _clean(value: object) -> object:
    return clean(value) if isinstance(value, str) else value


class RoundIn(BaseModel):
    """What is ranked and how, before it opens."""

    model_config = ConfigDict(frozen=True)

    title: Line = Field(min_length=1, max_length=160)
    content: Annotated[str, BeforeValidator(_clean)] = Field(default="", max_length=LONGEST_CONTENT)
    actions: tuple[str, ...] = Field(min_length=FEWEST_ACTIONS, max_length=MOST_ACTIONS)
    """References, in the order of the ballot."""
    method: Method = Method.POINTS
    budget: int = Field(default=10, ge=1, le=MOST_POINTS)
    """Points that each member spreads; said for nothing where criteria are marked."""
    impact_weight: int = Weight
    cost_weight: int = Weight
    ease_weight: int = Weight
    urgency_weight: int = Weight
    """What each criterion weighs; said for nothing where points are given."""
    weighting: Weighting = Weighting.MEMBER
    secret: bool = True
    turnout_shown: bool = True
    opens_at: datetime | None = None
    closes_at: datetime
