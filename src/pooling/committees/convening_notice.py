"""When members are to be convened, as a committee's pages say it."""

from datetime import time

from sqlalchemy.ext.asyncio import AsyncSession

from pooling.committees.convening_rules import ConveningNotice, notice_of
from pooling.committees.page import CommitteePage
from pooling.committees.rules import CONVOCATION
from pooling.reminders.configuration import ReminderConfiguration, Schedule
from pooling.reminders.settings import read_settings

DEFAULT = Schedule()


async def convening_notice(here: CommitteePage) -> ConveningNotice | None:
    """How the convocation stands, as pages of this committee say it to whoever plans it."""
    if not here.manages:
        return None
    hour = await convocation_hour(here.session, schedule_of(here.services.part(ReminderConfiguration)).hour)
    return notice_of(here.committee, here.zone, here.now, hour)


async def convocation_hour(session: AsyncSession, configured: time) -> time:
    """At what hour of the group's day convocations leave."""
    setting = (await read_settings(session)).get(CONVOCATION)
    return (setting[0].hour if setting is not None else None) or configured


def schedule_of(configuration: ReminderConfiguration) -> Schedule:
    """Only the hour counts: how many days before is for each committee to say."""
    return configuration.schedule(CONVOCATION, DEFAULT)
