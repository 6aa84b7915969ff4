from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from pooling.kernel.tables import TenantTable, foreign_id, in_group, instant


class GroupSharing(TenantTable, table=True):
    """What a group lets out, and the figures that it lets out. A group without a row lets nothing out."""

    __tablename__ = "group_sharings"
    __table_args__ = (
        in_group(),
        CheckConstraint("(snapshot IS NULL) = (snapshot_on IS NULL)", name="snapshot_has_day"),
        CheckConstraint("snapshot IS NULL OR compared OR public", name="nothing_without_consent"),
    )

    compared: bool = False
    """Its indicators stand beside those of the other groups that agree too."""
    public: bool = False
    """Everybody may read its page."""
    introduction: str = ""
    """What its public page begins with."""
    snapshot: dict[str, Any] | None = Field(default=None, nullable=True, sa_type=JSONB(none_as_null=True))
    """See `snapshots.Snapshot`."""
    snapshot_on: date | None = None
    changed_at: datetime = instant()
    changed_by: int | None = foreign_id(nullable=True)
