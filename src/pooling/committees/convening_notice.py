"""When members are to be convened, as a committee's pages say it."""

from datetime import time
from typing import Any

from litestar import Request
from sqlalchemy.ext.asyncio import AsyncSession

from pooling.committees.convening_rules import ConveningNotice, notice_of
from pooling.committees.page import CommitteePage
from pooling.committees.rules import CONVOCATION
from pooling.reminders.configuration import ReminderConfiguration, Schedule
from pooling.reminders.settings import read_settings
from pooling.web.services import services_of

DEFAULT = Schedule()


async def convening_notice(
    request: Request[Any, Any, Any], session: AsyncSession, frame: CommitteePage
) -> ConveningNotice | None:
    """How the convocation stands, as pages of this committee say it to who plans it."""
    if not frame.manages:
        return None
    hour = await convocation_hour(session, schedule_of(services_of(request).part(ReminderConfiguration)).hour)
    return notice_of(frame.committee, frame.zone, frame.now, hour)


async def convocation_hour(session: AsyncSession, configured: time) -> time:
    """At what hour of the group's day convocations leave."""
    setting = (await read_settings(session)).get(CONVOCATION)
    return (setting[0].hour if setting is not None else None) or configured


def schedule_of(configuration: ReminderConfiguration) -> Schedule:
    """Only the hour counts: how many days before is for each committee to say."""
    return configuration.schedule(CONVOCATION, DEFAULT)
