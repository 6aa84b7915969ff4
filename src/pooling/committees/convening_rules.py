"""When the members of a formal committee must be convened, and how that stands. Pure.

Between the convocation and the meeting lie so many clear days (jours francs): neither the day of sending nor that of
the meeting counts. The last day that keeps them is counted on the calendar; the application sends on the working day
before it when it is none itself.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from pooling.committees.models import Committee, CommitteeKind, CommitteeState
from pooling.committees.rules import TO_COME
from pooling.reminders.rules import clear_days_offset, due_at
from pooling.web.typography import date_long, date_time_long, plural

SLACK = timedelta(minutes=10)
"""How late a convocation may be before somebody is told: a sweep runs every minute."""
NEAR = timedelta(days=3)


def last_day(committee: Committee) -> date:
    """The last day on which convening its members leaves the clear days."""
    return committee.local_start.date() + timedelta(days=clear_days_offset(committee.clear_days))


def lawful_due(committee: Committee, hour: time, zone: ZoneInfo) -> datetime:
    """When its convocation leaves by itself."""
    return due_at(committee.local_start.date(), clear_days_offset(committee.clear_days), hour, zone)


def leaves_by_itself(committee: Committee, hour: time, zone: ZoneInfo) -> bool:
    """Whether it was given its date early enough: a moment that was already past then never comes."""
    return committee.kind == CommitteeKind.FORMAL and lawful_due(committee, hour, zone) > committee.scheduled_at


def convocation_due(committee: Committee, hour: time, zone: ZoneInfo) -> datetime | None:
    """When its members are convened: in time by itself, or before, when somebody did it by hand. None: they are not
    to be.
    """
    lawful = lawful_due(committee, hour, zone) if leaves_by_itself(committee, hour, zone) else None
    if committee.convened_at is None or lawful is None:
        return committee.convened_at or lawful
    return min(lawful, committee.convened_at)


@dataclass(frozen=True)
class ConveningNotice:
    """How the convocation stands, for who plans committees."""

    kind: str
    """As notices have it: info, success or warning."""
    title: str
    text: str
    offers: bool = False
    """Whether convening by hand is what to do now."""


def notice_of(committee: Committee, zone: ZoneInfo, now: datetime, hour: time) -> ConveningNotice | None:
    """What there is to know and to do; None for a committee that nobody has to convene, or that is over."""
    if committee.state not in TO_COME or committee.starts_at <= now:
        return None
    if committee.state == CommitteeState.CONVENED and committee.convened_at is not None:
        return _convened(committee, committee.convened_at, zone)
    if committee.kind != CommitteeKind.FORMAL:
        return None
    due = lawful_due(committee, hour, zone)
    if not leaves_by_itself(committee, hour, zone) or now > due + SLACK:
        return _late(committee, now.astimezone(zone).date())
    when = date_time_long(due, zone)
    if due - now <= NEAR:
        return ConveningNotice(
            "warning",
            f"La convocation part {when}",
            f"Elle part d’elle-même, avec l’ordre du jour tel qu’il est alors, pour laisser {_days(committee)} avant "
            "la réunion. Vérifiez-le d’ici là.",
        )
    return ConveningNotice(
        "info", f"La convocation partira d’elle-même {when}", f"Elle laisse {_days(committee)} avant la réunion."
    )


def _convened(committee: Committee, convened_at: datetime, zone: ZoneInfo) -> ConveningNotice:
    when = date_time_long(convened_at, zone)
    if committee.kind == CommitteeKind.FORMAL and convened_at.astimezone(zone).date() > last_day(committee):
        return ConveningNotice(
            "warning",
            f"Convocation envoyée {when}, hors délai",
            f"Il fallait convoquer {_at_the_latest(committee)} pour laisser {_days(committee)}.",
        )
    return ConveningNotice("success", f"Convocation envoyée {when}", "Chaque personne invitée la reçoit une fois.")


def _late(committee: Committee, today: date) -> ConveningNotice:
    if today <= last_day(committee):
        return ConveningNotice(
            "warning",
            "La convocation ne part plus d’elle-même",
            f"Convoquez {_at_the_latest(committee)} : ensuite il ne reste plus {_days(committee)} avant la réunion.",
            offers=True,
        )
    return ConveningNotice(
        "warning",
        f"Le délai de {_days(committee)} ne peut plus être tenu",
        f"Il fallait convoquer {_at_the_latest(committee)}. Déplacez la réunion, ou convoquez sans attendre si le "
        "règlement du groupe admet l’urgence.",
        offers=True,
    )


def _days(committee: Committee) -> str:
    return plural(committee.clear_days, "jour franc", "jours francs")


def _at_the_latest(committee: Committee) -> str:
    return f"le {date_long(last_day(committee))} au plus tard"
