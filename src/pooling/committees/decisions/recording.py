"""Decisions of a committee as they are taken down, while its minutes are not published."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import bindparam, exists, func, select, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.committees.decisions.doubts import doubts_of_due_date, doubts_of_votes, votes_of
from pooling.committees.decisions.models import Decision
from pooling.committees.decisions.schemas import DecisionIn
from pooling.committees.locking import PUBLISHED, lock_to_write, mark_held
from pooling.committees.models import Committee
from pooling.committees.people import count_people
from pooling.kernel.about import KINDS, key_of, keys_in_events, keys_to
from pooling.kernel.database import group_of, one_row
from pooling.kernel.doubts import Insistence, insist
from pooling.kernel.errors import Conflict, Invalid
from pooling.kernel.events import record_event
from pooling.members.acts import Act, Terms
from pooling.members.features import features_for
from pooling.members.groups import group_zone
from pooling.members.models import Membership
from pooling.members.rights import Caller

T = TypeVar("T", bound=Terms)


async def add_decision(
    session: AsyncSession,
    caller: Caller,
    committee_id: int,
    command: DecisionIn,
    now: datetime,
    *,
    insistence: Insistence | None = None,
) -> Decision:
    """Takes a decision down, under the next number of its committee.

    Raises:
        Forbidden: the caller does not write this committee's minutes.
        NotFound: there is no such committee.
        Conflict: it has not begun, was cancelled, or its minutes are published.
        Invalid: the purchase or the owner is not of the group.
        Doubtful: there are more votes than people.
    """
    committee = await lock_to_write(session, caller, committee_id)
    mark_held(session, caller, committee, now)
    await _check(session, command)
    last = await session.execute(
        select(func.max(col(Decision.number))).where(col(Decision.committee_id) == committee_id)
    )
    decision = Decision(
        group_id=group_of(session),
        committee_id=committee_id,
        number=(last.scalar_one() or 0) + 1,
        **command.model_dump(exclude={"about"}),
        **keys_to(command.about),
        assigned_at=now,
        created_at=now,
    )
    session.add(decision)
    await session.flush()
    record_decision(session, caller, decision, "recorded", now)
    await _doubt(session, caller, committee, decision, insistence, now)
    return decision


async def change_decision(
    session: AsyncSession,
    caller: Caller,
    committee_id: int,
    number: int,
    command: DecisionIn,
    now: datetime,
    *,
    insistence: Insistence | None = None,
) -> Decision:
    """Corrects a decision. Another subject takes its effect away.

    Raises: as `add_decision`; NotFound also when there is no such decision, Conflict when it was carried out.
    """
    decision = await _lock_unpublished(session, caller, committee_id, number, now)
    await _check(session, command)
    reassign_decision(decision, owner_id=command.owner_id, due_on=command.due_on, now=now)
    values = command.model_dump(exclude={"about", "owner_id", "due_on"}) | keys_to(command.about)
    if command.about != decision.about:
        values |= {"act": None, "terms": {}}
    await _amend(session, decision, values)
    record_decision(session, caller, decision, "changed", now)
    await _doubt(session, caller, await committee_of(session, decision), decision, insistence, now)
    return decision


async def _doubt(
    session: AsyncSession,
    caller: Caller,
    committee: Committee,
    decision: Decision,
    insistence: Insistence | None,
    now: datetime,
) -> None:
    """Raises:
    Doubtful: there are more votes than people or its due date may be a slip, and nobody insists.
    """
    doubts = doubts_of_votes(votes_of(decision), await count_people(session, committee, now), "Cette décision")
    doubts += doubts_of_due_date(decision.due_on, committee.local_start.date(), "Cette décision")
    _insist(session, caller, decision, doubts, insistence, now)


def _insist(
    session: AsyncSession,
    caller: Caller,
    decision: Decision,
    doubts: Sequence[str],
    insistence: Insistence | None,
    now: datetime,
) -> None:
    details: dict[str, object] = {"committee_id": decision.committee_id, "number": decision.number}
    subject = ("decision", decision.id)
    insist(session, doubts, insistence, at=now, person_id=caller.person_id, subject=subject, details=details)


async def remove_decision(session: AsyncSession, caller: Caller, committee_id: int, number: int, now: datetime) -> None:
    """Takes a decision out of the list. The others keep their numbers: people may have named them already.

    Raises: as `change_decision`.
    """
    decision = await _lock_unpublished(session, caller, committee_id, number, now)
    record_decision(session, caller, decision, "removed", now, details={"content": decision.content})
    await session.flush()
    if not await session.scalar(text("SELECT remove_decision(:id)"), {"id": decision.id}):
        raise Conflict(PUBLISHED, code="minutes_published")
    session.expunge(decision)


async def give_effect(
    session: AsyncSession,
    caller: Caller,
    committee_id: int,
    number: int,
    act: Act[T] | None,
    terms: T | None,
    now: datetime,
    *,
    insistence: Insistence | None = None,
) -> Decision:
    """What the decision does to its subject once somebody carries it out; None: nothing.

    Raises: as `change_decision`; Invalid when it is not about such a subject, Doubtful when a date may be a slip.
    """
    decision = await _lock_unpublished(session, caller, committee_id, number, now)
    if act is not None and (decision.about is None or decision.about[0] != act.subject):
        the = features_for(session).subjects[act.subject].the
        raise Invalid({act.subject: f"Choisissez d’abord {the} que la décision concerne."})
    effect = terms.model_dump(mode="json", exclude_none=True) if terms else {}
    await _amend(session, decision, {"act": act and act.name, "terms": effect})
    record_decision(session, caller, decision, "changed", now)
    if act is not None and terms is not None:
        doubts = await doubts_of_effect(session, decision, act, terms, now)
        _insist(session, caller, decision, doubts, insistence, now)
    return decision


async def doubts_of_effect(
    session: AsyncSession, decision: Decision, act: Act[T], terms: T, now: datetime
) -> Sequence[str]:
    """What had better be looked at before its subject is changed, each in a French sentence."""
    assert decision.about is not None, "a check holds it"
    return await act.doubts(session, decision.about[1], terms, await group_zone(session), now)


AMENDED = ("content", "votes_for", "votes_against", "votes_abstained", *map(key_of, KINDS), "act", "terms")
_AMEND = text(f"SELECT amend_decision(:id, {', '.join(f':{name}' for name in AMENDED)})").bindparams(
    bindparam("terms", type_=JSONB)
)


async def _amend(session: AsyncSession, decision: Decision, values: Mapping[str, Any]) -> None:
    """What a decision says is changed by this function of the database alone, which looks at the journal first."""
    kept = {name: getattr(decision, name) for name in AMENDED}
    if not await session.scalar(_AMEND, {"id": decision.id, **kept, **values}):
        raise Conflict(PUBLISHED, code="minutes_published")
    await session.refresh(decision)


def reassign_decision(decision: Decision, *, owner_id: int | None, due_on: Any, now: datetime) -> bool:  # noqa: ANN401
    """Gives a locked decision an owner and a due date; if they are others, reminders of the old ones are superseded."""
    if (owner_id, due_on) == (decision.owner_id, decision.due_on):
        return False
    decision.owner_id, decision.due_on = owner_id, due_on
    decision.revision += 1
    decision.assigned_at = now
    return True


async def lock_decision(session: AsyncSession, committee_id: int, number: int) -> Decision:
    """The decision, locked and as it is now.

    Raises:
        NotFound: this committee has none of this number.
    """
    return await one_row(
        session,
        select(Decision)
        .where(col(Decision.committee_id) == committee_id, col(Decision.number) == number)
        .with_for_update()
        .execution_options(populate_existing=True),
    )


async def committee_of(session: AsyncSession, decision: Decision) -> Committee:
    committee = await session.get(Committee, (decision.group_id, decision.committee_id), populate_existing=True)
    assert committee is not None, "a foreign key holds it"
    return committee


def named_in_events(decision: Decision) -> dict[str, Any]:
    """What every event of a decision says of it; of its subject too, in whose journal it stands."""
    return {"committee_id": decision.committee_id, "number": decision.number, **keys_in_events(decision)}


def record_decision(
    session: AsyncSession,
    caller: Caller,
    decision: Decision,
    name: str,
    now: datetime,
    *,
    reason: str = "",
    details: dict[str, Any] | None = None,
) -> None:
    """One event about a decision that moves no state."""
    record_event(
        session,
        at=now,
        person_id=caller.person_id,
        subject=("decision", decision.id),
        name=f"decision.{name}",
        reason=reason or None,
        details={**named_in_events(decision), **(details or {})},
    )


async def check_owner(session: AsyncSession, owner_id: int | None) -> None:
    """Raises:
    Invalid: that person holds no role in the group.
    """
    if owner_id is None:
        return
    active = exists().where(col(Membership.person_id) == owner_id, col(Membership.ended_at).is_(None))
    if not (await session.execute(select(active))).scalar_one():
        raise Invalid({"owner": "Choisissez une personne du groupe."})


async def _lock_unpublished(
    session: AsyncSession, caller: Caller, committee_id: int, number: int, now: datetime
) -> Decision:
    committee = await lock_to_write(session, caller, committee_id)
    mark_held(session, caller, committee, now)
    decision = await lock_decision(session, committee_id, number)
    if decision.acted_at is not None:
        to_it = f" {features_for(session).subjects[decision.about[0]].to_the}" if decision.about else ""
        raise Conflict(f"Cette décision a été appliquée{to_it} : elle ne change plus.", code="already_applied")
    return decision


async def _check(session: AsyncSession, command: DecisionIn) -> None:
    await check_owner(session, command.owner_id)
    if command.about is not None:
        subjects = features_for(session).subjects
        if await subjects.find(session, command.about) is None:
            kind = subjects[command.about[0]]
            raise Invalid({kind.name: f"Choisissez {kind.one_of_the_group}."})
