"""A committee's life, its hours, its agenda. Pure."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from pooling.committees.models import CommitteeState as State
from pooling.kernel.errors import Invalid
from pooling.kernel.states import StateMachine

COMMITTEE = StateMachine(
    noun="committee",
    this="Ce comité",
    begins=frozenset({State.PLANNED}),
    transitions={
        # A working group meets without being formally convened: it may be held straight away.
        State.PLANNED: frozenset({State.CONVENED, State.HELD, State.CANCELLED}),
        # Given another date, it is no longer convened for the one that stands: its members must be convened anew.
        State.CONVENED: frozenset({State.PLANNED, State.HELD, State.CANCELLED}),
        State.HELD: frozenset({State.MINUTED}),
        State.MINUTED: frozenset(),
        State.CANCELLED: frozenset(),
    },
    words={
        State.PLANNED: "Prévu",
        State.CONVENED: "Convoqué",
        State.HELD: "Tenu",
        State.MINUTED: "Compte-rendu publié",
        State.CANCELLED: "Annulé",
    },
    tags={
        State.PLANNED: "primary",
        State.CONVENED: "primary",
        State.HELD: "waiting",
        State.MINUTED: "done",
        State.CANCELLED: "cancelled",
    },
)

TO_COME = frozenset({State.PLANNED, State.CONVENED})
"""The states in which a committee still is to take place: it may be moved or cancelled; people are reminded."""

REMINDER = "committee"
CHANGE = "committee_change"
"""A notice of change is kept as a reminder already sent: its key makes it go once to each person for each
revision, and the next change finds its message and takes it back should it not have left."""
CONVOCATION = "convocation"
KINDS = (REMINDER, CONVOCATION, CHANGE)
_DIFFICULTY = "Difficulté : "
"""How the title of an item begins that speaks of one."""


def local_start(day: date, hour: time, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """When a committee begins: as people say it, without a zone, and as an instant in UTC.

    An hour that comes twice when the clocks go back is meant the first time.

    Raises:
        Invalid: the clocks skip that hour on that day.
    """
    local = datetime.combine(day, hour, zone)
    if local.astimezone(UTC).astimezone(zone).time() != hour:
        raise Invalid({"hour": "Ce jour-là, cette heure n’existe pas : l’heure change. Choisissez-en une autre."})
    return local.replace(tzinfo=None), local.astimezone(UTC)


def ends_at(starts_at: datetime, duration_minutes: int) -> datetime:
    return starts_at + timedelta(minutes=duration_minutes)


def whole_title(title: str, difficulty: str | None) -> str:
    """An agenda item's title as documents say it: a difficulty that lists show cut stands there whole."""
    begins = title.removesuffix("…")
    whole = f"{_DIFFICULTY}{' '.join((difficulty or '').split())}"
    return whole if begins != title and whole.startswith(begins) else title
