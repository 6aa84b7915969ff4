"""What somebody had typed in a form that came too late (the session had ended, or another one had begun), kept a day
for that person and offered again.

Who it was stands in the form itself, signed (`web/security.py`): neither a session that is gone nor a cookie that
somebody else may hold by now can say it. Nobody but that person, signed in, is shown it, and it changes nothing until
they send it. It is written outside the groups' walls, since nobody is in a group yet, and therefore sealed with the
installation's key.
"""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import quote

from sqlalchemy import delete, exists, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.accounts.models import KeptForm, Person
from pooling.accounts.second_factor import SecretBox, Unreadable
from pooling.kernel.limits import BYTES, limit
from pooling.web.refilling import CSRF, Typed

KEPT_FOR = limit(timedelta(hours=24), "A form that was sent after its session ended", __name__)
LARGEST_KEPT = limit(1_000_000, "Such a form", __name__, unit=BYTES)
MOST_KEPT = limit(20, "Such forms of a person; the oldest make room", __name__)
OFFERED = "/saisies"
CONFIRMATION = "confirmation"
"""The field of a code that confirms who is there: no code is ever kept."""
PURPOSE = "typed"
"""What the installation's key is for here."""


@dataclass(frozen=True)
class Kept:
    """A form that waits for whoever typed it."""

    id: int
    page: str
    """Where it can be opened."""
    kept_at: datetime
    typed: Typed

    @property
    def address(self) -> str:
        """The page, with the form filled."""
        return f"{self.page}{'&' if '?' in self.page else '?'}reprise={self.id}"


def is_anything_typed(fields: Sequence[tuple[str, str]]) -> bool:
    return any(name != CSRF and value.strip() for name, value in fields)


async def keep_form(
    session: AsyncSession, box: SecretBox, person_id: int, page: str, typed: Typed, now: datetime
) -> bool:
    """Keeps it; False if it is too large. The same form sent again with the same contents is kept once."""
    content = json.dumps({"fields": list(typed.fields), "files": list(typed.files)}, ensure_ascii=False)
    if len(content.encode()) > LARGEST_KEPT or await session.get(Person, person_id) is None:
        return False
    for kept in await kept_of(session, box, person_id, now):
        if kept.typed == typed:
            await forget_form(session, person_id, kept.id)
    sealed = await asyncio.to_thread(box.close, content)
    session.add(KeptForm(person_id=person_id, action=typed.action, page=page, content=sealed, kept_at=now))
    await session.flush()
    newest = (
        select(col(KeptForm.id))
        .where(col(KeptForm.person_id) == person_id)
        .order_by(col(KeptForm.id).desc())
        .limit(MOST_KEPT)
    )
    await session.execute(delete(KeptForm).where(col(KeptForm.person_id) == person_id, col(KeptForm.id).not_in(newest)))
    return True


async def kept_of(
    session: AsyncSession, box: SecretBox, person_id: int, now: datetime, *, only: int | None = None
) -> list[Kept]:
    """What is kept for this person, the last first. What another key had sealed is as good as gone."""
    statement = (
        select(KeptForm)
        .where(col(KeptForm.person_id) == person_id, col(KeptForm.kept_at) > now - KEPT_FOR)
        .order_by(col(KeptForm.id).desc())
    )
    if only is not None:
        statement = statement.where(col(KeptForm.id) == only)
    rows = (await session.execute(statement)).scalars().all()
    opened = [await asyncio.to_thread(_opened, box, row) for row in rows]  # a megabyte each, at most
    return [kept for kept in opened if kept is not None]


def _opened(box: SecretBox, row: KeptForm) -> Kept | None:
    try:
        content = json.loads(box.open(row.content))
    except Unreadable:
        return None
    fields = [(str(name), str(value)) for name, value in content["fields"]]
    return Kept(row.id, row.page, row.kept_at, Typed(row.action, fields, content["files"]))


async def forget_form(session: AsyncSession, person_id: int, kept_id: int, *, action: str | None = None) -> None:
    """Once it was sent (to this very address), or when the person says so."""
    statement = delete(KeptForm).where(col(KeptForm.person_id) == person_id, col(KeptForm.id) == kept_id)
    if action is not None:
        statement = statement.where(col(KeptForm.action) == action)
    await session.execute(statement)


async def forget_old(session: AsyncSession, now: datetime) -> None:
    await session.execute(delete(KeptForm).where(col(KeptForm.kept_at) <= now - KEPT_FOR))


async def way_in(session: AsyncSession, person_id: int, next_path: str, now: datetime) -> str:
    """Where somebody goes who has just signed in: to what they had typed, if anything waits; then on."""
    waits = select(exists().where(col(KeptForm.person_id) == person_id, col(KeptForm.kept_at) > now - KEPT_FOR))
    if not (await session.execute(waits)).scalar_one():
        return next_path
    return OFFERED if next_path.partition("?")[0] in {"/", OFFERED} else f"{OFFERED}?suite={quote(next_path, safe='/')}"
