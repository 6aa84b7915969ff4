"""`config/indicators.toml`: the quota of clean vehicles, what journeys emit, when minutes are late."""

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from pooling.kernel.configuration import Dated, read_configuration

FILE = "indicators.toml"
Percent = Annotated[Decimal, Field(ge=0, le=100, decimal_places=2)]


class CleanVehicles(Dated):
    """The least share of clean light vehicles among those of a year, in percent: of low emissions, the very low ones
    among them; and of very low ones. For fleets of more than `over` vehicles.
    """

    low: Percent
    very_low: Percent
    over: int = Field(ge=0)


class CarbonFactor(Dated):
    """What a journey emits, in kilograms of CO₂ for a kilometre."""

    code: str = Field(pattern=r"^[a-z][a-z_]{0,39}$")
    label: str = Field(min_length=1, max_length=80)
    kg_per_km: Annotated[Decimal, Field(ge=0, le=100, decimal_places=6)]


class IndicatorConfiguration(BaseModel):
    """The file's content. Without a file there is neither a quota nor a factor: those figures are not given."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    minutes_within_days: int = Field(default=15, ge=1, le=366)
    clean_vehicles: tuple[CleanVehicles, ...] = ()
    carbon_factors: tuple[CarbonFactor, ...] = ()

    @model_validator(mode="after")
    def _one_a_day(self) -> Self:
        lists: dict[str, Sequence[Dated]] = {"quotas of clean vehicles": self.clean_vehicles}
        for code in {factor.code for factor in self.carbon_factors}:
            lists[f"factors « {code} »"] = [factor for factor in self.carbon_factors if factor.code == code]
        for what, dated in lists.items():
            for earlier, later in pairwise(sorted(dated, key=lambda one: one.valid_from)):
                if earlier.valid_to is None or later.valid_from <= earlier.valid_to:
                    raise ValueError(f"two {what} hold on {later.valid_from}")
        return self

    def quota_on(self, day: date) -> CleanVehicles | None:
        return next((quota for quota in self.clean_vehicles if quota.holds_on(day)), None)

    def factors_on(self, day: date) -> dict[str, CarbonFactor]:
        """By their codes, in the file's order."""
        return {factor.code: factor for factor in self.carbon_factors if factor.holds_on(day)}

    def labels(self) -> dict[str, str]:
        """Of every factor, also of those that hold no more."""
        return {factor.code: factor.label for factor in _latest_last(self.carbon_factors)}


def _latest_last(factors: Iterable[CarbonFactor]) -> list[CarbonFactor]:
    return sorted(factors, key=lambda factor: factor.valid_from)


def read_indicators(config_dir: Path) -> IndicatorConfiguration:
    """Raises:
    ConfigurationError: the file is not right; the message says where.
    """
    return read_configuration(config_dir / FILE, IndicatorConfiguration)
