"""Tables as an OpenDocument spreadsheet (OpenDocument 1.3, part 3), for whoever works with LibreOffice. Rows go to the
file as they come: libraries that hold the whole document cannot write those of a territory.
"""

import re
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from html import escape
from io import BytesIO
from pathlib import Path
from shutil import copyfileobj
from tempfile import TemporaryFile
from typing import IO, BinaryIO
from weakref import finalize

from pooling.kernel.sheet_writing import (
    HEADER_ROW,
    Append,
    Column,
    ColumnKind,
    Formula,
    Sheets,
    SheetTable,
    Value,
    author_of,
    clean,
    euros,
    letter_of,
)

MEDIA_TYPE = "application/vnd.oasis.opendocument.spreadsheet"
_AT_ONCE = 200
"""Rows that are compressed together."""
_WIDEST = 120
_WIDTHS = range(1, 10)
"""Sheets of paper side by side."""
_NAMESPACES = " ".join(
    [
        *(
            f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{urn}:1.0"'
            for name, urn in (
                ("office", "office"),
                ("table", "table"),
                ("text", "text"),
                ("style", "style"),
                ("number", "datastyle"),
                ("fo", "xsl-fo-compatible"),
                ("config", "config"),
                ("meta", "meta"),
                ("manifest", "manifest"),
            )
        ),
        'xmlns:of="urn:oasis:names:tc:opendocument:xmlns:of:1.2"',
        'xmlns:dc="http://purl.org/dc/elements/1.1/"',
    ]
)
_PARTS = ("content.xml", "styles.xml", "meta.xml", "settings.xml")
_MANIFEST = (
    f'<?xml version="1.0" encoding="UTF-8"?><manifest:manifest {_NAMESPACES} manifest:version="1.3">'
    f'<manifest:file-entry manifest:full-path="/" manifest:version="1.3" manifest:media-type="{MEDIA_TYPE}"/>'
    + "".join(f'<manifest:file-entry manifest:full-path="{part}" manifest:media-type="text/xml"/>' for part in _PARTS)
    + "</manifest:manifest>"
)
_DAY = (
    '<number:day number:style="long"/><number:text>/</number:text><number:month number:style="long"/>'
    '<number:text>/</number:text><number:year number:style="long"/>'
)
_TIME = (
    '<number:text> </number:text><number:hours number:style="long"/><number:text>:</number:text>'
    '<number:minutes number:style="long"/><number:text>:</number:text><number:seconds number:style="long"/>'
)
_FORMATS = {
    ColumnKind.TEXT: "",
    ColumnKind.NUMBER: "",
    ColumnKind.INTEGER: "",
    ColumnKind.CODE: '<number:text-style style:name="{}"><number:text-content/></number:text-style>',
    ColumnKind.AMOUNT: '<number:number-style style:name="{}"><number:number number:decimal-places="2" '
    'number:min-integer-digits="1" number:grouping="true"/></number:number-style>',
    ColumnKind.PRICE: '<number:number-style style:name="{}"><number:number number:decimal-places="6" '
    'number:min-decimal-places="2" number:min-integer-digits="1" number:grouping="true"/></number:number-style>',
    ColumnKind.PERCENT: '<number:percentage-style style:name="{}"><number:number number:decimal-places="2" '
    'number:min-integer-digits="1"/><number:text>%</number:text></number:percentage-style>',
    ColumnKind.DATE: f'<number:date-style style:name="{{}}">{_DAY}</number:date-style>',
    ColumnKind.MOMENT: f'<number:date-style style:name="{{}}">{_DAY}{_TIME}</number:date-style>',
}


