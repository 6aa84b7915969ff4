"""A member that leaves while orders are to leave in its name; members that become one, and what orders call them.

An order that has left stays as its supplier has it: it names the former member, and so do its lines.
"""

from collections.abc import Sequence

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from pooling.kernel.database import fetch, group_of
from pooling.members.departures import Departure, Merging, Tie
from pooling.members.models import Member, MemberKind
from pooling.orders.page import SECTION
from pooling.web.typography import plural

_DRAFTS = """
SELECT p.reference, count(*) AS many FROM orders o
JOIN purchases p ON p.group_id = o.group_id AND p.id = o.purchase_id
WHERE o.group_id = $1 AND o.member_id = ANY ($2::bigint[]) AND o.state = 'draft'
GROUP BY p.reference ORDER BY p.reference"""
_CALLED = """
INSERT INTO order_buyers (group_id, member_id, siret, vat_number, service_code, service, address, contact)
SELECT group_id, CAST(:becomes AS bigint), CASE WHEN :same_person THEN siret END,
    CASE WHEN :same_person THEN vat_number ELSE '' END, CASE WHEN :same_person THEN service_code ELSE '' END,
    service, address, contact
FROM order_buyers WHERE group_id = :the_group AND member_id = ANY (CAST(:former AS bigint[]))
ORDER BY siret IS NULL, member_id LIMIT 1
ON CONFLICT (group_id, member_id) DO NOTHING"""


async def _drafts(session: AsyncSession, members: Sequence[int]) -> list[Tie]:
    one, several = "commande à son nom n’est pas partie", "commandes à son nom ne sont pas parties"
    return [
        Tie(
            f"{row['reference']} : {plural(row['many'], one, several)}. À envoyer ou à annuler d’abord.",
            keeps=True,
            label="Commandes",
            path=f"/achats/{row['reference']}{SECTION}",
        )
        for row in await fetch(session, _DRAFTS, group_of(session), list(members))
    ]


async def _ties(session: AsyncSession, member: Member) -> list[Tie]:
    return await _drafts(session, [member.id])


async def _merge_ties(session: AsyncSession, members: Sequence[Member], becomes: Member | None) -> list[Tie]:
    return await _drafts(session, [one.id for one in members if becomes is None or one.id != becomes.id])


async def _merge(session: AsyncSession, merging: Merging) -> None:
    """Where nothing is known of the new one, it is called what one of them was. Numbers follow among units of one
    legal person alone: those of another one are not its own. The former ones keep theirs, for orders in their names.
    """
    same_person = merging.becomes.kind == MemberKind.INTERNAL_UNIT
    whose = {"the_group": group_of(session), "becomes": merging.becomes.id, "former": merging.ids}
    await session.execute(text(_CALLED), {**whose, "same_person": same_person})


DEPARTURE = Departure(ties=_ties, merge_ties=_merge_ties, merge=_merge)
