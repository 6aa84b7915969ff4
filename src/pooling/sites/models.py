from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, Index, text
from sqlmodel import Field

from pooling.kernel.tables import TenantTable, foreign_id, identity, in_group, instant, sort_column, within_group


class Site(TenantTable, table=True):
    """Where something may be delivered to a member. What is not known of it yet is empty."""

    __tablename__ = "sites"
    __table_args__ = (
        in_group(),
        within_group("member_id", "members"),
        CheckConstraint("name <> ''", name="has_name"),
        CheckConstraint("postcode ~ '^([0-9]{5})?$'", name="postcode_has_five_digits"),
        CheckConstraint("NOT is_main OR archived_at IS NULL", name="main_is_in_use"),
        Index("uq_sites_one_main", "group_id", "member_id", unique=True, postgresql_where=text("is_main")),
        Index(
            "uq_sites_name",
            *("group_id", "member_id", "sort_key"),
            unique=True,
            postgresql_where=text("archived_at IS NULL"),
        ),
        Index(None, "group_id", "member_id"),
    )

    id: int = identity()
    member_id: int = foreign_id()
    name: str
    sort_key: str = sort_column()
    street: str = ""
    postcode: str = ""
    city: str = ""
    contact: str = ""
    """Who receives: a name, a telephone number. Forgotten some time after the site is archived."""
    opening_hours: str = ""
    is_main: bool = False
    """Whatever nobody speaks of goes there."""
    archived_at: datetime | None = instant(nullable=True)
    created_at: datetime = instant()


class SiteSplit(TenantTable, table=True):
    """How many of a member's units of an item it wants at a site: wished while it declares, said exactly once they are
    assigned. The item is of one purchase. A site that is not named gets none; where none is named, all go to the main
    one. `sharing.places` says what comes of it; once the order has left it does not change.
    """

    __tablename__ = "site_splits"
    __table_args__ = (
        in_group(),
        within_group("item_id", "items", ondelete="CASCADE"),
        within_group("member_id", "members"),
        within_group("site_id", "sites"),
        CheckConstraint("quantity > 0", name="quantity_positive"),
        Index(None, "group_id", "member_id"),
        Index(None, "group_id", "site_id"),
    )

    item_id: int = Field(primary_key=True, sa_type=BigInteger)
    member_id: int = Field(primary_key=True, sa_type=BigInteger)
    site_id: int = Field(primary_key=True, sa_type=BigInteger)
    quantity: int
