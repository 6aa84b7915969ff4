from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint
from sqlmodel import Field

from pooling.kernel.tables import TenantTable, foreign_id, in_group, instant, within_group


class FctvaDelay(TenantTable, table=True):
    """How many years after it was spent a member gets FCTVA back, where that is not what its kind gets."""

    __tablename__ = "fctva_delays"
    __table_args__ = (
        in_group(),
        within_group("member_id", "members"),
        CheckConstraint("years BETWEEN 0 AND 2", name="years_of_the_law"),
    )

    member_id: int = Field(primary_key=True, sa_type=BigInteger)
    years: int
    set_at: datetime = instant()
    set_by: int | None = foreign_id(nullable=True)
