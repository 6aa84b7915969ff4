"""`config/catalogue.toml`: what authorities that share a mobility plan may do together, each with what to think of."""

from collections import Counter
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from pooling.kernel.configuration import Dated, read_configuration

FILE = "catalogue.toml"
Said = Annotated[str, Field(min_length=1)]


class Fact(Dated):
    """A rule in a sentence, with the days on which it holds and where it stands."""

    name: Said


class TypicalItem(BaseModel):
    """An item that purchases of this kind begin with."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Said
    unit: Said
    cpv: str = Field(default="", pattern=r"^([0-9]{8}-[0-9])?$")
    account: str = Field(default="", pattern=r"^([1-8][0-9]{1,9})?$")
    """By nature, of the M57."""
    vat_rate: Decimal = Field(default=Decimal(20), ge=0, le=100)
    """Percent, in metropolitan France."""
    price: Decimal | None = Field(default=None, ge=0)
    """Euros before VAT for one: an order of magnitude, to be compared with quotes."""
    priced_on: date | None = None
    source: str = ""
    to_confirm: bool = False

    @model_validator(mode="after")
    def _price_has_source(self) -> Self:
        if len({self.price is None, self.priced_on is None, self.source == ""}) > 1:
            raise ValueError("a price has its day (priced_on) and its source, and nothing else has them")
        return self


class System(BaseModel):
    """Something that may be done together."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    code: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,39}$")]
    name: Said
    what: Said
    kind: Annotated[str, Field(pattern=r"^(goods|service|staff_offer|outside)?$")] = ""
    """What kind of purchase follows; empty: nothing is bought."""
    specify: tuple[Said, ...] = ()
    indicators: tuple[Said, ...] = ()
    vigilance: tuple[Said, ...] = ()
    questions: tuple[Said, ...] = ()
    """What is to be settled before one begins."""
    items: tuple[TypicalItem, ...] = ()
    aids: tuple[Fact, ...] = ()
    quotas: tuple[Fact, ...] = ()


class Catalogue(BaseModel):
    """The file's content. Without a file there is nothing to propose from, and actions are proposed freely."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    systems: tuple[System, ...] = ()

    @model_validator(mode="after")
    def _one_code_each(self) -> Self:
        twice = [code for code, times in Counter(system.code for system in self.systems).items() if times > 1]
        if twice:
            raise ValueError(f"two systems have the code {twice[0]}")
        return self

    def find(self, code: str) -> System | None:
        return next((system for system in self.systems if system.code == code), None)


def holding(facts: Sequence[Fact], day: date) -> list[Fact]:
    """Those that hold on this day."""
    return [fact for fact in facts if fact.holds_on(day)]


def to_come(facts: Sequence[Fact], day: date) -> list[Fact]:
    """Those that will, the nearest first."""
    return sorted((fact for fact in facts if fact.valid_from > day), key=lambda fact: fact.valid_from)


def read_catalogue(config_dir: Path) -> Catalogue:
    """The configuration folder's catalogue: read at the start, so that a change counts from the next one.

    Raises:
        ConfigurationError: the file is not right; the message says where.
    """
    return read_configuration(config_dir / FILE, Catalogue)
