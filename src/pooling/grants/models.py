from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, Index
from sqlmodel import Field

from pooling.kernel.tables import TenantTable, foreign_id, identity, in_group, instant, within_group


class Grant(TenantTable, table=True):
    """A file of one subsidy. Amounts in cents."""

    __tablename__ = "grants"
    __table_args__ = (
        in_group(),
        within_group("member_id", "members"),
        within_group("purchase_id", "purchases"),
        within_group("action_id", "actions"),
        CheckConstraint("title <> '' AND funder <> ''", name="has_title_and_funder"),
        CheckConstraint("asked_cents > 0 AND granted_cents > 0", name="amounts_positive"),
        CheckConstraint("(granted_on IS NULL) = (granted_cents IS NULL)", name="granted_whole"),
        CheckConstraint("granted_on IS NULL OR refused_on IS NULL", name="granted_or_refused"),
        CheckConstraint("purchase_id IS NULL OR action_id IS NULL", name="about_one"),
        CheckConstraint("subsidy = '' OR purchase_id IS NOT NULL", name="subsidy_of_purchase"),
        Index(None, "group_id", "asked_on", "id"),
        Index(None, "group_id", "member_id"),
        Index(None, "group_id", "purchase_id"),
        Index(None, "group_id", "action_id"),
    )

    id: int = identity()
    title: str
    funder: str
    program: str = ""
    member_id: int | None = foreign_id(nullable=True)
    """Who asks and receives; None: the group, by whoever leads."""
    purchase_id: int | None = foreign_id(nullable=True)
    action_id: int | None = foreign_id(nullable=True)
    subsidy: str = ""
    """The code of the subsidy that the purchase's allocation takes off; empty: none."""
    asked_on: date
    asked_cents: int = Field(sa_type=BigInteger)
    granted_on: date | None = None
    granted_cents: int | None = Field(default=None, nullable=True, sa_type=BigInteger)
    decision: str = ""
    """Its reference."""
    refused_on: date | None = None
    answer_by: date | None = None
    justify_by: date | None = None
    justified_on: date | None = None
    pay_by: date | None = None
    note: str = ""
    changed_at: datetime = instant()
    """Reminders already past then are skipped."""


class GrantPayment(TenantTable, table=True):
    """An instalment that was received."""

    __tablename__ = "grant_payments"
    __table_args__ = (
        in_group(),
        within_group("grant_id", "grants", ondelete="CASCADE"),
        CheckConstraint("cents > 0", name="positive"),
    )

    grant_id: int = Field(primary_key=True, sa_type=BigInteger)
    position: int = Field(primary_key=True)
    paid_on: date
    cents: int = Field(sa_type=BigInteger)


class GrantFile(TenantTable, table=True):
    """A document that goes with it."""

    __tablename__ = "grant_files"
    __table_args__ = (
        in_group(),
        within_group("grant_id", "grants", ondelete="CASCADE"),
        within_group("file_id", "files"),
        Index(None, "group_id", "grant_id"),
    )

    file_id: int = Field(primary_key=True, sa_type=BigInteger)
    grant_id: int = foreign_id()
