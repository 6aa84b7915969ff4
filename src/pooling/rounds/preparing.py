"""Preparing a round: which actions are ranked, how, from when until when."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.actions.models import Action, ActionState
from pooling.actions.rules import ACTION
from pooling.collections.rules import SHORTEST_COLLECTION, TOO_NEAR, is_too_near
from pooling.kernel.database import group_of, insert_many
from pooling.kernel.errors import Conflict, Invalid
from pooling.kernel.events import record_event
from pooling.kernel.numbering import next_number
from pooling.kernel.tables import any_of
from pooling.kernel.versions import check_version, version_of
from pooling.members.rights import Caller
from pooling.rounds.finding import choices_of, lock_round
from pooling.rounds.models import CRITERIA, Method, Round, RoundAction, RoundState
from pooling.rounds.permissions import may_lead
from pooling.rounds.schemas import RoundIn

RANKED = (ActionState.PROPOSED, ActionState.PRIORITISED)
"""The states of actions that a round ranks: what is agreed on comes anyway."""


async def prepare_round(session: AsyncSession, caller: Caller, command: RoundIn, now: datetime) -> Round:
    """A round that is not open yet.

    Raises:
        Forbidden: the caller does not facilitate the group.
        Invalid: an action is not there or is past being ranked, no criterion counts, or its dates do not follow.
    """
    may_lead.require(caller)
    actions = await _checked(session, command, now)
    series = f"TP-{now.year}"
    found = Round(
        group_id=group_of(session),
        reference=f"{series}-{await next_number(session, series):03d}",
        created_at=now,
        created_by=caller.person_id,
        **_kept(command),
    )
    session.add(found)
    await session.flush()
    await _write_actions(session, found.id, actions)
    _tell(session, caller, found, "prepared", now)
    return found


async def change_round(
    session: AsyncSession, caller: Caller, reference: str, command: RoundIn, now: datetime, *, shown: str | None = None
) -> Round:
    """The same, said otherwise. `shown` is the version that the person had before its eyes.

    Raises:
        NotFound: there is no such round.
        Conflict: it has opened.
        ChangedMeanwhile: it is no longer as it was shown.
        Forbidden, Invalid: as in `prepare_round`.
    """
    may_lead.require(caller)
    found = await lock_round(session, reference)
    if found.state != RoundState.DRAFT:
        raise Conflict("Ce tour est ouvert : ce qu’il demande ne change plus.", code="round_opened")
    check_version(_versioned(await content_of(session, found)), shown)
    actions = await _checked(session, command, now)
    for name, value in _kept(command).items():
        setattr(found, name, value)
    await session.execute(delete(RoundAction).where(col(RoundAction.round_id) == found.id))
    await _write_actions(session, found.id, actions)
    _tell(session, caller, found, "changed", now)
    await session.flush()
    return found


async def content_of(session: AsyncSession, found: Round) -> RoundIn:
    """The round as it was prepared."""
    names = [name for name in RoundIn.model_fields if name not in {"actions", "budget"}]
    actions = tuple(one.reference for one in await choices_of(session, found.id))
    return RoundIn.model_construct(
        **{name: getattr(found, name) for name in names}, budget=found.budget or 10, actions=actions
    )


async def version_of_round(session: AsyncSession, found: Round) -> str:
    return version_of(_versioned(await content_of(session, found)))


def _versioned(content: RoundIn) -> dict[str, str]:
    return {name: str(getattr(content, name)) for name in RoundIn.model_fields}


def _kept(command: RoundIn) -> dict[str, Any]:
    """What does not go with the method counts for nothing."""
    points = command.method == Method.POINTS
    weights = {f"{mark}_weight": 0 if points else getattr(command, f"{mark}_weight") for mark in CRITERIA}
    kept = command.model_dump(exclude={"actions", "budget", *weights})
    return {**kept, **weights, "budget": command.budget if points else 0}


async def _checked(session: AsyncSession, command: RoundIn, now: datetime) -> list[int]:
    """The ids of its actions, in the order of the ballot."""
    found = {action.reference: action for action in await _locked(session, command)}
    errors = {**_action_faults(command, found), **_date_faults(command, now)}
    if command.method == Method.CRITERIA and not any(getattr(command, f"{mark}_weight") for mark in CRITERIA):
        errors["impact_weight"] = "Donnez un poids à un critère au moins."
    if errors:
        raise Invalid(errors)
    return [found[reference].id for reference in command.actions]


def _action_faults(command: RoundIn, found: Mapping[str, Action]) -> dict[str, str]:
    if len(set(command.actions)) < len(command.actions):
        return {"actions": "Une action figure deux fois."}
    if not set(found).issuperset(command.actions):
        return {"actions": "Choisissez parmi les actions du groupe."}
    late = [action for action in found.values() if action.state not in RANKED]
    said = [f"« {one.title} » est {ACTION.word(one.state).lower()} : elle ne se classe plus." for one in late]
    return {"actions": " ".join(said)} if said else {}


def _date_faults(command: RoundIn, now: datetime) -> dict[str, str]:
    found = {}
    if is_too_near(command.closes_at, now):
        found["closes_at"] = TOO_NEAR
    elif command.closes_at < (command.opens_at or now) + SHORTEST_COLLECTION:
        found["closes_at"] = "Laissez au moins une heure entre l’ouverture et la clôture."
    if command.opens_at is not None and command.opens_at < now:
        found["opens_at"] = "Choisissez une ouverture à venir, ou laissez vide."
    return found


async def _locked(session: AsyncSession, command: RoundIn) -> list[Action]:
    """They stay where they are until the round has them."""
    rows = await session.execute(
        select(Action)
        .where(any_of(col(Action.reference), command.actions))
        .order_by(col(Action.id))
        .with_for_update(read=True)
        .execution_options(populate_existing=True)
    )
    return list(rows.scalars())


async def _write_actions(session: AsyncSession, round_id: int, actions: list[int]) -> None:
    rows = [
        {"round_id": round_id, "action_id": action, "position": place} for place, action in enumerate(actions, start=1)
    ]
    await insert_many(session, RoundAction, rows)


def _tell(session: AsyncSession, caller: Caller, found: Round, name: str, now: datetime) -> None:
    record_event(
        session,
        at=now,
        person_id=caller.person_id,
        subject=("round", found.id),
        name=f"round.{name}",
        change=(None, found.state) if name == "prepared" else (None, None),
        details={"reference": found.reference, "title": found.title},
    )
