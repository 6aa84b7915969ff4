"""Telling an experience, correcting it, asking and answering under it, letting other groups read it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.actions.models import Action
from pooling.experiences.models import Experience, ExperienceFile, ExperienceQuestion
from pooling.experiences.permissions import may_correct, may_share, may_tell
from pooling.experiences.schemas import TEXTS, ExperienceIn
from pooling.kernel.attached import FilesOf, Room
from pooling.kernel.database import group_of, one_row
from pooling.kernel.errors import Conflict, Invalid
from pooling.kernel.events import record_event
from pooling.kernel.files import Upload
from pooling.kernel.limits import limit
from pooling.kernel.tables import known_id, linked
from pooling.kernel.text import search_text
from pooling.kernel.versions import check_version
from pooling.members.rights import Caller
from pooling.purchases.models import Purchase
from pooling.suppliers.models import Supplier
from pooling.web.typography import euros

MOST_FILES = limit(10, "Documents of an experience", __name__)
MOST_QUESTIONS = limit(200, "Questions under an experience", __name__)
ROOM = Room(MOST_FILES, "Un retour")
_NAMED = ("action", "purchase", "supplier_id")


async def tell_experience(session: AsyncSession, caller: Caller, command: ExperienceIn, now: datetime) -> Experience:
    """A sheet for the group.

    Raises:
        Invalid: the group has no such action, purchase or supplier.
    """
    may_tell.require(caller)
    values = await _values(session, command)
    experience = Experience(group_id=group_of(session), told_at=now, told_by=caller.person_id, **values)
    session.add(experience)
    await session.flush()
    _tell(session, caller, experience, "told", now)
    return experience


async def correct_experience(
    session: AsyncSession,
    caller: Caller,
    experience_id: int,
    command: ExperienceIn,
    now: datetime,
    *,
    shown: str | None = None,
) -> Experience:
    """Makes this the whole of the sheet. `shown` is the version that the person had before its eyes.

    Raises:
        NotFound: the group has no such sheet.
        Forbidden: see `may_correct`.
        ChangedMeanwhile: it is no longer as it was shown.
        Invalid: as in `tell_experience`.
    """
    experience = await find_experience(session, experience_id, locked=True)
    may_correct.require(caller, experience)
    before = await content_of(session, experience)
    check_version(before.model_dump(mode="json"), shown)
    if before == command:
        return experience
    for name, value in (await _values(session, command)).items():
        setattr(experience, name, value)
    _tell(session, caller, experience, "corrected", now)
    await session.flush()
    return experience


async def share_experience(
    session: AsyncSession, caller: Caller, experience_id: int, now: datetime, *, shared: bool
) -> None:
    """Whether the host's other groups may read it: the group's consent, given and taken back.

    Raises:
        NotFound: the group has no such sheet.
        Forbidden: see `may_share`.
    """
    may_share.require(caller)
    experience = await find_experience(session, experience_id, locked=True)
    if experience.shared != shared:
        experience.shared = shared
        _tell(session, caller, experience, "shared" if shared else "kept", now)
        await session.flush()


async def ask_question(session: AsyncSession, caller: Caller, experience_id: int, content: str, now: datetime) -> int:
    """A question under a sheet; returns its id. Sent twice by the same person, it is one.

    Raises:
        NotFound: the group has no such sheet.
        Invalid: nothing is asked.
        Conflict: it has too many questions.
    """
    may_tell.require(caller)
    experience = await find_experience(session, experience_id, locked=True)
    if not content:
        raise Invalid({"content": "Posez votre question."})
    asked = await session.execute(
        select(col(ExperienceQuestion.id)).where(
            col(ExperienceQuestion.experience_id) == experience_id,
            col(ExperienceQuestion.asked_by) == caller.person_id,
            col(ExperienceQuestion.content) == content,
            col(ExperienceQuestion.answered_at).is_(None),
        )
    )
    if (already := asked.scalars().first()) is not None:
        return already
    counted = select(func.count()).where(col(ExperienceQuestion.experience_id) == experience_id)
    if (await session.execute(counted)).scalar_one() >= MOST_QUESTIONS:
        raise Conflict("Ce retour a déjà trop de questions.", code="too_many_questions")
    question = ExperienceQuestion(
        group_id=group_of(session),
        experience_id=experience_id,
        content=content,
        asked_by=caller.person_id,
        asked_at=now,
    )
    session.add(question)
    _tell(session, caller, experience, "asked", now)
    await session.flush()
    return question.id


async def answer_question(
    session: AsyncSession, caller: Caller, experience_id: int, question_id: int, answer: str, now: datetime
) -> None:
    """Answers a question, once.

    Raises:
        NotFound: the sheet has no such question.
        Invalid: nothing is answered.
        Conflict: it is answered already.
    """
    may_tell.require(caller)
    experience = await find_experience(session, experience_id)
    question = await one_row(
        session,
        select(ExperienceQuestion)
        .where(
            col(ExperienceQuestion.experience_id) == experience_id,
            col(ExperienceQuestion.id) == known_id(question_id),
        )
        .with_for_update()
        .execution_options(populate_existing=True),
    )
    if not answer:
        raise Invalid({"answer": "Écrivez une réponse."})
    if question.answered_at is not None:
        raise Conflict("Quelqu’un a déjà répondu à cette question.", code="already_answered")
    question.answer, question.answered_by, question.answered_at = answer, caller.person_id, now
    _tell(session, caller, experience, "answered", now)
    await session.flush()


async def attach_to_experience(
    session: AsyncSession, caller: Caller, experience_id: int, sent: Sequence[Upload], now: datetime
) -> list[int]:
    """Keeps these documents with a sheet; returns their ids. All or none.

    Raises:
        NotFound: the group has no such sheet.
        Forbidden: see `may_correct`.
        Invalid: one is empty, too large or of no kind that is accepted, or they are too many.
    """
    experience = await find_experience(session, experience_id, locked=True)
    may_correct.require(caller, experience)
    files = await files_of_experience(experience_id).add(session, sent, now, ROOM, person_id=caller.person_id)
    _tell(session, caller, experience, "attached", now)
    return [file.id for file in files]


async def detach_from_experience(
    session: AsyncSession, caller: Caller, experience_id: int, file_id: int, now: datetime
) -> None:
    """Removes one of its documents.

    Raises:
        NotFound: the group has no such sheet, or the sheet no such document.
        Forbidden: see `may_correct`.
    """
    experience = await find_experience(session, experience_id, locked=True)
    may_correct.require(caller, experience)
    await files_of_experience(experience_id).remove(session, file_id)
    _tell(session, caller, experience, "detached", now)


def files_of_experience(experience_id: int) -> FilesOf:
    return FilesOf(ExperienceFile, {"experience_id": experience_id})


async def find_experience(session: AsyncSession, experience_id: int, *, locked: bool = False) -> Experience:
    """Raises:
    NotFound: the group has no such sheet.
    """
    statement = select(Experience).where(col(Experience.id) == known_id(experience_id))
    return await one_row(
        session,
        (statement.with_for_update() if locked else statement).execution_options(populate_existing=True),
    )


async def content_of(session: AsyncSession, experience: Experience) -> ExperienceIn:
    """The sheet as it is written."""
    action, purchase = await named_by(session, experience)
    return ExperienceIn(
        **{name: getattr(experience, name) for name in ExperienceIn.model_fields if name not in ("action", "purchase")},
        action=action[0] if action else "",
        purchase=purchase[0] if purchase else "",
    )


async def named_by(
    session: AsyncSession, experience: Experience
) -> tuple[tuple[str, str] | None, tuple[str, str] | None]:
    """Reference and title of the action and of the purchase that it is of."""
    row = await session.execute(
        select(col(Action.reference), col(Action.title), col(Purchase.reference), col(Purchase.title))
        .select_from(Experience)
        .outerjoin(Action, linked(Action.id, Experience.action_id))
        .outerjoin(Purchase, linked(Purchase.id, Experience.purchase_id))
        .where(col(Experience.id) == experience.id)
    )
    action, action_title, purchase, purchase_title = row.one()
    return (action, action_title) if action else None, (purchase, purchase_title) if purchase else None


async def _values(session: AsyncSession, command: ExperienceIn) -> dict[str, Any]:
    errors: dict[str, str] = {}
    keys: dict[str, int | None] = {"action_id": None, "purchase_id": None, "supplier_id": command.supplier_id}
    for name, table, sentence in (
        ("action", Action, "Choisissez une action du groupe."),
        ("purchase", Purchase, "Choisissez un achat du groupe."),
    ):
        reference = getattr(command, name)
        if reference:
            found = await session.execute(select(col(table.id)).where(col(table.reference) == reference))
            keys[f"{name}_id"] = found.scalar_one_or_none()
            if keys[f"{name}_id"] is None:
                errors[name] = sentence
    supplier = ""
    if command.supplier_id is not None:
        named = await session.execute(select(col(Supplier.name)).where(col(Supplier.id) == command.supplier_id))
        supplier = named.scalar_one_or_none() or ""
        if not supplier:
            errors["supplier_id"] = "Choisissez un fournisseur du groupe."
    if errors:
        raise Invalid(errors)
    searched = (command.title, *(getattr(command, name) for name in TEXTS), command.contact, command.action)
    cost = "" if command.cost_cents is None else euros(command.cost_cents)
    said = "\n".join((*searched, command.purchase, supplier, cost))
    return {**command.model_dump(exclude=set(_NAMED)), **keys, "search_text": search_text(said)}


def _tell(session: AsyncSession, caller: Caller, experience: Experience, name: str, now: datetime) -> None:
    keys = {key: getattr(experience, key) for key in ("action_id", "purchase_id")}
    record_event(
        session,
        at=now,
        person_id=caller.person_id,
        subject=("experience", experience.id),
        name=f"experience.{name}",
        details={"title": experience.title, **{key: value for key, value in keys.items() if value}},
    )
