"""Proposing an action, writing its sheet, saying where it stands."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.actions.catalogue import Catalogue
from pooling.actions.models import Action, ActionFactor, ActionState, Ease, FactorKind
from pooling.actions.permissions import may_move, may_propose, may_write
from pooling.actions.queries import factors_of, lead_of, member_named
from pooling.actions.rules import ACTION, EASE_WORDS, FACTOR_WORDS
from pooling.actions.schemas import ActionIn, FactorIn
from pooling.kernel.database import group_of, insert_many, one_row
from pooling.kernel.errors import Invalid, NotFound
from pooling.kernel.events import record_event
from pooling.kernel.numbering import next_number
from pooling.kernel.versions import check_version
from pooling.members.retiring import require_present
from pooling.members.rights import Caller
from pooling.web.typography import date_short

_TOLD = ("title", "system", "lead_member", "content", "resources", "levers", "indicators", "vigilance")


async def propose_action(
    session: AsyncSession, caller: Caller, command: ActionIn, catalogue: Catalogue, now: datetime
) -> Action:
    """A sheet, proposed to the group.

    Raises:
        Invalid: its member is not in the group, the catalogue has no such system, or it ends before it begins.
    """
    may_propose.require(caller)
    lead = await _checked(session, command, catalogue)
    series = f"FA-{now.year}"
    action = Action(
        group_id=group_of(session),
        reference=f"{series}-{await next_number(session, series):03d}",
        lead_member_id=lead,
        proposed_at=now,
        proposed_by=caller.person_id,
        **command.model_dump(exclude={"lead_member", "factors"}),
    )
    session.add(action)
    await session.flush()
    await _write_factors(session, action.id, command.factors)
    record_event(
        session,
        at=now,
        person_id=caller.person_id,
        subject=("action", action.id),
        name="action.proposed",
        change=(None, action.state),
        details={"reference": action.reference, "title": action.title},
    )
    return action


async def find_action(session: AsyncSession, reference: str, *, locked: bool = False) -> Action:
    """Raises:
    NotFound: the group has no action of this reference.
    """
    statement = select(Action).where(col(Action.reference) == reference).execution_options(populate_existing=True)
    found = (await session.execute(statement.with_for_update() if locked else statement)).scalar_one_or_none()
    if found is None:
        raise NotFound
    return found


async def sheet_of(session: AsyncSession, action: Action) -> ActionIn:
    """The sheet as it is written."""
    lead = await lead_of(session, action)
    return ActionIn(
        **{name: getattr(action, name) for name in ActionIn.model_fields if name not in ("lead_member", "factors")},
        lead_member=lead.code if lead else "",
        factors=tuple(
            FactorIn(kind=FactorKind(one.kind), ease=Ease(one.ease), text=one.text)
            for one in await factors_of(session, action.id)
        ),
    )


async def write_action(
    session: AsyncSession,
    caller: Caller,
    reference: str,
    command: ActionIn,
    catalogue: Catalogue,
    now: datetime,
    *,
    shown: str | None = None,
) -> Action:
    """Makes this the whole of the sheet. `shown` is the version that the person had before its eyes.

    Raises:
        Forbidden: see `may_write`.
        NotFound: the group has no such action.
        ChangedMeanwhile: it is no longer as it was shown.
        Invalid: as in `propose_action`.
    """
    action = await find_action(session, reference, locked=True)
    may_write.require(caller, action)
    before = await sheet_of(session, action)
    check_version(before.model_dump(mode="json"), shown)
    lead = await _checked(session, command, catalogue)
    for name, value in command.model_dump(exclude={"lead_member", "factors"}).items():
        setattr(action, name, value)
    action.lead_member_id = lead
    await session.execute(delete(ActionFactor).where(col(ActionFactor.action_id) == action.id))
    await _write_factors(session, action.id, command.factors)
    former, present = _said(before), _said(command)
    if changed := {name: [former[name], present[name]] for name in present if former[name] != present[name]}:
        record_event(
            session,
            at=now,
            person_id=caller.person_id,
            subject=("action", action.id),
            name="action.written",
            details={"changed": changed},
        )
    await session.flush()
    return action


async def move_action(
    session: AsyncSession, caller: Caller, reference: str, state: ActionState, now: datetime, reason: str = ""
) -> Action:
    """Says where it stands.

    Raises:
        Forbidden: see `may_move`.
        NotFound: the group has no such action.
        Conflict: it cannot go there from where it is.
        Invalid: it is set aside, and nobody says why.
    """
    may_move.require(caller)
    return await _moved(session, caller, await find_action(session, reference, locked=True), state, now, reason)


async def move_decided(
    session: AsyncSession, caller: Caller, action_id: int, state: ActionState, now: datetime, reason: str
) -> Action:
    """The same for a decision, which knows the action by its id.

    Raises: as `move_action`.
    """
    may_move.require(caller)
    locked = select(Action).where(col(Action.id) == action_id).with_for_update()
    action = await one_row(session, locked.execution_options(populate_existing=True))
    return await _moved(session, caller, action, state, now, reason)


async def _moved(
    session: AsyncSession, caller: Caller, action: Action, state: ActionState, now: datetime, reason: str
) -> Action:
    aside = state == ActionState.SET_ASIDE
    if aside and not reason:
        raise Invalid({"reason": "Dites pourquoi elle est écartée : le groupe le lira."})
    ACTION.require(action.state, state)
    action.set_aside_because = reason if aside else ""
    if state == ActionState.PROPOSED:  # again: it was proposed by somebody else, once
        ACTION.move(session, action, state, at=now, person_id=caller.person_id, name="reopened", reason=reason)
    else:
        ACTION.move(session, action, state, at=now, person_id=caller.person_id, reason=reason)
    await session.flush()
    return action


async def _checked(session: AsyncSession, command: ActionIn, catalogue: Catalogue) -> int | None:
    """The id of the member that looks after it."""
    lead = await member_named(session, command.lead_member) if command.lead_member else None
    errors = {}
    if command.lead_member and lead is None:
        errors["lead_member"] = "Choisissez un membre du groupe."
    if command.system and catalogue.find(command.system) is None:
        errors["system"] = "Choisissez dans le catalogue, ou laissez vide."
    if command.starts_on and command.ends_on and command.ends_on < command.starts_on:
        errors["ends_on"] = "Elle ne peut pas finir avant d’avoir commencé."
    if errors:
        raise Invalid(errors)
    if lead is not None:
        await require_present(session, [lead], "lead_member")
    return lead


async def _write_factors(session: AsyncSession, action_id: int, factors: Sequence[FactorIn]) -> None:
    await insert_many(session, ActionFactor, [{"action_id": action_id, **factor.model_dump()} for factor in factors])


def _said(content: ActionIn) -> dict[str, Any]:
    """What the journal compares."""
    days = {name: getattr(content, name) for name in ("starts_on", "ends_on")}
    return {
        **{name: getattr(content, name) or None for name in _TOLD},
        **{name: date_short(day) if day else None for name, day in days.items()},
        "factors": [f"{FACTOR_WORDS[one.kind]} ({EASE_WORDS[one.ease]}) : {one.text}" for one in content.factors],
    }
