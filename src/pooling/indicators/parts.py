"""On the page of an action: what came of it since it began."""

from pooling.actions.models import ActionState
from pooling.actions.page import ActionPage
from pooling.indicators.measures import Measured, headlines_of
from pooling.indicators.page import ALL_YEARS, INDICATORS, configuration_of, years_of
from pooling.indicators.queries import paid, serving
from pooling.members.features import Part

BEGUN = (ActionState.AGREED, ActionState.UNDER_WAY, ActionState.DONE)
"""States in which one asks what came of an action."""


async def of_action(here: ActionPage) -> Part:
    year = years_of(here, ALL_YEARS)
    looked = await serving(here.session, here.action.id)
    purchases = await paid(here.session, str(here.zone), looked.purchases)
    # Of meetings, which alone are held against a cadence, nothing is said here.
    measured = Measured(here.session, year, configuration_of(here), 12, year.first, looked)
    base, query = here.base + INDICATORS, f"?annee={ALL_YEARS}&action={here.action.reference}"
    return Part(
        "indicators/part.html",
        {
            "begun": here.action.state in BEGUN,
            "figures": [(figure, f"{base}/{figure.code}{query}") for figure in await headlines_of(measured, purchases)],
            "all": base + query,
        },
    )
