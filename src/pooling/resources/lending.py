"""A lending's life: asked, answered, taken back, ended; its use noted."""

from collections.abc import Mapping
from datetime import date, datetime

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.kernel.database import group_of
from pooling.kernel.errors import Conflict, Forbidden, Invalid
from pooling.kernel.events import record_event
from pooling.kernel.limits import Readers, limit
from pooling.kernel.tables import any_of
from pooling.kernel.versions import check_version, version_of
from pooling.members.models import Role
from pooling.members.retiring import require_present
from pooling.members.rights import Caller
from pooling.resources.finding import (
    Lent,
    Offered,
    find_lending,
    find_resource,
    lock_lending,
    lock_resource,
    span_lent,
    span_of,
    units_lent,
)
from pooling.resources.models import LENDING, Lending, LendingState, LendingUse, Resource, ResourceState
from pooling.resources.notices import MAILS, tell_answered, tell_asked, tell_ended, tell_taken_back
from pooling.resources.offering import ResourceWithdrawn
from pooling.resources.permissions import may_follow, may_keep, may_take_back
from pooling.resources.refusing import named_in_events
from pooling.resources.rules import MOST_DAYS, Span, first_lacking
from pooling.resources.schemas import AskIn
from pooling.resources.words import month_words, units_words
from pooling.web.typography import date_long

MOST_WAITING = limit(50, "Requests of a member for resources that wait for an answer", __name__, Readers.PROGRAMS)
MEANWHILE = "Quelqu’un a noté autre chose entre-temps\u00a0: vérifiez ce que vous avez tapé, puis confirmez."


class NotFree(Conflict):
    """So many units are not free on one of the days."""

    code = "not_free"


async def ask_for(
    session: AsyncSession,
    caller: Caller,
    resource_id: int,
    member_id: int,
    command: AskIn,
    now: datetime,
    today: date,
) -> Lent:
    """Asks for units of a resource in the name of a member. The same asked for twice is one request.

    Raises:
        Forbidden: the caller is no référent of the member, or it is the one that offers.
        NotFound: the group has no such resource.
        ResourceWithdrawn: it is no longer offered.
        Invalid: the days cannot be, or so many are not free on one of them; too many requests wait.
    """
    await lock_resource(session, resource_id)
    found = await find_resource(session, resource_id)
    if member_id not in caller.members_as(Role.REFERENT) or member_id == found.owner.id:
        raise Forbidden
    if found.resource.state != ResourceState.OFFERED:
        raise ResourceWithdrawn
    await require_present(session, [member_id], "member")
    days = await _days_asked(session, found, command, today)
    if twin := await _asked_already(session, resource_id, member_id, command, days):
        return await find_lending(session, twin)
    await MAILS.count_here(session, caller.person_id, at=now)
    lending = Lending(
        group_id=group_of(session),
        resource_id=resource_id,
        member_id=member_id,
        price_cents=found.resource.price_cents,
        asked_at=now,
        asked_by=caller.person_id,
        **{**command.model_dump(), "days": days},
    )
    session.add(lending)
    await session.flush()
    record_event(
        session,
        at=now,
        person_id=caller.person_id,
        subject=("lending", lending.id),
        name="lending.asked",
        change=(None, LendingState.ASKED),
        details={
            **named_in_events(lending),
            "units": command.units,
            "first_day": command.first_day.isoformat(),
            "last_day": command.last_day.isoformat(),
        },
    )
    await tell_asked(session, lending.id, now)
    return await find_lending(session, lending.id)


async def _days_asked(session: AsyncSession, found: Offered, command: AskIn, today: date) -> int:
    """The days of the week that are asked for.

    Raises:
        Invalid: none of the days is possible, or too little is free on one.
    """
    errors = {}
    if command.first_day < today:
        errors["first_day"] = "Choisissez un jour à venir."
    if command.last_day < command.first_day:
        errors["last_day"] = "Le dernier jour vient après le premier."
    elif (command.last_day - command.first_day).days >= MOST_DAYS:
        errors["last_day"] = "Demandez trois ans au plus."
    if errors:
        raise Invalid(errors)
    days = command.days or found.resource.days
    span = Span(command.first_day, command.last_day, days)
    asked = list(span.dates())
    if not asked:
        raise Invalid({"days": "Aucun de ces jours de la semaine ne tombe entre ces deux dates."})
    if said := await _lacking(session, found.resource, span, command.units):
        raise Invalid({"units": said})
    return days


