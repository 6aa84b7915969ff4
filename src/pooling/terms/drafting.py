"""What members counted for themselves before an action's terms, as the drafts of what they declare once its purchase
collects: nobody types it twice.
"""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from pooling.kernel.database import fetch, group_of

_DRAFT = """
WITH said AS (
    SELECT p.member_id, i.id AS item_id, (a.quantities ->> i.code)::integer AS units
    FROM purchases u
    JOIN action_terms t ON t.group_id = u.group_id AND t.purchase_reference = u.reference
    JOIN action_answers a ON a.group_id = t.group_id AND a.action_id = t.action_id AND a.position <> 'out'
    JOIN participations p ON p.group_id = u.group_id AND p.purchase_id = u.id AND p.member_id = a.member_id
    JOIN items i ON i.group_id = u.group_id AND i.purchase_id = u.id AND a.quantities ? i.code
    WHERE u.group_id = $1 AND u.id = $2
), drafts AS (
    INSERT INTO declarations (group_id, purchase_id, member_id, state, comment, updated_at)
    SELECT DISTINCT $1::bigint, $2::bigint, member_id, 'draft', '', $3::timestamptz FROM said
    ON CONFLICT DO NOTHING
    RETURNING id, member_id
)
INSERT INTO needs (group_id, declaration_id, item_id, quantity, up_to, declared_at)
SELECT $1::bigint, drafts.id, said.item_id, said.units, said.units, $3::timestamptz
FROM drafts JOIN said ON said.member_id = drafts.member_id"""


async def draft_what_was_said(session: AsyncSession, purchase_id: int, now: datetime) -> None:
    """A draft for each participant that counted something, where the purchase was prepared from terms."""
    drafts_count_for_nothing: dict[str, list[int | None]] = {"declarations": []}
    await fetch(session, _DRAFT, group_of(session), purchase_id, now, changed=drafts_count_for_nothing)
