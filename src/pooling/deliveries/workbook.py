"""The delivery list as a workbook: what goes where, for who delivers, and that it all adds up."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import BinaryIO

from pooling.deliveries.reading import Delivery
from pooling.kernel.sheet_writing import FIRST_ROW, Column, ColumnKind, Formula, SheetTable, Value
from pooling.purchases.queries import ItemShown
from pooling.sites.sheet import PLACE_COLUMNS, placed


def write_delivery_workbook(
    target: BinaryIO | Path,
    facts: Mapping[str, str],
    items: Sequence[ItemShown],
    deliveries: Iterable[Delivery],
    assigned: Mapping[int, int],
    notice: str | None = None,
) -> None:
    """`assigned` are the units of each item that the consolidation gives, by its id."""
    from pooling.kernel.workbook_writing import Book  # noqa: PLC0415 - loads openpyxl

    book = Book(facts, notice)
    columns = [
        *PLACE_COLUMNS,
        *(Column("Code article", ColumnKind.CODE, 16), Column("Article", width=34), Column("Unité", width=14)),
        Column("Quantité", ColumnKind.INTEGER, 12, summed=True),
    ]
    delivered = dict.fromkeys((item.id for item in items), 0)
    book.add(SheetTable("Livraisons", columns, _rows(items, deliveries, delivered)))
    control = [
        Column("Article", width=44),
        *(Column(name, ColumnKind.INTEGER, 16) for name in ("Livré", "Attribué", "Écart")),
    ]
    book.add(SheetTable("Contrôle", control, _control(items, delivered, assigned), formulas=True))
    book.save(target)


def _rows(
    items: Sequence[ItemShown], deliveries: Iterable[Delivery], delivered: dict[int, int]
) -> Iterator[list[Value]]:
    """A line for each item at each place; what was written is counted on the way."""
    for place in deliveries:
        for item in items:
            units = place.units.get(item.id, 0)
            if units:
                delivered[item.id] += units
                yield [*placed(place.code, place.member, place.site), item.code, item.name, item.unit, units]


def _control(
    items: Sequence[ItemShown], delivered: Mapping[int, int], assigned: Mapping[int, int]
) -> Iterator[list[Value]]:
    for row, item in enumerate(items, start=FIRST_ROW):
        given = assigned.get(item.id, 0)
        gap = Formula(f"B{row}-C{row}", Decimal(delivered[item.id] - given))
        yield [item.name, delivered[item.id], given, gap]
