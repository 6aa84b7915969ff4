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
    scope: list[str] | None = Field(default=None, nullable=True, sa_type=JSONB)
    """Codes of the members that share it; None: all that take part."""
    fctva: bool = False


class Subsidy(TenantTable, table=True):
    """Co-funding of a purchase, as the allocation rule counts it. Amounts in cents, rates in percent."""

    __tablename__ = "subsidies"
    __table_args__ = (
        in_group(),
        within_group("purchase_id", "purchases"),
        UniqueConstraint("group_id", "purchase_id", "code"),
        CheckConstraint("(rate IS NULL) <> (amount_cents IS NULL)", name="rate_or_amount"),
        CheckConstraint("rate BETWEEN 0 AND 100", name="rate_is_percent"),
        CheckConstraint("amount_cents >= 0 AND cap_per_unit_cents >= 0 AND cap_total_cents >= 0", name="not_negative"),
    )

    id: int = identity()
    purchase_id: int = big()
    code: str
    label: str
    rate: Decimal | None = Field(default=None, nullable=True, sa_type=Numeric(9, 6))
    amount_cents: int | None = Field(default=None, nullable=True, sa_type=BigInteger)
    cap_per_unit_cents: int | None = Field(default=None, nullable=True, sa_type=BigInteger)
    cap_total_cents: int | None = Field(default=None, nullable=True, sa_type=BigInteger)
    items: list[str] | None = Field(default=None, nullable=True, sa_type=JSONB)
    """Codes of the items that it counts; None: all."""
    charges: list[str] = Field(default_factory=list, sa_type=JSONB)
    """Codes of the charges that it counts too."""
    members: list[str] | None = Field(default=None, nullable=True, sa_type=JSONB)
    """Codes of the members that it funds; None: all."""
    public: bool = True
    """Public money (an energy-savings certificate is not)."""


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
