"""A consolidation in a terminal: the order, then who gets what."""

from collections.abc import Mapping

from rich.console import Group, RenderableType
from rich.table import Table as RichTable
from rich.text import Text

from pooling.needs.workbook import order_facts
from pooling.sharing.comparison import member_costs
from pooling.sharing.consolidation_result import Consolidation
from pooling.sharing.money import format_cents


def consolidation_table(
    result: Consolidation, labels: Mapping[str, str] | None = None, lead: str = ""
) -> RenderableType:
    """The order and its shares, to be printed by rich."""
    names = labels or {}
    order = RichTable(title=Text(result.case.label or "Consolidation"), show_header=False)
    for title, value in order_facts(result):
        order.add_row(title, str(value).replace(".", ","))
    shares = RichTable()
    for title in ("Code", "Membre"):
        shares.add_column(title)
    for title in ("Attribué", "Coût HT (€)"):
        shares.add_column(title, justify="right", no_wrap=True)
    for member, (units, cost) in member_costs(result, lead).items():
        name = names.get(member, member)
        shares.add_row(Text(member), Text(name), str(units), format_cents(cost).replace(".", ","))
    return Group(order, shares)
