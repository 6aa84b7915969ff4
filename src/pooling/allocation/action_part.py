"""The purchases that serve an action, on its page: where each stands, what it costs, what it saves."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from pooling.actions.page import ActionPage
from pooling.actions.rules import OVER
from pooling.kernel.database import fetch, group_of
from pooling.members.features import Part
from pooling.members.rights import Right
from pooling.purchases.kinds import kind_of
from pooling.purchases.rules import PURCHASE
from pooling.sharing.money import Cents
from pooling.sharing.savings import Bought, Saving, saving_of
from pooling.web.typography import euros, plural

MOST = 50
_SERVING = f"""
SELECT p.reference, p.title, p.kind, p.state, m.name AS lead, s.stated, s.frozen,
    coalesce(f.total_cents, (
        SELECT sum(c.cents) FROM followup_costs c WHERE c.group_id = p.group_id AND c.purchase_id = p.id
    )) AS elsewhere,
    (SELECT jsonb_object_agg(i.code, d.price_alone::text) FROM items i
        JOIN item_details d ON d.group_id = i.group_id AND d.item_id = i.id AND d.price_alone IS NOT NULL
        WHERE i.group_id = p.group_id AND i.purchase_id = p.id) AS alone
FROM purchases p
JOIN members m ON m.group_id = p.group_id AND m.id = p.lead_member_id
LEFT JOIN followups f ON f.group_id = p.group_id AND f.purchase_id = p.id
LEFT JOIN LATERAL (
    (SELECT a.stated, true AS frozen FROM allocations a
        WHERE a.group_id = p.group_id AND a.purchase_id = p.id AND a.stated IS NOT NULL
        ORDER BY a.number DESC LIMIT 1)
    UNION ALL
    (SELECT c.stated, false FROM current_allocations c
        WHERE c.group_id = p.group_id AND c.purchase_id = p.id AND c.stated IS NOT NULL)
    ORDER BY frozen DESC LIMIT 1) s ON true
WHERE p.group_id = $1 AND p.action_id = $2 AND p.state <> 'cancelled'
ORDER BY p.id DESC LIMIT {MOST}"""  # noqa: S608 - ours


@dataclass(frozen=True)
class Serving:
    """A purchase that serves an action. Amounts are in cents."""

    reference: str
    title: str
    kind: str
    state: str
    lead: str
    cost: Cents | None
    """With VAT, before subsidies; None: not known yet."""
    subsidies: Cents
    certain: bool
    """Whether it was frozen, or is what somebody else said of it; otherwise it may still change."""
    saving: Saving | None


async def serving(session: AsyncSession, action_id: int) -> list[Serving]:
    """The latest, in one statement: what was frozen last, or what is known now."""
    return [_serving(row) for row in await fetch(session, _SERVING, group_of(session), action_id)]


def _serving(row: Mapping[str, Any]) -> Serving:
    stated: Mapping[str, Any] | None = row["stated"]
    totals = stated["totals"] if stated else None
    cost = totals["ht"] + totals["vat"] if totals and totals["ht"] else None
    return Serving(
        **{name: row[name] for name in ("reference", "title", "kind", "state", "lead")},
        cost=cost if cost is not None else row["elsewhere"] and int(row["elsewhere"]),
        subsidies=totals["subsidies"] if totals else 0,
        certain=bool(row["frozen"]) or cost is None,
        saving=saving_of(bought_in(stated["lines"], row["alone"] or {})) if stated else None,
    )


def bought_in(lines: Sequence[Mapping[str, Any]], alone: Mapping[str, str]) -> list[Bought]:
    """The items of a record's lines, with what each costs alone."""
    return [
        Bought(
            line.get("quantity", 0),
            line["total"],
            Fraction(Decimal(alone[line["id"]])) if line["id"] in alone else None,
        )
        for line in lines
        if line["kind"] == "item"
    ]


async def purchases_part(here: ActionPage) -> Part:
    found = await serving(here.session, here.action.id)
    prepares = here.caller.may_somewhere(Right.PREPARE_PURCHASE) and here.action.state not in OVER
    return Part(
        "allocation/action_part.html",
        {
            "rows": [_row(one, here.base) for one in found],
            "total": euros(sum(one.cost or 0 for one in found)) if any(one.cost for one in found) else "",
            "begin": f"{here.base}/achats/nouveau?action={here.action.reference}" if prepares else "",
        },
    )


def _row(one: Serving, base: str) -> dict[str, Any]:
    notes = [
        "" if one.certain or one.cost is None else "estimation",
        f"dont {euros(one.subsidies)} de subventions" if one.subsidies else "",
    ]
    return {
        "title": f"{one.reference} · {one.title}",
        "url": f"{base}/achats/{one.reference}",
        "lead": one.lead,
        "tag": PURCHASE.tag(one.state),
        "word": kind_of(one.kind).word(one.state),
        "cost": euros(one.cost) if one.cost is not None else "–",
        "cost_note": ", ".join(note for note in notes if note),
        "saving": euros(one.saving.cents) if one.saving and one.saving.known else "–",
        "saving_note": _of_some(one.saving),
    }


def _of_some(saving: Saving | None) -> str:
    if saving is None or not saving.known or not saving.without:
        return ""
    return f"sur {saving.items} de {plural(saving.of, 'article')}"
