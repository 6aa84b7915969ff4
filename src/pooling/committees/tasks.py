"""What committees leave to do: minutes to write, decisions to carry out or to follow up."""

from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import (
    Result,
    Select,
    SQLColumnExpression,
    and_,
    exists,
    false,
    func,
    literal,
    null,
    or_,
    select,
    true,
    union_all,
)
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
from pooling.members.models import Group, Membership
from pooling.members.rights import Caller, Right
from pooling.members.task import Task
from pooling.web.typography import date_long

SHOWN_AT_MOST = 10
HELD = (CommitteeState.HELD, CommitteeState.MINUTED)


async def committees_to_work_for(session: AsyncSession, caller: Caller, now: datetime) -> list[Task]:
    """To answer or prepare those that come, to write the minutes of those that were held."""
    shown = (col(Committee.id), col(Committee.title), col(Committee.place), col(Committee.starts_at))
    to_come = (
        select(*shown, col(Committee.local_start), col(Invitation.answer), false().label("held"))
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
    # The secretary writes; where there is none, whoever runs the group.
    mine = exists().where(writes_minutes(), col(Membership.person_id) == caller.person_id)
    to_write = (
        select(*shown, col(Committee.local_start), null(), true())
        .where(*minutes_unwritten(now), mine)
        .order_by(col(Committee.starts_at).desc())
        .limit(SHOWN_AT_MOST)
    )
    rows: Result[Any] = await session.execute(union_all(to_come, to_write))
    return [
        _to_write(row.id, row.title, row.local_start)
        if row.held
        else _to_prepare(row.id, row.title, row.place, row.starts_at, row.answer)
        for row in rows
    ]


def _to_write(committee_id: int, title: str, local_start: datetime) -> Task:
    return Task(
        f"Écrire le compte-rendu : {title}",
        f"Réunion du {date_long(local_start.date())}",
        f"/comites/{committee_id}/compte-rendu",
        "Écrire",
    )


def _to_prepare(committee_id: int, title: str, place: str, starts_at: datetime, answer: str | None) -> Task:
    if answer:
        return Task(f"Préparer : {title}", place, f"/comites/{committee_id}", "Voir l’ordre du jour", starts_at)
    path = f"/comites/{committee_id}/reponse"
    return Task(f"Répondre à l’invitation : {title}", place, path, "Répondre", starts_at)


async def decisions_to_act_on(session: AsyncSession, caller: Caller, now: datetime) -> list[Task]:
    """To carry out and to follow up: one thing to do, one card."""
    asked = union_all(_decisions_to_apply(session, caller), _decisions_to_follow(session, caller)).subquery("asked")
    rows = await session.execute(
        shown_decisions(session)
        .join(asked, linked(asked.c.id, Decision.id))
        .join(Group, col(Group.id) == col(Decision.group_id))
        .add_columns(asked.c.applies, col(Group.timezone))
        .order_by(asked.c.applies.desc(), asked.c.place)
    )
    tasks: dict[str, Task] = {}
    for *row, applies, timezone in rows:
        shown = DecisionShown.of(session, row)
        if applies:
            tasks[shown.path] = _to_apply(shown, features_for(session).acts)
        else:
            tasks.setdefault(shown.path, _to_follow(shown, ZoneInfo(timezone), now))
    return list(tasks.values())


def _among(statement: Select[Any], *order: SQLColumnExpression[Any], applies: bool) -> Select[Any]:
    """The first of a statement of decisions: which, and in which order."""
    place = func.row_number().over(order_by=order).label("place")
    which = (col(Decision.group_id), col(Decision.id), literal(applies).label("applies"), place)
    return statement.with_only_columns(*which, maintain_column_froms=True).order_by(*order).limit(SHOWN_AT_MOST)


def _decisions_to_apply(session: AsyncSession, caller: Caller) -> Select[Any]:
    """Those with an effect that nobody has carried out yet."""
    features = features_for(session)
    allowed = (
        true()
        if caller.may(Right.MANAGE_COMMITTEES)
        else or_(col(Committee.secretary_id) == caller.person_id, features.subjects.run_by(caller, Decision))
    )
    wanted = shown_decisions(session).where(
        any_of(col(Decision.act), features.acts),
        col(Decision.acted_at).is_(None),
        col(Decision.state) == DecisionState.OPEN,
        col(Committee.state).in_(HELD),
        readable_by(caller),
        allowed,
    )
    return _among(wanted, col(Decision.id).desc(), applies=True)


def _to_apply(shown: DecisionShown, acts: Mapping[str, Act[Any]]) -> Task:
    label = acts[shown.decision.act or ""].label
    return Task(
        f"Appliquer la décision n°\u00a0{shown.decision.number} : {label[0].lower()}{label[1:]}",
        shown.subject.listed if shown.subject else "",
        f"{shown.path}/application",
        "Appliquer",
    )


def _decisions_to_follow(session: AsyncSession, caller: Caller) -> Select[Any]:
    """Open decisions that the caller owns; to who runs the group, also those that nobody does, if somebody was to or a
    date was set: the others only put something on record.
    """
    mine = col(Decision.owner_id) == caller.person_id
    if caller.may(Right.MANAGE_COMMITTEES):
        mine = or_(
            mine, and_(~has_owner(), or_(col(Decision.owner_id).is_not(None), col(Decision.due_on).is_not(None)))
        )
    wanted = shown_decisions(session).where(mine, col(Decision.state) == DecisionState.OPEN)
    return _among(wanted, col(Decision.due_on).nulls_last(), col(Decision.id), applies=False)


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
