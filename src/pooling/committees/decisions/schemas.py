"""What a decision says, and what it does to its purchase."""

from collections.abc import Mapping
from datetime import date, time
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from pooling.committees.decisions.models import Act
from pooling.kernel.clock import FIRST_DAY, LAST_DAY
from pooling.kernel.errors import Invalid

LONGEST_DECISION = 2000
LONGEST_OUTCOME = 500
MOST_VOTES = 100_000

Votes = Field(default=None, ge=0, le=MOST_VOTES)


class DecisionIn(BaseModel):
    """A decision as it is taken down."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    content: str = Field(min_length=1, max_length=LONGEST_DECISION)
    votes_for: int | None = Votes
    votes_against: int | None = Votes
    votes_abstained: int | None = Votes
    purchase_id: int | None = None
    owner_id: int | None = None
    due_on: date | None = Field(default=None, ge=FIRST_DAY, le=LAST_DAY)


class Terms(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Deadline(Terms):
    """Until when needs are declared, as the group's clock says it."""

    closes_on: date = Field(ge=FIRST_DAY, le=LAST_DAY)
    closes_at: time = time(18)

    @field_validator("closes_at")
    @classmethod
    def _of_the_group(cls, value: time) -> time:
        if value.tzinfo is not None:
            raise ValueError("Donnez l’heure sans fuseau : c’est celle du groupe")
        return value


class NewTerms(Terms):
    """What is to be otherwise; what is left out stays."""

    lead_member: str | None = Field(default=None, max_length=40)
    """The code of the member that leads from now on."""
    delivery_expected_on: date | None = Field(default=None, ge=FIRST_DAY, le=LAST_DAY)
    keys: Mapping[str, Any] = Field(default_factory=dict, max_length=100)
    """Allocation keys by charge code, as the allocation rule writes them."""

    @model_validator(mode="after")
    def _something(self) -> "NewTerms":
        if self.lead_member is None and self.delivery_expected_on is None and not self.keys:
            raise ValueError("Indiquez au moins une condition qui change")
        return self


class NoTerms(Terms):
    """Nothing more to say."""


TERMS: Mapping[Act, type[Terms]] = {
    Act.OPEN: Deadline,
    Act.EXTEND: Deadline,
    Act.CLOSE: NoTerms,
    Act.CHANGE_TERMS: NewTerms,
    Act.CANCEL: NoTerms,
}


def read_terms(act: Act, raw: Mapping[str, Any]) -> Terms:
    """The terms of an act, as they are stored.

    Raises:
        Invalid: they are not what the act needs.
    """
    try:
        return TERMS[act].model_validate(dict(raw))
    except ValidationError as error:
        field = str((error.errors()[0]["loc"] or ("act",))[0])
        raise Invalid({field: "Précisez ce que la décision change : une date, un pilote ou une clé."}) from error
