from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKeyConstraint, Index, String, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from pooling.kernel.tables import (
    HostTable,
    TenantTable,
    foreign_id,
    identity,
    in_group,
    instant,
    one_of,
    sort_column,
    within_group,
)
from pooling.web.searching import found_words


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


class PartnerKind(StrEnum):
    """What a partner is, who is no member of the group."""

    ASSOCIATION = "association"
    COMPANY = "company"
    AUTHORITY = "authority"
    PUBLIC_BODY = "public_body"
    OTHER = "other"


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
    search_text: str = ""
    """What a search finds, folded by `kernel.text.search_text`: written with the sheet."""
    words: str = found_words()


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


class ActionPhase(TenantTable, table=True):
    """A part of an action's calendar."""

    __tablename__ = "action_phases"
    __table_args__ = (
        in_group(),
        within_group("action_id", "actions", ondelete="CASCADE"),
        CheckConstraint("label <> ''", name="has_label"),
        CheckConstraint("ends_on >= begins_on", name="ends_after_start"),
        Index(None, "group_id", "action_id"),
    )

    id: int = identity()
    action_id: int = foreign_id()
    label: str
    begins_on: date
    ends_on: date


class Partner(TenantTable, table=True):
    """Who helps the group without being of it. People are named by their role alone."""

    __tablename__ = "partners"
    __table_args__ = (
        in_group(),
        UniqueConstraint("group_id", "letters"),
        one_of("kind", PartnerKind),
        CheckConstraint("name <> '' AND letters <> ''", name="has_name"),
        CheckConstraint("website = '' OR website ~ '^https?://[^[:space:]]+$'", name="website_is_address"),
        Index(None, "group_id", "sort_key", "id"),
    )

    id: int = identity()
    name: str
    letters: str
    """The name folded for comparison: two that read alike are one."""
    sort_key: str = sort_column()
    kind: str = PartnerKind.OTHER
    contact: str = ""
    """Whom one talks to there, by role: « chargée de mission mobilité »."""
    website: str = ""
    note: str = ""


class Contribution(TenantTable, table=True):
    """What a partner brings to an action."""

    __tablename__ = "contributions"
    __table_args__ = (
        in_group(),
        within_group("action_id", "actions", ondelete="CASCADE"),
        within_group("partner_id", "partners"),
        CheckConstraint("amount_cents >= 0 AND half_days >= 0", name="not_negative"),
        Index(None, "group_id", "partner_id"),
    )

    action_id: int = Field(primary_key=True, sa_type=BigInteger)
    partner_id: int = Field(primary_key=True, sa_type=BigInteger)
    amount_cents: int = Field(default=0, sa_type=BigInteger)
    half_days: int = 0
    """Of work."""
    premises: str = ""
    """Premises, material, knowledge: what is neither money nor days."""


class CatalogueVersion(HostTable, table=True):
    """What the host says of an entry of the catalogue: each version stays, the last one counts. Written by one function
    of the database alone (`entries.py`).
    """

    __tablename__ = "catalogue_versions"
    __table_args__ = (
        ForeignKeyConstraint(["written_by"], ["people.id"]),
        CheckConstraint("code ~ '^[a-z][a-z0-9-]{0,39}$'", name="code_is_a_name"),
        CheckConstraint("number >= 1", name="counts_from_one"),
        CheckConstraint("content ->> 'code' = code", name="content_has_its_code"),
        Index(None, "written_at"),
    )

    code: str = Field(primary_key=True, sa_type=String(collation="C"))
    number: int = Field(primary_key=True)
    content: dict[str, Any] = Field(sa_type=JSONB)
    """Of the form of a `System`."""
    withdrawn: bool
    """It is proposed no longer; where it stood in the place of an entry of the file, that one is again."""
    written_at: datetime = instant()
    written_by: int = foreign_id()
