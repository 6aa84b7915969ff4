"""À faire: what is expected of the caller, by when. A fixed number of statements whatever the group's size."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from pooling.allocation.tasks import files_to_fetch
from pooling.committees.tasks import committees_to_prepare, decisions_to_apply, decisions_to_follow, minutes_to_write
from pooling.members.rights import Caller
from pooling.members.task import Task, requests_to_answer
from pooling.needs.tasks import declarations_to_file, purchases_to_run


async def tasks_of(session: AsyncSession, caller: Caller, now: datetime) -> list[Task]:
    """What is expected of this person, the most urgent first."""
    to_apply = await decisions_to_apply(session, caller)
    asked = {task.path for task in to_apply}
    tasks = [
        *await declarations_to_file(session, caller, now),
        *await purchases_to_run(session, caller, now),
        *await files_to_fetch(session, caller),
        *await committees_to_prepare(session, caller, now),
        *await minutes_to_write(session, caller, now),
        *to_apply,
        *(
            task
            for task in await decisions_to_follow(session, caller, now)
            if f"{task.path}/application" not in asked  # one thing to do, one card
        ),
        *await requests_to_answer(session, caller),
    ]
    return sorted(tasks, key=lambda task: (task.due_at is None, task.due_at or now, task.path))
