"""The documents of an action: sent, downloaded, removed."""

from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath

from pooling.actions.files import FIELD, attach_to_action, detach_from_action, read_action_file
from pooling.actions.page import ONE, ActionPage
from pooling.actions.pages import action_page
from pooling.actions.permissions import may_write
from pooling.kernel.files import LARGEST_FILE, Upload
from pooling.members.group_page import Here
from pooling.members.rights import Right
from pooling.web.downloads import REVALIDATED, download
from pooling.web.forms import PostedForm
from pooling.web.scanning import scan_files

FILES = f"{ONE}/pieces"
_LARGEST_SENDING = 3 * LARGEST_FILE + 1024 * 1024
"""Bytes: three of the largest, and what a form adds to the files it sends."""


@post(FILES, right=may_write, request_max_body_size=_LARGEST_SENDING, guards=[scan_files])
async def do_attach(here: Here[ActionPage], form: PostedForm) -> Response[Any]:
    sent = [Upload(file.filename, file.content) for file in form.file_lists.get(FIELD, []) if file.filename]
    async with form.submitted(lambda: action_page(here, form)):
        await attach_to_action(here.session, here.caller, here.action.reference, sent, here.now)
    done = "Le document est ajouté." if len(sent) == 1 else f"{len(sent)} documents sont ajoutés."
    return here.redirect(done=done)


@get(f"{FILES}/{{action_file_id:int}}", right=Right.SEE_GROUP)
async def download_action_file(here: Here[ActionPage], action_file_id: FromPath[int]) -> Response[bytes]:
    """Always a download, of the type that its content has."""
    file, content = await read_action_file(here.session, here.action.id, action_file_id)
    return download(content, file.name, file.media_type, headers=REVALIDATED)


@post(f"{FILES}/{{action_file_id:int}}/retrait", right=may_write)
async def do_detach(here: Here[ActionPage], action_file_id: FromPath[int]) -> Response[Any]:
    await detach_from_action(here.session, here.caller, here.action.reference, action_file_id, here.now)
    return here.redirect(done="Le document est retiré.")


ROUTES = [do_attach, download_action_file, do_detach]
