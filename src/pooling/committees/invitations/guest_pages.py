"""Adding to the attendance sheet who came without being invited."""

from typing import Any

from litestar import Response, post
from litestar.params import FromPath

from pooling.committees.invitations.attendance_pages import PATH, attendance_page
from pooling.committees.invitations.choosing import Chosen, choose_person, to_invite
from pooling.committees.invitations.guests import LONGEST_GUEST, note_guest, remove_guest
from pooling.committees.invitations.pages import NOBODY
from pooling.committees.page import CommitteePage
from pooling.committees.permissions import may_write_minutes
from pooling.members.group_page import Here
from pooling.web.forms import PostedForm

SHEET = "/comites/{committee_id:int}/presence"
DONE = "La personne est sur la feuille."


@post(f"{SHEET}/groupe", right=may_write_minutes)
async def do_note_of_group(here: Here[CommitteePage], form: PostedForm) -> Response[Any]:
    typed = form.text("person", required="Tapez le nom ou l’adresse de la personne du groupe.")
    chosen = Chosen()
    if typed:
        chosen = choose_person(form, "person", await to_invite(here.session, here.committee.id, typed), nobody=NOBODY)
    async with form.submitted(lambda: attendance_page(here, form, found=chosen.offered)):
        await note_guest(here.session, here.caller, here.committee.id, here.clock, person_id=chosen.person_id)
    return here.redirect(PATH, done=DONE)


@post(f"{SHEET}/exterieur", right=may_write_minutes)
async def do_note_outsider(here: Here[CommitteePage], form: PostedForm) -> Response[Any]:
    name = form.text(
        "name", required="Dites qui est venu, par exemple : un technicien du département.", longest=LONGEST_GUEST
    )
    async with form.submitted(lambda: attendance_page(here, form)):
        await note_guest(here.session, here.caller, here.committee.id, here.clock, name=name)
    return here.redirect(PATH, done=DONE)


@post(f"{SHEET}/venus/{{guest_id:int}}/retrait", right=may_write_minutes)
async def do_remove_guest(here: Here[CommitteePage], guest_id: FromPath[int]) -> Response[Any]:
    await remove_guest(here.session, here.caller, here.committee.id, guest_id, here.clock)
    return here.redirect(PATH, done="La personne n’est plus sur la feuille.")


ROUTES = [do_note_of_group, do_note_outsider, do_remove_guest]
