"""Files of a frozen allocation for programs: for accounting packages, and statements."""

from collections.abc import Sequence
from typing import Any

from litestar import Response, get
from pydantic import Field

from pooling.accounting.pages import CSV, layout_file, statement_file
from pooling.accounting.statement import PDF
from pooling.allocation.page import OnCosts
from pooling.allocation.permissions import may_see_every_share
from pooling.allocation.records.opening import find_record
from pooling.allocation.records.page import MOST_RECORDS
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


@endpoint(get, f"{PATH}/accounting", right=may_see_every_share, media=CSV)
async def download_accounting_file(here: Here[OnCosts], asked: LayoutIn) -> Response[Any]:
    """A frozen allocation as a file for an accounting package. `X-Transliterated` is how many of its values the
    layout's encoding could not hold as they are. For who sees every member's share.
    """
    return await layout_file(here, asked.record, asked.layout, asked.creditor)


@endpoint(get, f"{PATH}/statement", right=may_see_every_share, media=PDF)
async def download_statement_file(here: Here[OnCosts], asked: StatementIn) -> Response[Any]:
    """A member's statement of a frozen allocation. For who sees every member's share."""
    record = await find_record(here.session, here.purchase.id, asked.record)
    return await statement_file(here, record, asked.member, here.now)


ROUTES: Sequence[Any] = [download_accounting_file, download_statement_file]
