"""Files that are no list, or that ask for too much, each end in a sentence; those that look odd are read right."""

import io
import json
import random
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable
from datetime import date
from pathlib import Path

import openpyxl
import pytest

from pooling.kernel.list_reading import BRIEF, read_list

COLUMNS = {"member": ("membre",), "quantity": ("quantité",)}
ROWS_OF_A_SHEET = 1_048_576
MEGABYTES = 300


def noise() -> bytes:
    return random.Random(7).randbytes(10_000_000)


def program() -> bytes:
    """What stands at the beginning of an .exe."""
    return b"MZ\x90\x00\x03\x00\x00\x00\x04\x00\x00\x00\xff\xff\x00\x00" + noise()[:100_000]


def sheet(rows: bytes, more: bytes = b"") -> bytes:
    """A workbook with this between `<sheetData>` and its end."""
    main, part = b"http://schemas.openxmlformats.org/spreadsheetml/2006/main", b"http://schemas.openxmlformats.org"
    relation = part + b"/officeDocument/2006/relationships"
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as book:
        book.writestr(
            "[Content_Types].xml",
            b'<Types xmlns="' + part + b'/package/2006/content-types"><Default Extension="xml" '
            b'ContentType="application/xml"/><Default Extension="rels" '
            b'ContentType="application/vnd.openxmlformats-package.relationships+xml"/></Types>',
        )
        book.writestr(
            "_rels/.rels",
            b'<Relationships xmlns="' + part + b'/package/2006/relationships"><Relationship Id="r1" Type="' + relation
            + b'/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        )  # fmt: skip
        book.writestr(
            "xl/workbook.xml",
            b'<workbook xmlns="' + main + b'" xmlns:r="' + relation
            + b'"><sheets><sheet name="a" sheetId="1" r:id="r1"/></sheets></workbook>',
        )  # fmt: skip
        book.writestr(
            "xl/_rels/workbook.xml.rels",
            b'<Relationships xmlns="' + part + b'/package/2006/relationships"><Relationship Id="r1" Type="' + relation
            + b'/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
        )  # fmt: skip
        with book.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as out:
            out.write(b'<worksheet xmlns="' + main + b'"><sheetData>')
            out.write(rows)
            for _ in range(len(more) and 100):
                out.write(more)
            out.write(b"</sheetData></worksheet>")
    return content.getvalue()


def row(number: int, *cells: str) -> bytes:
    told = "".join(
        f'<c r="{letter}{number}" t="inlineStr"><is><t>{cell}</t></is></c>'
        for letter, cell in zip("AB", cells, strict=True)
    )
    return f'<row r="{number}">{told}</row>'.encode()


def bomb() -> bytes:
    """Half a gigabyte of blanks in half a megabyte: more than may be in memory."""
    return sheet(row(1, "membre", "quantité"), b" " * 5_000_000)


def a_whole_sheet() -> bytes:
    numbered = row(0, "membre", "quantité").replace(b'0"', b'%d"')
    return sheet(b"".join([numbered % (number, number, number) for number in range(1, ROWS_OF_A_SHEET + 1)]))


REFUSED = {
    "10 MB of noise": (noise, "ce n’est ni un fichier CSV, ni un classeur"),
    "a renamed program": (program, "ce n’est ni un fichier CSV, ni un classeur"),
    "a zip that is no workbook": (lambda: b"PK\x03\x04" + noise()[:5_000_000], "ce n’est pas un classeur lisible"),
    "a zip bomb": (bomb, "ce n’est pas un classeur lisible|trop long à lire"),
    "a whole sheet": (a_whole_sheet, "plus de 5\u202f000 lignes|trop long à lire|démesuré"),
}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("lists")
    found = {}
    for number, (name, (make, _)) in enumerate(REFUSED.items()):
        found[name] = folder / f"{number}.xlsx"
        found[name].write_bytes(make())
    return found


READING = """
import json, resource, sys
from pathlib import Path
from pooling.kernel.list_reading import BRIEF, UnreadableListError, read_list
said = []
for path in sys.argv[1:]:
    try:
        read_list(Path(path), {"member": ("membre",), "quantity": ("quantité",)}, ("member", "quantity"), longest=5000,
            effort=BRIEF)
        said.append("")
    except UnreadableListError as refused:
        said.append(str(refused))
status = Path("/proc/self/status")
(own,) = [line.split()[1] for line in (status.read_text() if status.exists() else "VmHWM: 0").splitlines()
    if line.startswith("VmHWM")]
print(json.dumps([said, int(own), resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss]))
"""


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, str], int, int]:
    """What is said of each, read once; kilobytes that the process and those that it started had at most."""
    folder, paths = tmp_path_factory.mktemp("lists"), []
    for number, (make, _) in enumerate(REFUSED.values()):
        paths.append(folder / f"{number}.xlsx")
        paths[-1].write_bytes(make())
    ran = subprocess.run([sys.executable, "-c", READING, *map(str, paths)], check=True, capture_output=True, text=True)
    said, own, childrens = json.loads(ran.stdout)
    return dict(zip(REFUSED, said, strict=True)), own, childrens


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_list_ends_in_a_sentence(read: tuple[dict[str, str], int, int], name: str) -> None:
    refused = read[0][name]
    assert re.search(REFUSED[name][1], refused)
    assert len(refused) < 500
    assert refused.endswith(".")


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="asks Linux")
def test_none_of_them_takes_much_memory(read: tuple[dict[str, str], int, int]) -> None:
    _, own, childrens = read
    assert max(own, childrens) < MEGABYTES * 1024


