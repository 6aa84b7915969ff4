from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint

from pooling.kernel.tables import TenantTable, foreign_id, identity, in_group, instant, within_group


class KeptDocument(TenantTable, table=True):
    """A version of a convention or of a deliberation, as it was written on the day. Written once."""

    __tablename__ = "kept_documents"
    __table_args__ = (
        in_group(),
        within_group("purchase_id", "purchases"),
        within_group("member_id", "members"),
        within_group("file_id", "files"),
        ForeignKeyConstraint(["kept_by"], ["people.id"]),
        UniqueConstraint("group_id", "purchase_id", "member_id", "number", postgresql_nulls_not_distinct=True),
        CheckConstraint("number >= 1", name="number_counts"),
        Index(None, "group_id", "member_id"),
    )

    id: int = identity()
    purchase_id: int = foreign_id()
    member_id: int | None = foreign_id(nullable=True)
    """Whose deliberation it is; None: the convention of all."""
    number: int
    file_id: int = foreign_id()
    kept_by: int = foreign_id()
    kept_at: datetime = instant()
