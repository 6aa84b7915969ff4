"""What is said of a contract, checked once for pages and programs."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from pooling.kernel.clock import FIRST_DAY, LAST_DAY
from pooling.kernel.text import Line
from pooling.open_data.decp import (
    LONGEST_ID,
    Ccag,
    Environmental,
    Grouping,
    PlaceKind,
    PriceForm,
    PriceKind,
    Procedure,
    Social,
)

Day = Annotated[date, Field(ge=FIRST_DAY, le=LAST_DAY)]
Percent = Annotated[Decimal, Field(ge=0, le=100, max_digits=5, decimal_places=2)]


class ContractSaid(BaseModel):
    """What a purchase does not know of a contract, but for its amount; parts are in percent. See `ContractData`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    notified_on: Day
    identifier: Line = Field(min_length=1, max_length=LONGEST_ID, pattern=r"^[0-9A-Za-z_./-]+$")
    months: int = Field(ge=1, le=600)
    procedure: Procedure
    offers: int = Field(ge=1, le=10_000)
    advance: Percent | None = None
    """None: no advance; 0: one of which the rate is not known."""
    grouping: Grouping = Grouping.NONE
    place: Line = Field(min_length=1, max_length=20, pattern=r"^[0-9A-Za-z]+$")
    place_kind: PlaceKind = PlaceKind.DEPARTMENT
    ccag: Ccag = Ccag.SUPPLIES
    price_kind: PriceKind = PriceKind.FIRM
    price_form: PriceForm = PriceForm.UNIT
    social: tuple[Social, ...] = Field(default=(Social.NONE,), min_length=1, max_length=4)
    environmental: tuple[Environmental, ...] = Field(default=(Environmental.CLAUSE,), min_length=1, max_length=3)
    subcontracting: bool = False
    innovative: bool = False
    origin_eu: Percent | None = None
    origin_france: Percent | None = None
    published_on: Day | None = None


class ContractIn(ContractSaid):
    """All of it, with its amount in cents before VAT."""

    amount_cents: int | None = Field(default=None, ge=100, lt=10**11)
    """None: what the items that it was awarded come to."""

    @model_validator(mode="after")
    def _goes_together(self) -> Self:
        if self.origin_france is not None and (self.origin_eu is None or self.origin_france > self.origin_eu):
            raise ValueError("La part française ne peut pas dépasser celle de l’Union européenne.")
        if self.published_on is not None and self.published_on < self.notified_on:
            raise ValueError("Les données sont publiées après la notification.")
        for said, none in ((self.social, Social.NONE), (self.environmental, Environmental.NONE)):
            if len(set(said)) != len(said) or (none in said and len(said) > 1):
                raise ValueError("« Pas de considération » ne va avec aucune autre.")
        return self
