"""What whoever joined does: posts a note, takes it back, puts dots. Each under a lock that the facilitator's moves wait
for, one after the other for each telephone.
"""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.kernel.database import group_of, insert_many
from pooling.kernel.errors import Conflict, Invalid, NotFound
from pooling.kernel.tables import any_of
from pooling.rounds.workshops.models import Workshop, WorkshopDot, WorkshopNote, WorkshopState, WorkshopTheme
from pooling.rounds.workshops.schemas import MOST_DOTS, MOST_NOTES, MOST_OWN_NOTES, NoteIn

_WRITTEN = "On n’écrit plus de notes : place au classement."
_NOT_YET = "Le classement n’est pas ouvert."
_TELEPHONE = 7_367
"""The number of our advisory lock: what one telephone sends twice comes one after the other."""


def _require(workshop: Workshop, state: WorkshopState, sentence: str) -> None:
    if workshop.state != state:
        raise Conflict(sentence, code="workshop_elsewhere")


async def _one_at_a_time(session: AsyncSession, browser: bytes) -> None:
    """Whatever else this telephone sends waits for the end of the transaction: twice the same is once."""
    number = int.from_bytes(browser[:4])
    await session.execute(select(func.pg_advisory_xact_lock(_TELEPHONE, (group_of(session) + number) % 2**31)))


async def post_note(session: AsyncSession, workshop: Workshop, browser: bytes, command: NoteIn, now: datetime) -> None:
    """A note; sent twice by the same telephone, it is one.

    Raises:
        Conflict: notes are not collected any more.
        Invalid: there are too many.
    """
    _require(workshop, WorkshopState.COLLECTING, _WRITTEN)
    await _one_at_a_time(session, browser)
    same = select(WorkshopNote).where(
        col(WorkshopNote.workshop_id) == workshop.id,
        col(WorkshopNote.browser_hash) == browser,
        col(WorkshopNote.kind) == command.kind,
        col(WorkshopNote.text) == command.text,
    )
    if (await session.execute(select(same.exists()))).scalar_one():
        return
    counted = select(func.count(), func.count().filter(col(WorkshopNote.browser_hash) == browser)).where(
        col(WorkshopNote.workshop_id) == workshop.id
    )
    every, own = (await session.execute(counted)).one()
    if own >= MOST_OWN_NOTES or every >= MOST_NOTES:
        raise Invalid({"text": "Il y a assez de notes : retirez-en une pour en écrire une autre."})
    session.add(
        WorkshopNote(
            group_id=workshop.group_id,
            workshop_id=workshop.id,
            kind=command.kind,
            text=command.text,
            browser_hash=browser,
            posted_at=now,
        )
    )
    await session.flush()


async def take_back_note(session: AsyncSession, workshop: Workshop, browser: bytes, note_id: int) -> None:
    """Raises:
    Conflict: notes are not collected any more.
    NotFound: this telephone posted no such note.
    """
    _require(workshop, WorkshopState.COLLECTING, _WRITTEN)
    gone = await session.execute(
        delete(WorkshopNote)
        .where(
            col(WorkshopNote.workshop_id) == workshop.id,
            col(WorkshopNote.id) == note_id,
            col(WorkshopNote.browser_hash) == browser,
        )
        .returning(col(WorkshopNote.id))
    )
    if gone.scalar_one_or_none() is None:
        raise NotFound


async def put_dots(session: AsyncSession, workshop: Workshop, browser: bytes, themes: Collection[int]) -> None:
    """Makes these the themes on which this telephone has its dots, one on each.

    Raises:
        Conflict: themes are not ranked now.
        Invalid: there are more than it has, or one is not of this workshop.
    """
    _require(workshop, WorkshopState.RANKING, _NOT_YET)
    await _one_at_a_time(session, browser)
    if len(set(themes)) > MOST_DOTS:
        raise Invalid({"themes": f"Vous avez {MOST_DOTS} gommettes : décochez des thèmes."})
    known = await session.execute(
        select(func.count()).where(
            col(WorkshopTheme.workshop_id) == workshop.id, any_of(col(WorkshopTheme.id), set(themes))
        )
    )
    if known.scalar_one() != len(set(themes)):
        raise Invalid({"themes": "Un de ces thèmes a changé : choisissez de nouveau."})
    await session.execute(
        delete(WorkshopDot).where(col(WorkshopDot.workshop_id) == workshop.id, col(WorkshopDot.browser_hash) == browser)
    )
    rows = [{"workshop_id": workshop.id, "theme_id": theme, "browser_hash": browser} for theme in sorted(set(themes))]
    await insert_many(session, WorkshopDot, rows, on_conflict="ON CONFLICT DO NOTHING")
