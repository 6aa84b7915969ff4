"""What committees leave to do: minutes to write, decisions to carry out or to follow up."""

from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import and_, exists, func, or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.committees.decisions.models import Decision, DecisionState
from pooling.committees.decisions.queries import DecisionShown, has_owner, readable_by, shown_decisions
from pooling.committees.decisions.words import decision_excerpt
from pooling.committees.minutes.reminders import minutes_unwritten, writes_minutes
from pooling.committees.models import Answer, Committee, CommitteeState, Invitation
from pooling.kernel.tables import any_of, linked
from pooling.members.acts import Act
from pooling.members.features import features_for
from pooling.members.groups import group_zone
from pooling.members.models import Membership
from pooling.members.rights import Caller, Right
from pooling.members.task import Task
from pooling.web.typography import date_long

SHOWN_AT_MOST = 10
HELD = (CommitteeState.HELD, CommitteeState.MINUTED)


async def minutes_to_write(session: AsyncSession, caller: Caller, now: datetime) -> list[Task]:
    """Of the committees whose secretary the caller is, or that have none and the caller runs the group."""
    mine = exists().where(writes_minutes(), col(Membership.person_id) == caller.person_id)
    rows = await session.execute(
        select(col(Committee.id), col(Committee.title), col(Committee.local_start))
        .where(*minutes_unwritten(now), mine)
        .order_by(col(Committee.starts_at).desc())
        .limit(SHOWN_AT_MOST)
    )
    return [
        Task(
            f"Écrire le compte-rendu : {title}",
            f"Réunion du {date_long(local_start.date())}",
            f"/comites/{committee_id}/compte-rendu",
            "Écrire",
        )
        for committee_id, title, local_start in rows
    ]


async def decisions_to_act_on(session: AsyncSession, caller: Caller, now: datetime) -> list[Task]:
    """To carry out and to follow up: one thing to do, one card."""
    to_apply = await _decisions_to_apply(session, caller)
    asked = {task.path for task in to_apply}
    to_follow = await _decisions_to_follow(session, caller, now)
    return [*to_apply, *(task for task in to_follow if f"{task.path}/application" not in asked)]


async def _decisions_to_apply(session: AsyncSession, caller: Caller) -> list[Task]:
    """Those with an effect that nobody has carried out yet."""
    features = features_for(session)
    allowed = (
        true()
        if caller.may(Right.MANAGE_COMMITTEES)
        else or_(col(Committee.secretary_id) == caller.person_id, features.subjects.run_by(caller, Decision))
    )
    rows = await session.execute(
        shown_decisions(session)
        .where(
            any_of(col(Decision.act), features.acts),
            col(Decision.acted_at).is_(None),
            col(Decision.state) == DecisionState.OPEN,
            col(Committee.state).in_(HELD),
            readable_by(caller),
            allowed,
        )
        .order_by(col(Decision.id).desc())
        .limit(SHOWN_AT_MOST)
    )
    return [_to_apply(DecisionShown.of(session, row), features.acts) for row in rows]


def _to_apply(shown: DecisionShown, acts: Mapping[str, Act[Any]]) -> Task:
    label = acts[shown.decision.act or ""].label
    return Task(
        f"Appliquer la décision n°\u00a0{shown.decision.number} : {label[0].lower()}{label[1:]}",
        shown.subject.listed if shown.subject else "",
        f"{shown.path}/application",
        "Appliquer",
    )


async def _decisions_to_follow(session: AsyncSession, caller: Caller, now: datetime) -> list[Task]:
    """Open decisions that the caller owns; to who runs the group, also those that nobody does, if somebody was to or a
    date was set: the others only put something on record.
    """
    mine = col(Decision.owner_id) == caller.person_id
    if caller.may(Right.MANAGE_COMMITTEES):
        mine = or_(
            mine, and_(~has_owner(), or_(col(Decision.owner_id).is_not(None), col(Decision.due_on).is_not(None)))
        )
    rows = await session.execute(
        shown_decisions(session)
        .where(mine, col(Decision.state) == DecisionState.OPEN)
        .order_by(col(Decision.due_on).nulls_last(), col(Decision.id))
        .limit(SHOWN_AT_MOST)
    )
    zone = await group_zone(session)
    return [_to_follow(DecisionShown.of(session, row), zone, now) for row in rows]


def _to_follow(shown: DecisionShown, zone: ZoneInfo, now: datetime) -> Task:
    decision = shown.decision
    due_on: date | None = decision.due_on
    return Task(
        f"{'Confier à quelqu’un' if shown.orphan else 'Donner suite'} : {decision_excerpt(decision.content, 90)}",
        shown.called,
        shown.path,
        "Voir la décision",
        due_at=datetime.combine(due_on, time.max, tzinfo=zone) if due_on else None,
        due_on=due_on,
        state="overdue" if shown.late(now.astimezone(zone).date()) else "due",
    )


async def committees_to_prepare(session: AsyncSession, caller: Caller, now: datetime) -> list[Task]:
    rows = await session.execute(
        select(
            col(Committee.id),
            col(Committee.title),
            col(Committee.place),
            col(Committee.starts_at),
            col(Invitation.answer),
        )
        .join(Invitation, linked(Invitation.committee_id, Committee.id))
        .where(
            col(Invitation.person_id) == caller.person_id,
            col(Committee.state).in_([CommitteeState.PLANNED, CommitteeState.CONVENED]),
            col(Committee.starts_at) > now,
            # Who does not come has nothing to prepare.
            func.coalesce(col(Invitation.answer), Answer.YES) == Answer.YES,
        )
        .order_by(col(Committee.starts_at))
        .limit(3)
    )
    return [
        Task(f"Préparer : {title}", place, f"/comites/{committee_id}", "Voir l’ordre du jour", starts_at)
        if answer
        else Task(
            f"Répondre à l’invitation : {title}", place, f"/comites/{committee_id}/reponse", "Répondre", starts_at
        )
        for committee_id, title, place, starts_at, answer in rows
    ]
