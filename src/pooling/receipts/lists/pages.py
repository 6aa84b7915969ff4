"""The pages of lists: the template, sending one, looking at what was read, having it kept."""

import asyncio
from dataclasses import dataclass
from datetime import date
from typing import Any, Self

from litestar import Response, get, post
from litestar.params import FromQuery
from sqlalchemy import select
from sqlmodel import col

from pooling.exports.asking import file_of
from pooling.exports.models import UNDER_WAY, Export, ExportState
from pooling.exports.pages import NOT_BEGUN, export_download
from pooling.kernel.errors import Conflict, NotFound
from pooling.kernel.slices import Slice
from pooling.kernel.tables import known_id
from pooling.members.group_page import Here, InGroup
from pooling.outbox.mail import FICTIONAL
from pooling.purchases.permissions import may_run
from pooling.receipts.lists.effects import doubts_about
from pooling.receipts.lists.queries import Which, lines_listed, lists_of, work_on
from pooling.receipts.lists.sending import LARGEST_LIST, drop_list, let_through, send_list
from pooling.receipts.lists.template_file import KINDS, count_due, lines_due, write_template
from pooling.receipts.lists.writing import result_said
from pooling.receipts.models import ListState, ReceiptList
from pooling.receipts.page import ARRIVALS, ReceiptsPage
from pooling.web.cursors import pages_after
from pooling.web.downloads import REVALIDATED, download
from pooling.web.forms import Form, PostedForm
from pooling.web.layout import Link
from pooling.web.scanning import scan_files
from pooling.web.typography import date_short, date_time_long, number, plural

LISTS = f"{ARRIVALS}/fichiers"
ALL = f"/achats/{{reference:str}}{LISTS}"
ONE = f"{ALL}/{{list_id:int}}"
MOST_OF_WORKBOOK = 10_000
"""Lines of a template that is written as a workbook while somebody waits; longer ones are CSV."""
_AROUND = 100_000
STATE_WORDS = {
    ListState.READING: ("waiting", "En lecture"),
    ListState.READ: ("due", "À vérifier"),
    ListState.KEEPING: ("waiting", "En cours d’enregistrement"),
    ListState.KEPT: ("done", "Noté"),
    ListState.DROPPED: ("cancelled", "Abandonné"),
}


@dataclass(frozen=True)
class ListPage(ReceiptsPage):
    """A page of one list."""

    one: ReceiptList

    @classmethod
    async def load(cls, here: InGroup) -> Self:
        about = await ReceiptsPage.load(here)
        found = await about.session.execute(
            select(ReceiptList).where(
                col(ReceiptList.id) == known_id(about.named["list_id"]),
                col(ReceiptList.purchase_id) == about.purchase.id,
            )
        )
        one = found.scalar_one_or_none()
        if one is None:
            raise NotFound
        return cls(**vars(about), one=one)

    @property
    def path(self) -> str:
        return f"{LISTS}/{self.one.id}"

    @property
    def above(self) -> Any:  # noqa: ANN401 - links
        return [*super().above, Link("Par fichier", self.url + LISTS), Link(self.one.name, self.url + self.path)]


@get(ALL, right=may_run)
async def show_lists(here: Here[ReceiptsPage], apres: FromQuery[str] = "") -> Response[str]:
    """The template, the form to send one filled in, and those that were sent."""
    return await _lists_page(here, Form(values={"received_on": here.today.isoformat()}), apres)


async def _lists_page(here: ReceiptsPage, form: Form, after: str = "") -> Response[str]:
    listed = await lists_of(here.session, here.purchase.id, Slice(after))
    return here.render(
        "receipts/lists.html",
        "Par fichier",
        form=form,
        status=form.status if form.has_errors else 200,
        kinds=_kinds_of(await count_due(here.session, here.purchase.id)),
        largest=f"{LARGEST_LIST // 1_000_000}\u00a0Mo",
        lists=[
            {
                "list": one,
                "url": f"{here.url}{LISTS}/{one.id}",
                "state": STATE_WORDS[ListState(one.state)],
                "day": date_short(one.received_on),
                "sent": f"{one.sent_by}, {date_time_long(one.sent_at, here.zone)}".lstrip(", "),
            }
            for one in listed.items
        ],
        **pages_after(here.url + LISTS, after, listed),
    )


def _kinds_of(lines: int) -> list[str]:
    """In which kinds of file a template of so many lines is given; none where there is nothing to fill in."""
    return [kind for kind in KINDS if lines and (kind == "csv" or lines <= MOST_OF_WORKBOOK)]


@get([f"{ALL}/modele.{kind}" for kind in KINDS], right=may_run)
async def download_template(here: Here[ReceiptsPage]) -> Response[bytes]:
    """What is still due of the orders that have left, to be filled in."""
    kind = here.request.url.path.rpartition(".")[2]
    lines = await lines_due(here.session, here.purchase.id)
    if not lines:
        raise Conflict("Rien n’est à recevoir : le modèle serait vide.", code="nothing_due")
    if kind not in _kinds_of(len(lines)):
        raise Conflict(
            f"Ce modèle a {number(len(lines))} lignes : téléchargez-le en CSV, qu’un tableur ouvre aussi.",
            code="too_long_for_a_workbook",
        )
    notice = FICTIONAL if here.group.fictional else None
    title = f"{here.purchase.reference} {here.purchase.title}"
    content = await asyncio.to_thread(write_template, kind, title, lines, notice)
    return download(content, f"{here.purchase.reference}-receptions.{kind}", KINDS[kind], headers=REVALIDATED)


