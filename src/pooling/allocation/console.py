"""An allocation in a terminal: the summary, its foot and its warnings."""

from collections.abc import Mapping

from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.table import Table as RichTable
from rich.text import Text

from pooling.allocation import figures
from pooling.allocation.figures import Labels, euros_text, warning_sentence
from pooling.kernel.sheet_writing import ColumnKind
from pooling.sharing.statement import Statement


def allocation_table(statement: Statement, labels: Labels | Mapping[str, str] | None = None) -> RenderableType:
    """The members with what they pay, to be printed by rich."""
    named = Labels.of(labels)
    summary = figures.summary(statement, named)
    totals = statement.totals
    foot = [totals.ht, totals.vat, totals.ttc, totals.subsidies, totals.fctva, totals.net]
    feet = ["", "Total", *map(euros_text, foot)]
    table = RichTable(title=Text(statement.label or "Répartition"), show_footer=True, box=SIMPLE_HEAD, padding=0)
    for column, foot_text in zip(summary.columns, feet, strict=True):
        if column.kind is ColumnKind.AMOUNT:
            table.add_column(column.title, foot_text, justify="right", overflow="fold")
        else:
            table.add_column(column.title, foot_text, overflow="fold")
    for row in summary.rows:
        table.add_row(*(euros_text(value) if isinstance(value, int) else Text(str(value)) for value in row))
    warnings = [Text(f"! {warning_sentence(warning, named)}") for warning in statement.warnings]
    return Group(table, *warnings)
