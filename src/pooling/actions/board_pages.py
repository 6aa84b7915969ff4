"""The group's actions as a board, by where they stand, and as a calendar of a year, by quarter."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from litestar import Response, get
from litestar.params import FromQuery

from pooling.actions.models import ActionState
from pooling.actions.page import ACTIONS, BOARD, CALENDAR
from pooling.actions.permissions import may_move
from pooling.actions.queries import ActionShown, actions_of_year, board, counted_by_state
from pooling.actions.rules import ACTION, next_states, place_in_year, quarters_words
from pooling.actions.schemas import PhaseIn
from pooling.kernel.clock import FIRST_DAY, LAST_DAY
from pooling.kernel.slices import Slice
from pooling.kernel.text import whole_number
from pooling.members.group_page import GroupPage, Here
from pooling.members.rights import Right
from pooling.web.cursors import pages_after
from pooling.web.forms import Form
from pooling.web.typography import date_short

_FILL = {
    ActionState.PROPOSED: 4,
    ActionState.PRIORITISED: 4,
    ActionState.AGREED: 3,
    ActionState.UNDER_WAY: 1,
    ActionState.DONE: 2,
}
"""The pattern of a bar: what is ahead, agreed, under way, done."""
FILLS = ((1, "En cours"), (2, "Faite"), (3, "Convenue"), (4, "Proposée ou priorisée"))


@get(BOARD, right=Right.SEE_GROUP)
async def show_board(here: Here[GroupPage]) -> Response[str]:
    counts, columns = await counted_by_state(here.session), await board(here.session)
    return here.render(
        "actions/board.html",
        ("Actions", ACTIONS),
        "Tableau",
        tabs=here.sections(ACTIONS),
        form=Form(),
        life=ACTION,
        base=here.base + ACTIONS,
        columns=[(state, counts[state], columns[state]) for state in ActionState],
        moves={state: _moves(state) for state in ActionState} if may_move(here.caller) else {},
    )


def _moves(before: ActionState) -> list[tuple[str, str]]:
    return [(str(state), ACTION.word(state)) for state in next_states(before)]


@dataclass(frozen=True)
class Bar:
    """An action in the drawing of a year."""

    action: ActionShown
    start: int
    """Days from the first of January on."""
    length: int
    fill: int
    when: str
    phases: str

    @classmethod
    def of(cls, action: ActionShown, phases: tuple[PhaseIn, ...], year: int) -> "Bar":
        start, length = place_in_year(year, action.starts_on, action.ends_on)
        return cls(
            action,
            start,
            length,
            _FILL[ActionState(action.state)],
            quarters_words(action.starts_on, action.ends_on),
            " ; ".join(f"{one.label}, du {date_short(one.begins_on)} au {date_short(one.ends_on)}" for one in phases),
        )


@get(CALENDAR, right=Right.SEE_GROUP)
async def show_calendar(here: Here[GroupPage], annee: FromQuery[str] = "", apres: FromQuery[str] = "") -> Response[Any]:
    asked = whole_number(annee, 4)
    year = asked if asked and FIRST_DAY.year <= asked <= LAST_DAY.year else here.today.year
    listed = await actions_of_year(here.session, year, Slice(apres))
    url = here.base + CALENDAR
    return here.render(
        "actions/calendar.html",
        ("Actions", ACTIONS),
        "Calendrier",
        tabs=here.sections(ACTIONS),
        year=year,
        days=(date(year + 1, 1, 1) - date(year, 1, 1)).days,
        quarters=[(date(year, month, 1) - date(year, 1, 1)).days for month in (4, 7, 10)],
        bars=[Bar.of(action, phases, year) for action, phases in listed.items],
        fills=FILLS,
        life=ACTION,
        base=here.base + ACTIONS,
        url=url,
        **pages_after(url, apres, listed, {"annee": str(year)}),
    )


ROUTES = [show_board, show_calendar]
