"""The agenda of one committee: read by all, written by who plans committees, without a mouse and without JavaScript."""

from typing import Any

from litestar import Request, Response, get, post
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from pooling.committees.agendas.items import add_item, change_item, remove_item, shift_item
from pooling.committees.agendas.queries import AgendaLine, agenda_lines
from pooling.committees.agendas.rules import minutes_over
from pooling.committees.agendas.schemas import AgendaItemIn
from pooling.committees.agendas.taking_up import proposals_for, take_up
from pooling.committees.convening_notice import convening_notice
from pooling.committees.models import CommitteeState, Topic
from pooling.committees.page import CommitteePage, committee_page, managed_committee
from pooling.committees.rules import TO_COME
from pooling.kernel.errors import NotFound
from pooling.members.entrance import CallerHere, SessionHere
from pooling.members.features import features_for
from pooling.members.rights import Right
from pooling.web.forms import Form, PostedForm, Redisplay, form_of
from pooling.web.layout import Link, redirect, render
from pooling.web.typography import plural

PATH = "/ordre-du-jour"
AGENDA = "/comites/{committee_id:int}/ordre-du-jour"
ITEM = f"{AGENDA}/{{item_id:int}}"


@get(AGENDA, right=Right.SEE_GROUP)
async def show_agenda(
    request: Request[Any, Any, Any], session: SessionHere, caller: CallerHere, committee_id: FromPath[int]
) -> Response[str]:
    frame = await committee_page(request, session, caller, committee_id)
    return await _agenda_page(request, session, frame, Form())


async def _agenda_page(
    request: Request[Any, Any, Any], session: AsyncSession, frame: CommitteePage, form: Form
) -> Response[str]:
    committee = frame.committee
    lines = await agenda_lines(session, committee, frame.zone, frame.now)
    edits = frame.manages and committee.state in TO_COME and committee.starts_at > frame.now
    durations = [line.duration_minutes for line in lines]
    return render(
        request,
        "committees/agenda.html",
        breadcrumb=frame.crumbs("Ordre du jour"),
        tabs=frame.tabs(PATH),
        form=form,
        frame=frame,
        heading="Ordre du jour",
        url=frame.url + PATH,
        lines=lines,
        edits=edits,
        convened=committee.state == CommitteeState.CONVENED,
        convening=await convening_notice(frame),
        minutes=sum(minutes or 0 for minutes in durations),
        overrun=minutes_over(committee.starts_at, committee.ends_at, durations),
        some_without_duration=None in durations[:-1],
        proposals=await proposals_for(session, committee, frame.zone, frame.now) if edits else [],
        subjects=await features_for(session).subjects.choices(session, form) if edits else [],
    )


@post(AGENDA, right=Right.MANAGE_COMMITTEES)
async def do_add_item(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    form: PostedForm,
    committee_id: FromPath[int],
) -> Response[Any]:
    frame = await managed_committee(request, session, caller, committee_id)
    item_id = 0
    with form.redisplayed():
        command = await _read_item(session, form)
        item_id = await add_item(session, caller, committee_id, command, frame.now)
    if form.has_errors:
        raise Redisplay(await _agenda_page(request, session, frame, form))
    return redirect(request, f"{frame.url}{PATH}#point-{item_id}", done="Le point est ajouté.")


async def _read_item(session: AsyncSession, form: Form) -> AgendaItemIn:
    values = {
        "title": form.text("title", required="Donnez un titre au point.", longest=200),
        "duration_minutes": form.integer("duration", smallest=1, largest=600) if form.value("duration") else None,
        "presenter": form.text("presenter", longest=120),
        **await features_for(session).subjects.referred_in(session, form),
    }
    form.check()
    return AgendaItemIn(**values)


@post(f"{AGENDA}/propositions", right=Right.MANAGE_COMMITTEES)
async def do_take_up(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    form: PostedForm,
    committee_id: FromPath[int],
) -> Response[Any]:
    """One proposal, named by its key, or all there are."""
    frame = await managed_committee(request, session, caller, committee_id)
    keys = form.all("key")
    added = await take_up(session, caller, committee_id, frame.now, keys=keys or None)
    done = f"{plural(added, 'point ajouté', 'points ajoutés')}." if added else "Ce point est déjà à l’ordre du jour."
    return redirect(request, frame.url + PATH, done=done)


