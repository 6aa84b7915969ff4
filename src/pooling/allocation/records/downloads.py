"""An allocation as files: the workbook, the CSV and the JSON, of today's figures or of a frozen record."""

import io
import json
from collections.abc import Mapping
from typing import Any

from litestar import Request, Response

from pooling.allocation.allocating import StatedPurchase
from pooling.allocation.figures import row_count
from pooling.allocation.records.provenance import Provenance
from pooling.allocation.records.workbook import write_allocation_csv
from pooling.allocation.records.workbook_file import XLSX, allocation_xlsx
from pooling.kernel.errors import NotFound
from pooling.outbox.mail import FICTIONAL
from pooling.sharing.statement import Statement
from pooling.web.downloads import download
from pooling.web.services import services_of

KINDS = {"xlsx": XLSX, "csv": "text/csv; charset=utf-8", "json": "application/json"}
FILE_NAMES = [f"repartition.{kind}" for kind in KINDS]


def download_links(base: str, *, apart: bool = False) -> list[dict[str, str]]:
    """The buttons beside a table, for files that stand under this address; a workbook that is written apart has its
    own.
    """
    kinds = [kind for kind in KINDS if not (apart and kind == "xlsx")]
    return [{"label": kind.upper(), "url": f"{base}/repartition.{kind}"} for kind in kinds]


def is_apart(request: Request[Any, Any, Any], result: Statement) -> bool:
    """Whether the workbook is too long to be written while somebody waits."""
    return writes_apart(request, row_count(result))


def writes_apart(request: Request[Any, Any, Any], rows: int) -> bool:
    """The same for a workbook of so many rows."""
    most: int = services_of(request).settings.direct_workbook_rows
    return rows > most


def file_of(
    allocation: StatedPurchase,
    provenance: Provenance,
    kind: str,
    name: str,
    *,
    fictional: bool,
    result: Mapping[str, Any] | None = None,
) -> Response[bytes]:
    """The file, always a download. `result` is what a record holds, handed out as it is.

    Each says where its figures come from, the JSON in one more field, `about`; where the group is fictional it says so
    too, the JSON in `notice`.

    Raises:
        NotFound: no such kind of file.
    """
    if kind not in KINDS:
        raise NotFound
    target = io.BytesIO()
    if kind == "xlsx":
        allocation_xlsx(target, allocation, provenance, fictional=fictional)
    elif kind == "csv":
        notice = FICTIONAL if fictional else None
        write_allocation_csv(target, allocation.result, allocation.labels, notice=notice, provenance=provenance)
    else:
        notice_field = {"notice": FICTIONAL} if fictional else {}
        about = {"about": provenance.to_json()}
        written = {**notice_field, **about, **(allocation.result.to_json() if result is None else result)}
        target.write(json.dumps(written, ensure_ascii=False, indent=1).encode())
    return download(target.getvalue(), f"{name}.{kind}", KINDS[kind])
