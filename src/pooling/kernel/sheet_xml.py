"""Cells as the XML that spreadsheets store (ECMA-376 part 1, 18.3.1.4). openpyxl makes an object of each cell and an
element of each object, which takes five times as long; a large workbook has ten million.

`at` is the cell's place (`C4`), `style` its number among the workbook's styles.
"""

from collections.abc import Iterable
from decimal import Decimal
from xml.sax.saxutils import escape

ROWS = "sheetData"


def row_xml(number: int, cells: Iterable[str]) -> str:
    return f'<row r="{number}">{"".join(cells)}</row>'


def text_cell(at: str, style: int, text: str) -> str:
    """A text, whatever it looks like: spreadsheets compute nothing of it. It holds no character that XML does not."""
    if not text:
        return f'<c r="{at}" s="{style}"/>'
    written = escape(text, {"\r": "&#13;"})
    return f'<c r="{at}" s="{style}" t="inlineStr"><is><t xml:space="preserve">{written}</t></is></c>'


def number_cell(at: str, style: int, value: int | Decimal) -> str:
    return f'<c r="{at}" s="{style}"><v>{value:f}</v></c>' if isinstance(value, Decimal) else _plain(at, style, value)


def cents_cell(at: str, style: int, cents: int) -> str:
    """Cents, as a number of euros."""
    whole, rest = divmod(abs(cents), 100)
    return _plain(at, style, f"{'-' if cents < 0 else ''}{whole}.{rest:02d}")


def formula_cell(at: str, style: int, formula: str) -> str:
    """Computed by the spreadsheet as it opens the file."""
    return f'<c r="{at}" s="{style}"><f>{escape(formula)}</f><v></v></c>'


def _plain(at: str, style: int, value: object) -> str:
    return f'<c r="{at}" s="{style}"><v>{value}</v></c>'
