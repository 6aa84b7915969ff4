"""`config/finance.toml`: rates that the law sets, each with the days on which it holds and its source."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from pooling.kernel.configuration import Dated, read_configuration
from pooling.kernel.text import slug
from pooling.sharing.money import Cents

FILE = "finance.toml"
LONGEST_FCTVA_DELAY = 2
"""Years, which are the common rule."""


class FctvaRate(Dated):
    """The percent of eligible spending, VAT included, that the State gives back."""

    rate: Annotated[Decimal, Field(ge=0, le=100, decimal_places=6)]


class FctvaBeneficiaries(Dated):
    """Which members get FCTVA: those of these kinds, in the words that groups give their members."""

    kinds: tuple[str, ...] = Field(min_length=1)

    def __contains__(self, kind: str) -> bool:
        """Whatever its accents and capitals."""
        return slug(kind) in {slug(known) for known in self.kinds}


class CapitalGoods(Dated):
    """What is booked as investment where an item has no account: a durable good of which one costs more than this with
    VAT.
    """

    unit_price: Annotated[Decimal, Field(ge=0, le=1_000_000, decimal_places=2)]


class SmallestTitre(Dated):
    """Below this amount, no titre is issued."""

    amount: Annotated[Decimal, Field(ge=0, le=1_000_000, decimal_places=2)]


class FctvaDelays(Dated):
    """How many years after it was spent FCTVA is paid to which kinds of members; to the others, two years after."""

    same_year: tuple[str, ...] = ()
    next_year: tuple[str, ...] = ()

    def of_kind(self, kind: str) -> int:
        """Whatever its accents and capitals."""
        for years, kinds in enumerate((self.same_year, self.next_year)):
            if slug(kind) in {slug(known) for known in kinds}:
                return years
        return LONGEST_FCTVA_DELAY


_CAPITAL_GOODS = CapitalGoods(
    unit_price=Decimal(500), valid_from=date(2002, 2, 26), source="circulaire INTB0200059C", to_confirm=True
)
_FCTVA = FctvaRate(rate=Decimal("16.404"), valid_from=date(2015, 1, 1), source="CGCT, art. L1615-6")
_BENEFICIARIES = FctvaBeneficiaries(
    kinds=(
        *("commune", "EPCI", "communauté de communes", "communauté d’agglomération", "communauté urbaine", "métropole"),
        *("département", "région", "collectivité territoriale", "syndicat", "syndicat mixte", "régie"),
        *("CCAS", "CIAS", "caisse des écoles", "SDIS", "centre de gestion"),
    ),
    valid_from=date(2015, 1, 1),
    source="CGCT, art. L1615-2",
    to_confirm=True,
)

_SAME_YEAR = ("communauté de communes", "communauté d’agglomération", "commune nouvelle")
_FCTVA_DELAYS = (
    FctvaDelays(
        same_year=_SAME_YEAR,
        valid_from=date(2015, 1, 1),
        valid_to=date(2025, 12, 31),
        source="CGCT, art. L1615-6, II",
    ),
    # The finance bill for 2026 (article 32) moved intercommunal bodies to the next year: to be confirmed.
    FctvaDelays(same_year=_SAME_YEAR, valid_from=date(2026, 1, 1), source="CGCT, art. L1615-6, II", to_confirm=True),
)
_SMALLEST_TITRE = SmallestTitre(amount=Decimal(15), valid_from=date(2017, 4, 10), source="CGCT, art. D1611-1")


class FinanceConfiguration(BaseModel):
    """The file's content. Without a file, what the law says as far as we know."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    fctva: tuple[FctvaRate, ...] = (_FCTVA,)
    fctva_beneficiaries: tuple[FctvaBeneficiaries, ...] = (_BENEFICIARIES,)
    capital_goods: tuple[CapitalGoods, ...] = (_CAPITAL_GOODS,)
    smallest_titre: tuple[SmallestTitre, ...] = Field(default=(_SMALLEST_TITRE,), exclude=True)
    """No figure of an allocation depends on it."""
    fctva_delays: tuple[FctvaDelays, ...] = Field(default=_FCTVA_DELAYS, exclude=True)
    """As well."""
    accounting: tuple[dict[str, Any], ...] = Field(default=(), exclude=True)
    """Layouts of files, which `accounting/configuration.py` reads; no figure depends on them."""

    @model_validator(mode="after")
    def _one_a_day(self) -> Self:
        lists: dict[str, Sequence[Dated]] = {
            "FCTVA rates": self.fctva,
            "lists of FCTVA beneficiaries": self.fctva_beneficiaries,
            "prices of capital goods": self.capital_goods,
            "smallest titres": self.smallest_titre,
            "delays of FCTVA": self.fctva_delays,
        }
        for what, dated in lists.items():
            for earlier, later in pairwise(sorted(dated, key=lambda one: one.valid_from)):
                if earlier.valid_to is None or later.valid_from <= earlier.valid_to:
                    raise ValueError(f"two {what} hold on {later.valid_from}")
        return self

    def fctva_on(self, day: date) -> FctvaRate | None:
        """The rate that holds on this day, if there is one."""
        return next((rate for rate in self.fctva if rate.holds_on(day)), None)

    def beneficiaries_on(self, day: date) -> FctvaBeneficiaries | None:
        """Who gets it on this day, if the law says so."""
        return next((found for found in self.fctva_beneficiaries if found.holds_on(day)), None)

    def capital_goods_on(self, day: date) -> CapitalGoods | None:
        """The price that tells them on this day, if there is one."""
        return next((goods for goods in self.capital_goods if goods.holds_on(day)), None)

    def smallest_titre_on(self, day: date) -> Cents:
        """Nothing, where the law says none."""
        found = next((one for one in self.smallest_titre if one.holds_on(day)), None)
        return int(found.amount * 100) if found is not None else 0

    def fctva_delays_on(self, day: date) -> FctvaDelays | None:
        """Those that hold on this day, if the law says some."""
        return next((one for one in self.fctva_delays if one.holds_on(day)), None)


def read_finance(config_dir: Path) -> FinanceConfiguration:
    """The configuration folder's rates: read at the start, so that a change counts from the next one.

    Raises:
        ConfigurationError: the file is not right; the message says where.
    """
    return read_configuration(config_dir / FILE, FinanceConfiguration)