def _styles() -> str:
    """Those of cells: one for each kind of column, one for its foot; widths in characters; headings."""
    found = []
    for kind, written in _FORMATS.items():
        found.append(written.format(f"n-{kind}"))
        named = f' style:data-style-name="n-{kind}"' if written else ""
        foot = '<style:table-cell-properties fo:border-top="0.5pt solid #1f3a5f"/><style:text-properties '
        found.append(f'<style:style style:name="{kind}" style:family="table-cell"{named}/>')
        if kind in {ColumnKind.DATE, ColumnKind.MOMENT}:
            found.append(
                f'<style:style style:name="{kind}-left" style:family="table-cell"{named}><style:table-cell-properties '
                'style:text-align-source="fix" style:vertical-align="top"/><style:paragraph-properties '
                'fo:text-align="start"/></style:style>'
            )
        found.append(
            f'<style:style style:name="{kind}-foot" style:family="table-cell"{named}>{foot}fo:font-weight="bold"/>'
            "</style:style>"
        )
    found += [
        f'<style:style style:name="w{width}" style:family="table-column"><style:table-column-properties '
        f'style:column-width="{width / 5:.1f}cm"/></style:style>'
        for width in range(1, _WIDEST + 1)
    ]
    return "".join(found) + (
        '<style:style style:name="heading" style:family="table-cell"><style:table-cell-properties '
        'fo:background-color="#1f3a5f" fo:wrap-option="wrap" style:vertical-align="middle"/>'
        '<style:text-properties fo:font-weight="bold" fo:color="#ffffff"/></style:style>'
        '<style:style style:name="heading-right" style:family="table-cell"><style:table-cell-properties '
        'fo:background-color="#1f3a5f" fo:wrap-option="wrap" style:vertical-align="middle"/>'
        '<style:paragraph-properties fo:text-align="end"/>'
        '<style:text-properties fo:font-weight="bold" fo:color="#ffffff"/></style:style>'
        '<style:style style:name="wrapped" style:family="table-cell"><style:table-cell-properties '
        'fo:wrap-option="wrap" style:vertical-align="top"/></style:style>'
        + "".join(
            f'<style:style style:name="sheet{wide}" style:family="table" style:master-page-name="sheet{wide}">'
            '<style:table-properties table:display="true"/></style:style>'
            for wide in _WIDTHS
        )
    )


_BEGINNING = (
    f'<?xml version="1.0" encoding="UTF-8"?><office:document-content {_NAMESPACES} office:version="1.3">'
    f"<office:automatic-styles>{_styles()}</office:automatic-styles><office:body><office:spreadsheet>"
)


class OpenBook(Sheets):
    """The same as a workbook, as an OpenDocument."""

    def __init__(
        self,
        facts: Mapping[str, str],
        notice: str | None = None,
        progress: Callable[[int], None] | None = None,
    ) -> None:
        super().__init__(facts, notice, progress)
        self._file = TemporaryFile()  # noqa: SIM115 - it goes with the book
        self._archive = zipfile.ZipFile(self._file, "w", zipfile.ZIP_DEFLATED, compresslevel=6)
        # First and plain: programs know the kind of the file by it (part 2, 3.3).
        self._archive.writestr("mimetype", MEDIA_TYPE, zipfile.ZIP_STORED)
        self._content = self._archive.open("content.xml", "w", force_zip64=True)
        self._close = finalize(self, _close, self._content, self._archive, self._file)
        self._waiting = [_BEGINNING]
        self._filters: list[str] = []
        self._names: list[str] = []

    def _begin(self, name: str, table: SheetTable) -> Append:
        self._names.append(name)
        kinds = [column.kind for column in table.columns]
        wide = min(table.pages_wide, _WIDTHS[-1])
        names, others = table.columns[: table.names], table.columns[table.names :]
        self._waiting.append(
            f'<table:table table:name={_quoted(name)} table:style-name="sheet{wide}">'
            f"<table:table-header-columns>{''.join(map(_column, names))}</table:table-header-columns>"
            f"{''.join(map(_column, others))}"
            "<table:table-header-rows><table:table-row>"
            + "".join(map(_heading, table.columns))
            + "</table:table-row></table:table-header-rows>"
        )
        return lambda row: self._append(_row(kinds, row))

    def _append(self, written: str) -> None:
        self._waiting.append(written)
        if len(self._waiting) >= _AT_ONCE:
            self._write()

    def _write(self) -> None:
        self._content.write("".join(self._waiting).encode())
        self._waiting.clear()

    def _foot(self, name: str, table: SheetTable, last: int, foot: Sequence[Value] | None) -> None:
        quoted = f"'{name.replace(chr(39), chr(39) * 2)}'"
        until = f"{letter_of(len(table.columns) - 1)}{last}"
        self._filters.append(
            f'<table:database-range table:name="__Anonymous_Sheet_DB__{len(self._names) - 1}" '
            f"table:target-range-address={_quoted(f'{quoted}.A{HEADER_ROW}:{quoted}.{until}')} "
            'table:display-filter-buttons="true"/>'
        )
        if foot is not None:
            self._waiting.append(_row([column.kind for column in table.columns], foot, "-foot"))

    def _end(self) -> None:
        self._append("</table:table>")

    def _finish(self, target: BinaryIO | Path) -> None:
        self._waiting.append(
            f"<table:database-ranges>{''.join(self._filters)}</table:database-ranges>"
            "</office:spreadsheet></office:body></office:document-content>"
        )
        self._write()
        self._content.close()
        for part, content in (
            ("styles.xml", _page(" — ".join(self._facts.values()), self._notice)),
            ("meta.xml", _meta(self._facts)),
            ("settings.xml", _settings(self._names)),
            ("META-INF/manifest.xml", _MANIFEST),
        ):
            self._archive.writestr(part, content)
        self._archive.close()
        self._file.seek(0)
        if isinstance(target, Path):
            with target.open("wb") as file:
                copyfileobj(self._file, file)
        else:
            copyfileobj(self._file, target)
        self._close()


