"""Two more doors to a declaration: a block of cells that is pasted, and a file that is filled in. Both show what they
would change and write nothing; what is confirmed goes into the draft, which is then looked at and filed like any other.
"""

import asyncio
from collections.abc import Sequence
from typing import Any, Literal
from urllib.parse import quote_plus

from litestar import Response, get, post

from pooling.collections.rules import accepts
from pooling.kernel.errors import Conflict
from pooling.kernel.limits import BYTES, Readers, limit
from pooling.kernel.list_reading import Line, UnreadableListError
from pooling.kernel.open_document import MEDIA_TYPE
from pooling.kernel.sheet_writing import XLSX
from pooling.members.group_page import Here
from pooling.needs.declaring import save_draft
from pooling.needs.details import budgets_of
from pooling.needs.doors.lines import (
    LONGEST_PASTE,
    LinesPlan,
    LineState,
    carried,
    laid_over,
    plan_lines,
    read_block,
    read_file,
)
from pooling.needs.doors.template_file import refusal_of, write_template
from pooling.needs.page import DECLARATION, DeclarationPage
from pooling.needs.permissions import may_file
from pooling.needs.queries import declarations_of_member, latest_of, stamp_of
from pooling.outbox.mail import FICTIONAL
from pooling.purchases.queries import purchase_items
from pooling.web.bodies import LARGEST_LONG_BODY, LONG_FORM
from pooling.web.downloads import REVALIDATED, download
from pooling.web.forms import Form, PostedForm, Redisplay
from pooling.web.scanning import scan_files
from pooling.web.typography import plural

PASTE = f"{DECLARATION}/collage"
FILE = f"{DECLARATION}/fichier"
LARGEST_FILE = limit(2_000_000, "A declaration sent in a file", __name__, Readers.OPERATORS, unit=BYTES)
_AROUND = 100_000
STATE_WORDS = {LineState.NEW: "Nouvelle", LineState.CHANGED: "Modifiée", LineState.UNCHANGED: "Inchangée"}
TEMPLATES = {"xlsx": XLSX, "ods": MEDIA_TYPE}
CLOSED = "La collecte est close : plus rien ne se déclare."
Door = Literal["collage", "fichier"]


@get(PASTE, right=may_file)
async def ask_paste(here: Here[DeclarationPage]) -> Response[str]:
    _require_open(here)
    return await _paste_page(here, Form())


@get(FILE, right=may_file)
async def ask_file(here: Here[DeclarationPage]) -> Response[str]:
    _require_open(here)
    return await _file_page(here, Form())


def _require_open(here: DeclarationPage) -> None:
    if not accepts(here.collection, here.now):
        raise Conflict(CLOSED, code="collection_closed")


@get([f"{DECLARATION}/modele.{kind}" for kind in TEMPLATES], right=may_file)
async def download_template(here: Here[DeclarationPage]) -> Response[bytes]:
    kind = here.request.url.path.rpartition(".")[2]
    items = await purchase_items(here.session, here.purchase.id)
    found = await declarations_of_member(here.session, here.purchase.id, here.member.id)
    notice = FICTIONAL if here.group.fictional else None
    content = await asyncio.to_thread(write_template, kind, here.purchase, here.member, found, items, notice)
    name = f"{here.purchase.reference}-declaration-{here.member.code}.{kind}"
    return download(content, name, TEMPLATES[kind], headers=REVALIDATED)


@post(PASTE, right=may_file, **LONG_FORM)
async def do_paste(here: Here[DeclarationPage], form: PostedForm) -> Response[Any]:
    """What the block would change; nothing is written."""
    text = form.value("lignes")
    if len(text) > LONGEST_PASTE:
        form.refuse("lignes", "Ce bloc est trop long : collez-le en deux fois.")
    elif not text.strip():
        form.refuse("lignes", "Collez ici les cellules copiées de votre tableur.")
    lines = await _read(form, "lignes", text) if not form.has_errors else []
    if form.has_errors:
        raise Redisplay(await _paste_page(here, form))
    return await _preview(here, form, lines, "collage")


