"""Long files about what a purchase costs, for programs: asked for, followed, fetched once the worker wrote them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath
from pydantic import Field

from pooling.accounts.idempotency import Made
from pooling.allocation.page import OnCosts
from pooling.allocation.permissions import may_see_every_share
from pooling.allocation.records.long_files import LONG_FILES
from pooling.allocation.records.page import MOST_RECORDS
from pooling.exports.asking import file_of, find_export
from pooling.exports.models import ExportState
from pooling.exports.pages import headers_of
from pooling.kernel.errors import Invalid
from pooling.members.endpoint import endpoint
from pooling.members.group_page import Here
from pooling.web.api import ApiIn, ApiOut
from pooling.web.downloads import download

FILES = "/purchases/{reference:str}/allocation/files"
ONE = f"{FILES}/{{export_id:int}}"
ANY_FILE = "application/octet-stream"
"""Its name says what it is."""
LONG_FILE = "long_file"
"""The code of what is refused because it is asked for here."""
_SAID = {"record": "etat", "other": "avec", "layout": "modele", "creditor": "creancier", "part": "part"}
"""How the pages' buttons say it."""


class LongFilePost(ApiIn):
    """Which file; what is not of its kind does not count."""

    kind: str = Field(
        max_length=40,
        description="allocation (the workbook; as CSV, all that finance books), version (a row per member of a frozen "
        "allocation, CSV), debts, gaps (between two frozen allocations), accounting, statements (a ZIP file) or "
        "recovery.",
    )
    record: int | None = Field(default=None, ge=1, le=MOST_RECORDS)
    """The number of the frozen allocation; null, of the workbook: the figures as they are when it is written."""
    other: int | None = Field(default=None, ge=1, le=MOST_RECORDS)
    """Of gaps: the number of the one that it is compared with."""
    layout: str = Field(default="", max_length=40)
    """Of accounting: the name of a layout of config/finance.toml."""
    creditor: str = Field(default="", max_length=100)
    """Of titres: the member that issues them; empty: the lead."""
    part: int = Field(default=1, ge=1, le=999_999)
    """Of statements, of which there are two thousand in a ZIP file: which file."""
    format: str = Field(default="", max_length=10)
    """xlsx, ods or csv; empty: the first that there is of its kind."""


class LongFileOut(ApiOut):
    """A file, and how far the worker is with it."""

    id: int
    kind: str
    state: ExportState
    rows_done: int
    rows_total: int
    """About how many there are; 0 until they are read."""
    figures_at: datetime | None
    """The moment whose figures it holds, once they are read."""
    reason: str | None
    """Why it failed, in French."""
    size: int | None
    """Bytes, once it is ready."""
    transliterated: int | None
    """How many of its values its encoding could not hold as they are; null: it holds all there are."""
    content: str | None
    """Where the file is, once it is ready; it is forgotten after some days."""


def _url(here: OnCosts, export_id: int) -> str:
    return f"{here.api_url}/purchases/{here.purchase.reference}/allocation/files/{export_id}"


async def _out(here: OnCosts, export_id: int) -> LongFileOut:
    export, size = await find_export(here.session, LONG_FILES, export_id, {"purchase": here.purchase.id})
    return LongFileOut(
        id=export.id,
        kind=export.kind,
        state=ExportState(export.state),
        rows_done=export.rows_done,
        rows_total=export.rows_total,
        figures_at=export.figures_at,
        reason=export.reason,
        size=size,
        transliterated=export.transliterated,
        content=f"{_url(here, export.id)}/content" if export.state == ExportState.READY else None,
    )


@endpoint(post, FILES, right=may_see_every_share, status=202, rings="export")
async def ask_for_long_file(here: Here[OnCosts], sent: LongFilePost) -> Made[LongFileOut]:
    """Have the worker write a file of all members; `Location` says where it is followed. Who asks for what is under way
    is led to that. For who sees every member's share.
    """
    asked = LONG_FILES.get(sent.kind)
    if asked is None:
        raise Invalid({"kind": f"Il y a\u00a0: {', '.join(LONG_FILES)}."})
    if sent.format and sent.format not in asked.formats:
        raise Invalid({"format": f"Ce fichier existe en\u00a0: {', '.join(asked.formats)}."})
    said = {"format": sent.format, **{word: str(getattr(sent, name) or "") for name, word in _SAID.items()}}
    export_id = await asked.ask(here, lambda word: said.get(word, ""))
    return Made(await _out(here, export_id), _url(here, export_id))


@endpoint(get, ONE, right=may_see_every_share)
async def get_long_file(here: Here[OnCosts], export_id: FromPath[int]) -> LongFileOut:
    """How far the worker is with a file. For who sees every member's share."""
    return await _out(here, export_id)


@endpoint(get, f"{ONE}/content", right=may_see_every_share, media=ANY_FILE)
async def download_long_file(here: Here[OnCosts], export_id: FromPath[int]) -> Response[bytes]:
    """The file, once it is ready; until then there is none (404). For who sees every member's share."""
    export, _ = await find_export(here.session, LONG_FILES, export_id, {"purchase": here.purchase.id})
    file, content = await file_of(here.session, export)
    return download(content, file.name, ANY_FILE, headers=headers_of(export))


ROUTES: Sequence[Any] = [ask_for_long_file, get_long_file, download_long_file]
