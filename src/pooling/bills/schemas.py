"""What a bill says, whether its file was read or somebody typed it. Amounts are cents, as the document says them."""

from datetime import date
from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from pooling.bills.models import BillKind
from pooling.kernel.limits import Readers, limit
from pooling.kernel.text import Line

LARGEST_CENTS = 10**12
"""Ten billion euros."""
MOST_LINES = limit(1_000, "Lines of a supplier’s invoice", __name__, Readers.PROGRAMS, Readers.OPERATORS)
MOST_RATES = 20
MOST_ORDERS = limit(100, "Orders of one supplier’s invoice", __name__, Readers.PROGRAMS, Readers.OPERATORS)
LONGEST_NUMBER = 100
Cents = Annotated[int, Field(ge=-LARGEST_CENTS, le=LARGEST_CENTS)]
Rate = Annotated[Decimal, Field(ge=0, le=100, max_digits=5, decimal_places=2)]


class Said(BaseModel):
    model_config = ConfigDict(frozen=True)


class LineIn(Said):
    """A line; `item` is the code of the order's item that it is for, empty: to be found."""

    name: Line = Field(min_length=1, max_length=300)
    supplier_code: Line = Field(default="", max_length=100)
    order_line: Line = Field(default="", max_length=100)
    order_reference: Line = Field(default="", max_length=100)
    quantity: Decimal = Field(max_digits=18, decimal_places=6)
    unit_price: Decimal = Field(max_digits=18, decimal_places=8)
    net_cents: Cents
    vat_rate: Rate
    item: Line = Field(default="", max_length=100)


class RateIn(Said):
    """All that is taxed at one rate."""

    vat_rate: Rate
    base_cents: Cents
    vat_cents: Cents


class BillIn(Said):
    kind: BillKind = BillKind.INVOICE
    number: Line = Field(default="", max_length=LONGEST_NUMBER)
    issued_on: date | None = None
    due_on: date | None = None
    order_reference: Line = Field(default="", max_length=100)
    credited: tuple[Line, ...] = Field(default=(), max_length=100)
    currency: Line = Field(default="EUR", max_length=3)
    lines: tuple[LineIn, ...] = Field(default=(), max_length=MOST_LINES)
    rates: tuple[RateIn, ...] = Field(default=(), max_length=MOST_RATES)
    allowances_cents: Cents = 0
    charges_cents: Cents = 0
    ht_cents: Cents = 0
    vat_cents: Cents = 0
    ttc_cents: Cents = 0
    prepaid_cents: Cents = 0
    rounding_cents: Cents = 0
    due_cents: Cents = 0
