"""What people say when they sign the charter."""

from datetime import date

from pydantic import BaseModel, ConfigDict, Field

from pooling.kernel.clock import FIRST_DAY, LAST_DAY
from pooling.kernel.text import Line

LONGEST_REASON = 500


class SignatureIn(BaseModel):
    """Who signs for a member, as what, and when."""

    model_config = ConfigDict(frozen=True)

    name: Line = Field(min_length=1, max_length=120)
    function: Line = Field(min_length=1, max_length=160)
    signed_on: date = Field(ge=FIRST_DAY, le=LAST_DAY)
