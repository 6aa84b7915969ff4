"""What people say of an action's terms. Amounts are cents before VAT, percents are in hundredths."""

from datetime import date
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from pooling.actions.codes import Account, Cpv
from pooling.actions.schemas import Lines
from pooling.kernel.clock import FIRST_DAY, LAST_DAY
from pooling.kernel.text import Line
from pooling.procurement.models import Mandate
from pooling.purchases.models import PurchaseKind
from pooling.purchases.schemas import LONGEST_SOURCE
from pooling.terms.models import ChargesKey, Position, Spread

MOST_ESTIMATES = 3
MOST_ITEMS = 12
MOST_AIDS = 6
MOST_UNITS = 1_000_000
MOST_PRICE = 10**9
MOST_HUNDREDTHS = 10_000
CHARGES = "Frais partagés"
Code = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]
Units = Annotated[int, Field(ge=0, le=MOST_UNITS)]
Day = Annotated[date, Field(ge=FIRST_DAY, le=LAST_DAY)]
Price = Annotated[int, Field(ge=0, le=MOST_PRICE)]


class TermsItemIn(BaseModel):
    """Something that would be bought."""

    model_config = ConfigDict(frozen=True)

    code: Code
    """By which quantities and aids name it."""
    name: Line = Field(min_length=1, max_length=160)
    unit: Line = Field(default="unité", min_length=1, max_length=40)
    unit_price_cents: Price
    vat_hundredths: int = Field(default=2000, ge=0, le=MOST_HUNDREDTHS)
    cpv: Cpv = ""
    """A code of the Common Procurement Vocabulary; its check digit is added where it is left out."""
    account: Account = ""
    """By nature, of the M57."""
    price_alone_cents: Price | None = None
    """What a member would pay for one by itself: never without its source and its day."""
    price_source: Line = Field(default="", max_length=LONGEST_SOURCE)
    priced_on: Day | None = None

    @model_validator(mode="after")
    def _price_has_source(self) -> Self:
        if len({self.price_alone_cents is None, not self.price_source, self.priced_on is None}) > 1:
            raise ValueError("Un prix de référence va avec sa source et sa date")
        return self


class AidIn(BaseModel):
    """What would help to pay: a percent with its ceilings, or a sum, one of the two."""

    model_config = ConfigDict(frozen=True)

    label: Line = Field(min_length=1, max_length=120)
    rate_hundredths: int | None = Field(default=None, ge=0, le=MOST_HUNDREDTHS)
    amount_cents: Price | None = None
    cap_per_unit_cents: Price | None = None
    cap_total_cents: Price | None = None
    item: str = Field(default="", max_length=40)
    """The code of the only item that it counts; empty: all of them, and the shared costs."""

    @model_validator(mode="after")
    def _rate_or_amount(self) -> Self:
        if (self.rate_hundredths is None) == (self.amount_cents is None):
            raise ValueError("Une aide est un pourcentage ou une somme, l’un des deux")
        if self.amount_cents is not None and (self.cap_per_unit_cents, self.cap_total_cents) != (None, None):
            raise ValueError("Un plafond va avec un pourcentage")
        return self


class EstimateIn(BaseModel):
    """What the action would cost, shared between those who are not out."""

    model_config = ConfigDict(frozen=True)

    label: Line = Field(min_length=1, max_length=60)
    quantities: dict[Code, Units] = Field(default_factory=dict, max_length=MOST_ITEMS)
    """Of all members together, by the codes of the items that it buys."""
    spread: Spread = Spread.POPULATION
    """By what the units are spread that no member counted for itself."""
    charges_label: Line = Field(default=CHARGES, min_length=1, max_length=120)
    charges_cents: Price = 0
    charges_vat_hundredths: int = Field(default=2000, ge=0, le=MOST_HUNDREDTHS)
    charges_key: ChargesKey = ChargesKey.EQUAL
    """By what shared costs are shared; of a service, all of it."""
    aids: tuple[AidIn, ...] = Field(default=(), max_length=MOST_AIDS)


class TermsIn(BaseModel):
    """The terms of an action. The first estimate is the one proposed, the others are variants."""

    model_config = ConfigDict(frozen=True)

    kind: PurchaseKind = PurchaseKind.GOODS
    """What kind of purchase would follow."""
    mandate: Lines = Field(default="", max_length=2000)
    coordination: Mandate = Mandate.UNDECIDED
    """The pilot's mandate as the convention puts it."""
    exit_clause: Lines = Field(default="", max_length=2000)
    answer_by: Day | None = None
    """The last day to answer: référents of members that are silent are reminded of it."""
    order_by: Day | None = None
    deliver_by: Day | None = None
    items: tuple[TermsItemIn, ...] = Field(default=(), max_length=MOST_ITEMS)
    estimates: tuple[EstimateIn, ...] = Field(default=(), max_length=MOST_ESTIMATES)


class AnswerIn(BaseModel):
    """What a member answers."""

    model_config = ConfigDict(frozen=True)

    position: Position
    condition: Lines = Field(default="", max_length=1000)
    """Said where it is in under a condition, and only there."""
    quantities: dict[Code, Units] = Field(default_factory=dict, max_length=MOST_ITEMS)
    """The units that it counts for itself, by the codes of items."""
    deliberation: Line = Field(default="", max_length=60)
    """The reference of its council's deliberation."""
    deliberated_on: Day | None = None
