"""Calendars that people subscribe to."""

from datetime import datetime

from sqlalchemy import ForeignKeyConstraint, Index, LargeBinary, UniqueConstraint
from sqlmodel import Field

from pooling.kernel.tables import TenantTable, foreign_id, identity, in_group, instant


class CalendarFeed(TenantTable, table=True):
    """An address from which a person's calendar application fetches this group's dates. Only its hash is kept."""

    __tablename__ = "calendar_feeds"
    __table_args__ = (
        in_group(),
        ForeignKeyConstraint(["person_id"], ["people.id"]),
        UniqueConstraint("group_id", "token_hash"),
        Index(None, "group_id", "person_id"),
    )

    id: int = identity()
    person_id: int = foreign_id()
    token_hash: bytes = Field(sa_type=LargeBinary)
    created_at: datetime = instant()
    revoked_at: datetime | None = instant(nullable=True)
