from pydantic import BaseModel, ConfigDict, Field

from pooling.needs.schemas import LONGEST_COMMENT

MOST_AGENTS = 1_000_000


class AnswerIn(BaseModel):
    """Whether a member takes part; if it does, for how many agents."""

    model_config = ConfigDict(frozen=True)

    member_id: int
    takes_part: bool
    agents: int | None = Field(default=None, ge=0, le=MOST_AGENTS)
    comment: str = Field(default="", max_length=LONGEST_COMMENT)
    seen: str | None = None
    """The stamp of the answer that was before the person's eyes; None: not asked."""
