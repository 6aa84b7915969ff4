"""The group's committees: those to come and past, days for the next ones, the year."""

from datetime import date, timedelta
from zoneinfo import ZoneInfo

from litestar import Response, get
from litestar.params import FromQuery
from sqlalchemy.ext.asyncio import AsyncSession

from pooling.committees.calendars.cadence import ProposedDate, period_of, proposed_dates
from pooling.committees.calendars.days_off import school_known_until
from pooling.committees.calendars.year import year_of
from pooling.committees.calendars.year_queries import Cadence, cadence_of, committee_days, dates_of_year
from pooling.committees.meetings.queries import committee_page
from pooling.kernel.slices import Slice
from pooling.kernel.text import whole_number
from pooling.members.group_page import GroupPage, Here
from pooling.members.rights import Right
from pooling.web.cursors import page_after

PATH = "/comites"
FIRST_YEAR, LAST_YEAR = 2000, 2100


@get("/comites", right=Right.SEE_GROUP)
async def list_committees(
    here: Here[GroupPage], apres: FromQuery[str] = "", avant: FromQuery[str] = "", annee: FromQuery[str] = ""
) -> Response[str]:
    """Those to come, the nearest first, then those past, the latest first; each list turns its own pages."""
    session, now, zone, today = here.session, here.now, here.zone, here.today
    to_come = await committee_page(session, now, Slice(apres), past=False)
    past = await committee_page(session, now, Slice(avant), past=True)
    cadence = await cadence_of(session)
    manages = here.caller.may(Right.MANAGE_COMMITTEES)
    number = _year(annee, today.year)
    url = here.base + PATH
    return here.render(
        "committees/list.html",
        "Comités",
        tabs=here.sections("/comites"),
        url=url,
        to_come=to_come.items,
        past=past.items,
        first_url=url if apres or avant else None,
        next_url=page_after(url, to_come),
        earlier_url=page_after(url, past, name="avant"),
        manages=manages,
        proposals=await _proposals(session, cadence, today, zone) if manages else [],
        schools_until=school_known_until(),
        school_zone=cadence.school_zone,
        year=year_of(number, await dates_of_year(session, number, zone), zone, cadence.school_zone),
        this_year=today.year,
    )


async def _proposals(session: AsyncSession, cadence: Cadence, today: date, zone: ZoneInfo) -> list[ProposedDate]:
    first = period_of(today, cadence.every_months).first
    days = await committee_days(session, first, today + timedelta(days=800))
    return proposed_dates(today, cadence.every_months, days, zone, cadence.school_zone)


def _year(typed: str, present: int) -> int:
    year = whole_number(typed, 4)
    return year if year is not None and FIRST_YEAR <= year <= LAST_YEAR else present


ROUTES = [list_committees]
