"""Files that people hand in, changed in a few places: told by what they hold, read or refused, never a failure."""

import io
import zipfile
from contextlib import suppress

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fuzz.altering import altered
from fuzz.profile import EXAMPLES, fuzzed
from pooling.kernel.file_kinds import download_name, kind_of
from pooling.kernel.list_reading import UnreadableListError, read_list

COLUMNS = {"member": ("membre",), "quantity": ("quantité",)}
OFFICE = "urn:oasis:names:tc:opendocument:xmlns:"


def workbook() -> bytes:
    made, book = io.BytesIO(), openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (("membre", "quantité"), ("Lège", 5), (213300098, "=1+1"), ("x", 1.5)):
        sheet.append(row)
    book.save(made)
    return made.getvalue()


def stored(content: bytes) -> bytes:
    """The same archive, not compressed: what is changed in it is changed in what it holds."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as before, zipfile.ZipFile(made, "w") as after:
        for name in before.namelist():
            after.writestr(name, before.read(name))
    return made.getvalue()


def open_document() -> bytes:
    made = io.BytesIO()
    names = "".join(f' xmlns:{name}="{OFFICE}{name}:1.0"' for name in ("office", "table", "text"))
    cell = '<table:table-cell office:value-type="string"><text:p>{}</text:p></table:table-cell>'
    row = "<table:table-row>" + cell.format("membre") + cell.format("quantité") + "</table:table-row>"
    body = f'<office:body><office:spreadsheet><table:table table:name="F">{row}</table:table>'
    content = f"<office:document-content{names}>{body}</office:spreadsheet></office:body></office:document-content>"
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("META-INF/manifest.xml", "<manifest/>")
        archive.writestr("content.xml", content)
    return made.getvalue()


WORKBOOKS = [workbook(), stored(workbook()), open_document()]
FILES = [
    *WORKBOOKS,
    b"%PDF-1.7\n%\xe2\xe3\n1 0 obj\n<<>>\nendobj\n%%EOF",
    b"\x89PNG\r\n\x1a\n",
    "Été\n".encode("utf-16"),
]


@fuzzed
@given(altered(st.sampled_from(FILES)) | st.binary(max_size=200), st.text(max_size=40))
def test_a_file_is_of_a_known_kind_or_refused(content: bytes, name: str) -> None:
    kind = kind_of(content)
    if kind is not None:
        given_out = download_name(name, kind)
        assert given_out.endswith(kind.ending)
        assert not set(given_out) & set('/\\"\r\n\x00')


@settings(fuzzed, max_examples=max(12, EXAMPLES // 20))
@given(altered(st.sampled_from(WORKBOOKS)))
def test_a_workbook_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    """Each is read by a process of its own: a few."""
    path = tmp_path_factory.getbasetemp() / "liste.xlsx"
    path.write_bytes(content)
    with suppress(UnreadableListError):
        assert all(set(line.cells) <= set(COLUMNS) for line in read_list(path, COLUMNS, ("member",)))
