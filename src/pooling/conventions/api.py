"""The convention and the deliberations of a purchase, for programs: files as things stand, versions that are kept."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from pooling.accounts.idempotency import Made
from pooling.conventions.keeping import VersionShown, file_name, keep_version, read_version, versions_of
from pooling.conventions.page import OnDeliberation, deliberation_for, papers_of
from pooling.conventions.permissions import may_read_deliberation
from pooling.conventions.writing import convention_of
from pooling.documents.document import FORMATS, Document, written
from pooling.members.endpoint import endpoint
from pooling.members.group_page import Here
from pooling.members.rights import Right
from pooling.procurement.page import OnProcedure
from pooling.procurement.permissions import may_plan
from pooling.web.api import ApiIn, ApiOut
from pooling.web.downloads import REVALIDATED, download

CONVENTION = "/purchases/{reference:str}/procedure/convention"
DELIBERATION = "/purchases/{reference:str}/procedure/members/{member:str}/deliberation"
ANY_FILE = "application/octet-stream"
"""Of a version: it has the format that it was kept in."""
REFUSED = ("no_convention_needed", "mandate_undecided")


class VersionPost(ApiIn):
    format: Literal["odt", "docx", "pdf"] = "odt"


class KeptPaperOut(ApiOut):
    id: int
    number: int
    format: str
    size: int
    """Bytes."""
    sha256: str
    """Of the file."""
    kept_at: datetime
    kept_by: str


class PaperOut(ApiOut):
    """What a paper says as things stand, and the versions of it that were kept."""

    title: str
    versions: Sequence[KeptPaperOut]


def _out(version: VersionShown) -> KeptPaperOut:
    return KeptPaperOut(
        id=version.id,
        number=version.number,
        format=version.kind,
        size=version.size,
        sha256=version.sha256,
        kept_at=version.kept_at,
        kept_by=version.kept_by,
    )


async def _paper(here: OnProcedure, document: Document, member_id: int | None) -> PaperOut:
    versions = await versions_of(here.session, here.purchase.id, member_id)
    return PaperOut(title=document.title, versions=[_out(version) for version in versions])


async def _file(document: Document, kind: str, name: str) -> Response[bytes]:
    return download(await written(document, kind), f"{name}.{kind}", FORMATS[kind].media_type, headers=REVALIDATED)


async def _kept(here: OnProcedure, member_id: int | None, version_id: int) -> Response[bytes]:
    file, content = await read_version(here.session, here.purchase.id, member_id, version_id)
    return download(content, file.name, ANY_FILE, headers=REVALIDATED)


@endpoint(get, CONVENTION, right=Right.SEE_TOTALS, conflicts=REFUSED)
async def get_convention(here: Here[OnProcedure]) -> PaperOut:
    """The convention of a purchase: its title and the versions that were kept, the newest first."""
    return await _paper(here, convention_of(await papers_of(here, among=())), None)  # its title names nobody


def _convention_in(kind: str) -> HTTPRouteHandler:
    async def download_it(here: Here[OnProcedure]) -> Response[bytes]:
        return await _file(convention_of(await papers_of(here)), kind, file_name(here.purchase, None))

    download_it.__name__ = f"download_convention_{kind}"
    download_it.__doc__ = f"The convention as things stand, in {FORMATS[kind].word}."
    media = FORMATS[kind].media_type
    return endpoint(get, f"{CONVENTION}.{kind}", right=Right.SEE_TOTALS, conflicts=REFUSED, media=media)(download_it)


@endpoint(post, f"{CONVENTION}/versions", right=may_plan, status=201, conflicts=REFUSED, once=True)
async def keep_convention_version(here: Here[OnProcedure], sent: VersionPost) -> Made[KeptPaperOut]:
    """Keep the convention as it is written now, as a file that nothing changes any more."""
    document = convention_of(await papers_of(here))
    kept = await keep_version(here.session, here.caller, here.purchase, None, document, sent.format, here.now)
    return Made(
        _out(kept), f"{here.api_url}/purchases/{here.purchase.reference}/procedure/convention/versions/{kept.id}"
    )


@endpoint(
    get,
    f"{CONVENTION}/versions/{{kept_document:int}}",
    right=Right.SEE_TOTALS,
    media=ANY_FILE,
)
async def download_kept_convention(here: Here[OnProcedure], kept_document: FromPath[int]) -> Response[bytes]:
    """A version of the convention that was kept."""
    return await _kept(here, None, kept_document)


@endpoint(get, DELIBERATION, right=may_read_deliberation, conflicts=REFUSED)
async def get_deliberation(here: Here[OnDeliberation]) -> PaperOut:
    """The model of a member's deliberation: its title and the versions that were kept, the newest first."""
    return await _paper(here, await deliberation_for(here, here.papers, here.party), here.member_id)


def _deliberation_in(kind: str) -> HTTPRouteHandler:
    async def download_it(here: Here[OnDeliberation]) -> Response[bytes]:
        document = await deliberation_for(here, here.papers, here.party)
        return await _file(document, kind, file_name(here.purchase, here.party.name))

    download_it.__name__ = f"download_deliberation_{kind}"
    download_it.__doc__ = f"The model of a member's deliberation as things stand, in {FORMATS[kind].word}."
    media, path = FORMATS[kind].media_type, f"{DELIBERATION}.{kind}"
    return endpoint(get, path, right=may_read_deliberation, conflicts=REFUSED, media=media)(download_it)


@endpoint(post, f"{DELIBERATION}/versions", right=may_read_deliberation, status=201, conflicts=REFUSED, once=True)
async def keep_deliberation_version(here: Here[OnDeliberation], sent: VersionPost) -> Made[KeptPaperOut]:
    """Keep the model of a member's deliberation as it is written now."""
    document = await deliberation_for(here, here.papers, here.party)
    whose = (here.member_id, here.party.name)
    kept = await keep_version(here.session, here.caller, here.purchase, whose, document, sent.format, here.now)
    path = f"procedure/members/{here.party.siren}/deliberation/versions/{kept.id}"
    return Made(_out(kept), f"{here.api_url}/purchases/{here.purchase.reference}/{path}")


@endpoint(
    get,
    f"{DELIBERATION}/versions/{{kept_deliberation:int}}",
    right=may_read_deliberation,
    media=ANY_FILE,
)
async def download_kept_deliberation(here: Here[OnDeliberation], kept_deliberation: FromPath[int]) -> Response[bytes]:
    """A version of a member's deliberation that was kept."""
    return await _kept(here, here.member_id, kept_deliberation)


ROUTES = [
    get_convention,
    *map(_convention_in, FORMATS),
    keep_convention_version,
    download_kept_convention,
    get_deliberation,
    *map(_deliberation_in, FORMATS),
    keep_deliberation_version,
    download_kept_deliberation,
]
