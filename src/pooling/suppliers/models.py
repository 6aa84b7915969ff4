from datetime import datetime

from sqlalchemy import CheckConstraint, Index, UniqueConstraint

from pooling.kernel.tables import TenantTable, identity, in_group, instant, sort_column


class Supplier(TenantTable, table=True):
    """A company, by its establishment, that a group buys from."""

    __tablename__ = "suppliers"
    __table_args__ = (
        in_group(),
        UniqueConstraint("group_id", "name"),
        UniqueConstraint("group_id", "siret"),
        CheckConstraint("siret ~ '^[0-9]{14}$'", name="siret_written"),
        CheckConstraint("siret IS NOT NULL OR vat_number <> ''", name="identified"),
        Index(None, "group_id", "sort_key", "id"),
    )

    id: int = identity()
    name: str
    sort_key: str = sort_column()
    siret: str | None = None
    """Of the establishment that sells; None: the company is not French."""
    vat_number: str = ""
    """With its country's letters; empty: it has none."""
    address: str = ""
    """As it stands on a letter, several lines."""
    order_email: str = ""
    """Where orders are sent."""
    contact: str = ""
    """A service or a person."""
    phone: str = ""
    note: str = ""
    archived_at: datetime | None = instant(nullable=True)
    """Since when it is no longer proposed; None: it is."""
    created_at: datetime = instant()
