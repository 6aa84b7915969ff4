from pydantic import BaseModel, ConfigDict, Field

from pooling.kernel.text import Line

LONGEST_NAME = 120
POSTCODE = r"^([0-9]{5})?$"


class SiteIn(BaseModel):
    """A site as it is to be known."""

    model_config = ConfigDict(frozen=True)

    name: Line = Field(min_length=1, max_length=LONGEST_NAME)
    street: Line = Field(default="", max_length=200)
    postcode: str = Field(default="", pattern=POSTCODE)
    city: Line = Field(default="", max_length=100)
    contact: Line = Field(default="", max_length=200)
    opening_hours: Line = Field(default="", max_length=300)
    main: bool = False
    """Makes it the main site; a site that is the main one stays so until another is made it."""
