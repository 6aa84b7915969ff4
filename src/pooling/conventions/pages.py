"""The pages of the convention and of the deliberations: read, downloaded, kept."""

from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath

from pooling.conventions.export import KIND, part_of
from pooling.conventions.keeping import file_name, keep_version, read_version, versions_of
from pooling.conventions.page import CONVENTION, ConventionPage, DeliberationPage, deliberation_for, papers_of
from pooling.conventions.parties import read_parties
from pooling.conventions.permissions import may_read_deliberation
from pooling.conventions.writing import MOST_NAMED, MOST_SHOWN, Papers, convention_of
from pooling.documents.document import FORMATS, Document, written
from pooling.exports.asking import ask_export, file_of, find_export, latest_exports
from pooling.exports.models import Export
from pooling.exports.pages import Around, Offer, export_asked, export_download, export_page
from pooling.exports.zips import parts_of, which
from pooling.kernel.errors import Conflict
from pooling.kernel.slices import Slice
from pooling.kernel.text import whole_number
from pooling.members.group_page import Here
from pooling.members.rights import Right
from pooling.needs.permissions import may_see_all_needs
from pooling.procurement.permissions import may_plan
from pooling.procurement.reading import shares_listed
from pooling.web.cursors import pages_after
from pooling.web.downloads import REVALIDATED, download
from pooling.web.forms import Form, PostedForm
from pooling.web.layout import Link
from pooling.web.typography import date_time_long

PAGE = f"/achats/{{reference:str}}{CONVENTION}"
VERSIONS = "/versions"
ALL = f"{PAGE}/deliberations"
ONE = f"{ALL}/{{member:str}}"
USUAL = "odt"
WHY = (
    "Il y a une délibération par membre\u00a0: le dossier se prépare en quelques minutes, pendant que vous faites "
    "autre chose."
)
CHOICES = [(kind, form.word) for kind, form in FORMATS.items()]


@get(PAGE, right=Right.SEE_TOTALS)
async def show_convention(here: Here[ConventionPage]) -> Response[str]:
    return await _convention_page(here, Form(values={"format": USUAL}))


async def _convention_page(here: ConventionPage, form: Form) -> Response[str]:
    papers = await papers_of(here, most=MOST_SHOWN)
    document, refused = _written_or_why(papers)
    count = papers.parties.count
    after = here.request.query_params.get("apres", "")
    sees_all = may_see_all_needs(here.caller, here.purchase)
    mine = None if sees_all else here.caller.members_as(*(held.role for held in here.caller.roles))
    listed = await shares_listed(here.session, here.purchase.id, Slice(after), among=mine)
    return here.render(
        "conventions/convention.html",
        form=form,
        document=document,
        preview=document.preview(under=3) if document else "",
        shown=len(papers.parties.named) if count > MOST_SHOWN else 0,
        named=min(count, MOST_NAMED),
        refused=refused,
        versions=await versions_of(here.session, here.purchase.id, None),
        formats=CHOICES,
        may_keep=may_plan(here.caller, here.purchase),
        sees_all=sees_all,
        parts=_parts(count),
        folders=[_folder(here, export, count) for export in await _folders(here)] if sees_all else (),
        members=[share for share in listed.items if not share.is_unit and _reads(here, share.member_id)],
        **pages_after(here.url + CONVENTION, after, listed),
    )


def _parts(count: int) -> list[tuple[str, str]]:
    """The files that so many deliberations fill, where it is more than one."""
    parts = parts_of(count)
    return [(str(part), f"Délibérations {which(part, count)}") for part in parts] if len(parts) > 1 else []


async def _folders(here: ConventionPage) -> list[Export]:
    return [export for export, _ in await latest_exports(here.session, KIND, {"purchase": here.purchase.id})]


def _folder(here: ConventionPage, export: Export, count: int) -> tuple[str, str]:
    """A ZIP file that was asked for: its page's path and what it is."""
    of = f" {which(part_of(export.terms), count)}" if len(parts_of(count)) > 1 else ""
    at = date_time_long(export.asked_at, here.zone, with_year=True)
    return f"/dossiers/{export.id}", f"Délibérations{of} en {FORMATS[export.terms['format']].word}, {at}"


def _reads(here: ConventionPage, member_id: int) -> bool:
    return may_read_deliberation(here.caller, here.purchase, member_id)


def _written_or_why(papers: Papers) -> tuple[Document | None, str]:
    try:
        return convention_of(papers), ""
    except Conflict as conflict:
        return None, conflict.message


async def _file(document: Document, kind: str, name: str) -> Response[bytes]:
    return download(await written(document, kind), f"{name}.{kind}", FORMATS[kind].media_type, headers=REVALIDATED)


@get([f"{PAGE}.{kind}" for kind in FORMATS], right=Right.SEE_TOTALS)
async def download_convention(here: Here[ConventionPage]) -> Response[bytes]:
    """As things stand."""
    kind = here.request.url.path.rpartition(".")[2]
    return await _file(convention_of(await papers_of(here)), kind, file_name(here.purchase, None))


