"""A group that is made after another one begins with its settings of reminders."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from pooling.members.modelling import Paste
from pooling.reminders.settings import keep_setting, read_settings


async def copy_reminder_settings(session: AsyncSession) -> Paste:
    """Reads those of the transaction's group."""
    settings = {kind: setting for kind, (setting, _) in (await read_settings(session)).items()}

    async def paste(new: AsyncSession, now: datetime) -> None:
        for kind, setting in settings.items():
            await keep_setting(new, kind, setting, now)

    return paste