@get(ITEM, right=Right.MANAGE_COMMITTEES)
async def ask_item(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    committee_id: FromPath[int],
    item_id: FromPath[int],
) -> Response[str]:
    frame = await managed_committee(request, session, caller, committee_id)
    line, count = await _line(session, frame, item_id)
    form = form_of(
        {
            "title": line.title,
            "duration": line.duration_minutes,
            "presenter": line.presenter,
            **({line.subject.kind: line.subject.reference} if line.subject else {}),
            "place": line.position,
        }
    )
    return await _item_page(request, session, frame, line, count, form)


async def _line(session: AsyncSession, frame: CommitteePage, item_id: int) -> tuple[AgendaLine, int]:
    """The item as pages show it, and how many there are."""
    lines = await agenda_lines(session, frame.committee, frame.zone, frame.now)
    for line in lines:
        if line.id == item_id:
            return line, len(lines)
    raise NotFound


async def _item_page(
    request: Request[Any, Any, Any],
    session: AsyncSession,
    frame: CommitteePage,
    line: AgendaLine,
    count: int,
    form: Form,
) -> Response[str]:
    *above, here = frame.crumbs("Ordre du jour")
    return render(
        request,
        "committees/agenda_item.html",
        breadcrumb=[*above, Link(here.label, frame.url + PATH), Link(f"Point {line.position}", None)],
        form=form,
        frame=frame,
        line=line,
        count=count,
        typed=line.topic == Topic.TYPED,
        removable=line.difficulty_id is None or line.difficulty_settled,
        url=f"{frame.url}{PATH}/{line.id}",
        agenda_url=frame.url + PATH,
        subjects=await features_for(session).subjects.choices(session, form, line.subject),
    )


@post(ITEM, right=Right.MANAGE_COMMITTEES)
async def do_change_item(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    form: PostedForm,
    committee_id: FromPath[int],
    item_id: FromPath[int],
) -> Response[Any]:
    frame = await managed_committee(request, session, caller, committee_id)
    line, count = await _line(session, frame, item_id)
    with form.redisplayed():
        place = form.integer("place", smallest=1, largest=max(count, 1), default=line.position)
        command = await _read_item(session, form)
        await change_item(session, caller, committee_id, item_id, command, frame.now, place=place)
    if form.has_errors:
        raise Redisplay(await _item_page(request, session, frame, line, count, form))
    return redirect(request, f"{frame.url}{PATH}#point-{item_id}", done="Le point est modifié.")


def _shifting(by: int) -> Any:  # noqa: ANN401 - a handler
    async def shift(
        request: Request[Any, Any, Any],
        session: SessionHere,
        caller: CallerHere,
        form: PostedForm,  # noqa: ARG001 - read for its token
        committee_id: FromPath[int],
        item_id: FromPath[int],
    ) -> Response[Any]:
        frame = await managed_committee(request, session, caller, committee_id)
        await shift_item(session, caller, committee_id, item_id, by, frame.now)
        return redirect(request, f"{frame.url}{PATH}#point-{item_id}")

    return shift


do_move_up = post(f"{ITEM}/montee", right=Right.MANAGE_COMMITTEES)(_shifting(-1))
do_move_down = post(f"{ITEM}/descente", right=Right.MANAGE_COMMITTEES)(_shifting(1))


@post(f"{ITEM}/retrait", right=Right.MANAGE_COMMITTEES)
async def do_remove_item(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    form: PostedForm,  # noqa: ARG001 - read for its token
    committee_id: FromPath[int],
    item_id: FromPath[int],
) -> Response[Any]:
    frame = await managed_committee(request, session, caller, committee_id)
    await remove_item(session, caller, committee_id, item_id, frame.now)
    return redirect(request, frame.url + PATH, done="Le point est retiré.")


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