@post(FILE, right=may_file, request_max_body_size=LARGEST_FILE + _AROUND, guards=[scan_files])
async def do_file(here: Here[DeclarationPage], form: PostedForm) -> Response[Any]:
    """What the file would change; nothing is written."""
    file = form.files.get("fichier")
    lines: Sequence[Line] = []
    if file is None or not file.content:
        form.refuse("fichier", "Choisissez un fichier.")
    elif not form.has_errors:
        lines = await _read(form, "fichier", file.content)
    if lines:
        found = await declarations_of_member(here.session, here.purchase.id, here.member.id)
        refused = refusal_of(lines, here.purchase, here.member, found)
        if refused:
            form.refuse("fichier", refused)
    text = carried(lines)
    if len(quote_plus(text)) > LARGEST_LONG_BODY - _AROUND:
        form.refuse("fichier", "Ce fichier est trop long : envoyez-le en deux fois.")
    if form.has_errors:
        raise Redisplay(await _file_page(here, form))
    return await _preview(here, Form(values={"lignes": text}), lines, "fichier")


async def _read(form: Form, field: str, sent: str | bytes) -> Sequence[Line]:
    """The lines that were sent; what cannot be read is told at the field."""
    try:
        lines = (
            await asyncio.to_thread(read_block, sent)
            if isinstance(sent, str)
            else await asyncio.to_thread(read_file, sent)
        )
    except UnreadableListError as unreadable:
        form.refuse(field, f"{str(unreadable)[:1].upper()}{str(unreadable)[1:]}")
        return []
    if not lines:
        form.refuse(field, "Il n’y a aucune ligne à lire.")
    return lines


@post(f"{DECLARATION}/lignes", right=may_file, **LONG_FORM)
async def do_lines(here: Here[DeclarationPage], form: PostedForm) -> Response[Any]:
    """Writes the lines that were looked at into the draft."""
    door: Door = "fichier" if form.value("porte") == "fichier" else "collage"
    lines = await _read(form, "lignes", form.value("lignes"))
    page = _file_page if door == "fichier" else _paste_page
    if form.has_errors:
        raise Redisplay(await page(here, form))
    plan, found, items = await _plan(here, lines)
    command = laid_over(plan, latest_of(found), items, here.member.id, form.value("seen"))
    async with form.submitted(lambda: _preview(here, form, lines, door), conflict=""):
        await save_draft(here.session, here.caller, here.purchase.id, command, here.clock)
    done = f"{plural(plan.writes, 'ligne reprise', 'lignes reprises')} dans votre brouillon"
    return here.redirect(f"{here.path}/verification", done=f"{done}. Rien n’est encore déposé.")


async def _plan(here: DeclarationPage, lines: Sequence[Line]) -> tuple[LinesPlan, Any, Any]:
    items = await purchase_items(here.session, here.purchase.id)
    found = await declarations_of_member(here.session, here.purchase.id, here.member.id)
    budgets = await budgets_of(here.session, here.member.id)
    return plan_lines(lines, latest_of(found), items, budgets), found, items


async def _preview(here: DeclarationPage, form: Form, lines: Sequence[Line], door: Door) -> Response[str]:
    _require_open(here)
    plan, found, _ = await _plan(here, lines)
    return here.render(
        "needs/lines.html",
        "Vérifier les lignes",
        form=form,
        member=here.member,
        door=door,
        door_url=f"{here.url}{here.path}/{door}",
        status=form.status if form.has_errors else 200,
        counts=[(STATE_WORDS[state], plan.count(state)) for state in LineState] + [("Refusée", len(plan.bad))],
        lines=[(line, STATE_WORDS[line.state]) for line in plan.lines],
        bad=plan.bad,
        writes=plan.writes,
        seen=stamp_of(found),
        action=f"{here.url}{here.path}/lignes",
    )


async def _paste_page(here: DeclarationPage, form: Form) -> Response[str]:
    budgets = await budgets_of(here.session, here.member.id)
    return here.render(
        "needs/paste.html", "Coller des cellules", form=form, member=here.member,
        action=f"{here.url}{here.path}/collage", back=f"{here.url}{here.path}", budgets=budgets,
    )  # fmt: skip


async def _file_page(here: DeclarationPage, form: Form) -> Response[str]:
    budgets = await budgets_of(here.session, here.member.id)
    return here.render(
        "needs/file.html", "Remplir un fichier", form=form, member=here.member,
        action=f"{here.url}{here.path}/fichier", back=f"{here.url}{here.path}", budgets=budgets,
    )  # fmt: skip


ROUTES = [ask_paste, ask_file, download_template, do_paste, do_file, do_lines]
