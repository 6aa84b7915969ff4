from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, UniqueConstraint

from pooling.kernel.tables import TenantTable, foreign_id, identity, in_group, instant, one_of, within_group


class CollectionState(StrEnum):
    OPEN = "open"
    CLOSED = "closed"
    CANCELLED = "cancelled"


class Collection(TenantTable, table=True):
    """What is asked until when. A subject has one, from the day it first opens."""

    __tablename__ = "collections"
    __table_args__ = (
        in_group(),
        within_group("purchase_id", "purchases"),
        within_group("round_id", "rounds"),
        UniqueConstraint("group_id", "purchase_id"),
        UniqueConstraint("group_id", "round_id"),
        one_of("state", CollectionState),
        # One nullable key for each sort of subject.
        CheckConstraint("num_nonnulls(purchase_id, round_id) = 1", name="one_subject"),
        CheckConstraint("(state = 'closed') = (closed_at IS NOT NULL)", name="closed_has_date"),
    )

    id: int = identity()
    purchase_id: int | None = foreign_id(nullable=True)
    round_id: int | None = foreign_id(nullable=True)
    state: str = CollectionState.OPEN
    opened_at: datetime = instant()
    """When it first opened."""
    closes_at: datetime = instant()
    scheduled_at: datetime = instant()
    """When it was given its present deadline: reminders already past then are skipped."""
    closed_at: datetime | None = instant(nullable=True)
    """Since when nothing can be filed: its date, however late that was noticed."""
    revision: int = 1
    """Raised whenever its deadline moves, so that reminders of the old one are superseded."""

    @property
    def subject_id(self) -> int:
        """Of what it collects for; reminders name it so."""
        found = self.purchase_id if self.purchase_id is not None else self.round_id
        assert found is not None, "it has one"
        return found
