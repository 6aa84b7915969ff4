"""Collections in statements: beside their subject, open or due."""

from datetime import datetime

from sqlalchemy import ColumnElement, and_
from sqlmodel import col

from pooling.collections.models import Collection, CollectionState


def is_collection(group_id: int, purchase_id: int) -> ColumnElement[bool]:
    """Joins collections on the pair of columns that names a purchase."""
    return and_(col(Collection.group_id) == group_id, col(Collection.purchase_id) == purchase_id)


def under_way(now: datetime) -> tuple[ColumnElement[bool], ...]:
    """Those that take what is filed."""
    return col(Collection.state) == CollectionState.OPEN, col(Collection.closes_at) > now


def to_close(now: datetime) -> tuple[ColumnElement[bool], ...]:
    """Those that are past their date, which nobody has closed yet."""
    return col(Collection.state) == CollectionState.OPEN, col(Collection.closes_at) <= now
