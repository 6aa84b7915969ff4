"""A member votes: one ballot, that any of its référents files and corrects until the closing.

All share the collection's lock, so that closing comes before or after, never between. Of a secret round nothing else
is written than the ballot: no event, no mail, no time on another row.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.collections.finding import lock_collection
from pooling.collections.rules import accepts
from pooling.kernel.clock import Clock
from pooling.kernel.database import group_of, insert_many
from pooling.kernel.errors import Conflict, Invalid, NotFound
from pooling.kernel.events import record_event
from pooling.kernel.versions import ChangedMeanwhile, version_of
from pooling.members.models import Member
from pooling.members.rights import Caller
from pooling.rounds.finding import choices_of, find_round
from pooling.rounds.models import Mark, RoundBallot, RoundMark, RoundVoter
from pooling.rounds.permissions import may_vote
from pooling.rounds.rules import Marks, ballot_faults, criteria_asked

OVER = "Le vote est clos : ce bulletin n’a pas été enregistré."
OTHERWISE = "Un autre référent de votre collectivité a modifié ce bulletin depuis que vous l’avez ouvert."


@dataclass(frozen=True)
class Ballot:
    """What a member gave; `filed_at` None: it has not voted."""

    marks: Marks
    filed_at: datetime | None

    @property
    def version(self) -> str:
        given = {str(action): {str(mark): value for mark, value in of.items()} for action, of in self.marks.items()}
        return version_of([given, self.filed_at is not None])


async def ballot_of(session: AsyncSession, round_id: int, member_id: int) -> Ballot:
    """For its own member, and for whoever `may_read_ballot`.

    Raises:
        NotFound: the member has no vote in this round.
    """
    rows = (
        await session.execute(
            select(col(RoundBallot.filed_at), col(RoundMark.action_id), col(RoundMark.mark), col(RoundMark.value))
            .select_from(RoundVoter)
            .outerjoin(
                RoundBallot,
                (col(RoundBallot.group_id) == col(RoundVoter.group_id))
                & (col(RoundBallot.round_id) == col(RoundVoter.round_id))
                & (col(RoundBallot.member_id) == col(RoundVoter.member_id)),
            )
            .outerjoin(
                RoundMark,
                (col(RoundMark.group_id) == col(RoundBallot.group_id))
                & (col(RoundMark.round_id) == col(RoundBallot.round_id))
                & (col(RoundMark.member_id) == col(RoundBallot.member_id)),
            )
            .where(col(RoundVoter.round_id) == round_id, col(RoundVoter.member_id) == member_id)
        )
    ).all()
    if not rows:
        raise NotFound
    marks: dict[int, dict[Mark, int]] = {}
    for _, action, mark, value in rows:
        if action is not None:
            marks.setdefault(action, {})[Mark(mark)] = value
    return Ballot(marks, rows[0][0])


async def file_ballot(
    session: AsyncSession,
    caller: Caller,
    reference: str,
    member: Member,
    marks: Mapping[int, Mapping[Mark, int]],
    clock: Clock,
    *,
    seen: str | None = None,
) -> Ballot:
    """Makes this the member's ballot. `seen` is the version that the person had before its eyes.

    Raises:
        Forbidden: the caller is not a référent of this member.
        NotFound: there is no such round, or the member has no vote in it.
        Conflict: it is not open, or its date is past.
        ChangedMeanwhile: another référent has filed another ballot since.
        Invalid: it gives too much, nothing, or what is not asked.
    """
    may_vote.require(caller, member)
    found = await find_round(session, reference)
    collection = await lock_collection(session, ("round", found.id), alone=False)
    await _hold_vote(session, found.id, member.id)
    now = await clock.at_database(session)
    if not accepts(collection, now):
        raise Conflict(OVER, code="round_not_open")
    before = await ballot_of(session, found.id, member.id)
    if seen is not None and seen != before.version:
        raise ChangedMeanwhile(OTHERWISE)
    given = {action: dict(of) for action, of in marks.items() if of}
    actions = [one.id for one in await choices_of(session, found.id)]
    faults = ballot_faults(found.method, found.budget, criteria_asked(found), actions, given)
    if faults:
        raise Invalid(faults)
    await _write(session, caller, found.id, member.id, given, now)
    if not found.secret:
        record_event(
            session,
            at=now,
            person_id=caller.person_id,
            subject=("round", found.id),
            name="round.voted",
            details={"member_id": member.id},
        )
    return await ballot_of(session, found.id, member.id)


async def _hold_vote(session: AsyncSession, round_id: int, member_id: int) -> None:
    """Two people of one member vote one after the other."""
    held = await session.execute(
        select(col(RoundVoter.member_id))
        .where(col(RoundVoter.round_id) == round_id, col(RoundVoter.member_id) == member_id)
        .with_for_update()
    )
    if held.scalar_one_or_none() is None:
        raise NotFound


async def _write(
    session: AsyncSession, caller: Caller, round_id: int, member_id: int, marks: Marks, now: datetime
) -> None:
    whose = {"group_id": group_of(session), "round_id": round_id, "member_id": member_id}
    said = {"filed_at": now, "filed_by": caller.person_id}
    await session.execute(
        insert(RoundBallot)
        .values(**whose, **said)
        .on_conflict_do_update(index_elements=["group_id", "round_id", "member_id"], set_=said)
    )
    await session.execute(
        delete(RoundMark).where(col(RoundMark.round_id) == round_id, col(RoundMark.member_id) == member_id)
    )
    rows = [
        {"round_id": round_id, "member_id": member_id, "action_id": action, "mark": str(mark), "value": value}
        for action, of in marks.items()
        for mark, value in of.items()
    ]
    await insert_many(session, RoundMark, rows)
