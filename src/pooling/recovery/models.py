from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import BigInteger, CheckConstraint, Index, String
from sqlmodel import Field

from pooling.kernel.tables import TenantTable, foreign_id, identity, in_group, instant, one_of, within_group


class EntryKind(StrEnum):
    TITRE = "titre"
    REDUCTION = "reduction"
    """Of a titre, or the whole of it."""
    PAYMENT = "payment"
    REIMBURSEMENT = "reimbursement"
    REMINDER = "reminder"


class RecoveryEntry(TenantTable, table=True):
    """A titre, a payment or a reminder, between a debtor and its creditor. Never changed: what was typed wrongly is
    withdrawn, and noted again.
    """

    __tablename__ = "recovery_entries"
    __table_args__ = (
        in_group(),
        within_group("purchase_id", "purchases"),
        within_group("debtor_id", "members"),
        within_group("creditor_id", "members"),
        one_of("kind", EntryKind),
        CheckConstraint("CASE kind WHEN 'reminder' THEN cents = 0 ELSE cents > 0 END", name="has_amount"),
        CheckConstraint("(kind = 'titre') = (due_on IS NOT NULL)", name="titre_is_due"),
        CheckConstraint("kind NOT IN ('titre', 'reduction') OR number <> ''", name="titre_has_number"),
        CheckConstraint("(withdrawn_at IS NULL) = (withdrawn_because = '')", name="withdrawn_says_why"),
        Index(None, "group_id", "purchase_id", "debtor_id"),
        Index(None, "group_id", "debtor_id"),
        Index(None, "group_id", "creditor_id"),
    )

    id: int = identity()
    purchase_id: int = foreign_id()
    debtor_id: int = foreign_id()
    creditor_id: int = foreign_id()
    kind: EntryKind = Field(sa_type=String)
    dated_on: date
    number: str = ""
    """Of the titre, or what the payment is known by."""
    due_on: date | None = None
    cents: int = Field(sa_type=BigInteger)
    """With VAT; its kind says which way it counts."""
    noted_at: datetime = instant()
    noted_by: int | None = foreign_id(nullable=True)
    withdrawn_at: datetime | None = instant(nullable=True)
    withdrawn_because: str = ""
