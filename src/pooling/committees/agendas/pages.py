"""The agenda of one committee: read by all, written by who plans committees, without a mouse and without JavaScript."""

from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath

from pooling.committees.agendas.items import add_item, change_item, remove_item, shift_item
from pooling.committees.agendas.page import AGENDA, AgendaItemPage
from pooling.committees.agendas.queries import agenda_lines
from pooling.committees.agendas.rules import minutes_over
from pooling.committees.agendas.schemas import AgendaItemIn
from pooling.committees.agendas.taking_up import proposals_for, take_up
from pooling.committees.convening_notice import convening_notice
from pooling.committees.models import CommitteeState, Topic
from pooling.committees.page import CommitteePage
from pooling.members.group_page import Here
from pooling.members.rights import Right
from pooling.web.forms import Form, PostedForm, form_of, longest_of
from pooling.web.typography import plural

PATH = f"/comites/{{committee_id:int}}{AGENDA}"
ITEM = f"{PATH}/{{item_id:int}}"


@get(PATH, right=Right.SEE_GROUP)
async def show_agenda(here: Here[CommitteePage]) -> Response[str]:
    return await _agenda_page(here, Form())


async def _agenda_page(here: CommitteePage, form: Form) -> Response[str]:
    session, committee = here.session, here.committee
    lines = await agenda_lines(session, committee, here.zone, here.now)
    edits = here.manages and here.to_come
    durations = [line.duration_minutes for line in lines]
    return here.render(
        "committees/agenda.html",
        "Ordre du jour",
        tabs=here.tabs(AGENDA),
        form=form,
        heading="Ordre du jour",
        url=here.url + AGENDA,
        lines=lines,
        edits=edits,
        convened=committee.state == CommitteeState.CONVENED,
        convening=await convening_notice(here),
        minutes=sum(minutes or 0 for minutes in durations),
        overrun=minutes_over(committee.starts_at, committee.ends_at, durations),
        some_without_duration=None in durations[:-1],
        proposals=await proposals_for(session, committee, here.zone, here.now) if edits else [],
        subjects=await here.features.subjects.choices(session, form) if edits else [],
    )


@post(PATH, right=Right.MANAGE_COMMITTEES)
async def do_add_item(here: Here[CommitteePage], form: PostedForm) -> Response[Any]:
    values = await _read_item(here, form)
    async with form.submitted(lambda: _agenda_page(here, form)):
        item_id = await add_item(here.session, here.caller, here.committee.id, AgendaItemIn(**values), here.now)
    return here.redirect(f"{AGENDA}#point-{item_id}", done="Le point est ajouté.")


async def _read_item(here: CommitteePage, form: Form) -> dict[str, Any]:
    return {
        "title": form.text("title", required="Donnez un titre au point.", longest=longest_of(AgendaItemIn, "title")),
        "duration_minutes": form.integer("duration", smallest=1, largest=600) if form.value("duration") else None,
        "presenter": form.text("presenter", longest=longest_of(AgendaItemIn, "presenter")),
        **await here.features.subjects.referred_in(here.session, form),
    }


@post(f"{PATH}/propositions", right=Right.MANAGE_COMMITTEES)
async def do_take_up(here: Here[CommitteePage], form: PostedForm) -> Response[Any]:
    """One proposal, named by its key, or all there are."""
    keys = form.all("key") or None
    added = await take_up(here.session, here.caller, here.committee.id, here.now, keys=keys)
    done = f"{plural(added, 'point ajouté', 'points ajoutés')}." if added else "Ce point est déjà à l’ordre du jour."
    return here.redirect(AGENDA, done=done)


@get(ITEM, right=Right.MANAGE_COMMITTEES)
async def ask_item(here: Here[AgendaItemPage]) -> Response[str]:
    line = here.line
    values = {"title": line.title, "duration": line.duration_minutes, "presenter": line.presenter}
    about = {line.subject.kind: line.subject.reference} if line.subject else {}
    return await _item_page(here, form_of({**values, **about, "place": line.position}))


async def _item_page(here: AgendaItemPage, form: Form) -> Response[str]:
    line = here.line
    return here.render(
        "committees/agenda_item.html",
        form=form,
        typed=line.topic == Topic.TYPED,
        removable=line.difficulty_id is None or line.difficulty_settled,
        subjects=await here.features.subjects.choices(here.session, form, line.subject),
    )


@post(ITEM, right=Right.MANAGE_COMMITTEES)
async def do_change_item(here: Here[AgendaItemPage], form: PostedForm) -> Response[Any]:
    place = form.integer("place", smallest=1, largest=here.count, default=here.line.position)
    values = await _read_item(here, form)
    async with form.submitted(lambda: _item_page(here, form)):
        command = AgendaItemIn(**values)
        await change_item(
            here.session, here.caller, here.committee.id, here.line.id, command, here.now, place=place
        )  # fmt: skip
    return here.to_committee(f"{AGENDA}#point-{here.line.id}", done="Le point est modifié.")


def _shifting(by: int) -> Any:  # noqa: ANN401 - a handler
    async def shift(here: Here[CommitteePage], item_id: FromPath[int]) -> Response[Any]:
        await shift_item(here.session, here.caller, here.committee.id, item_id, by, here.now)
        return here.redirect(f"{AGENDA}#point-{item_id}")

    return shift


do_move_up = post(f"{ITEM}/montee", right=Right.MANAGE_COMMITTEES)(_shifting(-1))
do_move_down = post(f"{ITEM}/descente", right=Right.MANAGE_COMMITTEES)(_shifting(1))


@post(f"{ITEM}/retrait", right=Right.MANAGE_COMMITTEES)
async def do_remove_item(here: Here[CommitteePage], item_id: FromPath[int]) -> Response[Any]:
    await remove_item(here.session, here.caller, here.committee.id, item_id, here.now)
    return here.redirect(AGENDA, done="Le point est retiré.")


ROUTES = [
    show_agenda,
    do_add_item,
    do_take_up,
    ask_item,
    do_change_item,
    do_move_up,
    do_move_down,
    do_remove_item,
]
