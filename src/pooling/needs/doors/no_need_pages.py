"""Taking back the answer that nothing is needed. It is given by a button of the declaration's form."""

from typing import Any

from litestar import Response, post

from pooling.members.group_page import Here
from pooling.needs.doors.no_need import withdraw_no_need
from pooling.needs.page import DECLARATION, DeclarationPage
from pooling.needs.permissions import may_file
from pooling.needs.schemas import DeclarationIn
from pooling.web.forms import PostedForm


@post(f"{DECLARATION}/retrait", right=may_file)
async def do_withdrawing(here: Here[DeclarationPage], form: PostedForm) -> Response[Any]:
    command = DeclarationIn(member_id=here.member.id, seen=form.values.get("seen"))
    await withdraw_no_need(here.session, here.caller, here.purchase.id, command, here.clock)
    return here.redirect(here.path, done="Votre réponse est retirée : rien n’est déclaré pour l’instant.")


ROUTES = [do_withdrawing]
