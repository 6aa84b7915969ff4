"""Writing the terms of an action, and answering to them."""

import json
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
from pooling.kernel.text import slug
from pooling.kernel.versions import check_version
from pooling.members.groups import group_zone
from pooling.members.models import Member
from pooling.members.rights import Caller
from pooling.terms.models import Aid, Estimate, Position, Terms, TermsAnswer, TermsItem
from pooling.terms.permissions import may_answer
from pooling.terms.queries import answer_of, terms_of
from pooling.terms.schemas import AnswerIn, TermsIn

OPEN = frozenset({ActionState.PROPOSED, ActionState.PRIORITISED})
"""States in which terms are still discussed."""
_APART = ("items", "estimates")
"""What stands elsewhere than in their row."""


async def write_terms(
    session: AsyncSession, caller: Caller, reference: str, command: TermsIn, now: datetime, *, shown: str | None = None
) -> TermsIn:
    """Makes these the terms of the action. `shown` is the version that the person had before its eyes.

    Raises:
        NotFound: the group has no such action.
        Forbidden: see `actions.permissions.may_write`.
        Invalid: two items have one code or name, an estimate names an item that is not there, days are out of order.
        Conflict: the action is agreed on already, or set aside.
        ChangedMeanwhile: they are no longer as they were shown.
    """
    action = await open_action(session, reference)
    may_write.require(caller, action)
    before = await terms_of(session, action.id)
    check_version(before.model_dump(mode="json"), shown)
    _check_terms(command)
    if before == command:
        return before
    kept = {name: getattr(command, name) for name in type(command).model_fields if name not in _APART}
    kept |= {"kind": str(command.kind), "coordination": str(command.coordination), "written_at": now}
    asked = {"asked_at": now if command.answer_by else None, "revision": 1}
    written = insert(Terms).values(group_id=group_of(session), action_id=action.id, **kept, **asked)
    if command.answer_by != before.answer_by:  # another day is reminded of anew
        kept |= {"asked_at": asked["asked_at"], "revision": col(Terms.revision) + 1}
    await session.execute(written.on_conflict_do_update(index_elements=["group_id", "action_id"], set_=kept))
    await _write_parts(session, action.id, command)
    _tell(session, caller, action, "action.terms_written", now, {})
    await session.flush()
    return command


async def _write_parts(session: AsyncSession, action_id: int, command: TermsIn) -> None:
    """Items, estimates and their aids, in place of those that were."""
    for table in (TermsItem, Estimate, Aid):
        await session.execute(delete(table).where(col(table.action_id) == action_id))
    items = [
        {"action_id": action_id, "position": position, **item.model_dump()}
        for position, item in enumerate(command.items, start=1)
    ]
    estimates = [
        {
            "action_id": action_id,
            "place": place,
            **one.model_dump(mode="json", exclude={"aids", "quantities"}),
            "quantities": json.dumps(one.quantities),
        }
        for place, one in enumerate(command.estimates, start=1)
    ]
    aids = [
        {"action_id": action_id, "place": place, "position": position, **aid.model_dump()}
        for place, one in enumerate(command.estimates, start=1)
        for position, aid in enumerate(one.aids, start=1)
    ]
    await insert_many(session, TermsItem, items)
    await insert_many(session, Estimate, estimates)
    await insert_many(session, Aid, aids)


def _check_terms(command: TermsIn) -> None:
    """Raises:
    Invalid: one sentence for each part to mend.
    """
    codes = [item.code for item in command.items]
    errors = {}
    if len({slug(item.name) for item in command.items}) < len(codes) or len(set(codes)) < len(codes):
        errors["items"] = "Deux articles portent le même nom ou le même code."
    for one in command.estimates:
        labels = [slug(aid.label) for aid in one.aids]
        if unknown := sorted({*one.quantities, *(aid.item for aid in one.aids if aid.item)} - set(codes)):
            errors["estimates"] = f"« {one.label} » nomme un article qui n’y est pas : {', '.join(unknown)}."
        elif len(set(labels)) < len(labels):
            errors["estimates"] = f"Deux aides de « {one.label} » portent le même nom."
    if command.order_by and command.deliver_by and command.deliver_by < command.order_by:
        errors["deliver_by"] = "La livraison ne peut pas précéder la commande."
    if command.answer_by and command.order_by and command.order_by < command.answer_by:
        errors["order_by"] = "La commande ne peut pas précéder les réponses."
    if errors:
        raise Invalid(errors)


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
        Invalid: a condition is missing or out of place, a deliberation lacks its date or its reference or is to come,
            or an item is not in the terms.
        Conflict: the action is agreed on already, or set aside; the member left the group.
        ChangedMeanwhile: its answer is no longer as it was shown.
    """
    may_answer.require(caller, member)
    action = await open_action(session, reference)
    if member.retired_on is not None:
        raise Conflict("Ce membre a quitté le groupe : il ne répond plus.", code="member_retired")
    before = await answer_of(session, action.id, member.id)
    check_version(said(before), shown)
    await _check(session, action, command, now)
    if before == command:
        return command
    key = {"group_id": group_of(session), "action_id": action.id, "member_id": member.id}
    kept = {**command.model_dump(), "answered_at": now, "answered_by": caller.person_id}
    kept["position"] = str(command.position)
    await session.execute(
        insert(TermsAnswer).values(**key, **kept).on_conflict_do_update(index_elements=list(key), set_=kept)
    )
    details: dict[str, object] = {"member_id": member.id, **said(command)}
    _tell(session, caller, action, "action.answered", now, details)
    await session.flush()
    return command


def said(answer: AnswerIn | None) -> dict[str, object]:
    """Of which a version is taken."""
    return {} if answer is None else answer.model_dump(mode="json")


async def _check(session: AsyncSession, action: Action, command: AnswerIn, now: datetime) -> None:
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
    elif command.deliberated_on and command.deliberated_on > now.astimezone(await group_zone(session)).date():
        errors["deliberated_on"] = "Une délibération se dit une fois prise."
    known = {item.code for item in (await terms_of(session, action.id)).items}
    if unknown := sorted(set(command.quantities) - known):
        errors["quantities"] = f"Les modalités ne nomment pas cet article : {', '.join(unknown)}."
    if errors:
        raise Invalid(errors)


async def open_action(session: AsyncSession, reference: str) -> Action:
    """The action, locked, while its terms are discussed.

    Raises:
        NotFound: the group has no such action.
        Conflict: it is agreed on already, or set aside.
    """
    action = await find_action(session, reference, locked=True)
    if action.state not in OPEN:
        raise Conflict("Les modalités de cette action ne se discutent plus.", code="terms_closed")
    return action


def _tell(
    session: AsyncSession, caller: Caller, action: Action, name: str, now: datetime, details: dict[str, object]
) -> None:
    record_event(session, at=now, person_id=caller.person_id, subject=("action", action.id), name=name, details=details)