async def _lacking(session: AsyncSession, resource: Resource, span: Span, units: int) -> str | None:
    """On which day so many units are not free, in a sentence."""
    assert span.last is not None, "what is asked for ends"
    lent = await units_lent(session, resource.id, span.first, span.last)
    lacking = first_lacking(span.dates(), units, span_of(resource), resource.quantity, lent)
    if lacking is None:
        return None
    day, free = lacking
    if day not in span_of(resource):
        return f"Le {date_long(day)}, cette ressource n’est pas proposée."
    return f"Le {date_long(day)}, il reste {units_words(resource.kind, free)}."


async def _asked_already(
    session: AsyncSession, resource_id: int, member_id: int, command: AskIn, days: int
) -> int | None:
    waiting = col(Lending.member_id) == member_id, col(Lending.state) == LendingState.ASKED
    same = await session.execute(
        select(col(Lending.id))
        .where(
            *waiting,
            col(Lending.resource_id) == resource_id,
            col(Lending.units) == command.units,
            col(Lending.first_day) == command.first_day,
            col(Lending.last_day) == command.last_day,
            col(Lending.days) == days,
        )
        .limit(1)
    )
    twin: int | None = same.scalar_one_or_none()
    if twin is None:
        count = await session.execute(select(func.count()).where(*waiting))
        if count.scalar_one() >= MOST_WAITING:
            raise Invalid({"": f"{MOST_WAITING} de vos demandes attendent déjà une réponse : retirez-en une."})
    return twin


async def agree(session: AsyncSession, caller: Caller, lending_id: int, now: datetime) -> Lent:
    """Lends what is asked for. Done already, it is left as it is.

    Raises:
        Forbidden: the caller does not answer for the member that offers.
        NotFound: the group has no such request.
        Conflict: it was answered otherwise or taken back.
        NotFree: so many are no longer free on one of the days.
    """
    found = await lock_lending(session, lending_id)
    may_keep.require(caller, found.resource)
    lending = found.lending
    if lending.state == LendingState.AGREED:
        return found
    LENDING.require(lending.state, LendingState.AGREED)
    if said := await _lacking(session, found.resource, span_lent(lending), lending.units):
        raise NotFree(said)
    await _answer(session, caller, lending, LendingState.AGREED, "", now)
    return found


async def refuse(session: AsyncSession, caller: Caller, lending_id: int, reason: str, now: datetime) -> Lent:
    """Refuses what is asked for.

    Raises:
        Forbidden: the caller does not answer for the member that offers.
        NotFound: the group has no such request.
        Conflict: it was answered or taken back.
        Invalid: no reason is given.
    """
    found = await lock_lending(session, lending_id)
    may_keep.require(caller, found.resource)
    LENDING.require(found.lending.state, LendingState.REFUSED)
    if not reason:
        raise Invalid({"reason": "Dites pourquoi\u00a0: celui qui demande le lira."})
    await _answer(session, caller, found.lending, LendingState.REFUSED, reason, now)
    return found


async def _answer(
    session: AsyncSession, caller: Caller, lending: Lending, state: LendingState, reason: str, now: datetime
) -> None:
    await MAILS.count_here(session, caller.person_id, at=now)
    details = named_in_events(lending)
    LENDING.move(session, lending, state, at=now, person_id=caller.person_id, reason=reason, details=details)
    lending.reason, lending.answered_at, lending.answered_by = reason, now, caller.person_id
    await session.flush()
    await tell_answered(session, [lending.id], now)


async def take_back(session: AsyncSession, caller: Caller, lending_id: int, now: datetime) -> Lent:
    """Asks no longer.

    Raises:
        Forbidden: the caller does not speak for the member that asks.
        NotFound: the group has no such request.
        Conflict: it is answered already.
    """
    found = await lock_lending(session, lending_id)
    may_take_back.require(caller, found.lending)
    await MAILS.count_here(session, caller.person_id, at=now)
    details = named_in_events(found.lending)
    LENDING.move(session, found.lending, LendingState.WITHDRAWN, at=now, person_id=caller.person_id, details=details)
    await session.flush()
    await tell_taken_back(session, [lending_id], now)
    return found


async def end(
    session: AsyncSession, caller: Caller, lending_id: int, on: date, reason: str, now: datetime, today: date
) -> Lent:
    """Ends what was agreed before its last day; `on` is the last day that counts. Either side may.

    Raises:
        Forbidden: the caller speaks for neither side.
        NotFound: the group has no such lending.
        Conflict: it is not agreed.
        Invalid: the day is not between yesterday and its last day but one, or no reason is given.
    """
    found = await lock_lending(session, lending_id)
    lending = found.lending
    may_follow.require(caller, lending, found.resource)
    LENDING.require(lending.state, LendingState.ENDED)
    errors = {}
    earliest = date.fromordinal(today.toordinal() - 1)
    if on < earliest:
        errors["on"] = f"Choisissez un jour à partir du {date_long(earliest)}."
    elif on >= lending.last_day:
        errors["on"] = f"Choisissez un jour avant le {date_long(lending.last_day)}, où l’accord se termine."
    if not reason:
        errors["reason"] = "Dites pourquoi\u00a0: l’autre membre le lira."
    if errors:
        raise Invalid(errors)
    await MAILS.count_here(session, caller.person_id, at=now)
    stop(session, lending, on, reason, now, caller.person_id)
    await session.flush()
    await tell_ended(session, [lending.id], now)
    return found


