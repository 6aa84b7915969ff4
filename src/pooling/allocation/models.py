from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Numeric, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from pooling.kernel.tables import TenantTable, big, identity, in_group, instant, within_group


class Charge(TenantTable, table=True):
    """A shared cost or discount of a purchase."""

    __tablename__ = "charges"
    __table_args__ = (
        in_group(),
        within_group("purchase_id", "purchases"),
        UniqueConstraint("group_id", "purchase_id", "code"),
        CheckConstraint("vat_rate BETWEEN 0 AND 100", name="vat_rate_is_percent"),
    )

    id: int = identity()
    purchase_id: int = big()
    code: str
    label: str
    amount_cents: int = Field(sa_type=BigInteger)
    """Cents before VAT; negative for a discount."""
    vat_rate: Decimal = Field(default=Decimal(20), sa_type=Numeric(5, 2))
    key: Any = Field(sa_type=JSONB)
    """As the allocation rule writes it: `"equal"`, `"population"`, `{"weights": {…}}`…"""
    items: list[str] | None = Field(default=None, nullable=True, sa_type=JSONB)
    """Codes of the items that a key by quantity or amount looks at; None: all."""
    fctva: bool = False


class Allocation(TenantTable, table=True):
    """A frozen allocation: who pays what, with the case that gave it. A numbered record, never changed."""

    __tablename__ = "allocations"
    __table_args__ = (
        in_group(),
        within_group("purchase_id", "purchases"),
        UniqueConstraint("group_id", "purchase_id", "number"),
    )

    id: int = identity()
    purchase_id: int = big()
    number: int
    frozen_at: datetime = instant()
    frozen_by: int | None = big(nullable=True)
    case: dict[str, Any] = Field(sa_type=JSONB)
    result: dict[str, Any] = Field(sa_type=JSONB)
