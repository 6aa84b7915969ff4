"""Difficulties: what a member struggles with between two committees. On the next agenda until it is settled."""

from datetime import datetime

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.committees.agendas.difficulty_queries import secretaries_concerned
from pooling.committees.agendas.permissions import may_settle
from pooling.committees.agendas.rules import DIFFICULTY, LONGEST_SAID, MOST_ITEMS
from pooling.committees.agendas.schemas import DifficultyIn
from pooling.committees.locking import SENT_TWICE
from pooling.committees.models import Difficulty, DifficultyState
from pooling.kernel.about import KEYS, about_it, keys_in_events, keys_to
from pooling.kernel.clock import Clock
from pooling.kernel.database import group_of, one_row
from pooling.kernel.errors import Conflict, Forbidden, Invalid
from pooling.kernel.events import record_event
from pooling.kernel.tables import known_id
from pooling.members.features import features_for
from pooling.members.locking import lock_group
from pooling.members.models import Role
from pooling.members.rights import Caller, Right

MOST_UNSETTLED = 20
"""Of one person: more are not a difficulty but a project."""


async def raise_difficulty(session: AsyncSession, caller: Caller, command: DifficultyIn, now: datetime) -> int:
    """Tells the group of a difficulty, which comes on the next committee's agenda; returns its id.

    Raises:
        Forbidden: the caller holds no role in the group, or is not of the member it speaks for.
        Invalid: the group has no such purchase.
        Conflict: the caller has too many that are not settled.
    """
    if not caller.may_somewhere(Right.SEE_GROUP) or (
        command.member_id is not None and command.member_id not in caller.members_as(*Role)
    ):
        raise Forbidden
    own = select(func.count()).where(
        col(Difficulty.raised_by) == caller.person_id, col(Difficulty.state) == DifficultyState.RAISED
    )
    if (await session.execute(own)).scalar_one() >= MOST_UNSETTLED:
        raise Conflict(
            f"Vous avez déjà signalé {MOST_UNSETTLED} difficultés qui ne sont pas réglées.",
            code="too_many_difficulties",
        )
    (about,) = await features_for(session).subjects.referred(session, [command])
    difficulty = Difficulty(
        group_id=group_of(session),
        raised_by=caller.person_id,
        member_id=command.member_id,
        **keys_to(about),
        content=command.content,
        raised_at=now,
    )
    session.add(difficulty)
    await session.flush()
    record_event(
        session,
        at=now,
        person_id=caller.person_id,
        subject=("difficulty", difficulty.id),
        name="difficulty.raised",
        change=(None, DifficultyState.RAISED),
        details=_named_in_events(difficulty),
    )
    await carry_difficulties(session, now)
    return difficulty.id


async def raise_once(session: AsyncSession, caller: Caller, command: DifficultyIn, now: datetime) -> int:
    """The same for a form, which an impatient hand sends twice: what it told a moment ago is that difficulty.

    Raises: as `raise_difficulty`.
    """
    await lock_group(session)
    (about,) = await features_for(session).subjects.referred(session, [command])
    twin = await session.execute(
        select(col(Difficulty.id))
        .where(
            col(Difficulty.state) == DifficultyState.RAISED,
            col(Difficulty.raised_by) == caller.person_id,
            col(Difficulty.raised_at) > now - SENT_TWICE,
            col(Difficulty.content) == command.content,
            col(Difficulty.member_id).is_not_distinct_from(command.member_id),
            about_it(Difficulty, about),
        )
        .limit(1)
    )
    return twin.scalar_one_or_none() or await raise_difficulty(session, caller, command, now)


async def settle_difficulty(
    session: AsyncSession, caller: Caller, difficulty_id: int, settlement: str, now: datetime
) -> None:
    """Says how a difficulty was settled (or why it is withdrawn). Committees to come no longer have to speak of it.

    Raises:
        NotFound: the group has none with this id.
        Forbidden: the caller does not manage committees, did not raise it, nor keeps the minutes of a committee that
            has it on its agenda.
        Invalid: nothing is said.
        Conflict: it is settled already.
    """
    difficulty = await _locked(session, difficulty_id)
    may_settle.require(caller, difficulty, await secretaries_concerned(session, difficulty.id))
    if not settlement:
        raise Invalid({"settlement": "Dites en une phrase comment elle est réglée : le groupe le lira."})
    if difficulty.state != DifficultyState.RAISED:
        raise Conflict("Cette difficulté est déjà réglée.", code="already_settled")
    DIFFICULTY.move(
        session,
        difficulty,
        DifficultyState.SETTLED,
        at=now,
        person_id=caller.person_id,
        reason=settlement,
        details=_named_in_events(difficulty),
    )
    difficulty.settlement = settlement
    difficulty.settled_at, difficulty.settled_by = now, caller.person_id


async def carry_difficulties(session: AsyncSession, now: datetime) -> int:
    """Puts what is not settled on the next committee's agenda, at its end; returns how many items were added.

    Idempotent, one statement: called whenever one is raised or the next committee may be another, and by every sweep.
    """
    added = await session.execute(
        _CARRY,
        {
            "group": group_of(session),
            "now": now,
            "raised": str(DifficultyState.RAISED),
            "most": MOST_ITEMS,
            "longest": LONGEST_SAID,
        },
    )
    return len(added.all())


async def carry_what_is_open(session: AsyncSession, clock: Clock) -> int:
    """The sweep's part: a committee that was held, or has gone by, leaves what it did not settle to the next one."""
    return await carry_difficulties(session, clock.now())


_CARRY = text(f"""
WITH next AS (
    SELECT id FROM committees
    WHERE group_id = :group AND state IN ('planned', 'convened') AND starts_at > :now
    ORDER BY starts_at, id LIMIT 1
), present AS (
    SELECT next.id, count(i.id) AS items, coalesce(max(i.position), 0) AS last
    FROM next LEFT JOIN agenda_items i ON i.group_id = :group AND i.committee_id = next.id
    GROUP BY next.id
), missing AS (
    SELECT d.id, d.content, {KEYS}, row_number() OVER (ORDER BY d.id) AS place
    FROM difficulties d, next
    WHERE d.group_id = :group AND d.state = :raised AND NOT EXISTS (
        SELECT FROM agenda_items i
        WHERE i.group_id = :group AND i.committee_id = next.id AND i.difficulty_id = d.id)
)
INSERT INTO agenda_items (group_id, committee_id, position, title, topic, presenter, difficulty_id, {KEYS})
SELECT :group, present.id, present.last + missing.place,
    'Difficulté : ' || CASE WHEN length(flat.content) > :longest
        THEN regexp_replace(left(flat.content, :longest), ' [^ ]*$|.$', '') || '…' ELSE flat.content END,
    'difficulty', '', missing.id, {KEYS}
FROM missing, present, LATERAL (SELECT regexp_replace(missing.content, E'\\\\s+', ' ', 'g') AS content) AS flat
WHERE present.items + missing.place <= :most
ON CONFLICT DO NOTHING RETURNING id
""")  # noqa: S608 - names of columns, not input


async def _locked(session: AsyncSession, difficulty_id: int) -> Difficulty:
    return await one_row(
        session,
        select(Difficulty)
        .where(col(Difficulty.id) == known_id(difficulty_id))
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True),
    )


def _named_in_events(difficulty: Difficulty) -> dict[str, object]:
    return {"content": difficulty.content[:100], **keys_in_events(difficulty)}