def _close(content: IO[bytes], archive: zipfile.ZipFile, file: IO[bytes]) -> None:
    content.close()
    archive.close()
    file.close()


def write_open_document(
    title: str, columns: Sequence[tuple[str, int]], rows: Iterable[Sequence[str | int | None]]
) -> bytes:
    """A form to fill in: one sheet and nothing else. `columns` are headings with their width in characters; None leaves
    a cell empty.
    """
    book, target = OpenBook({}), BytesIO()
    book.add(SheetTable(title, [Column(name, width=width) for name, width in columns], rows))
    book.save(target, said=False)
    return target.getvalue()


def _column(column: Column) -> str:
    width = min(column.width, _WIDEST)
    style = "wrapped" if column.wrapped else column.kind
    return f'<table:table-column table:style-name="w{width}" table:default-cell-style-name="{style}"/>'


def _heading(column: Column) -> str:
    return _text_cell(column.title, "heading" if column.kind in {ColumnKind.TEXT, ColumnKind.CODE} else "heading-right")


def _row(kinds: Sequence[ColumnKind], row: Sequence[Value], style: str = "") -> str:
    cells = (_cell(kind, value, f"{kind}{style}" if style else "") for kind, value in zip(kinds, row, strict=True))
    return f"<table:table-row>{''.join(cells)}</table:table-row>"


def _cell(kind: ColumnKind, value: Value, style: str) -> str:
    if isinstance(value, str) and value:
        return _text_cell(value, style)
    styled = f' table:style-name="{style}"' if style else ""
    if value is None or value == "":
        return f"<table:table-cell{styled}/>"
    if isinstance(value, date):
        return _date_cell(value, styled if kind in {ColumnKind.DATE, ColumnKind.MOMENT} else "")
    formula = ""
    if isinstance(value, Formula):
        formula, value = f" table:formula={_quoted(f'of:={open_formula(value.text)}')}", value.value
    assert isinstance(value, int | Decimal)
    number = euros(value) if kind is ColumnKind.AMOUNT and isinstance(value, int) else value
    written = f"{number:f}" if isinstance(number, Decimal) else str(number)
    of_type = "percentage" if kind is ColumnKind.PERCENT else "float"
    shown = f"{number * 100:f}\u00a0%" if kind is ColumnKind.PERCENT else written
    return (
        f'<table:table-cell{styled}{formula} office:value-type="{of_type}" office:value="{written}">'
        f"<text:p>{shown.replace('.', ',')}</text:p></table:table-cell>"
    )


def _date_cell(value: date, styled: str) -> str:
    at = isinstance(value, datetime)
    styled = styled or f' table:style-name="{ColumnKind.MOMENT if at else ColumnKind.DATE}-left"'
    written = value.isoformat(timespec="seconds") if isinstance(value, datetime) else value.isoformat()
    shown = f"{value:%d/%m/%Y %H:%M:%S}" if at else f"{value:%d/%m/%Y}"
    return (
        f'<table:table-cell{styled} office:value-type="date" office:date-value="{written}"><text:p>{shown}</text:p>'
        "</table:table-cell>"
    )


def _text_cell(value: str, style: str = "") -> str:
    styled = f' table:style-name="{style}"' if style else ""
    paragraphs = "".join(f"<text:p>{_kept(line)}</text:p>" for line in clean(value).split("\n"))
    return f'<table:table-cell{styled} office:value-type="string">{paragraphs}</table:table-cell>'


def _quoted(text: str) -> str:
    """What an attribute says: what writes XML in the standard library brings its own client of HTTP."""
    return f'"{escape(text)}"'.replace("\n", "&#10;")


_SPACES = re.compile("^ | $| {2,}|\t|\r")


def _kept(line: str) -> str:
    """White space, which a reader would fold (part 3, 6.1.3)."""
    escaped = escape(line, quote=False)
    return _SPACES.sub(_space, escaped) if _SPACES.search(escaped) else escaped


