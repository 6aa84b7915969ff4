from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, Index
from sqlmodel import Field

from pooling.kernel.tables import TenantTable, foreign_id, in_group, instant, within_group


class Offer(TenantTable, table=True):
    """What a professional offers the agents, as the purchase's lead writes it."""

    __tablename__ = "offers"
    __table_args__ = (
        in_group(),
        within_group("purchase_id", "purchases"),
        CheckConstraint("valid_until >= valid_from", name="ends_after_start"),
        CheckConstraint("revision >= 1", name="counts_from_one"),
    )

    purchase_id: int = Field(primary_key=True, sa_type=BigInteger)
    supplier: str = ""
    """The professional."""
    valid_from: date | None = None
    valid_until: date | None = None
    """Its last day."""
    conditions: str = ""
    claiming: str = ""
    """How an agent gets it: a code, an address, a form."""
    revision: int = 1
    """Raised whenever its last day moves, so that reminders of the old one are superseded."""
    scheduled_at: datetime | None = instant(nullable=True)
    """When it was given that day: reminders already past then are skipped."""


class OfferPrice(TenantTable, table=True):
    """What an agent pays for an item, with VAT."""

    __tablename__ = "offer_prices"
    __table_args__ = (
        in_group(),
        within_group("item_id", "items", ondelete="CASCADE"),
        CheckConstraint("cents >= 0", name="not_negative"),
    )

    item_id: int = Field(primary_key=True, sa_type=BigInteger)
    cents: int = Field(sa_type=BigInteger)


class Uptake(TenantTable, table=True):
    """How many agents of a member bought an item, as the member says."""

    __tablename__ = "uptakes"
    __table_args__ = (
        in_group(),
        within_group("purchase_id", "purchases"),
        within_group("member_id", "members"),
        within_group("item_id", "items"),
        CheckConstraint("bought >= 0", name="not_negative"),
        Index(None, "group_id", "item_id"),
        Index(None, "group_id", "member_id"),
    )

    purchase_id: int = Field(primary_key=True, sa_type=BigInteger)
    member_id: int = Field(primary_key=True, sa_type=BigInteger)
    item_id: int = Field(primary_key=True, sa_type=BigInteger)
    bought: int
    told_at: datetime = instant()
    told_by: int | None = foreign_id(nullable=True)
