"""What resources leave to do, for a référent: requests to answer, and use to note once an agreement is over."""

from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from pooling.kernel.database import fetch, group_of
from pooling.members.models import Role
from pooling.members.rights import Caller
from pooling.members.task import Task
from pooling.resources.page import LENDINGS
from pooling.resources.words import units_words

_MOST = 50
_TO_DO = """
SELECT l.id, l.state, l.units, l.first_day, r.kind, r.title, m.name AS borrower, g.timezone
FROM lendings l
JOIN groups g ON g.id = l.group_id
JOIN resources r ON r.group_id = l.group_id AND r.id = l.resource_id
JOIN members m ON m.group_id = l.group_id AND m.id = l.member_id
WHERE l.group_id = $1 AND (
    l.state = 'asked' AND r.member_id = ANY ($2::bigint[])
    OR l.state IN ('agreed', 'ended') AND (r.member_id = ANY ($2::bigint[]) OR l.member_id = ANY ($2::bigint[]))
        AND COALESCE(l.ended_on, l.last_day) >= l.first_day
        AND COALESCE(l.ended_on, l.last_day) < ($3::timestamptz AT TIME ZONE g.timezone)::date
        AND NOT EXISTS (SELECT FROM lending_uses u WHERE u.group_id = l.group_id AND u.lending_id = l.id))
ORDER BY l.state = 'asked' DESC, l.first_day, l.id
LIMIT $4"""


async def lendings_to_see_to(session: AsyncSession, caller: Caller, now: datetime) -> list[Task]:
    members = caller.members_as(Role.REFERENT)
    if not members:
        return []
    return [_task(row) for row in await fetch(session, _TO_DO, group_of(session), members, now, _MOST)]


def _task(row: Any) -> Task:  # noqa: ANN401 - a row of the driver
    path = f"{LENDINGS}/{row['id']}"
    what = units_words(row["kind"], row["units"])
    if row["state"] != "asked":
        sentence = f"Noter ce qui a servi : {what}, {row['title']}, pour {row['borrower']}"
        return Task(sentence, "Ressources partagées", f"{path}/usage", "Noter l’usage")
    return Task(
        f"Répondre à la demande : {what}, {row['title']}, pour {row['borrower']}",
        "Ressources partagées",
        path,
        "Répondre",
        due_at=datetime.combine(row["first_day"], time(), tzinfo=ZoneInfo(row["timezone"])),
        due_on=row["first_day"],
    )
