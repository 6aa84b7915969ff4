from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint

from pooling.kernel.tables import TenantTable, foreign_id, identity, in_group, instant, within_group


class Opinion(TenantTable, table=True):
    """What somebody thinks of a purchase that was delivered, or of a committee: two marks from 1 to 5."""

    __tablename__ = "opinions"
    __table_args__ = (
        in_group(),
        within_group("purchase_id", "purchases"),
        within_group("committee_id", "committees"),
        ForeignKeyConstraint(["person_id"], ["people.id"]),
        UniqueConstraint("group_id", "purchase_id", "person_id"),
        UniqueConstraint("group_id", "committee_id", "person_id"),
        CheckConstraint("num_nonnulls(purchase_id, committee_id) = 1", name="of_one"),
        CheckConstraint("first BETWEEN 1 AND 5 AND second BETWEEN 1 AND 5", name="marks"),
        Index(None, "group_id", "given_at"),
    )

    id: int = identity()
    purchase_id: int | None = foreign_id(nullable=True)
    committee_id: int | None = foreign_id(nullable=True)
    person_id: int = foreign_id()
    first: int
    second: int
    comment: str = ""
    given_at: datetime = instant()
