"""Proposing an action, writing its sheet, saying where it stands."""

from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.actions.catalogue import Catalogue
from pooling.actions.models import Action, ActionFactor, ActionPhase, ActionState, Ease, FactorKind
from pooling.actions.partners import partner_errors, write_contributions
from pooling.actions.permissions import may_move, may_propose, may_write
from pooling.actions.queries import contributions_to, factors_of, lead_of, member_named, phases_of
from pooling.actions.rules import ACTION, EASE_WORDS, FACTOR_WORDS, brought_words
from pooling.actions.schemas import ActionIn, BringsIn, FactorIn
from pooling.kernel.database import group_of, insert_many, one_row
from pooling.kernel.errors import Invalid, NotFound
from pooling.kernel.events import record_event
from pooling.kernel.numbering import next_number
from pooling.kernel.text import search_text
from pooling.kernel.versions import check_version
from pooling.members.retiring import require_present
from pooling.members.rights import Caller
from pooling.web.typography import date_short

APART = {"lead_member", "factors", "phases", "partners"}
"""What stands elsewhere than in the action's row."""
_SEARCHED = ("title", "content", "resources", "levers", "indicators", "vigilance")
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
        **command.model_dump(exclude=APART),
    )
    session.add(action)
    await session.flush()
    await _write_parts(session, caller, action, command, catalogue, now)
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
        **{name: getattr(action, name) for name in ActionIn.model_fields if name not in APART},
        lead_member=lead.code if lead else "",
        factors=tuple(
            FactorIn(kind=FactorKind(one.kind), ease=Ease(one.ease), text=one.text)
            for one in await factors_of(session, action.id)
        ),
        phases=await phases_of(session, action.id),
        partners=tuple(
            BringsIn(partner=one.name, amount_cents=one.amount_cents, half_days=one.half_days, premises=one.premises)
            for one in await contributions_to(session, action.id)
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
    for name, value in command.model_dump(exclude=APART).items():
        setattr(action, name, value)
    action.lead_member_id = lead
    await _write_parts(session, caller, action, command, catalogue, now)
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
    if backwards := next((one for one in command.phases if one.ends_on < one.begins_on), None):
        errors["phases"] = f"« {backwards.label} » ne peut pas finir avant d’avoir commencé."
    errors |= partner_errors(command.partners)
    if errors:
        raise Invalid(errors)
    if lead is not None:
        await require_present(session, [lead], "lead_member")
    return lead


async def _write_parts(
    session: AsyncSession, caller: Caller, action: Action, command: ActionIn, catalogue: Catalogue, now: datetime
) -> None:
    """What a sheet says in rows of their own, in place of what they said, and what a search finds of all."""
    for table, said in ((ActionFactor, command.factors), (ActionPhase, command.phases)):
        await session.execute(delete(table).where(col(table.action_id) == action.id))
        await insert_many(session, table, [{"action_id": action.id, **one.model_dump()} for one in said])
    await write_contributions(session, caller, action.id, command.partners, now)
    system = catalogue.find(command.system)
    action.search_text = search_text(
        "\n".join(
            (
                action.reference,
                *(getattr(command, name) for name in _SEARCHED),
                system.name if system else "",
                *(one.text for one in command.factors),
                *(one.label for one in command.phases),
                *(f"{one.partner} {one.premises}" for one in command.partners),
            )
        )
    )


def _said(content: ActionIn) -> dict[str, Any]:
    """What the journal compares."""
    days = {name: getattr(content, name) for name in ("starts_on", "ends_on")}
    return {
        **{name: getattr(content, name) or None for name in _TOLD},
        **{name: date_short(day) if day else None for name, day in days.items()},
        "factors": [f"{FACTOR_WORDS[one.kind]} ({EASE_WORDS[one.ease]}) : {one.text}" for one in content.factors],
        "phases": [
            f"{one.label}, du {date_short(one.begins_on)} au {date_short(one.ends_on)}" for one in content.phases
        ],
        "partners": [f"{one.partner} : {brought_words(one)}" for one in content.partners],
    }
