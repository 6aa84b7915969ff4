from datetime import datetime

from sqlalchemy import BigInteger, Index
from sqlmodel import Field

from pooling.kernel.tables import TenantTable, foreign_id, in_group, instant, within_group


class Award(TenantTable, table=True):
    """Which supplier an item is ordered from."""

    __tablename__ = "awards"
    __table_args__ = (
        in_group(),
        within_group("purchase_id", "purchases"),
        within_group("item_id", "items", ondelete="CASCADE"),
        within_group("supplier_id", "suppliers"),
        Index(None, "group_id", "supplier_id"),
    )

    purchase_id: int = Field(primary_key=True, sa_type=BigInteger)
    item_id: int = Field(primary_key=True, sa_type=BigInteger)
    supplier_id: int = foreign_id()
    chosen_at: datetime = instant()
    chosen_by: int | None = foreign_id(nullable=True)
    reason: str = ""
