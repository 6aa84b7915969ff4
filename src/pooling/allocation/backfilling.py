"""Records that were frozen before shares were kept, in the form of those that keep them: for migrations alone."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pooling.allocation.allocating import StatedPurchase
from pooling.allocation.figures import Labels
from pooling.allocation.kept import head_of, rows_of
from pooling.sharing.allocation import allocate_raw
from pooling.sharing.errors import RuleError
from pooling.sharing.statement import state_allocation
from pooling.web.typography import percent

_SHOWN = "shown"
"""Beside the rule's own case, they had the names and the basis that people read on the day."""


def stated_again(
    case: Mapping[str, Any], result: Mapping[str, Any]
) -> tuple[dict[str, Any], list[dict[str, Any]]] | None:
    """What is everybody's and the rows of a record, or None where the rule does not give the result that is stored."""
    shown = case.get(_SHOWN, {})
    try:
        stated = state_allocation(allocate_raw({name: value for name, value in case.items() if name != _SHOWN}))
    except RuleError:
        return None
    if stated.to_json() != result:
        return None
    since = shown.get("keys_frozen_at")
    purchase = StatedPurchase(
        result=stated,
        labels=Labels(*(shown.get(kind, {}) for kind in ("members", "items", "charges", "subsidies"))),
        basis=shown.get("basis", ""),
        keys_frozen_at=datetime.fromisoformat(since) if since else None,
        fctva=percent(stated.fctva_rate / 100, 6) if stated.fctva_rate else None,
        budgets={},
    )
    rows = [{**row, **{name: json.loads(row[name]) for name in ("vat_by_rate", "lines")}} for row in rows_of(purchase)]
    return head_of(purchase), rows
