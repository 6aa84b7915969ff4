from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import BigInteger, CheckConstraint, Index, Numeric
from sqlmodel import Field

from pooling.kernel.about import About, about_one
from pooling.kernel.tables import TenantTable, foreign_id, identity, in_group, instant, within_group


class AgentDays(About, TenantTable, table=True):
    """Days that agents of a member worked for the group: on its subject, or in general."""

    __tablename__ = "agent_days"
    __table_args__ = (
        in_group(),
        within_group("member_id", "members"),
        *about_one(),
        CheckConstraint("days > 0", name="some_time"),
        CheckConstraint("what <> ''", name="says_what"),
        Index(None, "group_id", "spent_on", "id"),
        Index(None, "group_id", "member_id"),
        Index(None, "group_id", "purchase_id"),
        Index(None, "group_id", "action_id"),
    )

    id: int = identity()
    member_id: int = foreign_id()
    spent_on: date
    """The day, or the last one."""
    days: Decimal = Field(sa_type=Numeric(6, 2))
    what: str
    noted_at: datetime = instant()
    noted_by: int | None = foreign_id(nullable=True)


class CarbonAssumption(TenantTable, table=True):
    """What one assumes of the journeys that a unit of an item replaces in a year."""

    __tablename__ = "carbon_assumptions"
    __table_args__ = (
        in_group(),
        within_group("item_id", "items", ondelete="CASCADE"),
        CheckConstraint("kilometres > 0", name="some_way"),
        CheckConstraint("replaced <> replaced_by", name="another_way"),
        CheckConstraint("source <> ''", name="has_source"),
    )

    item_id: int = Field(primary_key=True, sa_type=BigInteger)
    replaced: str
    """The code of a factor of the configuration."""
    replaced_by: str
    kilometres: int
    """A year, for one unit."""
    source: str
    """Where the kilometres come from."""
    noted_at: datetime = instant()
    noted_by: int | None = foreign_id(nullable=True)
