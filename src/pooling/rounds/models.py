from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint
from sqlmodel import Field

from pooling.kernel.tables import TenantTable, foreign_id, identity, in_group, instant, one_of, within_group


class RoundState(StrEnum):
    DRAFT = "draft"
    OPEN = "open"
    CLOSED = "closed"
    ADOPTED = "adopted"
    CANCELLED = "cancelled"


class Method(StrEnum):
    """What a member gives to actions."""

    POINTS = "points"
    """A budget of points to spread."""
    CRITERIA = "criteria"
    """Marks from 1 to 5."""


class Weighting(StrEnum):
    """What a member's ballot weighs."""

    MEMBER = "member"
    POPULATION = "population"
    AGENTS = "agents"


class Mark(StrEnum):
    """What a number on a ballot is."""

    POINTS = "points"
    IMPACT = "impact"
    COST = "cost"
    EASE = "ease"
    URGENCY = "urgency"


CRITERIA = (Mark.IMPACT, Mark.COST, Mark.EASE, Mark.URGENCY)
"""For each of them 5 speaks for the action."""
HIGHEST_MARK = 5


class Round(TenantTable, table=True):
    """Which actions are ranked, how, and who may know what meanwhile."""

    __tablename__ = "rounds"
    __table_args__ = (
        in_group(),
        UniqueConstraint("group_id", "reference"),
        one_of("state", RoundState),
        one_of("method", Method),
        one_of("weighting", Weighting),
        CheckConstraint("title <> ''", name="has_title"),
        CheckConstraint("(method = 'points') = (budget > 0)", name="points_have_budget"),
        CheckConstraint(
            "impact_weight >= 0 AND cost_weight >= 0 AND ease_weight >= 0 AND urgency_weight >= 0 AND "
            "(method = 'criteria') = (impact_weight + cost_weight + ease_weight + urgency_weight > 0)",
            name="criteria_weigh",
        ),
        CheckConstraint("opens_at < closes_at", name="closes_after_opening"),
        Index(None, "group_id", "state", "id"),
    )

    id: int = identity()
    reference: str
    """What people say and write: `TP-2027-001`."""
    title: str
    content: str = ""
    """What members should know before they vote."""
    state: str = RoundState.DRAFT
    method: str = Method.POINTS
    budget: int = 0
    """Points that a member spreads; 0 where it marks criteria."""
    impact_weight: int = 0
    cost_weight: int = 0
    ease_weight: int = 0
    urgency_weight: int = 0
    weighting: str = Weighting.MEMBER
    secret: bool = True
    """What members gave is known to nobody else until it has closed."""
    turnout_shown: bool = True
    """Whether the group sees meanwhile who has voted."""
    opens_at: datetime | None = instant(nullable=True)
    """When it opens by itself; None: somebody opens it."""
    closes_at: datetime = instant()
    """As it was prepared. Once it is open its collection says until when."""
    created_at: datetime = instant()
    created_by: int | None = foreign_id(nullable=True)


class RoundAction(TenantTable, table=True):
    """An action that is ranked."""

    __tablename__ = "round_actions"
    __table_args__ = (
        in_group(),
        within_group("round_id", "rounds", ondelete="CASCADE"),
        within_group("action_id", "actions"),
        CheckConstraint("rank > 0", name="rank_from_one"),
        Index(None, "group_id", "action_id"),
    )

    round_id: int = Field(primary_key=True, sa_type=BigInteger)
    action_id: int = Field(primary_key=True, sa_type=BigInteger)
    position: int
    """Its place on the ballot."""
    rank: int | None = None
    """As it was adopted; None: it was not yet, or nobody chose the action."""


class RoundVoter(TenantTable, table=True):
    """A member that has a vote, since the round opened, and what it weighs."""

    __tablename__ = "round_voters"
    __table_args__ = (
        in_group(),
        within_group("round_id", "rounds", ondelete="CASCADE"),
        within_group("member_id", "members"),
        CheckConstraint("weight >= 0", name="weight_not_negative"),
        Index(None, "group_id", "member_id"),
    )

    round_id: int = Field(primary_key=True, sa_type=BigInteger)
    member_id: int = Field(primary_key=True, sa_type=BigInteger)
    weight: int = Field(sa_type=BigInteger)


class RoundBallot(TenantTable, table=True):
    """That a member has voted. It has no number of its own: gaps in numbers would tell of others."""

    __tablename__ = "round_ballots"
    __table_args__ = (
        in_group(),
        ForeignKeyConstraint(
            ["group_id", "round_id", "member_id"],
            ["round_voters.group_id", "round_voters.round_id", "round_voters.member_id"],
            ondelete="CASCADE",
        ),
        ForeignKeyConstraint(["filed_by"], ["people.id"]),
    )

    round_id: int = Field(primary_key=True, sa_type=BigInteger)
    member_id: int = Field(primary_key=True, sa_type=BigInteger)
    filed_at: datetime = instant()
    filed_by: int | None = foreign_id(nullable=True)


class RoundMark(TenantTable, table=True):
    """What a member gave to an action."""

    __tablename__ = "round_marks"
    __table_args__ = (
        in_group(),
        ForeignKeyConstraint(
            ["group_id", "round_id", "member_id"],
            ["round_ballots.group_id", "round_ballots.round_id", "round_ballots.member_id"],
            ondelete="CASCADE",
        ),
        ForeignKeyConstraint(
            ["group_id", "round_id", "action_id"],
            ["round_actions.group_id", "round_actions.round_id", "round_actions.action_id"],
        ),
        one_of("mark", Mark),
        CheckConstraint("value > 0 AND (mark = 'points' OR value <= 5)", name="value_fits"),
    )

    round_id: int = Field(primary_key=True, sa_type=BigInteger)
    member_id: int = Field(primary_key=True, sa_type=BigInteger)
    action_id: int = Field(primary_key=True, sa_type=BigInteger)
    mark: str = Field(primary_key=True)
    value: int
