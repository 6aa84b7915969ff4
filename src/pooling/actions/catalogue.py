"""`config/catalogue.toml`: what authorities that share a mobility plan may do together, each with what to think of.
What the host adds in the pages has the same form (`entries.py`).
"""

from collections import Counter
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from pooling.actions.codes import Account, Cpv
from pooling.kernel.configuration import Dated, read_configuration

FILE = "catalogue.toml"
MOST_SAID = 20
"""Things to specify, questions and such, of one system."""
MOST_ITEMS = 20
MOST_FACTS = 10
MOST_PRICE = 10_000_000
"""Euros for one."""
Said = Annotated[str, Field(min_length=1, max_length=300)]
SaidOnes = Annotated[tuple[Said, ...], Field(max_length=MOST_SAID)]


class Fact(Dated):
    """A rule in a sentence, with the days on which it holds and where it stands."""

    name: str = Field(min_length=1, max_length=300)


class TypicalItem(BaseModel):
    """An item that purchases of this kind begin with."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1, max_length=160)
    unit: str = Field(min_length=1, max_length=40)
    cpv: Cpv = ""
    account: Account = ""
    """By nature, of the M57."""
    vat_rate: Decimal = Field(default=Decimal(20), ge=0, le=100, decimal_places=2)
    """Percent, in metropolitan France."""
    price: Decimal | None = Field(default=None, ge=0, le=MOST_PRICE, decimal_places=2)
    """Euros before VAT for one: an order of magnitude, to be compared with quotes."""
    priced_on: date | None = None
    source: str = Field(default="", max_length=200)
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
    name: str = Field(min_length=1, max_length=120)
    what: str = Field(min_length=1, max_length=1_000)
    kind: Annotated[str, Field(pattern=r"^(goods|service|staff_offer|outside)?$")] = ""
    """What kind of purchase follows; empty: nothing is bought."""
    specify: SaidOnes = ()
    indicators: SaidOnes = ()
    vigilance: SaidOnes = ()
    questions: SaidOnes = ()
    """What is to be settled before one begins."""
    items: tuple[TypicalItem, ...] = Field(default=(), max_length=MOST_ITEMS)
    aids: tuple[Fact, ...] = Field(default=(), max_length=MOST_FACTS)
    quotas: tuple[Fact, ...] = Field(default=(), max_length=MOST_FACTS)


class Catalogue(BaseModel):
    """The file's content. Without a file there is nothing to propose from, and actions are proposed freely."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    systems: tuple[System, ...] = ()
    former: tuple[System, ...] = ()
    """Proposed no longer: actions that are of them still say so."""

    @model_validator(mode="after")
    def _one_code_each(self) -> Self:
        twice = [
            code
            for code, times in Counter(system.code for system in (*self.systems, *self.former)).items()
            if times > 1
        ]
        if twice:
            raise ValueError(f"two systems have the code {twice[0]}")
        return self

    def find(self, code: str) -> System | None:
        return next((system for system in (*self.systems, *self.former) if system.code == code), None)

    def choices(self, present: str = "") -> list[tuple[str, str]]:
        """What an action may be of, in a form: codes and names. `present` is what it is of, and may remain."""
        former = [system for system in self.former if system.code == present]
        return [(system.code, system.name) for system in (*self.systems, *former)]


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
