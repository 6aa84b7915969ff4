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
from pooling.allocation.booking import NOTHING_KNOWN, Bookkeeping
from pooling.allocation.configuration import FinanceConfiguration
from pooling.allocation.current import spool_current
from pooling.allocation.filing import books_now, books_of_record
from pooling.allocation.page import OnCosts
from pooling.allocation.records.opening import FoundRecord, Result, details_of, result_of, spool_record
from pooling.allocation.records.provenance import Provenance, of_estimate, of_record
from pooling.allocation.records.workbook import BookKind, View, detail_json, write_allocation_csv
from pooling.allocation.records.workbook_file import BOOKS, allocation_book
from pooling.kernel.apart import Work, apart
from pooling.members.group_page import InGroup
from pooling.needs.details import SaidLine, filed_details
from pooling.outbox.mail import FICTIONAL
from pooling.purchases.size import has_many
from pooling.web.addresses import path_of
from pooling.web.downloads import streamed
from pooling.web.services import services_of

KINDS: Mapping[str, str] = {
    **{str(kind): media for kind, media in BOOKS.items()},
    "csv": "text/csv",
    "json": "application/json",
}
SUMMARY, DETAIL = "repartition", "detail"
FILE_NAMES = [*(f"{SUMMARY}.{kind}" for kind in KINDS), *(f"{DETAIL}.{kind}" for kind in ("csv", "json"))]


def download_links(base: str, *, apart: bool = False) -> list[dict[str, str]]:
    """The buttons beside a table, for files that stand under this address; a book that is written apart has its own."""
    kinds = [kind for kind in KINDS if not (apart and kind in BOOKS)]
    return [
        *({"label": kind.upper(), "url": f"{base}/{SUMMARY}.{kind}"} for kind in kinds),
        *({"label": f"Détail {kind.upper()}", "url": f"{base}/{DETAIL}.{kind}"} for kind in ("csv", "json")),
    ]


def asked_in(request: Request[Any, Any, Any]) -> tuple[str, View]:
    """The kind of file that the end of the address names, and what of the allocation."""
    name, _, kind = path_of(request).rpartition("/")[2].partition(".")
    return kind, "detail" if name == DETAIL else "summary"


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

    @property
    def booked(self) -> bool:
        """Whether it says what finance books."""
        return self.kind in BOOKS or self.view == "detail"

    @property
    def only_sums(self) -> bool:
        """Whether no line of a member is in it."""
        return self.kind == "csv" and self.view == "summary"

    @classmethod
    def by(cls, here: InGroup, kind: str, view: View = "summary") -> Self:
        return cls(kind, here.group.name, here.zone, here.now, here.group.fictional, view)


async def current_file(here: OnCosts, asked: Asked, name: str) -> Response[Any]:
    """Today's figures as a file. Of many members it is written in a process apart."""
    work = partial(write_current, purchase_id=here.purchase.id, finance=here.finance, asked=asked)
    return await _written(here, work, asked, name)


async def record_file(here: OnCosts, record: FoundRecord, asked: Asked, name: str) -> Response[Any]:
    """A frozen allocation as a file, likewise."""
    return await _written(here, partial(write_record, record=record, asked=asked), asked, name)


async def _written(here: OnCosts, work: Work[[str], None], asked: Asked, name: str) -> Response[Any]:
    file = NamedTemporaryFile(prefix="pooling-")  # noqa: SIM115 - it is gone once it is sent
    try:
        if await has_many(here.session, here.purchase.id):
            await apart(here.session, work, file.name)
        else:
            await work(here.session, file.name)
    except BaseException:
        file.close()
        raise
    of = "-detail" if asked.view == "detail" else ""
    return streamed(file, f"{name}{of}.{asked.kind}", KINDS[asked.kind])


async def write_current(
    session: AsyncSession, path: str, purchase_id: int, finance: FinanceConfiguration, asked: Asked
) -> None:
    """Today's figures. Of whatever many members, some are held at a time.

    Raises:
        Conflict: the rule refuses the purchase's charges or subsidies.
    """
    _, allocation = await spool_current(session, purchase_id, finance, only_sums=asked.only_sums)
    said = await filed_details(session, purchase_id) if asked.booked else []
    books = NOTHING_KNOWN
    if asked.booked:
        allocation, books = await books_now(session, purchase_id, allocation, finance, said)
    provenance = of_estimate(allocation, asked.group, asked.zone, asked.now)
    result = allocation.result
    written = (result.head_to_json(), (member.to_json() for member in result.results))
    await asyncio.to_thread(_write, Path(path), allocation, provenance, asked, written, said, books)


async def write_record(session: AsyncSession, path: str, record: FoundRecord, asked: Asked) -> None:
    """A frozen allocation; the JSON is what the rule wrote on the day, handed out as it is.

    Raises:
        Conflict: as `FoundRecord.told`.
    """
    allocation = await spool_record(session, record, only_sums=asked.only_sums)
    provenance = of_record(record, allocation, asked.group, asked.zone)
    result = await result_of(session, record) if asked.kind == "json" and not asked.booked else ({}, ())
    said = await details_of(session, record) if asked.booked else []
    books = NOTHING_KNOWN
    if asked.booked:
        assert record.stated is not None, "it was told"
        books = await books_of_record(session, record.id, record.stated, allocation, said)
    await asyncio.to_thread(_write, Path(path), allocation, provenance, asked, result, said, books)


def _write(
    path: Path,
    allocation: StatedPurchase,
    provenance: Provenance,
    asked: Asked,
    result: Result,
    said: Sequence[SaidLine],
    books: Bookkeeping,
) -> None:
    """Each says where its figures come from, the JSON in one more field, `about`; where the group is fictional it says
    so too, the JSON in `notice`.
    """
    told, labels = allocation.result, allocation.labels
    about = {**({"notice": FICTIONAL} if asked.fictional else {}), "about": provenance.to_json()}
    with path.open("wb") as target:
        if asked.kind in BOOKS:
            kind: BookKind = "ods" if asked.kind == "ods" else "xlsx"
            written = (target, allocation, provenance)
            allocation_book(*written, fictional=asked.fictional, said=said, books=books, kind=kind)
        elif asked.kind == "csv":
            notice = FICTIONAL if asked.fictional else None
            write_allocation_csv(target, told, labels, asked.view, notice, provenance, books)
        elif asked.view == "detail":
            _write_json(target, about, "lines", detail_json(told, labels, books))
        else:
            head, members = result
            _write_json(target, {**about, **head}, "members", members)


def _write_json(target: BinaryIO, head: Mapping[str, Any], name: str, members: Iterable[Mapping[str, Any]]) -> None:
    """One object, whose members or lines stand at its end, each on a line."""
    written = json.dumps(head, ensure_ascii=False, indent=1).removesuffix("\n}")
    target.write(f'{written},\n "{name}": ['.encode())
    target.writelines(
        f"{',' if place else ''}\n  {json.dumps(member, ensure_ascii=False)}".encode()
        for place, member in enumerate(members)
    )
    target.write(b"\n ]\n}\n")
