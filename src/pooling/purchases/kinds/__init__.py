"""Kinds of purchases. A kind is a file here with one value, its line in `KINDS`, its word in `PurchaseKind` and a
migration of the constraint that holds these words. What differs from kind to kind is asked of the value.
"""

from collections.abc import Mapping

from pooling.kernel.states import StateMachine
from pooling.purchases.kinds.goods import GOODS
from pooling.purchases.kinds.kind import Kind
from pooling.purchases.kinds.outside import OUTSIDE
from pooling.purchases.kinds.service import SERVICE
from pooling.purchases.kinds.staff_offer import STAFF_OFFER
from pooling.purchases.models import Purchase, PurchaseKind, PurchaseState

KINDS: Mapping[PurchaseKind, Kind] = {kind.name: kind for kind in (GOODS, SERVICE, STAFF_OFFER, OUTSIDE)}
"""In the order in which they are offered to whoever prepares a purchase."""


def kind_of(kind: str) -> Kind:
    """What the column `purchases.kind` stands for."""
    return KINDS[PurchaseKind(kind)]


def life_of(purchase: Purchase) -> StateMachine[PurchaseState]:
    """The way that a purchase of its kind goes."""
    return kind_of(purchase.kind).life
