"""A member says whether it takes part: its référent, or who gathers answers for one that telephoned.

All share the collection's lock, so that closing comes before or after, never between.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.accounts.models import Person
from pooling.answers.notices import answered_for
from pooling.answers.schemas import AnswerIn
from pooling.collections.finding import lock_collection
from pooling.kernel.changes import changing
from pooling.kernel.clock import Clock
from pooling.kernel.database import group_of
from pooling.kernel.errors import Conflict, Invalid, NotFound
from pooling.kernel.events import record_event
from pooling.kernel.tables import linked
from pooling.kernel.text import clean
from pooling.members.rights import Caller, Right
from pooling.needs.declaring import require_open
from pooling.needs.models import Declaration, DeclarationState
from pooling.needs.notices import tell_referents
from pooling.needs.permissions import may_gather
from pooling.needs.queries import declarations_of_member, stamp_of
from pooling.purchases.kinds import kind_of
from pooling.purchases.kinds.parts import Part
from pooling.purchases.models import Participation, Purchase


@dataclass(frozen=True)
class Answered:
    """What was written down, and until when it may be changed."""

    at: datetime
    closes_at: datetime


async def answer_for_own(
    session: AsyncSession, caller: Caller, purchase_id: int, command: AnswerIn, clock: Clock
) -> Answered:
    """A référent answers for its member; from now on that counts, in place of the answer before.

    Raises:
        Forbidden: the caller is not a référent of this member.
        NotFound: this member is not asked, or nobody is asked whether it takes part in such a purchase.
        Conflict: the collection is closed, or somebody answered since the person saw it.
        Invalid: it takes part, and it is not said for how many agents.
    """
    caller.require(Right.FILE_NEEDS, member_id=command.member_id)
    return await _answer(session, caller, purchase_id, command, clock, "declaration.answered")


async def answer_for_member(
    session: AsyncSession,
    caller: Caller,
    purchase_id: int,
    command: AnswerIn,
    *,
    by_whom: str,
    reason: str,
    clock: Clock,
) -> int:
    """Writes down what a member answered by telephone. Returns how many référents are told.

    Raises:
        Forbidden: the caller neither facilitates the group nor runs this purchase.
        Invalid: as `answer_for_own`; it is not said who called, or why.
        NotFound, Conflict: as `answer_for_own`.
    """
    purchase = await session.get_one(Purchase, (caller.group_id, purchase_id))
    may_gather.require(caller, purchase)
    if not by_whom or not reason:
        raise Invalid({"": "Dites qui a appelé, et pourquoi vous répondez pour ce membre."})
    details = {"caller": by_whom}
    name = "declaration.answered_for"
    answered = await _answer(session, caller, purchase_id, command, clock, name, reason=reason, details=details)
    author = await session.get(Person, caller.person_id)
    assert author is not None, "who is signed in is a person"
    notice = answered_for(author.name, by_whom, command)
    members = [command.member_id]
    return await tell_referents(
        session, purchase, answered.at, notice, closes_at=answered.closes_at, reason=reason, members=members
    )


async def _answer(
    session: AsyncSession,
    caller: Caller,
    purchase_id: int,
    command: AnswerIn,
    clock: Clock,
    name: str,
    *,
    reason: str = "",
    details: Mapping[str, object] = {},
) -> Answered:
    collection = await lock_collection(session, ("purchase", purchase_id), alone=False)
    place = await lock_place(session, purchase_id, command.member_id)
    now = await clock.at_database(session)
    closes_at = require_open(collection, now).closes_at
    if command.takes_part and command.agents is None:
        raise Invalid({"agents": "Indiquez pour combien d’agents, par exemple 12."})
    await _refuse_when_changed(session, purchase_id, command)
    place.takes_part = command.takes_part
    if command.takes_part:
        place.agents = command.agents
    declaration_id = await _file(session, caller, purchase_id, command, now)
    record_event(
        session,
        at=now,
        person_id=caller.person_id,
        subject=("declaration", declaration_id),
        name=name,
        change=(None, DeclarationState.FILED),
        reason=reason or None,
        details={
            "purchase_id": purchase_id,
            "member_id": command.member_id,
            "takes_part": command.takes_part,
            "agents": place.agents if command.takes_part else None,
            **details,
        },
    )
    await session.flush()
    return Answered(now, closes_at)


async def lock_place(session: AsyncSession, purchase_id: int, member_id: int) -> Participation:
    """The member's place in the purchase, locked: two people of one member answer one after the other."""
    found = await session.execute(
        select(Participation, col(Purchase.kind))
        .join(Purchase, linked(Purchase.id, Participation.purchase_id))
        .where(col(Participation.purchase_id) == purchase_id, col(Participation.member_id) == member_id)
        .with_for_update(of=Participation)
        .execution_options(populate_existing=True)
    )
    row = found.one_or_none()
    if row is None:
        raise NotFound
    place, kind = row
    kind_of(kind).require(Part.ANSWERS)
    kept: Participation = place
    return kept


async def _refuse_when_changed(session: AsyncSession, purchase_id: int, command: AnswerIn) -> None:
    if command.seen is None:
        return
    if command.seen != stamp_of(await declarations_of_member(session, purchase_id, command.member_id)):
        raise Conflict(
            "Entre-temps, quelqu’un a répondu pour ce membre : sa réponse est rappelée ci-dessous. "
            "Enregistrez la vôtre si c’est elle qui convient.",
            code="changed_meanwhile",
        )


async def _file(session: AsyncSession, caller: Caller, purchase_id: int, command: AnswerIn, now: datetime) -> int:
    """The declaration without lines that stands for the answer; its id."""
    whose = {"group_id": group_of(session), "purchase_id": purchase_id, "member_id": command.member_id}
    said = {
        "comment": clean(command.comment),
        "updated_at": now,
        "updated_by": caller.person_id,
        "filed_at": now,
        "no_need": False,
    }
    written = insert(Declaration).values(**whose, state=DeclarationState.FILED, **said)
    key = ["group_id", "purchase_id", "member_id", "state"]
    found = await session.execute(
        written.on_conflict_do_update(index_elements=key, set_=said).returning(col(Declaration.id)),
        execution_options=changing(declarations=[purchase_id]),
    )
    declaration_id: int = found.scalar_one()
    return declaration_id
