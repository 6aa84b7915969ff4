"""What À faire asks: an opinion, of who received something or was at a committee, until it is given or nobody waits for
it any more.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from pooling.committees.decisions.words import committee_day
from pooling.members.task import Task, TaskRows
from pooling.satisfaction.audiences import DELIVERED, HELD, OVER
from pooling.satisfaction.reminders import USEFUL_FOR

_SINCE = f"$2 - interval '{USEFUL_FOR.days} days'"


def _states(states: tuple[str, ...]) -> str:
    return ", ".join(f"'{state}'" for state in states)


_OF_PURCHASES = f"""
SELECT p.reference, p.title
FROM purchases p
JOIN LATERAL (SELECT e.at FROM events e
    WHERE e.group_id = p.group_id AND e.subject_kind = 'purchase' AND e.subject_id = p.id AND e.name = '{DELIVERED}'
    ORDER BY e.id DESC LIMIT 1) delivered ON delivered.at > {_SINCE}
WHERE p.group_id = $1 AND p.state IN ({_states(OVER)})
    AND EXISTS (SELECT FROM participations t WHERE t.group_id = p.group_id AND t.purchase_id = p.id
        AND t.member_id = ANY ($4) AND t.takes_part IS NOT FALSE)
    AND NOT EXISTS (SELECT FROM opinions o
        WHERE o.group_id = p.group_id AND o.purchase_id = p.id AND o.person_id = $7)
ORDER BY delivered.at DESC, p.id LIMIT 20"""  # noqa: S608 - ours
_OF_COMMITTEES = f"""
SELECT c.id, c.title, c.local_start
FROM committees c
JOIN committee_invitations i ON i.group_id = c.group_id AND i.committee_id = c.id AND i.person_id = $7 AND i.present
WHERE c.group_id = $1 AND c.state IN ({_states(HELD)}) AND c.ends_at > {_SINCE}
    AND NOT EXISTS (SELECT FROM opinions o
        WHERE o.group_id = c.group_id AND o.committee_id = c.id AND o.person_id = $7)
ORDER BY c.ends_at DESC, c.id LIMIT 20"""  # noqa: S608 - ours


def _of_purchase(row: Mapping[str, Any], now: datetime) -> Iterator[Task]:  # noqa: ARG001 - as the others
    told = f"{row['reference']} · {row['title']}"
    yield Task("Donner votre avis sur la livraison", told, f"/achats/{row['reference']}/avis", "Donner votre avis")


def _of_committee(row: Mapping[str, Any], now: datetime) -> Iterator[Task]:  # noqa: ARG001 - as the others
    told = f"{row['title']} du {committee_day(datetime.fromisoformat(row['local_start']))}"
    yield Task("Donner votre avis sur la réunion", told, f"/comites/{row['id']}/avis", "Donner votre avis")


OF_PURCHASES = TaskRows(_OF_PURCHASES, _of_purchase)
OF_COMMITTEES = TaskRows(_OF_COMMITTEES, _of_committee)
