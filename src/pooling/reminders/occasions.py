"""The occasions of a kind as rows of a statement: planning and withdrawing ask what is planned now."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Integer, TableValuedAlias, bindparam, case, column, exists, func
from sqlalchemy.dialects.postgresql import ARRAY, TIMESTAMP
from sqlalchemy.types import BigInteger
from sqlmodel import col

from pooling.reminders.kinds import Occasion
from pooling.reminders.models import Reminder, ReminderState

_MOMENT = TIMESTAMP(timezone=True)
_COLUMNS: dict[str, Any] = {
    "subject_id": BigInteger(),
    "revision": Integer(),
    "offset_days": Integer(),
    "due_at": _MOMENT,
    "useful_until": _MOMENT,
}


def arrays_of(occasions: Sequence[Occasion]) -> dict[str, list[Any]]:
    """What `occasion_rows` is given: an array for each column."""
    return {f"{name}s": [getattr(occasion, name) for occasion in occasions] for name in _COLUMNS}


def occasion_rows() -> TableValuedAlias:
    """The occasions, given as one array for each column, as a table."""
    arrays = [bindparam(f"{name}s", type_=ARRAY(kind)) for name, kind in _COLUMNS.items()]
    columns = [column(name, kind) for name, kind in _COLUMNS.items()]
    return func.unnest(*arrays).table_valued(*columns, name="occasion").render_derived()


def ended_as() -> ColumnElement[str]:
    """How a reminder ends that is not wanted any more: its subject has a newer revision, or there is no need."""
    occasion = occasion_rows().alias("newer")
    newer = exists().where(
        occasion.c.subject_id == col(Reminder.subject_id), occasion.c.revision > col(Reminder.revision)
    )
    return case((newer, str(ReminderState.SUPERSEDED)), else_=str(ReminderState.NOT_NEEDED))
