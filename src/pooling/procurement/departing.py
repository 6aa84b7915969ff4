"""What members that become one said of their year is added up; they have deliberated once all of them have."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from pooling.kernel.database import group_of
from pooling.members.departures import Departure, Merging, Tie
from pooling.members.models import Member
from pooling.needs.merging import purchases_as_one

_ADD = """
INSERT INTO procurement_shares (group_id, purchase_id, member_id, spent_cents, deliberated_on, deliberation)
SELECT p.group_id, p.purchase_id, CAST(:becomes AS bigint),
    CASE WHEN count(s.spent_cents) = count(*) THEN sum(s.spent_cents) END,
    CASE WHEN count(s.deliberated_on) = count(*) THEN max(s.deliberated_on) END,
    CASE WHEN count(s.deliberated_on) = count(*)
        THEN coalesce(string_agg(s.deliberation, ' ; ' ORDER BY s.member_id) FILTER (WHERE s.deliberation <> ''), '')
        ELSE '' END
FROM participations p LEFT JOIN procurement_shares s USING (group_id, purchase_id, member_id)
WHERE p.group_id = :the_group AND p.purchase_id = ANY (CAST(:purchases AS bigint[]))
    AND p.member_id = ANY (CAST(:everybody AS bigint[]))
GROUP BY p.group_id, p.purchase_id HAVING count(s.member_id) > 0
ON CONFLICT (group_id, purchase_id, member_id) DO UPDATE SET spent_cents = excluded.spent_cents,
    deliberated_on = excluded.deliberated_on, deliberation = excluded.deliberation"""
_LEAVE = """
DELETE FROM procurement_shares WHERE group_id = :the_group AND purchase_id = ANY (CAST(:purchases AS bigint[]))
    AND member_id = ANY (CAST(:former AS bigint[]))"""


async def _ties(session: AsyncSession, member: Member) -> list[Tie]:  # noqa: ARG001 - as the others
    """What a member said stays with the purchase: nobody asks for it once it takes part no more."""
    return []


async def _merge(session: AsyncSession, merging: Merging) -> None:
    whose = {"the_group": group_of(session), "purchases": await purchases_as_one(session, merging.ids)}
    everybody = [*merging.ids, merging.becomes.id]
    await session.execute(text(_ADD), {**whose, "becomes": merging.becomes.id, "everybody": everybody})
    await session.execute(text(_LEAVE), {**whose, "former": merging.ids})


DEPARTURE = Departure(ties=_ties, merge=_merge)
