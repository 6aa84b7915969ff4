"""The audit trail."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from litestar import get
from pydantic import Field

from pooling.journal.event_lines import EventLine, event_lines
from pooling.journal.queries import Filters
from pooling.kernel.slices import Listed
from pooling.members.endpoint import endpoint
from pooling.members.group_page import Here, InGroup
from pooling.members.rights import Right
from pooling.purchases.finding import find_purchase
from pooling.web.api import ApiOut, PageIn


class PersonRef(ApiOut):
    id: int
    name: str | None


class SubjectOut(ApiOut):
    kind: str
    id: int


class EventOut(ApiOut):
    """Something that happened. `person` is null when the application did it by itself."""

    id: int
    at: datetime
    person: PersonRef | None
    subject: SubjectOut
    name: str
    from_state: str | None
    to_state: str | None
    reason: str | None
    details: Mapping[str, Any]


class EventsIn(PageIn):
    purchase: str = Field(default="", max_length=40, description="Only what concerns this purchase: AG-2027-001.")
    name: str = Field(default="", max_length=80, description="Only events of this name: declaration.filed.")


@endpoint(get, "/audit", right=Right.SEE_JOURNAL)
async def list_events(here: Here[InGroup], asked: EventsIn) -> Listed[EventOut]:
    """Who did what, when and why, the latest first: all of it for the facilitator, its purchases' for a lead buyer."""
    purchase = await find_purchase(here.session, asked.purchase) if asked.purchase else None
    filters = Filters(purchase_id=purchase.id if purchase else None)
    return (await event_lines(here.session, here.caller, filters, asked.slice, name=asked.name)).each(_event)


def _event(line: EventLine) -> EventOut:
    event = line.event
    return EventOut(
        id=event.id,
        at=event.at,
        person=None if event.person_id is None else PersonRef(id=event.person_id, name=line.person),
        subject=SubjectOut(kind=event.subject_kind, id=event.subject_id),
        name=event.name,
        from_state=event.from_state,
        to_state=event.to_state,
        reason=event.reason,
        details=event.details,
    )


ROUTES: Sequence[Any] = [list_events]