def merged(book: openpyxl.Workbook) -> None:
    pane = book.worksheets[0]
    pane.append(["Arès", 5])
    pane.append([None, 6])
    pane.merge_cells("A2:A3")


def dated(book: openpyxl.Workbook) -> None:
    book.worksheets[0].append(["Arès", date(2027, 3, 1)])


def with_commas(book: openpyxl.Workbook) -> None:
    book.worksheets[0].append(["Arès", "1 234,5"])
    book.worksheets[0].append(["Lège", "6\u202f000"])


@pytest.mark.parametrize(
    ("fill", "expected"),
    [
        # Of merged cells the first one holds what is written, as a spreadsheet keeps it: the line below has no name.
        (merged, [("Arès", "5"), ("", "6")]),
        (dated, [("Arès", "2027-03-01")]),
        (with_commas, [("Arès", "1 234,5"), ("Lège", "6\u202f000")]),
    ],
    ids=["merged cells", "a date", "decimal commas"],
)
def test_what_only_looks_odd_is_read_as_it_stands(
    tmp_path: Path, fill: Callable[[openpyxl.Workbook], None], expected: list[tuple[str, str]]
) -> None:
    book = openpyxl.Workbook()
    book.worksheets[0].append(["membre", "quantité"])
    fill(book)
    path = tmp_path / "liste.xlsx"
    book.save(path)
    lines = read_list(path, COLUMNS, required=("member", "quantity"), effort=BRIEF)
    assert [(line["member"], line["quantity"]) for line in lines] == expected


def test_macros_are_never_run_and_harm_nobody(tmp_path: Path) -> None:
    path = tmp_path / "liste.xlsm"
    path.write_bytes(sheet(row(1, "membre", "quantité") + row(2, "Arès", "5")))
    with zipfile.ZipFile(path, "a") as book:
        book.writestr("xl/vbaProject.bin", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + noise()[:10_000])
    (line,) = read_list(path, COLUMNS, required=("member", "quantity"), effort=BRIEF)
    assert (line["member"], line["quantity"]) == ("Arès", "5")


def test_a_formula_with_its_result_is_its_result(tmp_path: Path) -> None:
    path = tmp_path / "liste.xlsx"
    formula = '<row r="2"><c r="A2" t="str"><f>UPPER("a")</f><v>A</v></c><c r="B2"><f>2+3</f><v>5</v></c></row>'
    path.write_bytes(sheet(row(1, "membre", "quantité") + formula.encode()))
    (line,) = read_list(path, COLUMNS, required=("member", "quantity"), effort=BRIEF)
    assert (line["member"], line["quantity"]) == ("A", "5")
