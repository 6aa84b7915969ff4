"""Planning committees, moving and cancelling them."""

import hashlib
from datetime import date, datetime, time
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from sqlalchemy import Date, cast, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.committees.agendas.difficulties import carry_difficulties
from pooling.committees.agendas.items import add_titles
from pooling.committees.agendas.rules import agenda_points
from pooling.committees.agendas.taking_up import add_proposals
from pooling.committees.convening_notice import schedule_of
from pooling.committees.convocations.convening import convene, is_to_be_convened
from pooling.committees.invitations.answering import void_answers
from pooling.committees.invitations.guests import empty_sheet
from pooling.committees.invitations.inviting import add_invitations
from pooling.committees.invitations.proxy_mails import withdraw_proxy_mails
from pooling.committees.locking import SENT_TWICE, lock_committee, record_change, require_to_come
from pooling.committees.meetings.doubts import doubts_of_meeting
from pooling.committees.meetings.reminders import kinds
from pooling.committees.meetings.schemas import CommitteeIn, MoveIn, Whereabouts
from pooling.committees.models import Committee, CommitteeState
from pooling.committees.notices.changes import tell_change
from pooling.committees.notices.writer import Change
from pooling.committees.rules import COMMITTEE, ends_at, local_start
from pooling.kernel.database import group_of
from pooling.kernel.doubts import Insistence, insist
from pooling.kernel.errors import Invalid
from pooling.kernel.events import Event
from pooling.members.groups import group_zone
from pooling.members.locking import lock_group
from pooling.members.rights import Caller, Right
from pooling.reminders.configuration import ReminderConfiguration
from pooling.reminders.planning import catch_up

NAMED_AT_MOST = 5


async def schedule_committee(
    session: AsyncSession,
    caller: Caller,
    command: CommitteeIn,
    now: datetime,
    *,
    insistence: Insistence | None = None,
) -> int:
    """Plans a committee and invites its people; returns its id.

    Raises:
        Forbidden: the caller does not manage committees.
        Invalid: the date is past, the hour does not exist, or there is no place to meet.
        Doubtful: see `doubts_of_meeting`; nobody insists.
    """
    caller.require(Right.MANAGE_COMMITTEES)
    await lock_group(session)  # its zone stays what it is until the committee is there
    local, starts_at = await _moment(session, command, now)
    committee = Committee(
        group_id=group_of(session),
        title=command.title,
        kind=str(command.kind),
        clear_days=command.clear_days,
        local_start=local,
        starts_at=starts_at,
        ends_at=ends_at(starts_at, command.duration_minutes),
        place=command.place,
        link=command.link,
        secretary_id=caller.person_id,
        scheduled_at=now,
        created_at=now,
    )
    session.add(committee)
    await session.flush()
    details: dict[str, object] = {"asked": _fingerprint(command)}
    record_change(session, caller, committee, "scheduled", now, change=(None, CommitteeState.PLANNED), details=details)
    await _doubt(session, caller, committee, insistence, now)
    await add_titles(session, committee.id, agenda_points(command.agenda))
    await carry_difficulties(session, now)
    if command.take_up:
        await add_proposals(session, committee, now)
    await add_invitations(session, committee, command.roles, command.people, now)
    return committee.id


async def _doubt(
    session: AsyncSession, caller: Caller, committee: Committee, insistence: Insistence | None, now: datetime
) -> None:
    """Raises:
    Doubtful: when it meets may be a slip, and nobody insists.
    """
    others = await session.execute(
        select(col(Committee.title), col(Committee.starts_at))
        .where(
            cast(col(Committee.local_start), Date) == committee.local_start.date(),
            col(Committee.id) != committee.id,
            col(Committee.state) != CommitteeState.CANCELLED,
        )
        .order_by(col(Committee.starts_at), col(Committee.id))
        .limit(NAMED_AT_MOST)
    )
    same_day = [(title, at) for title, at in others]
    doubts = doubts_of_meeting(committee.starts_at, committee.ends_at, await group_zone(session), now, same_day)
    insist(session, doubts, insistence, at=now, person_id=caller.person_id, subject=("committee", committee.id))


async def schedule_once(
    session: AsyncSession,
    caller: Caller,
    command: CommitteeIn,
    now: datetime,
    *,
    insistence: Insistence | None = None,
) -> int:
    """The same for a form, which an impatient hand sends twice: what it planned a moment ago, asked in all points the
    same, is that committee.

    Raises: as `schedule_committee`.
    """
    caller.require(Right.MANAGE_COMMITTEES)
    await lock_group(session)
    twin = await session.execute(
        select(col(Committee.id))
        .join(Event, col(Event.subject_id) == col(Committee.id))
        .where(
            col(Committee.state) == CommitteeState.PLANNED,
            col(Committee.created_at) > now - SENT_TWICE,
            col(Event.subject_kind) == "committee",
            col(Event.name) == "committee.scheduled",
            col(Event.person_id) == caller.person_id,
            col(Event.details)["asked"].astext == _fingerprint(command),
        )
        .limit(1)
    )
    planned: int | None = twin.scalar_one_or_none()
    return planned or await schedule_committee(session, caller, command, now, insistence=insistence)


