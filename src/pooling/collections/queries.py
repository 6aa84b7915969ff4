"""Collections in statements: beside their subject, open or due."""

from datetime import datetime

from sqlalchemy import ColumnElement
from sqlmodel import col

from pooling.collections.models import Collection, CollectionState


def under_way(now: datetime) -> tuple[ColumnElement[bool], ...]:
    """Those that take what is filed."""
    return col(Collection.state) == CollectionState.OPEN, col(Collection.closes_at) > now


def to_close(now: datetime) -> tuple[ColumnElement[bool], ...]:
    """Those that are past their date, which nobody has closed yet."""
    return col(Collection.state) == CollectionState.OPEN, col(Collection.closes_at) <= now
