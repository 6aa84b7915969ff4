"""An allocation as files: the workbook, the CSV and the JSON, of today's figures or of a frozen record."""

import asyncio
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any, BinaryIO, Self
from zoneinfo import ZoneInfo

from litestar import Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from pooling.allocation.allocating import StatedPurchase
from pooling.allocation.configuration import FinanceConfiguration
from pooling.allocation.current import spool_current
from pooling.allocation.filing import with_filing
from pooling.allocation.page import OnCosts
from pooling.allocation.records.opening import FoundRecord, Result, details_of, result_of, spool_record
from pooling.allocation.records.provenance import Provenance, of_estimate, of_record
from pooling.allocation.records.workbook import View, write_allocation_csv
from pooling.allocation.records.workbook_file import XLSX, allocation_xlsx
from pooling.kernel.apart import Work, apart
from pooling.members.group_page import InGroup
from pooling.needs.details import SaidLine, filed_details
from pooling.outbox.mail import FICTIONAL
from pooling.purchases.size import has_many
from pooling.web.downloads import streamed
from pooling.web.services import services_of

KINDS = {"xlsx": XLSX, "csv": "text/csv", "json": "application/json"}
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


async def current_file(here: OnCosts, asked: Asked, name: str) -> Response[Any]:
    """Today's figures as a file. Of many members it is written in a process apart."""
    work = partial(write_current, purchase_id=here.purchase.id, finance=here.finance, asked=asked)
    return await _written(here, work, asked.kind, name)


async def record_file(here: OnCosts, record: FoundRecord, asked: Asked, name: str) -> Response[Any]:
    """A frozen allocation as a file, likewise."""
    return await _written(here, partial(write_record, record=record, asked=asked), asked.kind, name)


async def _written(here: OnCosts, work: Work[[str], None], kind: str, name: str) -> Response[Any]:
    file = NamedTemporaryFile(prefix="pooling-")  # noqa: SIM115 - it is gone once it is sent
    try:
        if await has_many(here.session, here.purchase.id):
            await apart(here.session, work, file.name)
        else:
            await work(here.session, file.name)
    except BaseException:
        file.close()
        raise
    return streamed(file, f"{name}.{kind}", KINDS[kind])


async def write_current(
    session: AsyncSession, path: str, purchase_id: int, finance: FinanceConfiguration, asked: Asked
) -> None:
    """Today's figures. Of whatever many members, some are held at a time.

    Raises:
        Conflict: the rule refuses the purchase's charges or subsidies.
    """
    _, allocation = await spool_current(session, purchase_id, finance)
    allocation = await with_filing(session, purchase_id, allocation)
    provenance = of_estimate(allocation, asked.group, asked.zone, asked.now)
    result = allocation.result
    written = (result.head_to_json(), (member.to_json() for member in result.results))
    said = await filed_details(session, purchase_id) if asked.kind == "xlsx" else []
    await asyncio.to_thread(_write, Path(path), allocation, provenance, asked, written, said)


async def write_record(session: AsyncSession, path: str, record: FoundRecord, asked: Asked) -> None:
    """A frozen allocation; the JSON is what the rule wrote on the day, handed out as it is.

    Raises:
        Conflict: as `FoundRecord.told`.
    """
    allocation = await spool_record(session, record)
    provenance = of_record(record, allocation, asked.group, asked.zone)
    result = await result_of(session, record) if asked.kind == "json" else ({}, ())
    said = await details_of(session, record) if asked.kind == "xlsx" else []
    await asyncio.to_thread(_write, Path(path), allocation, provenance, asked, result, said)


def _write(
    path: Path,
    allocation: StatedPurchase,
    provenance: Provenance,
    asked: Asked,
    result: Result,
    said: Sequence[SaidLine],
) -> None:
    """Each says where its figures come from, the JSON in one more field, `about`; where the group is fictional it says
    so too, the JSON in `notice`.
    """
    with path.open("wb") as target:
        if asked.kind == "xlsx":
            allocation_xlsx(target, allocation, provenance, fictional=asked.fictional, said=said)
        elif asked.kind == "csv":
            notice = FICTIONAL if asked.fictional else None
            write_allocation_csv(target, allocation.result, allocation.labels, asked.view, notice, provenance)
        else:
            notice_field = {"notice": FICTIONAL} if asked.fictional else {}
            head, members = result
            _write_json(target, {**notice_field, "about": provenance.to_json(), **head}, members)


def _write_json(target: BinaryIO, head: Mapping[str, Any], members: Iterable[Mapping[str, Any]]) -> None:
    """One object, whose members stand at its end, each on a line."""
    written = json.dumps(head, ensure_ascii=False, indent=1).removesuffix("\n}")
    target.write(f'{written},\n "members": ['.encode())
    target.writelines(
        f"{',' if place else ''}\n  {json.dumps(member, ensure_ascii=False)}".encode()
        for place, member in enumerate(members)
    )
    target.write(b"\n ]\n}\n")
