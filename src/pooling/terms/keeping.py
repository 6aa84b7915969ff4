"""Writing the terms of an action, and answering to them."""

from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.actions.keeping import find_action
from pooling.actions.models import Action, ActionState
from pooling.actions.permissions import may_write
from pooling.kernel.database import group_of, insert_many
from pooling.kernel.errors import Conflict, Invalid
from pooling.kernel.events import record_event
from pooling.kernel.versions import check_version
from pooling.members.models import Member
from pooling.members.rights import Caller
from pooling.terms.models import Estimate, Position, Terms, TermsAnswer
from pooling.terms.permissions import may_answer
from pooling.terms.queries import answer_of, terms_of
from pooling.terms.schemas import AnswerIn, TermsIn

OPEN = frozenset({ActionState.PROPOSED, ActionState.PRIORITISED})
"""States in which terms are still discussed."""


async def write_terms(
    session: AsyncSession, caller: Caller, reference: str, command: TermsIn, now: datetime, *, shown: str | None = None
) -> TermsIn:
    """Makes these the terms of the action. `shown` is the version that the person had before its eyes.

    Raises:
        NotFound: the group has no such action.
        Forbidden: see `actions.permissions.may_write`.
        Conflict: the action is agreed on already, or set aside.
        ChangedMeanwhile: they are no longer as they were shown.
    """
    action = await _open_action(session, reference)
    may_write.require(caller, action)
    before = await terms_of(session, action.id)
    check_version(before.model_dump(mode="json"), shown)
    if before == command:
        return before
    kept = {**command.model_dump(exclude={"estimates"}), "written_at": now}
    await session.execute(
        insert(Terms)
        .values(group_id=group_of(session), action_id=action.id, **kept)
        .on_conflict_do_update(index_elements=["group_id", "action_id"], set_=kept)
    )
    await session.execute(delete(Estimate).where(col(Estimate.action_id) == action.id))
    await insert_many(
        session,
        Estimate,
        [
            {"action_id": action.id, "place": place, **one.model_dump(mode="json")}
            for place, one in enumerate(command.estimates, start=1)
        ],
    )
    _tell(session, caller, action, "action.terms_written", now, {})
    await session.flush()
    return command


async def answer_terms(
    session: AsyncSession,
    caller: Caller,
    reference: str,
    member: Member,
    command: AnswerIn,
    now: datetime,
    *,
    shown: str | None = None,
) -> AnswerIn:
    """What the member answers, in place of what it said.

    Raises:
        NotFound: the group has no such action.
        Forbidden: see `may_answer`.
        Invalid: a condition is missing or out of place, or a deliberation lacks its date or its reference.
        Conflict: the action is agreed on already, or set aside; the member left the group.
        ChangedMeanwhile: its answer is no longer as it was shown.
    """
    may_answer.require(caller, member)
    action = await _open_action(session, reference)
    if member.retired_on is not None:
        raise Conflict("Ce membre a quitté le groupe : il ne répond plus.", code="member_retired")
    before = await answer_of(session, action.id, member.id)
    check_version(said(before), shown)
    _check(command)
    if before == command:
        return command
    key = {"group_id": group_of(session), "action_id": action.id, "member_id": member.id}
    kept = {**command.model_dump(), "answered_at": now, "answered_by": caller.person_id}
    kept["position"] = str(command.position)
    await session.execute(
        insert(TermsAnswer).values(**key, **kept).on_conflict_do_update(index_elements=list(key), set_=kept)
    )
    details: dict[str, object] = {"member_id": member.id, "position": str(command.position)}
    _tell(session, caller, action, "action.answered", now, details)
    await session.flush()
    return command


def said(answer: AnswerIn | None) -> dict[str, object]:
    """Of which a version is taken."""
    return {} if answer is None else answer.model_dump(mode="json")


def _check(command: AnswerIn) -> None:
    errors = {}
    if (command.position is Position.UNDER_CONDITION) != bool(command.condition):
        errors["condition"] = (
            "Une condition ne se dit que si l’on participe sous condition."
            if command.condition
            else "Dites à quelle condition votre collectivité participe."
        )
    if bool(command.deliberation) != (command.deliberated_on is not None):
        missing = "deliberated_on" if command.deliberation else "deliberation"
        errors[missing] = "Donnez la référence et la date de la délibération."
    if errors:
        raise Invalid(errors)


async def _open_action(session: AsyncSession, reference: str) -> Action:
    action = await find_action(session, reference, locked=True)
    if action.state not in OPEN:
        raise Conflict("Les modalités de cette action ne se discutent plus.", code="terms_closed")
    return action


def _tell(
    session: AsyncSession, caller: Caller, action: Action, name: str, now: datetime, details: dict[str, object]
) -> None:
    record_event(session, at=now, person_id=caller.person_id, subject=("action", action.id), name=name, details=details)
