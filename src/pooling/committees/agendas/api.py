"""The agenda of one committee, read and written."""

from collections.abc import Sequence

from litestar import get, post, put
from pydantic import Field

from pooling.committees.agendas.items import add_item, replace_items
from pooling.committees.agendas.queries import agenda_lines
from pooling.committees.agendas.rules import MOST_ITEMS
from pooling.committees.agendas.schemas import AgendaItemIn
from pooling.committees.locking import lock_committee
from pooling.committees.page import OnCommittee
from pooling.members.endpoint import endpoint
from pooling.members.group_page import Here
from pooling.members.rights import Right
from pooling.members.subjects import reference_of
from pooling.web.api import ApiIn, ApiOut, RowId, require_match

PATH = "/committees/{committee_id:int}/agenda"
CONFLICTS = ("not_to_come", "agenda_full")


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
    round: str | None
    """The reference of the round that it is about."""
    action: str | None
    """The reference of the action that it is about."""
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

    id: RowId | None = None


class AgendaPut(ApiIn):
    """The whole agenda in order. What is left out is removed, but difficulties that are not settled stay: name them."""

    items: tuple[KeptAgendaItem, ...] = Field(max_length=MOST_ITEMS)


async def _agenda(here: OnCommittee) -> AgendaOut:
    lines = await agenda_lines(here.session, here.committee, here.zone, here.now)
    items = [
        AgendaItemOut(
            id=line.id,
            title=line.title,
            topic=line.topic,
            duration_minutes=line.duration_minutes,
            presenter=line.presenter,
            purchase=reference_of(line.subject, "purchase"),
            round=reference_of(line.subject, "round"),
            action=reference_of(line.subject, "action"),
            difficulty_id=line.difficulty_id,
            files=[file.name for file in line.files],
        )
        for line in lines
    ]
    return AgendaOut(items=items)


@endpoint(get, PATH, right=Right.SEE_GROUP, tagged=True)
async def get_agenda(here: Here[OnCommittee]) -> AgendaOut:
    """A committee's agenda, to edit it."""
    return await _agenda(here)


@endpoint(
    put,
    PATH,
    right=Right.MANAGE_COMMITTEES,
    conflicts=(*CONFLICTS, "difficulty_open"),
    tagged=True,
    matched=True,
)
async def replace_agenda(here: Here[OnCommittee], sent: AgendaPut) -> AgendaOut:
    """Write a committee's whole agenda anew. For the facilitator."""
    await lock_committee(here.session, here.caller, here.committee.id)
    require_match(here.request, await _agenda(here))
    items = [(item.id, item) for item in sent.items]
    await replace_items(here.session, here.caller, here.committee.id, items, here.now)
    return await _agenda(here)


@endpoint(post, PATH, right=Right.MANAGE_COMMITTEES, status=201, conflicts=CONFLICTS, once=True)
async def add_agenda_item(here: Here[OnCommittee], sent: NewAgendaItem) -> AgendaItemOut:
    """Add a point at the end of a committee's agenda. For the facilitator."""
    item_id = await add_item(here.session, here.caller, here.committee.id, sent, here.now)
    return next(item for item in (await _agenda(here)).items if item.id == item_id)


ROUTES = [get_agenda, replace_agenda, add_agenda_item]
