"""What is said of an arrival."""

from datetime import date
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from pooling.kernel.tables import LARGEST_ID

LARGEST_UNITS = 1_000_000
LONGEST_DELIVERY_NOTE = 60
LONGEST_NOTE = 500
LONGEST_WHY = 200
MOST_LINES = 500
"""Of what is noted at once, by hand or by a program: more come in a file."""
Units = Annotated[int, Field(ge=0, le=LARGEST_UNITS)]


class NotedIn(BaseModel):
    """What arrived for one line of the order."""

    model_config = ConfigDict(frozen=True)

    line: int = Field(ge=1, le=LARGEST_ID)
    accepted: Units = 0
    refused: Units = 0
    reason: str = Field(default="", max_length=LONGEST_WHY)


class ReceiptIn(BaseModel):
    model_config = ConfigDict(frozen=True)

    received_on: date
    delivery_note: str = Field(default="", max_length=LONGEST_DELIVERY_NOTE)
    note: str = Field(default="", max_length=LONGEST_NOTE)
    lines: tuple[NotedIn, ...] = Field(max_length=MOST_LINES)
    token: str = Field(default="", max_length=64)
    """Of the form: what is sent twice with it is one."""
