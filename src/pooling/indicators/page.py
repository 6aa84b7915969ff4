"""What the pages of indicators share: the year that is looked at, and what is measured in it."""

from pooling.actions.keeping import find_action
from pooling.actions.models import Action
from pooling.indicators.configuration import IndicatorConfiguration
from pooling.indicators.figures import Figure, Theme
from pooling.indicators.measuring import measure_year
from pooling.indicators.queries import Paid
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


def year_of(here: InGroup, typed: str) -> Year:
    """The year that an address names, if it is one that has begun; else the one under way."""
    named = int(typed) if len(typed) == _YEAR_DIGITS and typed.isascii() and typed.isdigit() else here.today.year
    return Year(named if EARLIEST <= named <= here.today.year else here.today.year, here.zone, here.today)


async def measure(here: InGroup, year: Year, action: Action | None = None) -> tuple[list[Theme], list[Paid]]:
    """All indicators of the year, and what is paid for in any; of an action alone, where one is named."""
    return await measure_year(here.session, year, configuration_of(here), action.id if action else None)


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
    themes, _ = await measure(here, year, action)
    for theme in themes:
        for figure in theme.figures:
            if figure.code == code:
                return theme, figure
    raise NotFound


def years_shown(here: InGroup, purchases: list[Paid]) -> list[int]:
    """From the first with a purchase to this one, the latest first; ten at most."""
    first = min((one.year for one in purchases), default=here.today.year)
    return list(range(here.today.year, max(first, here.today.year - 9) - 1, -1))
