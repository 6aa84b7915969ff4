"""A purchase's allocation as files for finance."""

from collections.abc import Callable, Mapping, Sequence
from typing import BinaryIO

from pooling.allocation.allocating import StatedPurchase
from pooling.allocation.booking import NOTHING_KNOWN, Bookkeeping
from pooling.allocation.records.provenance import Provenance
from pooling.allocation.records.workbook import BookKind, write_allocation_workbook
from pooling.kernel.open_document import MEDIA_TYPE as ODS
from pooling.kernel.sheet_writing import XLSX
from pooling.needs.details import SaidLine
from pooling.outbox.mail import FICTIONAL

BOOKS: Mapping[BookKind, str] = {"xlsx": XLSX, "ods": ODS}
"""The media types of the books."""


def allocation_book(
    target: BinaryIO,
    allocation: StatedPurchase,
    provenance: Provenance,
    *,
    fictional: bool,
    progress: Callable[[int], None] | None = None,
    said: Sequence[SaidLine] = (),
    books: Bookkeeping = NOTHING_KNOWN,
    kind: BookKind = "xlsx",
) -> None:
    """The finance workbook. `said` is what members said of their lines. `progress` hears now and then how many more
    rows are written.
    """
    notice = FICTIONAL if fictional else None
    result, labels = allocation.result, allocation.labels
    write_allocation_workbook(target, result, labels, notice, progress, provenance, said, books, kind)
