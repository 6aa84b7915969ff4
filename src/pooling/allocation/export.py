"""A purchase's allocation as files for finance."""

from typing import BinaryIO

from pooling.allocation.service import PurchaseAllocation
from pooling.allocation.workbook import write_allocation_workbook
from pooling.outbox.mail import FICTIONAL

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def allocation_xlsx(target: BinaryIO, allocation: PurchaseAllocation, *, fictional: bool) -> None:
    """The finance workbook."""
    write_allocation_workbook(
        target, allocation.result.case, allocation.result, allocation.labels, FICTIONAL if fictional else None
    )
