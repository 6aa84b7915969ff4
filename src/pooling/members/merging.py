"""Members that become one: a commune nouvelle, faculties that unite. What is under way is the new one's from now on;
what is frozen keeps the former ones, and says what they became. There is no way back.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import func, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.kernel.changes import changing
from pooling.kernel.database import group_of, insert_many
from pooling.kernel.doubts import LONGEST_REASON, Insistence, insist
from pooling.kernel.errors import Conflict, Invalid, NotFound, enumerated
from pooling.kernel.events import record_event, record_events
from pooling.kernel.limits import limit
from pooling.kernel.tables import any_of
from pooling.members.adding import MemberIn, UnitIn
from pooling.members.admission import admit_members
from pooling.members.changing import change_members, member_by_code
from pooling.members.departures import Merging, Tie
from pooling.members.features import features_for
from pooling.members.granting import renew_sessions
from pooling.members.models import AccessRequest, Member, Membership, RequestState
from pooling.members.retiring import NOT_YET, SAY_WHY, lock_alone
from pooling.members.rights import Caller, Right
from pooling.web.typography import number, plural

MOST_AT_ONCE = limit(50, "Members that become one at once", __name__)
_APART = 10
"""Percent by which the population listed may differ from that of those who unite."""


@dataclass(frozen=True)
class MergeIn:
    """Which members become which one."""

    members: Sequence[str]
    """The codes of those that become another one."""
    becomes: str
    """The code of what they become: of a member, or of nobody yet."""
    on: date
    reason: str
    new: MemberIn | UnitIn | None = None
    """What is to be added, where no member has that code."""
    listed: tuple[int, int | None] | None = None
    """The population that the directory has, and of which year; None: theirs are added."""


@dataclass(frozen=True)
class MergePlan:
    """What a merge comes to before anything of it is written."""

    members: Sequence[Member]
    becomes: Member | None
    """None: it is added."""
    name: str
    facts: Mapping[str, Any]
    """What is known of it afterwards."""
    ties: Sequence[Tie]
    doubts: Sequence[str]

    @property
    def keeping(self) -> list[Tie]:
        return [tie for tie in self.ties if tie.keeps]

    @property
    def all(self) -> list[Member]:
        return [*self.members, *([self.becomes] if self.becomes else [])]

    @property
    def mark(self) -> str:
        """To tell whether it still comes to what somebody saw."""
        seen = ([one.name for one in self.all], self.name, sorted(self.facts.items()), self.ties, self.doubts)
        return sha256(repr(seen).encode()).hexdigest()[:16]


class MergeMoved(Conflict):
    code = "changed_meanwhile"

    def __init__(self) -> None:
        super().__init__("Ce que la fusion changerait n’est plus ce qui était affiché : vérifiez de nouveau.")


async def plan_merge(session: AsyncSession, command: MergeIn, today: date) -> MergePlan:
    """What would change; nothing does.

    Raises:
        NotFound: one of them is no member.
        Invalid: they cannot become one, or it is not said why and since when.
    """
    becomes = None if command.new else await member_by_code(session, command.becomes)
    codes = [code for code in dict.fromkeys(command.members) if code != command.becomes]
    members = await _of_codes(session, codes[:MOST_AT_ONCE])
    _check(command, codes, members, becomes, today)
    everybody = [*members, *([becomes] if becomes else [])]
    facts, doubts = _facts(command, everybody)
    name = command.new.name if command.new else everybody[-1].name
    ties = await _own_ties(session, everybody) + await features_for(session).merge_ties(session, members, becomes)
    doubts += [tie.odd for tie in ties if tie.odd]
    return MergePlan(members, becomes, name, facts, ties, doubts)


async def _of_codes(session: AsyncSession, codes: Sequence[str]) -> list[Member]:
    """In French order."""
    found = await session.execute(
        select(Member).where(any_of(col(Member.code), codes)).order_by(col(Member.sort_key), col(Member.id))
    )
    members = list(found.scalars())
    if len(members) < len(codes):
        raise NotFound
    return members


def _check(
    command: MergeIn, codes: Sequence[str], members: Sequence[Member], becomes: Member | None, today: date
) -> None:
    errors = {}
    everybody = [*members, *([becomes] if becomes else [])]
    gone = [one.name for one in everybody if one.retired_on is not None]
    if len(codes) > MOST_AT_ONCE:
        errors["members"] = f"Réunissez {MOST_AT_ONCE} membres au plus à la fois."
    elif len(everybody) < 2:  # noqa: PLR2004 - one alone becomes nothing
        errors["members"] = "Indiquez au moins deux membres différents."
    elif gone:
        errors["members"] = f"A quitté le groupe : {enumerated(gone)}."
    elif len({(one.kind, one.parent_id) for one in everybody}) > 1 or (
        command.new and command.new.kind != everybody[0].kind
    ):
        errors["members"] = "Seuls s’unissent des établissements, ou des composantes d’un même établissement."
    if not command.reason or len(command.reason) > LONGEST_REASON:
        errors["reason"] = SAY_WHY
    if command.on > today:
        errors["on"] = NOT_YET
    if errors:
        raise Invalid(errors)


def _facts(command: MergeIn, everybody: Sequence[Member]) -> tuple[dict[str, Any], list[str]]:
    """Sizes of all together: unknown where one is."""
    sizes = {
        name: None if None in (known := [getattr(one, name) for one in everybody]) else sum(known)
        for name in ("population", "agents")
    }
    doubts, year = [], None
    unknown = [one.name for one in everybody if one.population is None]
    if command.listed is not None:
        added, (sizes["population"], year) = sizes["population"], command.listed
        if added is not None and abs(added - command.listed[0]) * 100 > added * _APART:
            doubts.append(
                f"L’annuaire donne {plural(command.listed[0], 'habitant')} ; leur addition fait {number(added)}."
            )
    elif unknown and len(unknown) < len(everybody):
        doubts.append(f"Population inconnue pour {enumerated(unknown)} : celle de l’ensemble ne sera pas connue.")
    categories = {one.category for one in everybody if one.category}
    if len(categories) > 1:
        doubts.append(f"Ces membres ne sont pas de même type : {enumerated(sorted(categories))}.")
    return {**sizes, "population_year": year}, doubts


async def _own_ties(session: AsyncSession, everybody: Sequence[Member]) -> list[Tie]:
    """Their people, components and requests follow."""
    ids = [one.id for one in everybody]
    people = select(func.count(func.distinct(col(Membership.person_id)))).where(
        any_of(col(Membership.member_id), ids), col(Membership.ended_at).is_(None)
    )
    units = select(func.count()).where(any_of(col(Member.parent_id), ids))
    asking = select(func.count()).where(
        any_of(col(AccessRequest.member_id), ids), col(AccessRequest.state) == RequestState.PENDING
    )
    counted = await session.execute(select(*(one.scalar_subquery() for one in (people, units, asking))))
    people_count, unit_count, request_count = counted.one()
    said = [
        (people_count, plural(people_count, "personne a son rôle", "personnes ont leurs rôles") + " pour l’ensemble."),
        (unit_count, plural(unit_count, "composante en dépend", "composantes en dépendent") + " désormais."),
        (request_count, plural(request_count, "demande d’accès suit", "demandes d’accès suivent") + "."),
    ]
    return [Tie(sentence) for count, sentence in said if count]


async def merge_members(
    session: AsyncSession,
    caller: Caller,
    command: MergeIn,
    now: datetime,
    today: date,
    *,
    insistence: Insistence,
    seen: str | None = None,
) -> Member:
    """Members become one, for ever: their people, what they lead and what they declared in collections and purchases
    that are not consolidated yet are its own from now on. What is frozen keeps the former ones.

    Raises:
        Forbidden: the caller does not manage members.
        NotFound: one of them is no member.
        Invalid: they cannot become one, or it is not said why and since when.
        Conflict: the new one's code is taken; something under way stands against it; it is not what was `seen`.
        Doubtful: something about it is odd, and nobody insists.
    """
    caller.require(Right.MANAGE_MEMBERS)
    return await merge(session, command, now, today, by=caller.person_id, insistence=insistence, seen=seen)


async def merge(
    session: AsyncSession,
    command: MergeIn,
    now: datetime,
    today: date,
    *,
    by: int | None,
    insistence: Insistence | None = None,
    seen: str | None = None,
) -> Member:
    """The same for a command, which is asked nothing."""
    before = await plan_merge(session, command, today)
    await lock_alone(session, [one.id for one in before.all])
    plan = await plan_merge(session, command, today)
    if seen is not None and seen != plan.mark:
        raise MergeMoved
    if plan.keeping:
        raise Conflict(" ".join(tie.said for tie in plan.keeping), code="member_in_use")
    if command.new:
        await admit_members(session, [command.new], now, by=by)
    becomes = await member_by_code(session, command.becomes)
    if by is not None:
        insist(session, plan.doubts, insistence, at=now, person_id=by, subject=("member", becomes.id))
    merging = Merging(plan.members, becomes, command.reason, now, by)
    await _copy_budgets(session, merging)
    await features_for(session).merge(session, merging)
    await _bring_people(session, merging)
    await _bring_the_rest(session, merging)
    await _leave(session, merging, command.on)
    known = {name: value for name, value in plan.facts.items() if value is not None or command.new is None}
    await change_members(session, {becomes.id: known}, now, by=by)
    await session.refresh(becomes)
    return becomes


async def _copy_budgets(session: AsyncSession, merging: Merging) -> None:
    """What was charged on one of theirs is charged on one of the same code."""
    await session.execute(
        text("""
            INSERT INTO budgets (group_id, member_id, code, label)
            SELECT DISTINCT ON (b.code) b.group_id, CAST(:becomes AS bigint), b.code, b.label
            FROM budgets b WHERE b.group_id = :the_group AND b.member_id = ANY (CAST(:former AS bigint[]))
            ORDER BY b.code, b.id
            ON CONFLICT DO NOTHING"""),
        {"the_group": group_of(session), "becomes": merging.becomes.id, "former": merging.ids},
        execution_options=changing(),
    )


async def _bring_people(session: AsyncSession, merging: Merging) -> None:
    ended = await session.execute(
        update(Membership)
        .where(any_of(col(Membership.member_id), merging.ids), col(Membership.ended_at).is_(None))
        .values(ended_at=merging.at)
        .returning(col(Membership.person_id), col(Membership.role), col(Membership.member_id))
        .execution_options(synchronize_session=False)
    )
    held = ended.all()
    brought = {(person_id, role) for person_id, role, _ in held}
    await insert_many(
        session,
        Membership,
        [
            {
                "person_id": person_id,
                "role": role,
                "member_id": merging.becomes.id,
                "purchase_id": None,
                "started_at": merging.at,
            }
            for person_id, role in sorted(brought)
        ],
        on_conflict="ON CONFLICT DO NOTHING",
    )
    for person_id, role, member_id in held:
        record_event(
            session,
            at=merging.at,
            person_id=merging.by,
            subject=("person", person_id),
            name="role.changed",
            change=(role, role),
            details={"member_id": merging.becomes.id, "former_member_id": member_id},
        )
    await session.flush()
    await renew_sessions(session, sorted({person_id for person_id, _ in brought}))


async def _bring_the_rest(session: AsyncSession, merging: Merging) -> None:
    """Components, and who asks to speak for one of them."""
    for column, held in (
        (Member.parent_id, col(Member.parent_id).is_not(None)),
        (AccessRequest.member_id, col(AccessRequest.state) == RequestState.PENDING),
        (Member.merged_into_id, col(Member.merged_into_id).is_not(None)),
    ):
        table = column.class_  # type: ignore[union-attr]
        await session.execute(
            update(table)
            .where(any_of(col(column), merging.ids), held)
            .values({column.key: merging.becomes.id})  # type: ignore[union-attr]
            .execution_options(synchronize_session=False)
        )


async def _leave(session: AsyncSession, merging: Merging, on: date) -> None:
    """The former ones stay where they are frozen, under their names; the journal tells what each became."""
    await session.execute(
        update(Member)
        .where(any_of(col(Member.id), merging.ids))
        .values(retired_on=on, retired_because=merging.reason, merged_into_id=merging.becomes.id)
        .execution_options(synchronize_session=False)
    )
    told = {"becomes": merging.becomes.name, "on": on.isoformat(), "member_id": merging.becomes.id}
    await record_events(
        session,
        at=merging.at,
        person_id=merging.by,
        kind="member",
        name="member.merged",
        each={one.id: {**told, "former": one.name} for one in merging.former},
    )
    record_event(
        session,
        at=merging.at,
        person_id=merging.by,
        subject=("member", merging.becomes.id),
        name="member.formed",
        reason=merging.reason,
        details={"former": merging.names, "on": on.isoformat()},
    )
    await session.flush()