def _space(found: re.Match[str]) -> str:
    if found[0] == "\t":
        return "<text:tab/>"
    return "" if found[0] == "\r" else f'<text:s text:c="{len(found[0])}"/>'


_TOKEN = re.compile(
    r"""("(?:[^"]|"")*+"?)
    |'(?P<sheet>(?:[^']|'')*+)(?:'!(?P<from>[A-Z]+[0-9]+)(?::(?P<to>[A-Z]+[0-9]+))?|'?)
    |\b(?P<cell>[A-Z]+[0-9]+)(?::(?P<last>[A-Z]+[0-9]+))?\b
    |(?P<separator>,)""",
    re.VERBOSE,
)


def open_formula(text: str) -> str:
    """One of our formulas as OpenFormula writes it (part 4): `SUM([$'Détail'.C2:.C9];[.B1])`."""

    def written(found: re.Match[str]) -> str:
        if found["separator"]:
            return ";"
        if not (found["from"] or found["cell"]):
            return found[0]
        first, last = found["from"] or found["cell"], found["to"] or found["last"]
        sheet = f"$'{found['sheet']}'" if found["sheet"] else ""
        return f"[{sheet}.{first}{f':.{last}' if last else ''}]"

    return _TOKEN.sub(written, text)


def _page(head: str, notice: str) -> str:
    """A4 on its side, so many pages wide, with where the figures come from above each page."""
    spaced = '<style:header-footer-properties fo:min-height="0.8cm" fo:margin-{}="0.3cm"/>'
    layouts = "".join(
        f'<style:page-layout style:name="a4-{wide}"><style:page-layout-properties fo:page-width="29.7cm" '
        'fo:page-height="21cm" style:print-orientation="landscape" fo:margin="1.2cm" '
        f'style:scale-to-X="{wide}" style:scale-to-Y="0"/><style:header-style>{spaced.format("bottom")}'
        f"</style:header-style><style:footer-style>{spaced.format('top')}</style:footer-style></style:page-layout>"
        for wide in _WIDTHS
    )
    said = (
        f"<style:header><text:p>{escape(clean(head), quote=False)}</text:p></style:header>"
        "<style:footer><style:region-left><text:p><text:sheet-name>Feuille</text:sheet-name></text:p>"
        f"</style:region-left><style:region-center><text:p>{escape(clean(notice), quote=False)}</text:p>"
        "</style:region-center><style:region-right><text:p><text:page-number>1</text:page-number> / "
        "<text:page-count>1</text:page-count></text:p></style:region-right></style:footer>"
    )
    masters = "".join(
        f'<style:master-page style:name="sheet{wide}" style:page-layout-name="a4-{wide}">{said}</style:master-page>'
        for wide in _WIDTHS
    )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-styles {_NAMESPACES} office:version="1.3">'
        f"<office:automatic-styles>{layouts}</office:automatic-styles><office:master-styles>{masters}"
        "</office:master-styles></office:document-styles>"
    )


def _meta(facts: Mapping[str, str]) -> str:
    author, title = (escape(clean(text), quote=False) for text in (author_of(facts), facts.get("Document", "")))
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-meta {_NAMESPACES} office:version="1.3"><office:meta>'
        f"<dc:title>{title}</dc:title><meta:initial-creator>{author}</meta:initial-creator>"
        f"<dc:creator>{author}</dc:creator><dc:language>fr-FR</dc:language></office:meta></office:document-meta>"
    )


def _settings(names: Sequence[str]) -> str:
    """Headings stay in sight."""
    frozen = "".join(
        f'<config:config-item config:name="{name}" config:type="{of}">{value}</config:config-item>'
        for name, of, value in (
            ("VerticalSplitMode", "short", 2),
            ("VerticalSplitPosition", "int", HEADER_ROW),
            ("ActiveSplitRange", "short", 2),
            ("PositionBottom", "int", HEADER_ROW),
        )
    )
    tables = "".join(
        f"<config:config-item-map-entry config:name={_quoted(name)}>{frozen}</config:config-item-map-entry>"
        for name in names
    )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-settings {_NAMESPACES} office:version="1.3">'
        '<office:settings><config:config-item-set config:name="ooo:view-settings"><config:config-item-map-indexed '
        'config:name="Views"><config:config-item-map-entry><config:config-item config:name="ViewId" '
        'config:type="string">view1</config:config-item><config:config-item-map-named config:name="Tables">'
        f"{tables}</config:config-item-map-named></config:config-item-map-entry></config:config-item-map-indexed>"
        "</config:config-item-set></office:settings></office:document-settings>"
    )
