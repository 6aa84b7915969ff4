"""`config/procurement.toml`: thresholds, delays and duties of public procurement, each with its days and its source."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from pooling.kernel.configuration import Dated, read_configuration

FILE = "procurement.toml"
Euros = Annotated[Decimal, Field(ge=0, decimal_places=2, max_digits=15)]
Days = Annotated[int, Field(ge=0, le=365)]


class Procedure(Dated):
    """What purchases worth this much or more are bought by, until the next threshold."""

    code: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    name: str = Field(min_length=1)
    above: Euros
    """Euros before VAT."""
    advertising: str = ""
    """Where the notice is published."""
    bids_days: Days = 0
    """Between the notice and the last day for offers that come electronically."""
    bids_days_usual: bool = False
    """The law names no delay: these days are what is usual."""
    standstill_days: Days = 0
    """Between telling who is not chosen, electronically, and signing."""

    @property
    def cents(self) -> int:
        return int(self.above * 100)


class Duty(Dated):
    """Something that is to be done for purchases within these bounds, in euros before VAT."""

    name: str = Field(min_length=1)
    above: Euros = Decimal(0)
    below: Euros | None = None
    advice: bool = False
    """Wise, and not asked by the law."""
    framework: bool = False
    """For framework agreements only."""
    environment: bool = False
    """Done by saying how offers are compared for the environment."""

    def holds_for(self, cents: int, *, framework: bool) -> bool:
        below = self.below is None or cents < self.below * 100
        return self.above * 100 <= cents and below and (framework or not self.framework)


class SmallLots(Dated):
    """Lots of a purchase under a procedure that may be bought by a lighter one all the same."""

    procedure: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    """Of the whole, by its code."""
    below: Euros
    """Each, in euros before VAT."""
    together: Annotated[Decimal, Field(gt=0, le=100)]
    """All of them, in percent of the value of all lots at most."""


class OpenDataBounds(Dated):
    """From which amounts on contracts notified on these days are public, in euros before VAT."""

    list_from: Euros
    """A line in the list of the year."""
    data_from: Euros
    """Its essential data, within two months."""

    @model_validator(mode="after")
    def _list_first(self) -> Self:
        if self.data_from < self.list_from:
            raise ValueError("data_from is below list_from")
        return self

    @property
    def list_cents(self) -> int:
        return int(self.list_from * 100)

    @property
    def data_cents(self) -> int:
        return int(self.data_from * 100)


class ProcurementConfiguration(BaseModel):
    """The file's content. Without a file nothing is known, and pages say so; but what is to be public."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    procedures: tuple[Procedure, ...] = ()
    duties: tuple[Duty, ...] = ()
    small_lots: tuple[SmallLots, ...] = ()
    open_data: tuple[OpenDataBounds, ...] = (
        OpenDataBounds(
            list_from=Decimal(25_000),
            data_from=Decimal(40_000),
            valid_from=date(2020, 1, 1),
            source="CCP, art. R2196-1, décret 2019-1344",
        ),
    )
    """Known of old files too, which do not speak of it."""

    @model_validator(mode="after")
    def _one_a_day(self) -> Self:
        dated: dict[str, Sequence[Dated]] = {
            one.code: list(_named(self.procedures, one.code)) for one in self.procedures
        }
        for code, thresholds in (*dated.items(), ("open_data", self.open_data)):
            for earlier, later in pairwise(sorted(thresholds, key=lambda one: one.valid_from)):
                if earlier.valid_to is None or later.valid_from <= earlier.valid_to:
                    raise ValueError(f"two thresholds of {code} hold on {later.valid_from}")
        return self

    def procedures_on(self, day: date) -> list[Procedure]:
        """Those that hold on this day, the lowest threshold first."""
        return sorted((one for one in self.procedures if one.holds_on(day)), key=lambda one: one.above)

    def dispensed_below(self, day: date) -> int | None:
        """Under how many cents a purchase needs neither notice nor competition on this day; None: unknown."""
        return next((one.cents for one in self.procedures_on(day) if one.above), None)

    def small_lots_on(self, day: date, procedure: Procedure | None) -> SmallLots | None:
        """The rule that holds on this day for the lots of what is bought so."""
        if procedure is None:
            return None
        return next((one for one in self.small_lots if one.holds_on(day) and one.procedure == procedure.code), None)

    def open_data_on(self, day: date) -> OpenDataBounds | None:
        """For a contract that is notified on this day."""
        return next((one for one in self.open_data if one.holds_on(day)), None)

    def data_from_on(self, day: date) -> int:
        """From how many cents on such a contract has essential data; where that is unknown, more than any comes to."""
        bounds = self.open_data_on(day)
        return 10**15 if bounds is None else bounds.data_cents

    def unknown_on(self, day: date) -> list[str]:
        """The names of procedures whose threshold is known on other days, and not on this one."""
        known = {procedure.code for procedure in self.procedures_on(day)}
        return sorted({procedure.name for procedure in self.procedures if procedure.code not in known})


def _named(procedures: Iterable[Procedure], code: str) -> Iterator[Procedure]:
    return (procedure for procedure in procedures if procedure.code == code)


def read_procurement(config_dir: Path) -> ProcurementConfiguration:
    """The configuration folder's thresholds: read at the start, so that a change counts from the next one.

    Raises:
        ConfigurationError: the file is not right; the message says where.
    """
    return read_configuration(config_dir / FILE, ProcurementConfiguration)
