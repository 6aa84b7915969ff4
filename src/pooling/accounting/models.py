from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKeyConstraint, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from pooling.kernel.tables import TenantTable, foreign_id, in_group, instant, within_group


class StatementMail(TenantTable, table=True):
    """A member's statement of a frozen allocation that is mailed to its finance contacts, once."""

    __tablename__ = "statement_mails"
    __table_args__ = (
        in_group(),
        within_group("file_id", "files"),
        ForeignKeyConstraint(
            ["group_id", "allocation_id", "member"],
            ["allocation_shares.group_id", "allocation_shares.allocation_id", "allocation_shares.member"],
        ),
        CheckConstraint("char_length(number) BETWEEN 1 AND 20", name="number_of_an_invoice"),
        CheckConstraint("(sent_at IS NULL) = (file_id IS NULL)", name="sent_has_file"),
        Index("ix_statement_mails_waiting", "group_id", "asked_at", postgresql_where=text("sent_at IS NULL")),
        Index(None, "group_id", "file_id"),
    )

    allocation_id: int = Field(primary_key=True, sa_type=BigInteger)
    member: str = Field(primary_key=True)
    """Its code on the day."""
    number: str
    """Of the statement: short enough for an invoice's in accounting packages."""
    asked_at: datetime = instant()
    asked_by: int | None = foreign_id(nullable=True)
    sent_at: datetime | None = instant(nullable=True)
    file_id: int | None = foreign_id(nullable=True)
    """What was sent."""
    recipients: list[dict[str, Any]] = Field(default_factory=list, sa_type=JSONB)
    """To whom: `{"name": …, "email": …}`."""
