from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import BigInteger, CheckConstraint, Index, LargeBinary, text
from sqlmodel import Field

from pooling.kernel.tables import TenantTable, foreign_id, identity, in_group, instant, one_of, within_group


class Receipt(TenantTable, table=True):
    """One arrival of goods of an order, noted by one person. It is never overwritten: one that is corrected is
    withdrawn and replaced by another. What is withdrawn counts nowhere.
    """

    __tablename__ = "receipts"
    __table_args__ = (
        in_group(),
        within_group("order_id", "orders"),
        within_group("replaces_id", "receipts"),
        within_group("list_id", "receipt_lists"),
        CheckConstraint("(withdrawn_at IS NULL) = (withdrawn_because = '')", name="withdrawn_says_why"),
        CheckConstraint("withdrawn_at IS NOT NULL OR withdrawn_by IS NULL", name="withdrawn_has_date"),
        Index(None, "group_id", "order_id", "id"),
        # A form that is sent twice is one.
        Index(
            "uq_receipts_token",
            *("group_id", "order_id", "token"),
            unique=True,
            postgresql_where=text("token <> ''"),
        ),
    )

    id: int = identity()
    order_id: int = foreign_id()
    received_on: date
    delivery_note: str = ""
    """The number on the supplier's delivery note."""
    note: str = ""
    noted_at: datetime = instant()
    noted_by: int | None = foreign_id(nullable=True)
    token: str = ""
    """Of the form that it was noted with, and all that was said in it."""
    replaces_id: int | None = foreign_id(nullable=True)
    """The one that it corrects."""
    list_id: int | None = foreign_id(nullable=True)
    """The file that it came in."""
    withdrawn_at: datetime | None = instant(nullable=True)
    withdrawn_by: int | None = foreign_id(nullable=True)
    withdrawn_because: str = ""


class ListState(StrEnum):
    READING = "reading"
    READ = "read"
    KEEPING = "keeping"
    KEPT = "kept"
    DROPPED = "dropped"
    """Refused by whoever looked at it, or unreadable."""


class ReceiptList(TenantTable, table=True):
    """A file of delivered quantities that somebody sent: read, looked at, then kept as receipts."""

    __tablename__ = "receipt_lists"
    __table_args__ = (
        in_group(),
        within_group("purchase_id", "purchases"),
        within_group("file_id", "files"),
        one_of("state", ListState),
        CheckConstraint("(state = 'kept') = (kept_at IS NOT NULL)", name="kept_has_date"),
        # The same file twice is one, unless the first was dropped.
        Index(
            "uq_receipt_lists_content",
            *("group_id", "purchase_id", "sha256"),
            unique=True,
            postgresql_where=text("state <> 'dropped'"),
        ),
    )

    id: int = identity()
    purchase_id: int = foreign_id()
    file_id: int | None = foreign_id(nullable=True)
    """None: its content is forgotten."""
    sha256: bytes = Field(sa_type=LargeBinary)
    name: str
    received_on: date
    state: str = ListState.READING
    sent_at: datetime = instant()
    sent_by: int | None = foreign_id(nullable=True)
    kept_at: datetime | None = instant(nullable=True)


class ReceiptListLine(TenantTable, table=True):
    """A line of such a file as it was understood. Goes once the list is kept or dropped for a while."""

    __tablename__ = "receipt_list_lines"
    __table_args__ = (
        within_group("list_id", "receipt_lists", ondelete="CASCADE"),
        CheckConstraint("(order_line_id IS NULL) = (order_id IS NULL)", name="line_of_order"),
        CheckConstraint("problem <> '' OR order_line_id IS NOT NULL", name="good_has_line"),
        CheckConstraint("problem <> '' OR accepted + refused > 0", name="good_has_units"),
        Index(None, "group_id", "list_id", "order_line_id"),
    )

    list_id: int = Field(primary_key=True, sa_type=BigInteger)
    number: int = Field(primary_key=True)
    """As a spreadsheet numbers it."""
    order_id: int | None = foreign_id(nullable=True)
    order_line_id: int | None = foreign_id(nullable=True)
    accepted: int
    refused: int
    reason: str
    delivery_note: str
    problem: str
    """Why it cannot be taken, in French; empty: it can."""


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


class ReceiptPhoto(TenantTable, table=True):
    """A picture that goes with a receipt: of what was refused, of the delivery note."""

    __tablename__ = "receipt_photos"
    __table_args__ = (
        within_group("receipt_id", "receipts", ondelete="CASCADE"),
        within_group("file_id", "files"),
        Index(None, "group_id", "file_id"),
    )

    receipt_id: int = Field(primary_key=True, sa_type=BigInteger)
    file_id: int = Field(primary_key=True, sa_type=BigInteger)
