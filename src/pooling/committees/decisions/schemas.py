"""What a decision says."""

from datetime import date

from pydantic import BaseModel, ConfigDict, Field

from pooling.kernel.about import Named
from pooling.kernel.clock import FIRST_DAY, LAST_DAY

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
    about: Named | None = None
    owner_id: int | None = None
    due_on: date | None = Field(default=None, ge=FIRST_DAY, le=LAST_DAY)
