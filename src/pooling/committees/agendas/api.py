"""The agenda of one committee, read and written."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from litestar import Request, Response, get, post, put
from litestar.params import FromPath
from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncSession

from pooling.accounts.idempotency import Made, answered_once
from pooling.accounts.sessions import EnteredGroup
from pooling.committees.agendas.items import add_item, replace_items
from pooling.committees.agendas.queries import agenda_lines
from pooling.committees.agendas.rules import MOST_ITEMS
from pooling.committees.agendas.schemas import AgendaItemIn
from pooling.committees.locking import lock_committee
from pooling.committees.queries import committee_by_id
from pooling.kernel.tables import LARGEST_ID
from pooling.members.entrance import CallerHere, EnteredGroupHere, SessionHere
from pooling.members.rights import Right
from pooling.members.subjects import reference_of
from pooling.web.api import ApiIn, ApiOut, Operation, json_answer, require_match
from pooling.web.api_input import read_body
from pooling.web.services import services_of


class AgendaItemOut(ApiOut):
    id: int
    title: str
    topic: str
    """Where it comes from: `typed` by somebody, or taken up from what is open (`closing`, `follow_up`…; more may
    come).
    """
    duration_minutes: int | None
    presenter: str
    purchase: str | None
    """The reference of the purchase that it is about."""
    difficulty_id: int | None
    files: Sequence[str]
    """The names of the files that go with it."""


class AgendaOut(ApiOut):
    """What a committee speaks about, in order."""

    items: Sequence[AgendaItemOut]


class NewAgendaItem(AgendaItemIn, ApiIn):
    """A point to speak about, at the agenda's end."""


class KeptAgendaItem(NewAgendaItem):
    """A point of an agenda. With the `id` of one that there is, that one said otherwise; without, a new one."""

    id: Annotated[int, Field(ge=1, le=LARGEST_ID)] | None = None


class AgendaPut(ApiIn):
    """The whole agenda in order. What is left out is removed, but difficulties that are not settled stay: name them."""

    items: tuple[KeptAgendaItem, ...] = Field(max_length=MOST_ITEMS)


CONFLICTS = ("not_to_come", "agenda_full")


async def _agenda(session: AsyncSession, committee_id: int, group: EnteredGroup, now: datetime) -> list[AgendaItemOut]:
    committee = await committee_by_id(session, committee_id)
    lines = await agenda_lines(session, committee, ZoneInfo(group.timezone), now)
    return [
        AgendaItemOut(
            id=line.id,
            title=line.title,
            topic=line.topic,
            duration_minutes=line.duration_minutes,
            presenter=line.presenter,
            purchase=reference_of(line.subject, "purchase"),
            difficulty_id=line.difficulty_id,
            files=[file.name for file in line.files],
        )
        for line in lines
    ]


@get(
    "/committees/{committee_id:int}/agenda", right=Right.SEE_GROUP, api=Operation("get_agenda", AgendaOut, tagged=True)
)
async def get_agenda(
    request: Request[Any, Any, Any], session: SessionHere, entered_group: EnteredGroupHere, committee_id: FromPath[int]
) -> Response[Any]:
    """A committee's agenda, to edit it."""
    items = await _agenda(session, committee_id, entered_group, services_of(request).clock.now())
    return json_answer(AgendaOut(items=items), tagged=True)


@put(
    "/committees/{committee_id:int}/agenda",
    right=Right.MANAGE_COMMITTEES,
    api=Operation(
        "replace_agenda",
        AgendaOut,
        takes=AgendaPut,
        conflicts=(*CONFLICTS, "difficulty_open"),
        tagged=True,
        matched=True,
    ),
)
async def put_agenda(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    entered_group: EnteredGroupHere,
    committee_id: FromPath[int],
) -> Response[Any]:
    """Write a committee's whole agenda anew. For the facilitator."""
    sent = await read_body(request, AgendaPut)
    now = services_of(request).clock.now()
    await lock_committee(session, caller, committee_id)
    require_match(request, AgendaOut(items=await _agenda(session, committee_id, entered_group, now)))
    await replace_items(session, caller, committee_id, [(item.id, item) for item in sent.items], now)
    return json_answer(AgendaOut(items=await _agenda(session, committee_id, entered_group, now)), tagged=True)


@post(
    "/committees/{committee_id:int}/agenda",
    right=Right.MANAGE_COMMITTEES,
    api=Operation(
        "add_agenda_item", AgendaItemOut, takes=NewAgendaItem, status=201, conflicts=CONFLICTS, once=True
    ),
)  # fmt: skip
async def create_item(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    entered_group: EnteredGroupHere,
    committee_id: FromPath[int],
) -> Response[Any]:
    """Add a point at the end of a committee's agenda. For the facilitator."""

    async def make() -> Made[Any]:
        sent = await read_body(request, NewAgendaItem)
        now = services_of(request).clock.now()
        item_id = await add_item(session, caller, committee_id, sent, now)
        items = await _agenda(session, committee_id, entered_group, now)
        return Made(next(item for item in items if item.id == item_id))

    return await answered_once(request, session, caller.person_id, make)


ROUTES: Sequence[Any] = [get_agenda, put_agenda, create_item]