@post(PAGE + VERSIONS, right=may_plan)
async def do_keep_convention(here: Here[ConventionPage], form: PostedForm) -> Response[Any]:
    document = convention_of(await papers_of(here))
    async with form.submitted(lambda: _convention_page(here, form)):
        kept = await keep_version(
            here.session, here.caller, here.purchase, None, document, form.value("format"), here.now
        )
    return here.redirect(CONVENTION, done=f"La version {kept.number} est conservée.")


@get(f"{PAGE}{VERSIONS}/{{kept_document:int}}", right=Right.SEE_TOTALS)
async def download_kept_convention(here: Here[ConventionPage], kept_document: FromPath[int]) -> Response[bytes]:
    file, content = await read_version(here.session, here.purchase.id, None, kept_document)
    return download(content, file.name, file.media_type, headers=REVALIDATED)


@get(ONE, right=may_read_deliberation)
async def show_deliberation(here: Here[DeliberationPage]) -> Response[str]:
    return await _deliberation_page(here, Form(values={"format": USUAL}))


async def _deliberation_page(here: DeliberationPage, form: Form) -> Response[str]:
    document = await deliberation_for(here, here.papers, here.party)
    return here.render(
        "conventions/deliberation.html",
        here.party.name,
        form=form,
        document=document,
        preview=document.preview(under=3),
        path=here.url + here.path,
        member=here.party.name,
        versions=await versions_of(here.session, here.purchase.id, here.member_id),
        formats=CHOICES,
        may_keep=True,
    )


@get([f"{ONE}/deliberation.{kind}" for kind in FORMATS], right=may_read_deliberation)
async def download_deliberation(here: Here[DeliberationPage]) -> Response[bytes]:
    """As things stand."""
    kind = here.request.url.path.rpartition(".")[2]
    document = await deliberation_for(here, here.papers, here.party)
    return await _file(document, kind, file_name(here.purchase, here.party.name))


@post(ONE + VERSIONS, right=may_read_deliberation)
async def do_keep_deliberation(here: Here[DeliberationPage], form: PostedForm) -> Response[Any]:
    document, whose = await deliberation_for(here, here.papers, here.party), (here.member_id, here.party.name)
    async with form.submitted(lambda: _deliberation_page(here, form)):
        kept = await keep_version(
            here.session, here.caller, here.purchase, whose, document, form.value("format"), here.now
        )
    return here.redirect(here.path, done=f"La version {kept.number} est conservée.")


@get(f"{ONE}{VERSIONS}/{{kept_deliberation:int}}", right=may_read_deliberation)
async def download_kept_deliberation(here: Here[DeliberationPage], kept_deliberation: FromPath[int]) -> Response[bytes]:
    file, content = await read_version(here.session, here.purchase.id, here.member_id, kept_deliberation)
    return download(content, file.name, file.media_type, headers=REVALIDATED)


@post(ALL, right=may_see_all_needs)
async def do_ask_deliberations(here: Here[ConventionPage], form: PostedForm) -> Response[Any]:
    """Of so many members that they fill several files, of one of these."""
    kind = form.value("folder") if form.value("folder") in FORMATS else USUAL
    part = whole_number(form.value("part"), 6)
    if part not in parts_of((await read_parties(here.session, here.purchase, most=1)).count):
        part = 1
    terms = {"purchase": here.purchase.id, "format": kind, "part": part}
    export_id = await ask_export(here.session, KIND, terms, here.caller.person_id, here.now, unchanging=False)
    return export_asked(here.request, f"{here.url}{CONVENTION}/dossiers/{export_id}")


FOLDER = f"{PAGE}/dossiers/{{deliberations_export:int}}"


@get(FOLDER, right=may_see_all_needs)
async def show_deliberations(here: Here[ConventionPage], deliberations_export: FromPath[int]) -> Response[str]:
    """How far it is; once it is ready, the download."""
    export, size = await find_export(here.session, KIND, deliberations_export, {"purchase": here.purchase.id})
    kind, part, path = export.terms["format"], part_of(export.terms), here.url + CONVENTION
    count = (await read_parties(here.session, here.purchase, most=1)).count
    title = f"Délibérations {which(part, count)}" if len(parts_of(count)) > 1 else "Toutes les délibérations"
    around = Around(
        title=title,
        of=f"{here.purchase.reference} – {here.purchase.title}",
        figures=f"En {FORMATS[kind].word}, au {date_time_long(export.figures_at or here.now, here.zone)}",
        breadcrumb=here.crumbs(title),
        back=Link("Revenir à la convention", path),
        file_url=f"{path}/dossiers/{deliberations_export}/fichier",
        offer=Offer(f"{path}/deliberations", {"folder": kind, "part": part}, why=WHY),
        zone=here.zone,
        changes=True,
        noun="dossier",
        suffix="ZIP",
    )
    return export_page(here.request, export, size, around)


@get(f"{FOLDER}/fichier", right=may_see_all_needs)
async def download_deliberations(here: Here[ConventionPage], deliberations_export: FromPath[int]) -> Response[bytes]:
    export, _ = await find_export(here.session, KIND, deliberations_export, {"purchase": here.purchase.id})
    return export_download(*await file_of(here.session, export))


ROUTES = [
    show_convention,
    download_convention,
    do_keep_convention,
    download_kept_convention,
    show_deliberation,
    download_deliberation,
    do_keep_deliberation,
    download_kept_deliberation,
    do_ask_deliberations,
    show_deliberations,
    download_deliberations,
]
