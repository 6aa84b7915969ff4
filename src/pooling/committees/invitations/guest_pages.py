"""Adding to the attendance sheet who came without being invited."""

from typing import Any

from litestar import Request, Response, post
from litestar.params import FromPath

from pooling.committees.invitations.attendance_pages import PATH, attendance_page
from pooling.committees.invitations.choosing import Chosen, choose_person, to_invite
from pooling.committees.invitations.guests import LONGEST_GUEST, note_guest, remove_guest
from pooling.committees.invitations.pages import NOBODY
from pooling.committees.page import written_committee
from pooling.members.entrance import CallerHere, SessionHere
from pooling.members.rights import Right
from pooling.web.forms import PostedForm, Redisplay
from pooling.web.layout import redirect
from pooling.web.services import services_of

SHEET = "/comites/{committee_id:int}/presence"
DONE = "La personne est sur la feuille."


@post(f"{SHEET}/groupe", right=Right.SEE_GROUP)
async def do_note_of_group(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    form: PostedForm,
    committee_id: FromPath[int],
) -> Response[Any]:
    frame = await written_committee(request, session, caller, committee_id)
    typed = form.text("person", required="Tapez le nom ou l’adresse de la personne du groupe.")
    chosen = Chosen()
    if typed:
        chosen = choose_person(form, "person", await to_invite(session, committee_id, typed), nobody=NOBODY)
    with form.redisplayed():
        form.check()
        await note_guest(session, caller, committee_id, services_of(request).clock, person_id=chosen.person_id)
    if form.has_errors:
        raise Redisplay(await attendance_page(request, session, frame, form, found=chosen.offered))
    return redirect(request, frame.url + PATH, done=DONE)


@post(f"{SHEET}/exterieur", right=Right.SEE_GROUP)
async def do_note_outsider(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    form: PostedForm,
    committee_id: FromPath[int],
) -> Response[Any]:
    frame = await written_committee(request, session, caller, committee_id)
    name = form.text(
        "name", required="Dites qui est venu, par exemple : un technicien du département.", longest=LONGEST_GUEST
    )
    with form.redisplayed():
        form.check()
        await note_guest(session, caller, committee_id, services_of(request).clock, name=name)
    if form.has_errors:
        raise Redisplay(await attendance_page(request, session, frame, form))
    return redirect(request, frame.url + PATH, done=DONE)


@post(f"{SHEET}/venus/{{guest_id:int}}/retrait", right=Right.SEE_GROUP)
async def do_remove_guest(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    form: PostedForm,  # noqa: ARG001 - read for its token
    committee_id: FromPath[int],
    guest_id: FromPath[int],
) -> Response[Any]:
    frame = await written_committee(request, session, caller, committee_id)
    await remove_guest(session, caller, committee_id, guest_id, services_of(request).clock)
    return redirect(request, frame.url + PATH, done="La personne n’est plus sur la feuille.")


ROUTES = [do_note_of_group, do_note_outsider, do_remove_guest]