@post(ALL, right=may_run, request_max_body_size=LARGEST_LIST + _AROUND, guards=[scan_files])
async def do_send(here: Here[ReceiptsPage], form: PostedForm) -> Response[Any]:
    file = form.files.get("fichier")
    if file is None or not file.name:
        form.refuse("fichier", "Choisissez un fichier.")
    received_on = form.date("received_on") or date.min
    async with form.submitted(lambda: _lists_page(here, form), conflict=""):
        assert file is not None, "refused above"
        sent = await send_list(here.session, here.caller, here.purchase.id, file, received_on, here.now)
    path = f"{LISTS}/{sent.id}"
    if sent.again:
        return here.redirect(path, warning="Ce fichier était déjà envoyé : le voici.")
    return here.redirect(path, rings="export")


@get(ONE, right=may_run)
async def show_list(here: Here[ListPage], voir: FromQuery[str] = "", apres: FromQuery[str] = "") -> Response[str]:
    """How far a list is; once it is read, line by line what it would bring."""
    return await _list_page(here, Form(), voir, apres)


async def _list_page(here: ListPage, form: Form, seen: str = "", after: str = "") -> Response[str]:
    await here.session.refresh(here.one)
    work = await work_on(here.session, here.one.id)
    if work is not None and work.state in UNDER_WAY:
        return _progress(here, work)
    which = next((one for one in Which if one == seen), Which.ALL)
    listed = await lines_listed(here.session, here.one.id, Slice(after), which)
    effects = await doubts_about(here.session, here.purchase.id, here.one)
    tag, word = STATE_WORDS[ListState(here.one.state)]
    form.doubts = form.doubts or ()
    return here.render(
        "receipts/list.html",
        form=form,
        status=form.status if form.has_errors else 200,
        one=here.one,
        tag=tag,
        word=word,
        failed=work.reason if work is not None and work.state == ExportState.FAILED else "",
        to_confirm=here.one.state == ListState.READ,
        effects=effects,
        figures=[
            ("Lignes qui seront notées" if here.one.state == ListState.READ else "Lignes", number(effects.good)),
            ("Unités acceptées", number(effects.accepted)),
            ("Unités refusées", number(effects.refused)),
            ("Lignes refusées", number(effects.bad)),
        ],
        chosen=which,
        choices=[
            (Which.ALL, "Toutes les lignes"),
            (Which.DIFFERING, "Celles qui ne sont pas comme prévu"),
            (Which.BAD, "Celles qui sont refusées"),
        ],
        lines=[(line, result_said(line.accepted, line.due, line.problem)) for line in listed.items],
        whole=f"{here.url}{here.path}/lignes.csv" if work is not None and work.file_id is not None else "",
        **pages_after(here.url + here.path, after, listed, {"voir": which}),
    )


def _progress(here: ListPage, work: Export) -> Response[str]:
    verb = "notées" if here.one.state == ListState.KEEPING else "lues"
    begun = work.state == ExportState.WRITING and work.rows_total > 0
    return here.render(
        "progress_page.html",
        job_title=here.one.name,
        job_label="Lignes",
        job_done=min(work.rows_done, work.rows_total),
        job_total=work.rows_total or 1,
        job_text=(
            f"{plural(work.rows_done, 'ligne')} {verb}"
            if begun and here.one.state == ListState.READING
            else "Le travail est en cours."
            if work.state == ExportState.WRITING
            else NOT_BEGUN
        ),
    )


@get(f"{ONE}/lignes.csv", right=may_run)
async def download_lines(here: Here[ListPage]) -> Response[bytes]:
    """Line by line what was understood, all of them."""
    work = await work_on(here.session, here.one.id)
    if work is None:
        raise NotFound
    return export_download(*await file_of(here.session, work))


@post(f"{ONE}/confirmation", right=may_run)
async def do_let_through(here: Here[ListPage], form: PostedForm) -> Response[Any]:
    async with form.submitted(lambda: _list_page(here, form), conflict=""):
        await let_through(
            here.session, here.caller, here.purchase.id, here.one.id, here.now, insistence=form.insistence()
        )
    return here.redirect(here.path, rings="export")


@post(f"{ONE}/abandon", right=may_run)
async def do_drop(here: Here[ListPage], form: PostedForm) -> Response[Any]:
    async with form.submitted(lambda: _list_page(here, form), conflict=""):
        await drop_list(here.session, here.caller, here.purchase.id, here.one.id)
    return here.redirect(LISTS, done="Le fichier est abandonné : rien n’en est noté.")


ROUTES = [show_lists, download_template, do_send, show_list, download_lines, do_let_through, do_drop]
