"""An allocation as files: the workbook, the CSV and the JSON, of today's figures or of a frozen record."""

import asyncio
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ParamSpec, Self
from zoneinfo import ZoneInfo

from litestar import Request
from sqlalchemy.ext.asyncio import AsyncSession

from pooling.allocation.allocating import StatedPurchase
from pooling.allocation.configuration import FinanceConfiguration
from pooling.allocation.current import has_many, read_current
from pooling.allocation.page import OnCosts
from pooling.allocation.records.opening import FoundRecord, details_of, open_record, result_of
from pooling.allocation.records.provenance import Provenance, of_estimate, of_record
from pooling.allocation.records.workbook import View, write_allocation_csv
from pooling.allocation.records.workbook_file import XLSX, allocation_xlsx
from pooling.kernel.apart import Work, apart
from pooling.members.group_page import InGroup
from pooling.needs.details import SaidLine, filed_details
from pooling.outbox.mail import FICTIONAL
from pooling.web.services import services_of

Given = ParamSpec("Given")
KINDS = {"xlsx": XLSX, "csv": "text/csv; charset=utf-8", "json": "application/json"}
FILE_NAMES = [f"repartition.{kind}" for kind in KINDS]


def download_links(base: str, *, apart: bool = False) -> list[dict[str, str]]:
    """The buttons beside a table, for files that stand under this address; a workbook that is written apart has its
    own.
    """
    kinds = [kind for kind in KINDS if not (apart and kind == "xlsx")]
    return [{"label": kind.upper(), "url": f"{base}/repartition.{kind}"} for kind in kinds]


def writes_apart(request: Request[Any, Any, Any], rows: int) -> bool:
    """Whether a workbook of so many rows is too long to be written while somebody waits."""
    most: int = services_of(request).settings.direct_workbook_rows
    return rows > most


@dataclass(frozen=True)
class Asked:
    """A file as it is asked for."""

    kind: str
    group: str
    """The group's name."""
    zone: ZoneInfo
    now: datetime
    fictional: bool
    view: View = "summary"

    @classmethod
    def by(cls, here: InGroup, kind: str, view: View = "summary") -> Self:
        return cls(kind, here.group.name, here.zone, here.now, here.group.fictional, view)


async def current_file(here: OnCosts, asked: Asked) -> bytes:
    """Today's figures as a file. Of many members it is written in a process apart."""
    return await _written(here, _current_file, here.purchase.id, here.finance, asked)


async def record_file(here: OnCosts, record: FoundRecord, asked: Asked) -> bytes:
    """A frozen allocation as a file, likewise."""
    return await _written(here, _record_file, record, asked)


async def _written(here: OnCosts, work: Work[Given, bytes], *given: Given.args, **named: Given.kwargs) -> bytes:
    if await has_many(here.session, here.purchase.id):
        return await apart(here.session, work, *given, **named)
    return await work(here.session, *given, **named)


async def _current_file(session: AsyncSession, purchase_id: int, finance: FinanceConfiguration, asked: Asked) -> bytes:
    allocation = await read_current(session, purchase_id, finance)
    provenance = of_estimate(allocation, asked.group, asked.zone, asked.now)
    said = await filed_details(session, purchase_id) if asked.kind == "xlsx" else []
    return await asyncio.to_thread(_bytes, allocation, provenance, asked, None, said)


async def _record_file(session: AsyncSession, record: FoundRecord, asked: Asked) -> bytes:
    allocation = await open_record(session, record)
    provenance = of_record(record, allocation, asked.group, asked.zone)
    result = await result_of(session, record) if asked.kind == "json" else None
    said = await details_of(session, record) if asked.kind == "xlsx" else []
    return await asyncio.to_thread(_bytes, allocation, provenance, asked, result, said)


def _bytes(
    allocation: StatedPurchase,
    provenance: Provenance,
    asked: Asked,
    result: Mapping[str, Any] | None = None,
    said: Sequence[SaidLine] = (),
) -> bytes:
    """`result` is what a record holds, handed out as it is. Each says where its figures come from, the JSON in one more
    field, `about`; where the group is fictional it says so too, the JSON in `notice`.
    """
    target = io.BytesIO()
    if asked.kind == "xlsx":
        allocation_xlsx(target, allocation, provenance, fictional=asked.fictional, said=said)
    elif asked.kind == "csv":
        notice = FICTIONAL if asked.fictional else None
        write_allocation_csv(target, allocation.result, allocation.labels, asked.view, notice, provenance)
    else:
        notice_field = {"notice": FICTIONAL} if asked.fictional else {}
        about = {"about": provenance.to_json()}
        written = {**notice_field, **about, **(allocation.result.to_json() if result is None else result)}
        target.write(json.dumps(written, ensure_ascii=False, indent=1).encode())
    return target.getvalue()
