"""What the pages of indicators share: the year that is looked at, and what is measured in it."""

from pooling.actions.keeping import find_action
from pooling.actions.models import Action
from pooling.indicators.configuration import IndicatorConfiguration
from pooling.indicators.figures import Figure, Theme
from pooling.indicators.measuring import Measurements, measure_years
from pooling.indicators.report import Indicating
from pooling.indicators.rules import Year
from pooling.kernel.errors import NotFound
from pooling.members.group_page import InGroup
from pooling.web.services import services_of

INDICATORS = "/indicateurs"
DAYS = f"{INDICATORS}/temps"
ASSUMPTIONS = f"{INDICATORS}/hypotheses"
EARLIEST = 2000
_YEAR_DIGITS = 4
_LONGEST_REFERENCE = 40


def configuration_of(here: InGroup) -> IndicatorConfiguration:
    return services_of(here.request).part(Indicating).configuration


ALL_YEARS = "toutes"
"""What an address says in place of a year."""


def years_of(here: InGroup, typed: str) -> Year:
    """As `year_of`, or all years together."""
    return Year(here.today.year, here.zone, here.today, EARLIEST) if typed == ALL_YEARS else year_of(here, typed)


def typed_of(year: Year) -> str:
    """As an address names it."""
    return ALL_YEARS if year.many else str(year.number)


def titled(title: str, year: Year) -> str:
    """« Indicateurs 2027 »; « Indicateurs, toutes les années »."""
    return f"{title}, toutes les années" if year.many else f"{title} {year.number}"


def year_of(here: InGroup, typed: str) -> Year:
    """The year that an address names, if it is one that has begun; else the one under way."""
    named = int(typed) if len(typed) == _YEAR_DIGITS and typed.isascii() and typed.isdigit() else here.today.year
    return Year(named if EARLIEST <= named <= here.today.year else here.today.year, here.zone, here.today)


async def measure(here: InGroup, year: Year, action: Action | None = None) -> Measurements:
    """All indicators of the year; of an action alone, where one is named."""
    return await measure_years(here.session, [year], configuration_of(here), action.id if action else None)


async def looked_at(here: InGroup, reference: str) -> Action | None:
    """The action that an address names, if it names one.

    Raises:
        NotFound: the group has no action of this reference.
    """
    return await find_action(here.session, reference[:_LONGEST_REFERENCE]) if reference else None


async def one_figure(here: InGroup, year: Year, code: str, action: Action | None = None) -> tuple[Theme, Figure]:
    """Raises:
    NotFound: there is no such indicator.
    """
    for theme in (await measure(here, year, action)).years[0]:
        for figure in theme.figures:
            if figure.code == code:
                return theme, figure
    raise NotFound


def years_shown(here: InGroup, measured: Measurements) -> list[int]:
    """From the one in which the group began, or paid for something, to this one, the latest first; ten at most."""
    first = min(measured.since.year, *(one.year for one in measured.purchases), here.today.year)
    return list(range(here.today.year, max(first, here.today.year - 9) - 1, -1))
