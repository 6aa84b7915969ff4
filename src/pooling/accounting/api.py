"""Files of a frozen allocation for programs: for accounting packages, and statements."""

from collections.abc import Sequence
from typing import Any

from litestar import Response, get
from pydantic import Field

from pooling.accounting.configuration import AccountingLayouts
from pooling.accounting.layout_export import about_rows
from pooling.accounting.pages import CSV, layout_file, statement_file
from pooling.accounting.statement import PDF
from pooling.allocation.page import OnCosts
from pooling.allocation.permissions import may_see_every_share
from pooling.allocation.records.downloads import writes_apart
from pooling.allocation.records.files_api import LONG_FILE
from pooling.allocation.records.opening import find_record
from pooling.allocation.records.page import MOST_RECORDS
from pooling.kernel.errors import Conflict, NotFound
from pooling.members.endpoint import endpoint
from pooling.members.group_page import Here
from pooling.web.api import ApiIn

PATH = "/purchases/{reference:str}/allocation"


class LayoutIn(ApiIn):
    record: int = Field(ge=1, le=MOST_RECORDS, description="The number of the frozen allocation.")
    layout: str = Field(max_length=40, description="The name of a layout of config/finance.toml: titres, mandats.")
    creditor: str = Field(
        default="", max_length=100, description="Of titres: the member that issues them; empty: the lead."
    )


class StatementIn(ApiIn):
    record: int = Field(ge=1, le=MOST_RECORDS, description="The number of the frozen allocation.")
    member: str = Field(max_length=100, description="A member's SIREN, or a unit's code.")


@endpoint(get, f"{PATH}/accounting", right=may_see_every_share, media=CSV, conflicts=(LONG_FILE,))
async def download_accounting_file(here: Here[OnCosts], asked: LayoutIn) -> Response[Any]:
    """A frozen allocation as a file for an accounting package. `X-Transliterated` is how many of its values the
    layout's encoding could not hold as they are. For who sees every member's share. A long one (409) is asked for at
    `…/allocation/files`.
    """
    layout = here.services.part(AccountingLayouts).layout(asked.layout)
    if layout is None:
        raise NotFound
    record = await find_record(here.session, here.purchase.id, asked.record)
    if writes_apart(here.request, await about_rows(here.session, record, layout)):
        raise Conflict(
            "Ce fichier est trop long pour être écrit pendant que vous attendez\u00a0: demandez-le (POST "
            "…/allocation/files).",
            code=LONG_FILE,
        )
    return await layout_file(here, asked.record, asked.layout, asked.creditor)


@endpoint(get, f"{PATH}/statement", right=may_see_every_share, media=PDF)
async def download_statement_file(here: Here[OnCosts], asked: StatementIn) -> Response[Any]:
    """A member's statement of a frozen allocation. For who sees every member's share."""
    record = await find_record(here.session, here.purchase.id, asked.record)
    return await statement_file(here, record, asked.member, here.now)


ROUTES: Sequence[Any] = [download_accounting_file, download_statement_file]
