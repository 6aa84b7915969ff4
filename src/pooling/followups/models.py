from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, Index, UniqueConstraint
from sqlmodel import Field

from pooling.kernel.tables import TenantTable, foreign_id, identity, in_group, instant, within_group


class FollowUp(TenantTable, table=True):
    """What is known of a purchase that somebody else runs."""

    __tablename__ = "followups"
    __table_args__ = (
        in_group(),
        within_group("purchase_id", "purchases"),
        CheckConstraint("total_cents >= 0", name="not_negative"),
    )

    purchase_id: int = Field(primary_key=True, sa_type=BigInteger)
    organiser: str = ""
    """Who runs it."""
    joining: str = ""
    """How a member takes part: an address, a form, a person."""
    total_cents: int | None = Field(default=None, nullable=True, sa_type=BigInteger)
    """What it cost all, with VAT; None: not known yet, or the sum of what each paid."""


class FollowUpDate(TenantTable, table=True):
    """A day of it that people are reminded of."""

    __tablename__ = "followup_dates"
    __table_args__ = (
        in_group(),
        within_group("purchase_id", "purchases"),
        UniqueConstraint("group_id", "purchase_id", "day", "label"),
    )

    id: int = identity()
    purchase_id: int = foreign_id()
    day: date
    label: str
    set_at: datetime = instant()
    """Since when it is known: reminders already past then are skipped."""


class FollowUpCost(TenantTable, table=True):
    """What it cost a member, with VAT, as typed."""

    __tablename__ = "followup_costs"
    __table_args__ = (
        in_group(),
        within_group("purchase_id", "purchases"),
        within_group("member_id", "members"),
        CheckConstraint("cents >= 0", name="not_negative"),
        Index(None, "group_id", "member_id"),
    )

    purchase_id: int = Field(primary_key=True, sa_type=BigInteger)
    member_id: int = Field(primary_key=True, sa_type=BigInteger)
    cents: int = Field(sa_type=BigInteger)
