"""Tables of decisions."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from pooling.kernel.about import KEYS, About, about_one
from pooling.kernel.tables import TenantTable, foreign_id, identity, in_group, instant, one_of, within_group


class DecisionState(StrEnum):
    OPEN = "open"
    DONE = "done"
    DROPPED = "dropped"


class Decision(About, TenantTable, table=True):
    """What a committee decided. Events that it caused carry its id; it names the subject that it acts on."""

    __tablename__ = "decisions"
    __table_args__ = (
        in_group(),
        within_group("committee_id", "committees"),
        *about_one(),
        ForeignKeyConstraint(["owner_id"], ["people.id"]),
        ForeignKeyConstraint(["acted_by"], ["people.id"]),
        UniqueConstraint("group_id", "committee_id", "number"),
        one_of("state", DecisionState),
        CheckConstraint("act ~ '^[a-z_]+$'", name="act_is_a_name"),
        CheckConstraint("votes_for >= 0 AND votes_against >= 0 AND votes_abstained >= 0", name="votes_not_negative"),
        CheckConstraint(f"act IS NULL OR num_nonnulls({KEYS}) = 1", name="act_has_subject"),
        CheckConstraint("(acted_at IS NULL) = (acted_by IS NULL)", name="acted_by_somebody"),
        Index(None, "group_id", "state", "due_on"),
        Index(None, "group_id", "purchase_id"),
        Index(None, "group_id", "action_id"),
    )

    id: int = identity()
    committee_id: int = foreign_id()
    number: int
    """Its place among those of its committee: people say "décision n° 2 du 30 mars"."""
    content: str
    votes_for: int | None = None
    votes_against: int | None = None
    votes_abstained: int | None = None
    act: str | None = None
    """One that a feature declares, or did."""
    terms: dict[str, Any] = Field(default_factory=dict, sa_type=JSONB)
    """What the act needs: a closing date, another lead member…"""
    acted_at: datetime | None = instant(nullable=True)
    acted_by: int | None = foreign_id(nullable=True)
    owner_id: int | None = foreign_id(nullable=True)
    due_on: date | None = None
    state: str = DecisionState.OPEN
    outcome: str = ""
    """What came of it, or why it was dropped."""
    settled_at: datetime | None = instant(nullable=True)
    revision: int = 1
    """Raised whenever its owner or due date changes, so that reminders of the old ones are superseded."""
    assigned_at: datetime = instant()
    """When it was given its present owner and due date."""
    created_at: datetime = instant()
