"""Long files about what a purchase costs, its workbook first: asking for one, seeing how far it is, downloading it."""

from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery

from pooling.allocation.page import COSTS, SECTION, CostsPage
from pooling.allocation.permissions import may_see_every_share
from pooling.allocation.records.long_files import ASKED, LONG_FILES, WHY, record_number
from pooling.allocation.records.version_job import VERSION
from pooling.allocation.records.workbook_export import FORMATS, KIND, record_of
from pooling.exports.asking import file_of, find_export, latest_exports
from pooling.exports.models import Export
from pooling.exports.pages import (
    Around,
    Offer,
    export_asked,
    export_download,
    export_page,
    headers_of,
    transliterated_words,
)
from pooling.kernel.errors import NotFound
from pooling.members.group_page import Here
from pooling.web.forms import PostedForm
from pooling.web.layout import Link
from pooling.web.typography import date_short, date_time_long, time_short

PATH = COSTS + ASKED.removeprefix(SECTION)


def path(record: int | None = None) -> str:
    """Where a workbook is asked for, and all that are kept are found, from the purchase on."""
    return ASKED + (f"?etat={record}" if record else "")


def offer(here: CostsPage, record: int | None = None) -> Offer:
    """The buttons of a workbook, of a record or of the figures of the moment."""
    asks = {"etat": record} if record else {}
    formats = {kind.upper(): kind for kind in FORMATS}
    return Offer(here.url + path(), asks, here.url + path(record), formats, WHY)


def _again(here: CostsPage, export: Export) -> Offer:
    """Asks for the same once more, as its terms say."""
    names = {"record": "etat", "format": "format"}
    asks = {names.get(name, name): said for name, said in export.terms.items() if name != "purchase" and said}
    return Offer(here.url + path(), {"quoi": export.kind, **asks}, here.url + path(record_of(export)), why=WHY)


def _figures_text(here: CostsPage, export: Export) -> str:
    """Which figures it holds."""
    at = date_time_long(export.figures_at, here.zone, with_year=True) if export.figures_at else None
    record = record_of(export)
    if record is not None:
        return f"État n°\u00a0{record}" + (f", figé {at}" if at else "")
    return f"Chiffres du {at}" if at else "Chiffres du moment où il sera écrit"


def _format(export: Export) -> str:
    written: str = export.terms.get("format", "xlsx")
    return written.upper()


def _title(export: Export) -> str:
    return LONG_FILES[export.kind].title(export.terms)


@get(PATH, right=may_see_every_share)
async def show_exports(here: Here[CostsPage], etat: FromQuery[str] = "") -> Response[str]:
    """Offers to prepare a workbook, and lists all long files that are kept."""
    exports = await latest_exports(here.session, LONG_FILES, {"purchase": here.purchase.id})
    record = record_number(etat) if etat else None
    return here.render(
        "allocation/exports.html",
        "Fichiers",
        exports=[
            {
                "url": f"{here.url}{path()}/{export.id}",
                "title": f"{_title(export)} ({_format(export)})",
                "figures": _figures_text(here, export),
                "asked_on": date_short(export.asked_at.astimezone(here.zone)),
                "asked_at": time_short(export.asked_at, here.zone),
                "state": export.state,
                "size": size,
                "transliterated": transliterated_words(export),
            }
            for export, size in exports
        ],
        record=record,
        offer=offer(here, record),
    )


@post(PATH, right=may_see_every_share)
async def do_ask(here: Here[CostsPage], form: PostedForm) -> Response[Any]:
    asked = LONG_FILES.get(form.value("quoi") or KIND)
    if asked is None:
        raise NotFound
    export_id = await asked.ask(here, form.value)
    return export_asked(here.request, f"{here.url}{path()}/{export_id}")


@get(f"{PATH}/{{export_id:int}}", right=may_see_every_share)
async def show_export(here: Here[CostsPage], export_id: FromPath[int]) -> Response[Any]:
    """How far it is; once it is ready, the download."""
    export, size = await find_export(here.session, LONG_FILES, export_id, {"purchase": here.purchase.id})
    if export.kind == VERSION and record_of(export) is None:
        return here.redirect(f"{SECTION}/gel/{export.id}")
    record, title = record_of(export), _title(export)
    around = Around(
        title=title,
        of=f"{here.purchase.reference} – {here.purchase.title}",
        figures=_figures_text(here, export),
        breadcrumb=here.crumbs(("Fichiers", path()), title),
        back=Link("Revenir aux coûts", here.url + SECTION + (f"/etats/{record}" if record else "")),
        file_url=f"{here.url}{path()}/{export.id}/fichier",
        offer=_again(here, export),
        zone=here.zone,
        changes=record is None,
        noun="fichier",
        suffix=_format(export),
    )
    return export_page(here.request, export, size, around)


@get(f"{PATH}/{{export_id:int}}/fichier", right=may_see_every_share)
async def download_export(here: Here[CostsPage], export_id: FromPath[int]) -> Response[bytes]:
    """The file, for who still sees every member's share."""
    export, _ = await find_export(here.session, LONG_FILES, export_id, {"purchase": here.purchase.id})
    return export_download(*await file_of(here.session, export), headers_of(export))


ROUTES = [show_exports, do_ask, show_export, download_export]
