"""What editing charges, subsidies and weights have in common: who may, and when."""

from collections.abc import Collection

from sqlalchemy.ext.asyncio import AsyncSession

from pooling.kernel.errors import Conflict
from pooling.kernel.text import slug
from pooling.members.rights import Caller
from pooling.purchases.finding import lock_purchase
from pooling.purchases.kinds import kind_of
from pooling.purchases.kinds.parts import Part
from pooling.purchases.models import Purchase
from pooling.purchases.permissions import may_run
from pooling.purchases.rules import OVER

LONGEST_CODE = 40
_ADDRESSES = frozenset({"nouveau", "nouvelle"})
"""Codes that would hide behind a page's own address."""


def may_edit(purchase: Purchase) -> bool:
    """Whether its costs may still change."""
    return purchase.state not in OVER


async def lock_for_editing(session: AsyncSession, caller: Caller, purchase_id: int) -> Purchase:
    """The purchase, locked, for its lead buyer.

    Raises:
        Forbidden: the caller does not run it.
        Conflict: it is settled or cancelled.
    """
    purchase = await lock_purchase(session, purchase_id)
    may_run.require(caller, purchase)
    kind_of(purchase.kind).require(Part.COSTS)
    require_editable(purchase)
    return purchase


def require_editable(purchase: Purchase) -> None:
    """Raises:
    Conflict: the purchase is settled or cancelled.
    """
    if not may_edit(purchase):
        word = kind_of(purchase.kind).word(purchase.state).lower()
        raise Conflict(f"Cet achat est {word}\u00a0: ses coûts ne changent plus.", code="costs_closed")


def code_for(label: str, taken: Collection[str], *, else_: str) -> str:
    """A code from a label: `Livraison sur site` → `livraison-sur-site`; free among those taken."""
    base = slug(label)[:LONGEST_CODE].strip("-") or else_
    code, number = base, 2
    while code in taken or code in _ADDRESSES:
        code = f"{base}-{number}"
        number += 1
    return code
