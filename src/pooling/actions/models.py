from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, Index, UniqueConstraint

from pooling.kernel.tables import TenantTable, foreign_id, identity, in_group, instant, one_of, within_group


class ActionState(StrEnum):
    PROPOSED = "proposed"
    PRIORITISED = "prioritised"
    AGREED = "agreed"
    UNDER_WAY = "under_way"
    DONE = "done"
    SET_ASIDE = "set_aside"


class Ease(StrEnum):
    """How hard an obstacle is to overcome, or an opportunity to seize."""

    EASY = "easy"
    MEDIUM = "medium"
    HARD = "hard"


class FactorKind(StrEnum):
    OBSTACLE = "obstacle"
    OPPORTUNITY = "opportunity"


class Action(TenantTable, table=True):
    """A sheet: what the group means to do together, and who looks after it."""

    __tablename__ = "actions"
    __table_args__ = (
        in_group(),
        within_group("lead_member_id", "members"),
        UniqueConstraint("group_id", "reference"),
        one_of("state", ActionState),
        CheckConstraint("title <> ''", name="has_title"),
        CheckConstraint("(state = 'set_aside') = (set_aside_because <> '')", name="set_aside_says_why"),
        CheckConstraint("ends_on >= starts_on", name="ends_after_start"),
        CheckConstraint("rank > 0", name="rank_from_one"),
        Index(None, "group_id", "state", "id"),
        Index(None, "group_id", "lead_member_id"),
    )

    id: int = identity()
    reference: str
    """What people say and write: `FA-2027-003`."""
    title: str
    system: str = ""
    """Its code in the catalogue; empty: it was proposed freely."""
    state: str = ActionState.PROPOSED
    rank: int | None = None
    """As the last round that was adopted has it; None: that one did not rank it."""
    lead_member_id: int | None = foreign_id(nullable=True)
    """Who looks after it; None: nobody does yet."""
    content: str = ""
    resources: str = ""
    """What is there already: people, premises, contracts."""
    levers: str = ""
    """What may pay for it."""
    indicators: str = ""
    vigilance: str = ""
    starts_on: date | None = None
    ends_on: date | None = None
    set_aside_because: str = ""
    proposed_at: datetime = instant()
    proposed_by: int | None = foreign_id(nullable=True)


class ActionFactor(TenantTable, table=True):
    """What stands in an action's way, or helps it."""

    __tablename__ = "action_factors"
    __table_args__ = (
        in_group(),
        within_group("action_id", "actions", ondelete="CASCADE"),
        one_of("kind", FactorKind),
        one_of("ease", Ease),
        CheckConstraint("text <> ''", name="says_something"),
        Index(None, "group_id", "action_id"),
    )

    id: int = identity()
    action_id: int = foreign_id()
    kind: str
    ease: str
    text: str
