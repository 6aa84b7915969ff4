"""What is expected of somebody, as À faire shows it."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from pooling.kernel.database import fetch, group_of
from pooling.members.models import Role
from pooling.members.rights import Caller
from pooling.web.typography import plural


@dataclass(frozen=True)
class Task:
    """One sentence that starts with a verb, its date, one button."""

    sentence: str
    context: str
    path: str
    """From the group's address on."""
    button: str
    due_at: datetime | None = None
    state: str = "due"
    due_on: date | None = None
    """Where a whole day is meant; `due_at` then only says where it stands among the others."""


@dataclass(frozen=True)
class TaskRows:
    """Tasks that come of one SELECT. À faire asks all of these in one statement."""

    statement: str
    """As the driver takes it: `$1` is the group, `$2` now, `$3` the purchases that the caller leads, `$4` the members
    that it is référent of, `$5` those whose finance officer it is, `$6` whether it facilitates the group, `$7` the
    person itself.
    """
    tell: Callable[[Mapping[str, Any], datetime], Iterable[Task]]
    """The tasks of a row, which is JSON: days and moments are text. Now is as the statement has it."""
    given: Callable[[AsyncSession, datetime], int] | None = None
    """What `$8` stands for in the statement, where it has one: a figure that the configuration sets."""


async def tasks_of_rows(session: AsyncSession, caller: Caller, now: datetime, asked: Sequence[TaskRows]) -> list[Task]:
    """All of them, in the order of what was asked and of its rows."""
    led = caller.purchases_led()
    members, paying = caller.members_as(Role.REFERENT), caller.members_as(Role.FINANCE)
    facilitates = caller.has(Role.FACILITATOR)
    if not asked:
        return []
    values: list[Any] = [group_of(session), now, led, members, paying, facilitates, caller.person_id]
    types = "$1::bigint, $2::timestamptz, $3::bigint[], $4::bigint[], $5::bigint[], $6::boolean, $7::bigint"
    statements = []
    for one in asked:
        statement = one.statement
        if one.given:
            values.append(one.given(session, now))
            statement = statement.replace("$8", f"${len(values)}::bigint")
        statements.append(f"(SELECT jsonb_agg(to_jsonb(t)) FROM ({statement}) t)")  # noqa: S608 - ours
    (row,) = await fetch(session, f"WITH given AS (SELECT {types}) SELECT {', '.join(statements)}", *values)
    return [
        task
        for one, found in zip(asked, row, strict=True)
        if found is not None
        for line in found
        for task in one.tell(line, now)
    ]


_WAITING = """
SELECT count(*) AS waiting FROM access_requests WHERE group_id = $1 AND $6 AND state = 'pending' HAVING count(*) > 0"""


def _answering(row: Mapping[str, Any], now: datetime) -> Iterator[Task]:  # noqa: ARG001 - as the others
    sentence = f"Répondre à {plural(row['waiting'], 'demande')} d’accès"
    yield Task(sentence, "Membres", "/demandes", "Voir les demandes")


REQUESTS_TO_ANSWER = TaskRows(_WAITING, _answering)
