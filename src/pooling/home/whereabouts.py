"""« Où en est ma commande ? »: what was ordered for a member, and what of it has arrived."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from pooling.kernel.database import fetch, group_of
from pooling.members.models import Role
from pooling.members.rights import Caller
from pooling.orders.models import OrderState
from pooling.web.typography import date_long, plural


@dataclass(frozen=True)
class Whereabouts:
    """Of one order, the units of one member."""

    member: str
    number: int
    reference: str
    state: str
    supplier: str
    sent_at: datetime | None
    promised_on: date | None
    completed_at: datetime | None
    ordered: int
    accepted: int
    refused: int
    missing: int
    """Ordered and not accepted, line by line: too many of one item make up for nothing of another."""
    received_on: date | None
    """When something last arrived."""

    @property
    def due(self) -> int:
        """Units that are still to arrive; none of an order that was declared complete."""
        return 0 if self.completed_at is not None else self.missing

    def tag(self, today: date) -> tuple[str, str]:
        """Its kind and word (components/states.html)."""
        if self.state == OrderState.DRAFT:
            return "draft", "En préparation"
        if not self.due:
            return "done", "Arrivée"
        if self.promised_on is not None and self.promised_on < today:
            return "overdue", "En retard"
        return ("primary", "En partie arrivée") if self.accepted else ("waiting", "Commandée")

    def said(self, zone: ZoneInfo) -> str:
        """Where it is, in one sentence."""
        parts = [*self._sent(zone), *self._arrived()]
        return "\u00a0; ".join(parts) + "."

    def _sent(self, zone: ZoneInfo) -> list[str]:
        if self.sent_at is None:
            return ["la commande n’est pas encore partie"]
        parts = [f"commandée le {date_long(self.sent_at.astimezone(zone).date())}"]
        if self.due and self.promised_on is not None:
            parts.append(f"promise pour le {date_long(self.promised_on)}")
        elif self.due and self.state == OrderState.SENT:
            parts.append("le fournisseur n’a pas encore dit quand il livre")
        return parts

    def _arrived(self) -> list[str]:
        parts = []
        if self.received_on is not None:
            many = f"{self.accepted} sur {plural(self.ordered, 'unité')}"
            parts.append(f"{many} reçue{'s' if self.accepted > 1 else ''}, le {date_long(self.received_on)}")
        if self.refused:
            parts.append(f"{self.refused} refusée{'s' if self.refused > 1 else ''} à l’arrivée")
        if self.accepted and self.due:
            parts.append(f"{self.due} encore attendue{'s' if self.due > 1 else ''}")
        return parts


_WHEREABOUTS = """
SELECT m.name, o.number, o.reference, o.state, s.name, o.sent_at, o.promised_on, o.completed_at,
    sum(l.quantity)::bigint, COALESCE(sum(r.accepted), 0)::bigint, COALESCE(sum(r.refused), 0)::bigint,
    sum(greatest(l.quantity - COALESCE(r.accepted, 0), 0))::bigint, max(r.latest)
FROM orders o
JOIN suppliers s ON s.group_id = o.group_id AND s.id = o.supplier_id
JOIN order_lines l ON l.group_id = o.group_id AND l.order_id = o.id AND l.member_id = ANY ($3::bigint[])
JOIN members m ON m.group_id = l.group_id AND m.id = l.member_id
LEFT JOIN LATERAL (
    SELECT sum(x.accepted) AS accepted, sum(x.refused) AS refused, max(y.received_on) AS latest
    FROM receipt_lines x JOIN receipts y ON y.group_id = x.group_id AND y.id = x.receipt_id AND y.withdrawn_at IS NULL
    WHERE x.group_id = l.group_id AND x.order_line_id = l.id) r ON true
WHERE o.group_id = $1 AND o.purchase_id = $2 AND o.state <> 'cancelled'
GROUP BY m.id, m.name, m.sort_key, o.group_id, o.id, s.name
HAVING sum(l.quantity) > 0 OR sum(r.accepted) > 0
ORDER BY m.sort_key, m.id, o.number"""


async def whereabouts(session: AsyncSession, caller: Caller, purchase_id: int) -> Sequence[Whereabouts]:
    """Of the members that the caller is a référent or finance officer of, in one statement."""
    members = caller.members_as(Role.REFERENT, Role.FINANCE)
    if not members:
        return []
    rows = await fetch(session, _WHEREABOUTS, group_of(session), purchase_id, members)
    return [Whereabouts(*row) for row in rows]