def stop(session: AsyncSession, lending: Lending, on: date, reason: str, now: datetime, person_id: int | None) -> None:
    """What was agreed counts up to this day alone."""
    lending.ended_on, lending.reason = on, reason
    details = {**named_in_events(lending), "on": on.isoformat()}
    LENDING.move(session, lending, LendingState.ENDED, at=now, person_id=person_id, reason=reason, details=details)


Uses = Mapping[date, int | None]
"""By the first of the month, units times days; None: not noted."""


async def uses_of(session: AsyncSession, lending: Lending) -> dict[date, int]:
    rows = await session.execute(
        select(col(LendingUse.month), col(LendingUse.used))
        .where(col(LendingUse.lending_id) == lending.id)
        .order_by(col(LendingUse.month))
    )
    return {month: used for month, used in rows}


def most_used(lending: Lending, today: date) -> dict[date, int]:
    """What can have been used by today at most, by month."""
    possible: dict[date, int] = {}
    for day in span_lent(lending).until(today):
        month = day.replace(day=1)
        possible[month] = possible.get(month, 0) + lending.units
    return possible


def version_of_uses(uses: Mapping[date, int]) -> str:
    return version_of(_written(uses))


def _written(uses: Mapping[date, int]) -> dict[str, int]:
    return {month.isoformat(): used for month, used in uses.items()}


async def note_use(
    session: AsyncSession,
    caller: Caller,
    lending_id: int,
    uses: Uses,
    now: datetime,
    today: date,
    *,
    seen: str | None = None,
) -> Lent:
    """Makes this what was used in these months; either side may say so, and correct it.

    Raises:
        Forbidden: the caller speaks for neither side.
        NotFound: the group has no such lending.
        Conflict: nothing was agreed.
        ChangedMeanwhile: what is noted is no longer as it was `seen`.
        Invalid: a month has not begun, or less was agreed in it.
    """
    found = await lock_lending(session, lending_id)
    lending = found.lending
    may_follow.require(caller, lending, found.resource)
    if lending.state not in {LendingState.AGREED, LendingState.ENDED}:
        raise Conflict("Rien n’a été accordé\u00a0: il n’y a pas d’usage à noter.", code="not_agreed")
    noted = await uses_of(session, lending)
    check_version(_written(noted), seen, MEANWHILE)
    possible = most_used(lending, today)
    _check_uses(uses, possible)
    changed = {month: used for month, used in uses.items() if used != noted.get(month)}
    if not changed:
        return found
    gone = [month for month, used in changed.items() if used is None]
    await session.execute(
        delete(LendingUse).where(col(LendingUse.lending_id) == lending.id, any_of(col(LendingUse.month), gone))
    )
    rows = [
        {
            "group_id": lending.group_id,
            "lending_id": lending.id,
            "month": month,
            "used": used,
            "noted_at": now,
            "noted_by": caller.person_id,
        }
        for month, used in changed.items()
        if used is not None
    ]
    if rows:
        written = insert(LendingUse).values(rows)
        keys = ["group_id", "lending_id", "month"]
        new = {name: written.excluded[name] for name in ("used", "noted_at", "noted_by")}
        await session.execute(written.on_conflict_do_update(index_elements=keys, set_=new))
    sides = [
        {month.isoformat(): side.get(month) for month in sorted(changed)} for side in (noted, {**noted, **changed})
    ]
    record_event(
        session,
        at=now,
        person_id=caller.person_id,
        subject=("lending", lending.id),
        name="lending.use_noted",
        details={**named_in_events(lending), "before": sides[0], "after": sides[1]},
    )
    return found


def _check_uses(uses: Uses, possible: Mapping[date, int]) -> None:
    errors = {}
    for month, used in uses.items():
        most = possible.get(month)
        if most is None:
            errors[f"used-{month:%Y-%m}"] = f"Rien n’était accordé en {month_words(month)}."
        elif used is not None and used > most:
            errors[f"used-{month:%Y-%m}"] = f"Indiquez {most} au plus : c’est ce qui était accordé."
    if errors:
        raise Invalid(errors)
