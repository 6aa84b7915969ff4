"""The files of a committee: sent, listed, downloaded, removed."""

from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery

from pooling.committees.agendas.files import (
    HINT,
    LARGEST_SENDING,
    MOST_OF_ITEM,
    MOST_OF_MINUTES,
    attach_files,
    detach_file,
    files_of,
    files_of_committee,
    may_change,
)
from pooling.committees.agendas.page import AGENDA
from pooling.committees.agendas.rows import item_of
from pooling.committees.page import CommitteePage
from pooling.committees.permissions import may_write_minutes
from pooling.kernel.attached import FIELD
from pooling.members.group_page import Here
from pooling.members.rights import Right
from pooling.web.attaching import handed_out
from pooling.web.forms import Form, PostedForm
from pooling.web.scanning import scan_files, scanning_words

PATH = "/pieces"
FILES = f"/comites/{{committee_id:int}}{PATH}"
_AROUND = 1024 * 1024
"""What a form adds to the files it sends."""


@get(FILES, right=Right.SEE_GROUP)
async def show_pieces(here: Here[CommitteePage], point: FromQuery[int | None] = None) -> Response[str]:
    """The files of an agenda item or, without one, those of the minutes."""
    return await _page(here, Form(), point)


async def _page(here: CommitteePage, form: Form, point: int | None) -> Response[str]:
    item = await item_of(here.session, here.committee.id, point) if point is not None else None
    return here.render(
        "committees/files.html",
        "Pièces jointes",
        form=form,
        subject=f"Point « {item.title} »" if item else f"Compte-rendu – {here.committee.title}",
        files=(await files_of(here.session, here.committee.id)).get(point, []),
        edits=here.writes and may_change(here.committee),
        most=MOST_OF_ITEM if item else MOST_OF_MINUTES,
        point=point,
        hint=HINT,
        scanned=scanning_words(here.request),
        back_url=f"{here.url}{AGENDA}#point-{point}" if item else here.url,
        back_label="Revenir à l’ordre du jour" if item else "Revenir au comité",
    )


@post(FILES, right=may_write_minutes, request_max_body_size=LARGEST_SENDING + _AROUND, guards=[scan_files])
async def do_send_pieces(here: Here[CommitteePage], form: PostedForm) -> Response[Any]:
    point = form.integer("point", smallest=1, largest=999_999_999) if form.value("point") else None
    sent = form.sent(FIELD)
    async with form.submitted(lambda: _page(here, form, point)):
        await attach_files(here.session, here.caller, here.committee.id, sent, here.now, agenda_item_id=point)
    done = "La pièce est jointe." if len(sent) == 1 else f"{len(sent)} pièces sont jointes."
    return here.redirect(_path(point), done=done)


def _path(point: int | None) -> str:
    return f"{PATH}?point={point}" if point is not None else PATH


@get(f"{FILES}/{{file_id:int}}", right=Right.SEE_GROUP)
async def download_piece(here: Here[CommitteePage], file_id: FromPath[int]) -> Response[bytes]:
    return handed_out(*await files_of_committee(here.committee.id).read(here.session, file_id))


@post(f"{FILES}/{{file_id:int}}/retrait", right=may_write_minutes)
async def do_remove_piece(here: Here[CommitteePage], file_id: FromPath[int]) -> Response[Any]:
    point = await detach_file(here.session, here.caller, here.committee.id, file_id, here.now)
    return here.redirect(_path(point), done="La pièce est retirée.")


ROUTES = [show_pieces, do_send_pieces, download_piece, do_remove_piece]
