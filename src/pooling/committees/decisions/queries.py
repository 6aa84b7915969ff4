"""Reads of decisions: those of a committee, those about a subject, what they did, who and what they name."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Self

from sqlalchemy import ARRAY, BigInteger, ColumnElement, Select, any_, cast, exists, or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import col

from pooling.accounts.models import Person
from pooling.committees.decisions.models import Decision, DecisionState
from pooling.committees.decisions.rules import DECISION
from pooling.committees.decisions.words import (
    committee_day,
    decided_by,
    decision_called,
    decision_excerpt,
    due_words,
    vote_words,
)
from pooling.committees.models import Committee, CommitteeState
from pooling.kernel.about import Named, about_it
from pooling.kernel.errors import Invalid, NotFound
from pooling.kernel.events import Event
from pooling.kernel.tables import linked
from pooling.members.acts import Terms
from pooling.members.features import features_for
from pooling.members.models import Membership
from pooling.members.rights import Caller, Right
from pooling.members.subjects import Subject

LARGEST = 2**31 - 1
OF_A_SUBJECT = 10


@dataclass(frozen=True)
class DecisionShown:
    """A decision with the names of what it refers to."""

    decision: Decision
    committee: Committee
    owner: str | None
    owner_here: bool
    """Whether the owner still is in the group."""
    subject: Subject | None
    acted_by: str | None = None
    effect: str = ""
    """What it does to its subject, in words; filled by `with_effects`."""

    @classmethod
    def of(cls, session: AsyncSession, row: Sequence[Any]) -> Self:
        """From a row of `shown_decisions`."""
        return cls(*features_for(session).subjects.in_row(row))

    @property
    def path(self) -> str:
        """From the group's address on."""
        return f"/comites/{self.decision.committee_id}/decisions/{self.decision.number}"

    @property
    def orphan(self) -> bool:
        """Whether it is open and nobody of the group is in charge of it."""
        return self.decision.state == DecisionState.OPEN and not self.owner_here

    @property
    def called(self) -> str:
        return decision_called(self.decision.number, self.committee.local_start)

    @property
    def decided_by(self) -> str:
        return decided_by(self.decision.number, self.committee.local_start)

    @property
    def committee_day(self) -> str:
        return committee_day(self.committee.local_start)

    @property
    def excerpt(self) -> str:
        return decision_excerpt(self.decision.content)

    @property
    def votes(self) -> str:
        return vote_words(self.decision)

    @property
    def tag(self) -> tuple[str, str]:
        """Its state, as a tag says it."""
        return DECISION.tag(self.decision.state), DECISION.word(self.decision.state)

    def late(self, today: date) -> bool:
        due_on = self.decision.due_on
        return self.decision.state == DecisionState.OPEN and due_on is not None and due_on < today

    def tag_on(self, today: date) -> tuple[str, str]:
        """The same; or that it is late."""
        return ("overdue", "En retard") if self.late(today) else self.tag

    def time_left(self, today: date) -> str:
        """While it is open and due some day: « dans 3 jours », « en retard de 5 jours »."""
        due_on = self.decision.due_on
        return due_words(due_on, today) if due_on and self.decision.state == DecisionState.OPEN else ""


def shown_decisions(session: AsyncSession) -> Select[Any]:
    """Decisions with their committee, owner and subject: what lists and pages of them start from."""
    decisions = (
        select(
            Decision,
            Committee,
            col(Person.name),
            has_owner(),
        )
        .join(Committee, linked(Committee.id, Decision.committee_id))
        .outerjoin(Person, col(Person.id) == col(Decision.owner_id))
    )
    joined: Select[Any] = features_for(session).subjects.joined(decisions, Decision)
    return joined


def has_owner() -> ColumnElement[bool]:
    """Whether somebody who is in the group is in charge of a decision."""
    held = aliased(Membership)
    return exists().where(col(held.person_id) == col(Decision.owner_id), col(held.ended_at).is_(None))


def readable_by(caller: Caller) -> ColumnElement[bool]:
    """Which decisions (joined with their committee) the caller may read: those published, those that it takes down,
    and its own.
    """
    if caller.may(Right.MANAGE_COMMITTEES):
        return true()
    return or_(
        col(Committee.state) == CommitteeState.MINUTED,
        col(Committee.secretary_id) == caller.person_id,
        col(Decision.owner_id) == caller.person_id,
    )


