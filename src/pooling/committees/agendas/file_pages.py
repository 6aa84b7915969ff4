"""The files of a committee: sent, listed, downloaded, removed."""

from typing import Any

from litestar import Request, Response, get, post
from litestar.params import FromPath, FromQuery
from sqlalchemy.ext.asyncio import AsyncSession

from pooling.committees.agendas.files import (
    FIELD,
    HINT,
    LARGEST_SENDING,
    MOST_OF_ITEM,
    MOST_OF_MINUTES,
    Upload,
    attach_files,
    detach_file,
    files_of,
    may_change,
    read_attachment,
)
from pooling.committees.agendas.rows import item_of
from pooling.committees.page import CommitteePage, committee_page, written_committee
from pooling.members.entrance import CallerHere, SessionHere
from pooling.members.rights import Right
from pooling.web.downloads import REVALIDATED, download
from pooling.web.forms import Form, PostedForm, Redisplay
from pooling.web.layout import redirect, render
from pooling.web.scanning import NOT_SCANNED, SCANNED, scan_files, scanner_of

FILES = "/comites/{committee_id:int}/pieces"
_AROUND = 1024 * 1024
"""What a form adds to the files it sends."""


@get(FILES, right=Right.SEE_GROUP)
async def show_pieces(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    committee_id: FromPath[int],
    point: FromQuery[int | None] = None,
) -> Response[str]:
    """The files of an agenda item or, without one, those of the minutes."""
    frame = await committee_page(request, session, caller, committee_id)
    return await _page(request, session, frame, point, Form())


async def _page(
    request: Request[Any, Any, Any], session: AsyncSession, frame: CommitteePage, point: int | None, form: Form
) -> Response[str]:
    item = await item_of(session, frame.committee.id, point) if point is not None else None
    under_agenda = item is not None
    back = f"{frame.url}/ordre-du-jour#point-{point}" if under_agenda else frame.url
    return render(
        request,
        "committees/files.html",
        breadcrumb=frame.crumbs("Pièces jointes"),
        form=form,
        frame=frame,
        subject=f"Point « {item.title} »" if item is not None else f"Compte-rendu – {frame.committee.title}",
        files=(await files_of(session, frame.committee.id)).get(point, []),
        edits=frame.writes and may_change(frame.committee),
        most=MOST_OF_ITEM if under_agenda else MOST_OF_MINUTES,
        point=point,
        hint=HINT,
        scanned=SCANNED if scanner_of(request) else NOT_SCANNED,
        back_url=back,
        back_label="Revenir à l’ordre du jour" if under_agenda else "Revenir au comité",
    )


@post(FILES, right=Right.SEE_GROUP, request_max_body_size=LARGEST_SENDING + _AROUND, guards=[scan_files])
async def do_send_pieces(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    form: PostedForm,
    committee_id: FromPath[int],
) -> Response[Any]:
    frame = await written_committee(request, session, caller, committee_id)
    point = form.integer("point", smallest=1, largest=999_999_999) if form.value("point") else None
    sent = [Upload(file.filename, file.content) for file in form.file_lists.get(FIELD, []) if file.filename]
    with form.redisplayed():
        form.check()
        await attach_files(session, caller, committee_id, sent, frame.now, agenda_item_id=point)
    if form.has_errors:
        raise Redisplay(await _page(request, session, frame, point, form))
    done = "La pièce est jointe." if len(sent) == 1 else f"{len(sent)} pièces sont jointes."
    return redirect(request, _address(frame, point), done=done)


def _address(frame: CommitteePage, point: int | None) -> str:
    return f"{frame.url}/pieces?point={point}" if point is not None else f"{frame.url}/pieces"


@get(f"{FILES}/{{file_id:int}}", right=Right.SEE_GROUP)
async def download_piece(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    committee_id: FromPath[int],
    file_id: FromPath[int],
) -> Response[bytes]:
    """Always a download, of the type that its content has: a browser neither shows nor guesses anything."""
    await committee_page(request, session, caller, committee_id)
    file, content = await read_attachment(session, committee_id, file_id)
    return download(content, file.name, file.media_type, headers=REVALIDATED)


@post(f"{FILES}/{{file_id:int}}/retrait", right=Right.SEE_GROUP)
async def do_remove_piece(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    form: PostedForm,  # noqa: ARG001 - read for its token
    committee_id: FromPath[int],
    file_id: FromPath[int],
) -> Response[Any]:
    frame = await committee_page(request, session, caller, committee_id)
    point = await detach_file(session, caller, committee_id, file_id, frame.now)
    return redirect(request, _address(frame, point), done="La pièce est retirée.")


ROUTES = [show_pieces, do_send_pieces, download_piece, do_remove_piece]
