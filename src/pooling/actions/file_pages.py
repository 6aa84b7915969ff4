"""The documents of an action: sent, downloaded, removed."""

from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath

from pooling.actions.files import attach_to_action, detach_from_action, files_of_action
from pooling.actions.page import ONE, ActionPage
from pooling.actions.pages import action_page
from pooling.actions.permissions import may_write
from pooling.kernel.attached import FIELD
from pooling.members.group_page import Here
from pooling.members.rights import Right
from pooling.web.attaching import SENDING, added, handed_out
from pooling.web.forms import PostedForm

FILES = f"{ONE}/pieces"


@post(FILES, right=may_write, **SENDING)
async def do_attach(here: Here[ActionPage], form: PostedForm) -> Response[Any]:
    sent = form.sent(FIELD)
    async with form.submitted(lambda: action_page(here, form)):
        await attach_to_action(here.session, here.caller, here.action.reference, sent, here.now)
    return here.redirect(done=added("document", len(sent)))


@get(f"{FILES}/{{action_file_id:int}}", right=Right.SEE_GROUP)
async def download_action_file(here: Here[ActionPage], action_file_id: FromPath[int]) -> Response[bytes]:
    return handed_out(*await files_of_action(here.action.id).read(here.session, action_file_id))


@post(f"{FILES}/{{action_file_id:int}}/retrait", right=may_write)
async def do_detach(here: Here[ActionPage], action_file_id: FromPath[int]) -> Response[Any]:
    await detach_from_action(here.session, here.caller, here.action.reference, action_file_id, here.now)
    return here.redirect(done="Le document est retiré.")


ROUTES = [do_attach, download_action_file, do_detach]
