"""What editing charges, subsidies and weights have in common: who may, when, and two people at once."""

import json
from collections.abc import Collection
from decimal import Decimal
from hashlib import sha256
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from pooling.kernel.errors import Conflict
from pooling.kernel.text import slug
from pooling.members.rights import Caller
from pooling.purchases.finding import lock_purchase
from pooling.purchases.models import Purchase, PurchaseState
from pooling.purchases.permissions import may_run
from pooling.purchases.rules import PURCHASE

LONGEST_CODE = 40
_ADDRESSES = frozenset({"nouveau", "nouvelle"})
"""Codes that would hide behind a page's own address."""
_OVER = frozenset({PurchaseState.SETTLED, PurchaseState.CANCELLED})


class ChangedMeanwhile(Conflict):
    """Somebody else changed it since it was shown: neither version is lost, the person chooses."""

    code = "changed_meanwhile"

    def __init__(self) -> None:
        super().__init__("Une autre personne a modifié cette ligne depuis que vous l’avez ouverte.")


def may_edit(purchase: Purchase) -> bool:
    """Whether its costs may still change."""
    return purchase.state not in _OVER


async def lock_for_editing(session: AsyncSession, caller: Caller, purchase_id: int) -> Purchase:
    """The purchase, locked, for its lead buyer.

    Raises:
        Forbidden: the caller does not run it.
        Conflict: it is settled or cancelled.
    """
    purchase = await lock_purchase(session, purchase_id)
    may_run.require(caller, purchase)
    require_editable(purchase)
    return purchase


def require_editable(purchase: Purchase) -> None:
    """Raises:
    Conflict: the purchase is settled or cancelled.
    """
    if not may_edit(purchase):
        word = PURCHASE.word(purchase.state).lower()
        raise Conflict(f"Cet achat est {word}\u00a0: ses coûts ne changent plus.", code="costs_closed")


def version_of(content: Any) -> str:  # noqa: ANN401 - whatever JSON and decimals hold
    """Stands for what was shown; travels in the form, hidden."""
    return sha256(json.dumps(content, sort_keys=True, default=_written).encode()).hexdigest()


def _written(value: Any) -> str:  # noqa: ANN401
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    raise TypeError(type(value))


def check_version(content: Any, shown: str | None) -> None:  # noqa: ANN401
    """Raises:
    ChangedMeanwhile: `shown` is another version than what is stored.
    """
    if shown is not None and shown != version_of(content):
        raise ChangedMeanwhile


def code_for(label: str, taken: Collection[str], *, else_: str) -> str:
    """A code from a label: `Livraison sur site` → `livraison-sur-site`; free among those taken."""
    base = slug(label)[:LONGEST_CODE].strip("-") or else_
    code, number = base, 2
    while code in taken or code in _ADDRESSES:
        code = f"{base}-{number}"
        number += 1
    return code
