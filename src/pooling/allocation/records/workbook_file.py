"""A purchase's allocation as files for finance."""

from collections.abc import Callable, Sequence
from typing import BinaryIO

from pooling.allocation.allocating import StatedPurchase
from pooling.allocation.records.provenance import Provenance
from pooling.allocation.records.workbook import write_allocation_workbook
from pooling.needs.details import SaidLine
from pooling.outbox.mail import FICTIONAL

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def allocation_xlsx(
    target: BinaryIO,
    allocation: StatedPurchase,
    provenance: Provenance,
    *,
    fictional: bool,
    progress: Callable[[int], None] | None = None,
    said: Sequence[SaidLine] = (),
) -> None:
    """The finance workbook. `said` is what members said of their lines. `progress` hears now and then how many more
    rows are written.
    """
    notice = FICTIONAL if fictional else None
    write_allocation_workbook(target, allocation.result, allocation.labels, notice, progress, provenance, said)
