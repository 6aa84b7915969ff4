"""What a member that leaves or becomes another one still awaits: its lines stay as they were ordered, and what arrives
for them is noted under its name.
"""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from pooling.kernel.database import fetch, group_of
from pooling.members.departures import Departure, Tie
from pooling.members.models import Member
from pooling.receipts.page import SECTION
from pooling.web.typography import plural

_AWAITED = """
SELECT p.reference, coalesce(bool_or(o.member_id = l.member_id), false) AS buys,
    sum(greatest(l.quantity - coalesce(a.accepted, 0), 0))::bigint AS due
FROM order_lines l
JOIN orders o ON o.group_id = l.group_id AND o.id = l.order_id
    AND o.state IN ('sent', 'confirmed') AND o.completed_at IS NULL
JOIN purchases p ON p.group_id = o.group_id AND p.id = o.purchase_id
LEFT JOIN LATERAL (
    SELECT sum(x.accepted) AS accepted FROM receipt_lines x
    JOIN receipts r ON r.group_id = x.group_id AND r.id = x.receipt_id AND r.withdrawn_at IS NULL
    WHERE x.group_id = l.group_id AND x.order_line_id = l.id) a ON true
WHERE l.group_id = $1 AND l.member_id = ANY ($2::bigint[]) AND l.quantity > 0
GROUP BY p.reference HAVING sum(greatest(l.quantity - coalesce(a.accepted, 0), 0)) > 0 ORDER BY p.reference"""


async def _awaited(session: AsyncSession, members: Sequence[int], *, leaves: bool = False) -> list[Tie]:
    """What it buys itself keeps one that leaves: nobody else would receive and pay it."""
    rows = await fetch(session, _AWAITED, group_of(session), list(members))
    return [
        Tie(
            f"{row['reference']} : {plural(row['due'], 'unité')} à recevoir encore, sous son nom"
            + (" : notez-les reçues ou déclarez la commande complète d’abord." if leaves and row["buys"] else "."),
            keeps=leaves and row["buys"],
            label="Réceptions",
            path=f"/achats/{row['reference']}{SECTION}",
        )
        for row in rows
    ]


async def _ties(session: AsyncSession, member: Member) -> list[Tie]:
    return await _awaited(session, [member.id], leaves=True)


async def _merge_ties(session: AsyncSession, members: Sequence[Member], becomes: Member | None) -> list[Tie]:
    return await _awaited(session, [one.id for one in members if becomes is None or one.id != becomes.id])


DEPARTURE = Departure(ties=_ties, merge_ties=_merge_ties)
