from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Index, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from pooling.kernel.tables import TenantTable, foreign_id, identity, in_group, instant, within_group


class ContractData(TenantTable, table=True):
    """What the lead says of a contract for its essential data: what the purchase does not know by itself."""

    __tablename__ = "contract_data"
    __table_args__ = (
        in_group(),
        within_group("purchase_id", "purchases"),
        within_group("supplier_id", "suppliers"),
        UniqueConstraint("group_id", "purchase_id", "supplier_id", "lot"),
        CheckConstraint("lot BETWEEN 0 AND 99", name="lot_is_short"),
        CheckConstraint("amount_cents >= 0 AND worth_cents >= 0", name="not_negative"),
        CheckConstraint("published_on IS NULL OR published_on >= notified_on", name="published_once_notified"),
        Index(None, "group_id", "supplier_id"),
    )

    id: int = identity()
    purchase_id: int = foreign_id()
    supplier_id: int = foreign_id()
    lot: int
    """Its number; 0: of the whole purchase."""
    notified_on: date
    amount_cents: int | None = Field(default=None, nullable=True, sa_type=BigInteger)
    """Before VAT; None: what the items that it was awarded come to."""
    worth_cents: int = Field(sa_type=BigInteger)
    """What it came to when this was said."""
    described_at: datetime = instant()
    published_on: date | None = None
    """When its data were published on data.gouv.fr."""
    said: dict[str, Any] = Field(sa_type=JSONB)
    """The rest, as `ContractIn` writes it."""
