"""A table as an OpenDocument spreadsheet (OpenDocument 1.3, part 3), for whoever works with LibreOffice: one sheet,
texts that stay texts, and whole numbers.
"""

import io
import zipfile
from collections.abc import Iterable, Sequence
from xml.sax.saxutils import escape, quoteattr

from pooling.kernel.sheet_writing import clean

MEDIA_TYPE = "application/vnd.oasis.opendocument.spreadsheet"
_NAMESPACES = " ".join(
    f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{urn}:1.0"'
    for name, urn in (
        ("office", "office"),
        ("table", "table"),
        ("text", "text"),
        ("style", "style"),
        ("fo", "xsl-fo-compatible"),
        ("manifest", "manifest"),
    )
)
_MANIFEST = (
    f'<?xml version="1.0" encoding="UTF-8"?><manifest:manifest {_NAMESPACES} manifest:version="1.3">'
    f'<manifest:file-entry manifest:full-path="/" manifest:version="1.3" manifest:media-type="{MEDIA_TYPE}"/>'
    '<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/></manifest:manifest>'
)
_BOLD = (
    '<style:style style:name="heading" style:family="table-cell">'
    '<style:text-properties fo:font-weight="bold"/></style:style>'
)


def write_open_document(
    title: str, columns: Sequence[tuple[str, int]], rows: Iterable[Sequence[str | int | None]]
) -> bytes:
    """The file. `columns` are headings with their width in characters; None leaves a cell empty."""
    widths = "".join(
        f'<style:style style:name="column{place}" style:family="table-column">'
        f'<style:table-column-properties style:column-width="{width / 5:.1f}cm"/></style:style>'
        for place, (_, width) in enumerate(columns)
    )
    placed = "".join(f'<table:table-column table:style-name="column{place}"/>' for place in range(len(columns)))
    heading = "".join(_cell(name, ' table:style-name="heading"') for name, _ in columns)
    lines = "".join(f"<table:table-row>{''.join(map(_cell, row))}</table:table-row>" for row in rows)
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-content {_NAMESPACES} office:version="1.3">'
        f"<office:automatic-styles>{widths}{_BOLD}</office:automatic-styles><office:body><office:spreadsheet>"
        f"<table:table table:name={quoteattr(title)}>{placed}<table:table-row>{heading}</table:table-row>{lines}"
        "</table:table></office:spreadsheet></office:body></office:document-content>"
    )
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as book:
        # First and plain: programs know the kind of the file by it (part 2, 3.3).
        book.writestr("mimetype", MEDIA_TYPE, zipfile.ZIP_STORED)
        book.writestr("META-INF/manifest.xml", _MANIFEST)
        book.writestr("content.xml", content)
    return target.getvalue()


def _cell(value: str | int | None, style: str = "") -> str:
    if value is None or value == "":
        return "<table:table-cell/>"
    if isinstance(value, int):
        return (
            f'<table:table-cell office:value-type="float" office:value="{value}"><text:p>{value}</text:p>'
            "</table:table-cell>"
        )
    text = escape(clean(value))
    return f'<table:table-cell{style} office:value-type="string"><text:p>{text}</text:p></table:table-cell>'
