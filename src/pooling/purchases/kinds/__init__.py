"""Kinds of purchases. A kind is a file here with one value, its line in `KINDS`, its word in `PurchaseKind` and a
migration of the constraint that holds these words. What differs from kind to kind is asked of the value.
"""

from collections.abc import Mapping

from pooling.purchases.kinds.goods import GOODS
from pooling.purchases.kinds.kind import Kind
from pooling.purchases.kinds.service import SERVICE
from pooling.purchases.models import PurchaseKind

KINDS: Mapping[PurchaseKind, Kind] = {kind.name: kind for kind in (GOODS, SERVICE)}
"""In the order in which they are offered to whoever prepares a purchase."""


def kind_of(kind: str) -> Kind:
    """What the column `purchases.kind` stands for."""
    return KINDS[PurchaseKind(kind)]
