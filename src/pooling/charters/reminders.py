"""The reminder of the charter: to référents of members that have not signed the version they are asked to, before the
day that the facilitator set. Where none was set, nobody is reminded.
"""

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Select, and_, exists, func, not_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.charters.models import CharterCall, CharterSignature
from pooling.charters.queries import call_of, signs
from pooling.kernel.tables import linked
from pooling.members.models import Member, Membership, Role
from pooling.outbox.mail import Button, Fact, Mail
from pooling.reminders.configuration import ReminderConfiguration, Schedule
from pooling.reminders.kinds import Context, DueReminder, Kind, Occasion, Subject
from pooling.reminders.rules import still_due
from pooling.web.typography import date_long

SIGNATURE = "charter_signature"
SIGNATURE_DEFAULT = Schedule(offsets=(-14, -3))


def charter_kinds(configuration: ReminderConfiguration) -> list[Kind]:
    """This feature's reminder, on the schedule that the territory set."""
    return [
        Kind(
            SIGNATURE,
            "Charte à signer",
            configuration.schedule(SIGNATURE, SIGNATURE_DEFAULT),
            _plan,
            _unsigned,
            _render,
            _name,
            date="le dernier jour pour signer",
            receivers="Les référents des membres qui n’ont pas signé la charte.",
        )
    ]


async def _plan(session: AsyncSession, schedule: Schedule, zone: ZoneInfo, now: datetime) -> list[Occasion]:
    call = await call_of(session)
    if call is None:
        return []
    useful_until = datetime.combine(call.sign_by, time(), tzinfo=zone) + timedelta(days=1)
    if useful_until <= now:
        return []
    return [
        Occasion(call.group_id, call.revision, offset, due_at, useful_until=useful_until)
        for offset, due_at in still_due(call.sign_by, schedule.offsets, schedule.hour, zone, useful_until=useful_until)
    ]


def _unsigned(zone: ZoneInfo, now: datetime) -> Select[Any]:
    """Once each, whatever the number of their members."""
    signed = exists().where(
        col(CharterSignature.group_id) == col(CharterCall.group_id),
        col(CharterSignature.member_id) == col(Membership.member_id),
        col(CharterSignature.version) == col(CharterCall.version),
        col(CharterSignature.withdrawn_at).is_(None),
    )
    still_there = and_(linked(Member.id, Membership.member_id), signs())
    statement: Select[Any] = (
        select(
            col(CharterCall.group_id).label("subject_id"),
            col(CharterCall.revision).label("revision"),
            col(Membership.person_id).label("person_id"),
            func.greatest(func.min(col(Membership.started_at)), col(CharterCall.asked_at)).label("since"),
        )
        .select_from(CharterCall)
        .join(Membership, col(Membership.group_id) == col(CharterCall.group_id))
        .join(Member, still_there)
        .where(
            col(CharterCall.sign_by) >= now.astimezone(zone).date(),
            col(Membership.role) == Role.REFERENT,
            col(Membership.ended_at).is_(None),
            not_(signed),
        )
        .group_by(
            col(CharterCall.group_id), col(CharterCall.revision), col(CharterCall.asked_at), col(Membership.person_id)
        )
    )
    return statement


async def _name(session: AsyncSession, ids: Sequence[int]) -> dict[int, Subject]:
    call = await call_of(session)
    return {key: Subject("Charte d’engagement", "charte") for key in ids if call is not None and key == call.group_id}


async def _render(session: AsyncSession, reminders: Sequence[DueReminder], context: Context) -> list[Mail]:
    call = await call_of(session)
    until = date_long(call.sign_by) if call is not None else ""
    return [_mail(reminder, until, call.version if call is not None else 1, context) for reminder in reminders]


def _mail(reminder: DueReminder, until: str, version: int, context: Context) -> Mail:
    return Mail(
        kind=SIGNATURE,
        recipient=reminder.email,
        person_id=reminder.person_id,
        subject=f"Signez la charte du groupe d’ici au {until}",
        why="Votre collectivité n’a pas encore signé la charte d’engagement, telle qu’elle se lit aujourd’hui. "
        "Vous pouvez la lire et la signer dans la page.",
        button=Button("Lire et signer", context.url("charte")),
        facts=(Fact("Charte", f"{context.group_name}, version {version}"), Fact("Attendue le", until)),
        notice=context.notice,
        thread=f"charter-{context.group_id}-{version}",
    )
