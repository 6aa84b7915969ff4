from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, Index
from sqlmodel import Field

from pooling.kernel.tables import TenantTable, foreign_id, identity, in_group, instant, within_group


class Receipt(TenantTable, table=True):
    """One arrival of goods of an order, noted by one person."""

    __tablename__ = "receipts"
    __table_args__ = (
        in_group(),
        within_group("order_id", "orders"),
        Index(None, "group_id", "order_id", "id"),
    )

    id: int = identity()
    order_id: int = foreign_id()
    received_on: date
    delivery_note: str = ""
    """The number on the supplier's delivery note."""
    note: str = ""
    noted_at: datetime = instant()
    noted_by: int | None = foreign_id(nullable=True)


class ReceiptLine(TenantTable, table=True):
    """What arrived for one line of the order."""

    __tablename__ = "receipt_lines"
    __table_args__ = (
        within_group("receipt_id", "receipts", ondelete="CASCADE"),
        within_group("order_line_id", "order_lines"),
        CheckConstraint("accepted >= 0 AND refused >= 0 AND accepted + refused > 0", name="something_arrived"),
        CheckConstraint("(refused > 0) = (reason <> '')", name="refused_says_why"),
        Index(None, "group_id", "order_line_id"),
    )

    receipt_id: int = Field(primary_key=True, sa_type=BigInteger)
    order_line_id: int = Field(primary_key=True, sa_type=BigInteger)
    accepted: int
    refused: int = 0
    reason: str = ""
    """Why units were refused."""
