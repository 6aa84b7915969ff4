from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, CheckConstraint, ForeignKeyConstraint, Index
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlmodel import Field

from pooling.kernel.tables import TenantTable, big, identity, in_group, instant, one_of, within_group


class CommitteeState(StrEnum):
    PLANNED = "planned"
    CONVENED = "convened"
    HELD = "held"
    MINUTED = "minuted"
    CANCELLED = "cancelled"


class Committee(TenantTable, table=True):
    __tablename__ = "committees"
    __table_args__ = (
        in_group(),
        ForeignKeyConstraint(["secretary_id"], ["people.id"]),
        one_of("state", CommitteeState),
        CheckConstraint("ends_at > starts_at", name="ends_after_start"),
        Index(None, "group_id", "starts_at"),
    )

    id: int = identity()
    title: str
    state: str = CommitteeState.PLANNED
    local_start: datetime = Field(sa_type=TIMESTAMP(timezone=False))
    """As the invitation says it, in the group's zone; due dates are counted from it."""
    starts_at: datetime = instant()
    """The same moment as an instant."""
    ends_at: datetime = instant()
    place: str = ""
    link: str = ""
    agenda: str = ""
    minutes: str = ""
    secretary_id: int | None = big(nullable=True)
    revision: int = 1
    scheduled_at: datetime = instant()
    """When it was given its present date: offsets already past then are skipped."""
    created_at: datetime = instant()


class Invitation(TenantTable, table=True):
    __tablename__ = "committee_invitations"
    __table_args__ = (
        in_group(),
        within_group("committee_id", "committees"),
        ForeignKeyConstraint(["person_id"], ["people.id"]),
        Index(None, "person_id"),
    )

    committee_id: int = Field(primary_key=True, sa_type=BigInteger)
    person_id: int = Field(primary_key=True, sa_type=BigInteger)
    invited_at: datetime = instant()
    """Somebody invited later gets what is still to come."""
