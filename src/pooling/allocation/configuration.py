"""`config/finance.toml`: rates that the law sets, each with the days on which it holds and its source."""

from datetime import date
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from pooling.kernel.configuration import read_configuration

FILE = "finance.toml"


class FctvaRate(BaseModel):
    """The percent of eligible spending, VAT included, that the State gives back."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    rate: Annotated[Decimal, Field(ge=0, le=100, decimal_places=6)]
    valid_from: date
    valid_to: date | None = None
    source: str = Field(min_length=1)
    to_confirm: bool = False

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.valid_to is not None and self.valid_to < self.valid_from:
            raise ValueError("valid_to stands before valid_from")
        return self

    def holds_on(self, day: date) -> bool:
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


_FCTVA = FctvaRate(rate=Decimal("16.404"), valid_from=date(2015, 1, 1), source="CGCT, art. L1615-6")


class FinanceConfiguration(BaseModel):
    """The file's content. Without a file, what the law says as far as we know."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    fctva: tuple[FctvaRate, ...] = (_FCTVA,)

    @model_validator(mode="after")
    def _one_a_day(self) -> Self:
        rates = sorted(self.fctva, key=lambda rate: rate.valid_from)
        for earlier, later in pairwise(rates):
            if earlier.valid_to is None or later.valid_from <= earlier.valid_to:
                raise ValueError(f"two FCTVA rates hold on {later.valid_from}")
        return self

    def fctva_on(self, day: date) -> FctvaRate | None:
        """The rate that holds on this day, if there is one."""
        return next((rate for rate in self.fctva if rate.holds_on(day)), None)


def read_finance(config_dir: Path) -> FinanceConfiguration:
    """The configuration folder's rates: read at the start, so that a change counts from the next one.

    Raises:
        ConfigurationError: the file is not right; the message says where.
    """
    return read_configuration(config_dir / FILE, FinanceConfiguration)