async def decisions_of(session: AsyncSession, committee_id: int) -> list[DecisionShown]:
    """All decisions of a committee, in order."""
    rows = await session.execute(
        shown_decisions(session).where(col(Decision.committee_id) == committee_id).order_by(col(Decision.number))
    )
    return [DecisionShown.of(session, row) for row in rows]


async def find_decision(session: AsyncSession, caller: Caller, committee_id: int, number: int) -> DecisionShown:
    """One decision.

    Raises:
        NotFound: this committee has none of this number, or the caller may not read it (yet).
    """
    if not (0 < number <= LARGEST and 0 < committee_id < 2**63):
        raise NotFound
    found = await session.execute(
        shown_decisions(session).where(
            col(Decision.committee_id) == committee_id, col(Decision.number) == number, readable_by(caller)
        )
    )
    row = found.one_or_none()
    if row is None:
        raise NotFound
    shown = DecisionShown.of(session, row)
    if shown.decision.acted_by is None:
        return shown
    acted_by = await session.execute(select(col(Person.name)).where(col(Person.id) == shown.decision.acted_by))
    return replace(shown, acted_by=acted_by.scalar_one())


async def decisions_about(session: AsyncSession, caller: Caller, subject: Named) -> list[DecisionShown]:
    """The latest decisions about a subject that the caller may read."""
    rows = await session.execute(
        shown_decisions(session)
        .where(about_it(Decision, subject), readable_by(caller))
        .order_by(col(Decision.id).desc())
        .limit(OF_A_SUBJECT)
    )
    return [DecisionShown.of(session, row) for row in rows]


async def events_of(session: AsyncSession, decision_id: int) -> list[Event]:
    """What a decision did, in order."""
    found = await session.execute(
        select(Event).where(col(Event.decision_id) == decision_id).order_by(col(Event.id)).limit(100)
    )
    return list(found.scalars())


async def with_effects(session: AsyncSession, decisions: Sequence[DecisionShown]) -> list[DecisionShown]:
    """These, with what they do in words: a fixed number of statements for each act."""
    effects = await _effects_in_words(session, [shown.decision for shown in decisions])
    return [replace(shown, effect=effects.get(shown.decision.id, "")) for shown in decisions]


async def _effects_in_words(session: AsyncSession, decisions: Sequence[Decision]) -> dict[int, str]:
    """What each decision that has an effect does to its subject, by its id."""
    effects: dict[str, list[tuple[int, int, Terms]]] = {}
    acts = features_for(session).acts
    for decision in decisions:
        act = acts.get(decision.act or "")
        if act is not None and decision.about is not None:
            try:
                effects.setdefault(act.name, []).append((decision.id, decision.about[1], act.read(decision.terms)))
            except Invalid:  # written by a former version of these rules
                continue
    said: dict[int, str] = {}
    for name, found in effects.items():
        words = await acts[name].in_words(session, [(subject_id, terms) for _, subject_id, terms in found])
        said |= {decision_id: word for (decision_id, *_), word in zip(found, words, strict=True)}
    return said


@dataclass(frozen=True)
class DecidedBy:
    """Where an event comes from: the decision that caused it."""

    words: str
    path: str


async def causes_of(session: AsyncSession, events: Sequence[Event]) -> dict[int, DecidedBy]:
    """The decisions that caused these events, by decision id: one statement."""
    wanted = any_(cast(sorted({e.decision_id for e in events if e.decision_id}), ARRAY(BigInteger)))
    rows = await session.execute(
        select(col(Decision.id), col(Decision.committee_id), col(Decision.number), col(Committee.local_start))
        .join(Committee, linked(Committee.id, Decision.committee_id))
        .where(col(Decision.id) == wanted)
    )
    return {key: _decided(committee_id, number, start) for key, committee_id, number, start in rows}


def _decided(committee_id: int, number: int, local_start: datetime) -> DecidedBy:
    return DecidedBy(decided_by(number, local_start), f"/comites/{committee_id}/decisions/{number}")
