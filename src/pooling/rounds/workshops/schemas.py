"""What a workshop is given."""

from pydantic import BaseModel, ConfigDict, Field

from pooling.actions.models import Ease, FactorKind
from pooling.kernel.limits import limit
from pooling.kernel.text import Line

LONGEST_NOTE = 280
LONGEST_THEME = 160
MOST_HOURS = 12
MOST_NOTES = limit(500, "Notes of a workshop", __name__)
MOST_OWN_NOTES = limit(30, "Notes of one telephone in a workshop", __name__)
MOST_THEMES = limit(30, "Themes of a workshop", __name__)
MOST_DOTS = 5


class NoteIn(BaseModel):
    model_config = ConfigDict(frozen=True)

    kind: FactorKind
    text: Line = Field(min_length=1, max_length=LONGEST_NOTE)


class ThemeIn(BaseModel):
    model_config = ConfigDict(frozen=True)

    kind: FactorKind
    ease: Ease
    title: Line = Field(min_length=1, max_length=LONGEST_THEME)


class Arrangement(BaseModel):
    """How the facilitator groups what is there."""

    model_config = ConfigDict(frozen=True)

    themes: dict[int, ThemeIn | None] = {}
    """By id; None: it goes, and its notes have no theme."""
    new: ThemeIn | None = None
    taken: frozenset[int] = frozenset()
    """Notes that the new theme takes."""
    notes: dict[int, int | None] = {}
    """The theme of each note; None: it has none."""
    dropped: frozenset[int] = frozenset()
    """Notes that go."""
