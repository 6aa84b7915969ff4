"""Who came to a committee without being invited."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, UniqueConstraint

from pooling.kernel.tables import TenantTable, big, identity, in_group, instant, within_group


class Guest(TenantTable, table=True):
    """Somebody who came without being invited: of the group, or from outside, named as the minutes will name them.
    A guest is among those present and does not count in the quorum.
    """

    __tablename__ = "committee_guests"
    __table_args__ = (
        in_group(),
        within_group("committee_id", "committees"),
        ForeignKeyConstraint(["person_id"], ["people.id"]),
        CheckConstraint("(person_id IS NULL) = (name <> '')", name="person_or_name"),
        UniqueConstraint("group_id", "committee_id", "person_id"),
    )

    id: int = identity()
    committee_id: int = big()
    person_id: int | None = big(nullable=True)
    name: str = ""
    noted_at: datetime = instant()
