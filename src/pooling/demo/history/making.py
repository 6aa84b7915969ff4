"""The two years before: meetings, choices, purchases and lessons, each on its day."""

from datetime import datetime

from pooling.demo.history.choosing import first_round, proposals, terms
from pooling.demo.history.goods import goods
from pooling.demo.history.lessons import days_given, lessons
from pooling.demo.history.meetings import meetings
from pooling.demo.history.services import offer, trial
from pooling.demo.history.telling import Past, tell
from pooling.demo.territory import Demonstration
from pooling.kernel.database import Database


async def make_history(database: Database, territory: Demonstration, now: datetime) -> None:
    async with database.transaction(territory.group_id) as session:
        past = Past(session, territory, now)
        await tell(
            [
                proposals(past),
                first_round(past),
                meetings(past),
                terms(past),
                *goods(past),
                trial(past),
                offer(past),
                lessons(past),
                days_given(past),
            ]
        )