def _fingerprint(command: CommitteeIn) -> str:
    """Stands for all that was asked."""
    return hashlib.sha256(command.model_dump_json().encode()).hexdigest()


async def move_committee(
    session: AsyncSession,
    caller: Caller,
    committee_id: int,
    command: MoveIn,
    now: datetime,
    *,
    base_url: str,
    reminders: ReminderConfiguration,
    insistence: Insistence | None = None,
) -> None:
    """Gives a committee another date, hour or place; tells those already told, or who were to be told by now, once.
    Another date or hour asks for new answers and, of a formal committee, a new convocation.

    Raises:
        Forbidden: the caller does not manage committees.
        NotFound: there is no such committee.
        Conflict: it is no longer to come.
        Invalid: the date is past, the hour does not exist, there is no place to meet, or nothing changes.
        Doubtful: see `doubts_of_meeting`; nobody insists on another date.
    """
    committee = await lock_committee(session, caller, committee_id)
    require_to_come(committee, now)
    local, starts_at = await _moment(session, command, now)
    until = ends_at(starts_at, command.duration_minutes)
    after = (local, starts_at, until, command.place, command.link)
    before = (committee.local_start, committee.starts_at, committee.ends_at, committee.place, committee.link)
    if after == before:
        raise Invalid({"day": "Rien ne change : choisissez une autre date, une autre heure ou un autre lieu."})
    change = Change.DATE if after[:2] != before[:2] else Change.DETAILS
    await catch_up(session, kinds(reminders), now)
    to_be_convened = await is_to_be_convened(session, committee, schedule_of(reminders).hour, now)
    committee.local_start, committee.starts_at, committee.ends_at, committee.place, committee.link = after
    committee.scheduled_at = now
    committee.revision += 1
    if (local, until) != (before[0], before[2]):
        await _doubt(session, caller, committee, insistence, now)
    if change is Change.DATE:  # another room does not undo a convocation
        if committee.state == CommitteeState.CONVENED:
            COMMITTEE.move(session, committee, CommitteeState.PLANNED, at=now, person_id=caller.person_id)
        committee.convened_at = committee.convocation_file_id = None
    details = {"from": before[0].isoformat(), "to": local.isoformat(), "revision": committee.revision}
    record_change(session, caller, committee, "moved", now, reason=command.reason, details=details)
    await session.flush()
    await carry_difficulties(session, now)
    if to_be_convened and change is Change.DETAILS:  # the date that the law counts from stands
        await convene(session, None, committee, now)
    await tell_change(session, committee, change, now, base_url=base_url, reason=command.reason)
    if change is Change.DATE:
        await withdraw_proxy_mails(session, committee)
        await void_answers(session, committee_id)
        await empty_sheet(session, committee_id)


async def cancel_committee(
    session: AsyncSession,
    caller: Caller,
    committee_id: int,
    now: datetime,
    *,
    reason: str,
    base_url: str,
    reminders: ReminderConfiguration,
) -> None:
    """Cancels a committee; tells those already told, or who were to be told by now, once.

    Raises:
        Forbidden: the caller does not manage committees.
        NotFound: there is no such committee.
        Invalid: no reason is given.
        Conflict: it is no longer to come.
    """
    committee = await lock_committee(session, caller, committee_id)
    if not reason:
        raise Invalid({"reason": "Dites pourquoi le comité est annulé : les personnes invitées le liront."})
    require_to_come(committee, now)
    await catch_up(session, kinds(reminders), now)
    COMMITTEE.move(session, committee, CommitteeState.CANCELLED, at=now, person_id=caller.person_id, reason=reason)
    committee.revision += 1
    await session.flush()
    await carry_difficulties(session, now)
    await withdraw_proxy_mails(session, committee)
    await tell_change(session, committee, Change.CANCELLED, now, base_url=base_url, reason=reason)


async def _moment(session: AsyncSession, command: Whereabouts, now: datetime) -> tuple[datetime, datetime]:
    """The local start and the instant, in the group's zone."""
    zone = await group_zone(session)
    errors = whereabouts_errors(command.day, command.hour, command.place, command.link, zone, now)
    if errors:
        raise Invalid(errors)
    return local_start(command.day, command.hour, zone)


def whereabouts_errors(
    day: date | None, hour: time | None, place: str, link: str, zone: ZoneInfo, now: datetime
) -> dict[str, str]:
    """All that is wrong with when and where, by field. A day or hour that could not even be read (None) is somebody
    else's to tell; what can be said of the other is.
    """
    errors: dict[str, str] = {}
    if not place and not link:
        errors["place"] = "Indiquez un lieu, un lien de visioconférence, ou les deux."
    if link and not _is_web_address(link):
        errors["link"] = "Indiquez une adresse entière, sans espace, qui commence par https://."
    if day is None:
        return errors
    try:
        is_past = local_start(day, hour, zone)[1] <= now if hour else day < now.astimezone(zone).date()
    except Invalid as skipped:
        return errors | skipped.errors
    return errors | ({"day": "Choisissez une date à venir."} if is_past else {})


def _is_web_address(link: str) -> bool:
    try:
        parts = urlsplit(link)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and not any(map(str.isspace, link))
    except ValueError:  # such as a bracket left open
        return False
