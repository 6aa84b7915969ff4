"""A workbook that is written apart: asking for it, seeing how far it is, downloading it."""

from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery

from pooling.allocation.page import COSTS, SECTION, CostsPage
from pooling.allocation.permissions import may_see_every_share
from pooling.allocation.records.page import MOST_RECORDS
from pooling.allocation.records.workbook import BookKind
from pooling.allocation.records.workbook_export import (
    ask_workbook,
    find_workbook,
    format_of,
    latest_workbooks,
    record_of,
)
from pooling.allocation.records.workbook_file import BOOKS
from pooling.exports.asking import file_of
from pooling.exports.models import Export
from pooling.exports.pages import Around, Offer, export_asked, export_download, export_page
from pooling.kernel.errors import NotFound
from pooling.kernel.text import whole_number
from pooling.members.group_page import Here
from pooling.web.forms import PostedForm
from pooling.web.layout import Link
from pooling.web.typography import date_short, date_time_long, time_short

PATH = f"{COSTS}/classeurs"
TITLE = "Classeur de la répartition"
WHY = "Le classeur a beaucoup de lignes\u00a0: il se prépare en quelques minutes, pendant que vous faites autre chose."


def path(record: int | None = None) -> str:
    """Where a workbook is asked for, and those that are kept are found, from the purchase on."""
    return f"{SECTION}/classeurs" + (f"?etat={record}" if record else "")


def offer(here: CostsPage, record: int | None = None) -> Offer:
    asks = {"etat": record} if record else {}
    formats = {kind.upper(): kind for kind in BOOKS}
    return Offer(here.url + path(), asks, here.url + path(record), formats, WHY)


def figures_text(here: CostsPage, export: Export) -> str:
    """Which figures it holds."""
    at = date_time_long(export.figures_at, here.zone, with_year=True) if export.figures_at else None
    record = record_of(export)
    if record is not None:
        return f"État n°\u00a0{record}" + (f", figé {at}" if at else "")
    return f"Chiffres du {at}" if at else "Chiffres du moment où il sera écrit"


@get(PATH, right=may_see_every_share)
async def show_exports(here: Here[CostsPage], etat: FromQuery[str] = "") -> Response[str]:
    """Offers to prepare a workbook, and lists those that are kept."""
    exports = await latest_workbooks(here.session, here.purchase.id)
    record = _record(etat)
    return here.render(
        "allocation/exports.html",
        "Classeurs",
        exports=[
            {
                "url": f"{here.url}{path()}/{export.id}",
                "figures": f"{figures_text(here, export)} ({format_of(export).upper()})",
                "asked_on": date_short(export.asked_at.astimezone(here.zone)),
                "asked_at": time_short(export.asked_at, here.zone),
                "state": export.state,
                "size": size,
            }
            for export, size in exports
        ],
        record=record,
        offer=offer(here, record),
    )


def _record(typed: str) -> int | None:
    """The number of a record in an address or a hidden field; empty: the figures of the moment.

    Raises:
        NotFound: it cannot be one.
    """
    if not typed:
        return None
    number = whole_number(typed, len(str(MOST_RECORDS)) - 1)
    if number is None:
        raise NotFound
    return number


@post(PATH, right=may_see_every_share)
async def do_ask(here: Here[CostsPage], form: PostedForm) -> Response[Any]:
    record = _record(form.value("etat"))
    kind: BookKind = "ods" if form.value("format") == "ods" else "xlsx"
    export_id = await ask_workbook(here.session, here.caller, here.purchase.id, here.now, record=record, kind=kind)
    return export_asked(here.request, f"{here.url}{path()}/{export_id}")


@get(f"{PATH}/{{export_id:int}}", right=may_see_every_share)
async def show_export(here: Here[CostsPage], export_id: FromPath[int]) -> Response[str]:
    """How far it is; once it is ready, the download."""
    export, size = await find_workbook(here.session, here.purchase.id, export_id)
    record = record_of(export)
    around = Around(
        title=TITLE,
        of=f"{here.purchase.reference} – {here.purchase.title}",
        figures=figures_text(here, export),
        breadcrumb=here.crumbs(("Classeurs", path()), TITLE),
        back=Link("Revenir aux coûts", here.url + SECTION + (f"/etats/{record}" if record else "")),
        file_url=f"{here.url}{path()}/{export.id}/repartition.{format_of(export)}",
        offer=offer(here, record),
        zone=here.zone,
        changes=record is None,
        suffix=format_of(export).upper(),
    )
    return export_page(here.request, export, size, around)


@get([f"{PATH}/{{export_id:int}}/repartition.{kind}" for kind in BOOKS], right=may_see_every_share)
async def download_export(here: Here[CostsPage], export_id: FromPath[int]) -> Response[bytes]:
    """The book, for who still sees every member's share."""
    export, _ = await find_workbook(here.session, here.purchase.id, export_id)
    return export_download(*await file_of(here.session, export))


ROUTES = [show_exports, do_ask, show_export, download_export]
