"""Lists as people hand them in: every usual CSV, spreadsheets, and files that are not what they claim."""

import contextlib
import csv
import io
import zipfile
from pathlib import Path

import openpyxl
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from pooling.kernel import list_reading
from pooling.kernel.encodings import UnclearTextError, read_text
from pooling.kernel.list_reading import UnreadableListError, read_list, without_blanks
from pooling.kernel.text import clean

COLUMNS = {"member": ("membre", "siren", "code"), "quantity": ("quantité", "quantity"), "note": ("remarque",)}
EXPECTED = [(2, {"member": "213300098", "quantity": "5"}), (4, {"member": "Lège", "quantity": "1 000"})]


def lines_of(path: Path) -> list[tuple[int, dict[str, str]]]:
    return [(line.number, dict(line.cells)) for line in read_list(path, COLUMNS, required=("member", "quantity"))]


def written(folder: Path, content: bytes | str, name: str = "liste.csv") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


TABLE = "membre{0}quantité\r\n213300098{0}5\r\n\r\nLège{0}1 000\r\n"


@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_a_csv_reads_the_same_whatever_wrote_it(tmp_path: Path, delimiter: str, encoding: str) -> None:
    """A blank line is none, but keeps its number: the one that a spreadsheet shows."""
    assert lines_of(written(tmp_path, TABLE.format(delimiter).encode(encoding))) == EXPECTED


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_a_csv_may_end_its_lines_as_it_likes(tmp_path: Path, ending: str) -> None:
    text = TABLE.format(";").replace("\r\n", ending)
    assert lines_of(written(tmp_path, text)) == EXPECTED


def test_a_hint_for_spreadsheets_stands_before_the_header(tmp_path: Path) -> None:
    assert lines_of(written(tmp_path, "sep=;\nmembre;quantité\na;1\n")) == [(3, {"member": "a", "quantity": "1"})]


def test_a_quoted_cell_holds_delimiters_and_line_breaks(tmp_path: Path) -> None:
    path = written(tmp_path, 'membre;quantité\n"a; b\nc";1\nd;2\n')
    assert [cells["member"] for _, cells in lines_of(path)] == ["a; b\nc", "d"]


def test_the_preferred_heading_wins_and_unknown_ones_are_left_out(tmp_path: Path) -> None:
    path = written(tmp_path, "code;couleur;Membre;QUANTITE\nx;rouge;y;3\n")
    assert lines_of(path) == [(2, {"member": "y", "quantity": "3"})]


def test_a_short_line_has_empty_cells(tmp_path: Path) -> None:
    assert lines_of(written(tmp_path, "membre;quantité\na\n")) == [(2, {"member": "a", "quantity": ""})]


def workbook(folder: Path, *rows: tuple[object, ...]) -> Path:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    for row in rows:
        sheet.append(list(row))
    path = folder / "liste.xlsx"
    book.save(path)
    return path


def test_a_workbook_keeps_codes_and_numbers_as_they_look(tmp_path: Path) -> None:
    path = workbook(tmp_path, ("membre", "quantité"), (213300098, 5.0), (), ("Lège", "1 000"), ("x", 12.5))
    assert lines_of(path) == [*EXPECTED, (5, {"member": "x", "quantity": "12.5"})]


@pytest.mark.parametrize("rows", [[("a", "=1+1")], [("a", 1), (), ("=B2", "=1+1")]])
def test_a_formula_that_was_never_computed_is_no_empty_cell(tmp_path: Path, rows: list[tuple[object, ...]]) -> None:
    path = workbook(tmp_path, ("membre", "quantité"), *rows)
    with pytest.raises(UnreadableListError, match="le résultat de la formule n’est pas enregistré") as refused:
        lines_of(path)
    assert f"ligne {len(rows) + 1}, colonne « " in str(refused.value)


def test_a_formula_in_a_column_that_is_not_read_harms_nobody(tmp_path: Path) -> None:
    path = workbook(tmp_path, ("membre", "quantité", "total"), ("a", 1, "=B2*2"))
    assert lines_of(path) == [(2, {"member": "a", "quantity": "1"})]


def test_a_formula_that_failed_names_nobody(tmp_path: Path) -> None:
    with pytest.raises(UnreadableListError, match=r"ligne 2, colonne « membre » : la formule a échoué \(#NOM\?\)"):
        lines_of(written(tmp_path, "membre;quantité\n#NOM?;1\n"))


@pytest.mark.parametrize(
    ("encoding", "shown"),
    [("mac_roman", "Macintosh (MacRoman)"), ("cp850", "DOS (CP850)"), ("cp1252", "Windows (CP1252)")],
)
def test_letters_of_an_old_table_are_read_by_evidence_and_told(tmp_path: Path, encoding: str, shown: str) -> None:
    text = "membre;quantité\r\nArès;6\xa0000\r\nLège-Cap-Ferret;5\r\nMérignac;1\r\n"
    notices: list[str] = []
    path = written(tmp_path, text.encode(encoding))
    lines = read_list(path, COLUMNS, required=("member", "quantity"), told=notices.append)
    assert [line["member"] for line in lines] == ["Arès", "Lège-Cap-Ferret", "Mérignac"]
    assert notices == [
        f"Le fichier n’est pas en UTF-8 : ses lettres ont été lues comme celles de {shown}, par exemple « quantité »."
    ]


def test_a_list_in_utf_8_is_read_without_a_word(tmp_path: Path) -> None:
    notices: list[str] = []
    read_list(written(tmp_path, "membre;quantité\nArès;1\n"), COLUMNS, required=(), told=notices.append)
    assert notices == []


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_needs_no_mark(tmp_path: Path, encoding: str) -> None:
    assert lines_of(written(tmp_path, TABLE.format(";").encode(encoding))) == EXPECTED


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("membre;quantité\nArès;1\nSaint-".encode() + b"\xe9milion;2\n", "ligne 3 : des octets ne sont pas de l’UTF-8"),
        (b"membre;quantite\nb\xf2\x88;1\n", "ligne 2 : on ne sait quelles lettres sont ces octets"),
        ("membre;quantité\nAr\ufffds;1\n".encode(), "ligne 2 : une lettre y est déjà perdue (« Ar\ufffds;1 »)"),
        ("membre;quantité\nArÃ¨s;1\n".encode(), "ligne 2 : le texte a été converti deux fois (« ArÃ¨s;1 »)"),
        ("membre;quantité\nArès;1\n".encode("utf-16")[:-1], "ligne 2 : des octets ne sont pas de l’UTF-16"),
    ],
)
def test_letters_that_are_not_sure_are_refused_where_they_stand(tmp_path: Path, content: bytes, said: str) -> None:
    with pytest.raises(UnreadableListError) as refused:
        lines_of(written(tmp_path, content))
    assert str(refused.value).startswith(said)


NAMES = (
    "Arès", "Lège-Cap-Ferret", "Mérignac", "Saint-Émilion", "Île-de-France", "Évry", "L’Haÿ-les-Roses", "Besançon",
    "Château-Thierry", "Nîmes", "Rhône", "Hôtel", "Noël", "Bœuf", "Août", "où", "Façade", "à Mûr-de-Bretagne", "Œting",
    "ÉCOLE", "MÉRIGNAC", "CHÂTEAU", "Cañon", "Müllheim", "Saint-Maïxent", "N° SIREN", "« oui »", "1\xa0000", "12 €",
    "Ça", "À Paris", "Créon – bourg", "Aÿ", "Moÿ-de-l’Aisne", "Señor", "Šibenik", "Søren", "Paris",
)  # fmt: skip


@given(
    names=st.lists(st.sampled_from(NAMES), min_size=1, max_size=5),
    encoding=st.sampled_from(["cp1252", "mac_roman", "cp850", "utf-8"]),
)
def test_a_name_is_read_right_or_not_at_all(names: list[str], encoding: str) -> None:
    text = "\r\n".join(names)
    try:
        content = text.encode(encoding)
    except UnicodeEncodeError:
        assume(False)
    with contextlib.suppress(UnclearTextError):
        assert read_text(content).text == text


def ods_row(*cells: str, times: int = 1) -> str:
    """Cells that begin with `<` stand as they are."""
    texts = "".join(
        cell
        if cell.startswith("<")
        else f'<table:table-cell office:value-type="string"><text:p>{cell}</text:p></table:table-cell>'
        for cell in cells
    )
    return f'<table:table-row table:number-rows-repeated="{times}">{texts}</table:table-row>'


def open_document(folder: Path, *rows: str) -> Path:
    content = (
        '<?xml version="1.0" encoding="UTF-8"?><office:document-content'
        ' xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"'
        ' xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"'
        ' xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0"'
        ' xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body><office:spreadsheet>'
        f'<table:table table:name="F">{"".join(rows)}</table:table>'
        "</office:spreadsheet></office:body></office:document-content>"
    )
    path = folder / "liste.ods"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("META-INF/manifest.xml", "<manifest/>")
        archive.writestr("content.xml", content)
    return path


TITLES = ods_row("membre", "quantité")


def test_an_open_document_sheet_is_read_too(tmp_path: Path) -> None:
    rows = (TITLES, ods_row("213300098", "5"), ods_row("", ""), ods_row("Lège", "1 000"))
    assert lines_of(open_document(tmp_path, *rows)) == EXPECTED


@pytest.mark.parametrize(
    "cell",
    [
        '<table:table-cell table:formula="of:=1+1"/>',
        '<table:table-cell table:formula="of:=1+1" table:number-columns-repeated="2"/>',
        '<table:table-cell table:formula="of:=[.B9]" office:string-value="" calcext:value-type="error"/>',
    ],
)
def test_a_formula_of_an_open_document_without_a_result_is_no_empty_cell(tmp_path: Path, cell: str) -> None:
    rows = (TITLES, ods_row("a", "1"), ods_row("", "", times=3), ods_row("b", cell))
    with pytest.raises(UnreadableListError, match="ligne 6, colonne « quantité » : le résultat de la formule"):
        lines_of(open_document(tmp_path, *rows))


def test_a_computed_formula_of_an_open_document_is_its_result(tmp_path: Path) -> None:
    number = '<table:table-cell table:formula="of:=2+3" office:value-type="float" office:value="5"/>'
    nothing = '<table:table-cell table:formula="of:=1+1"/>'
    path = open_document(tmp_path, TITLES, ods_row("a", number, nothing))
    assert lines_of(path) == [(2, {"member": "a", "quantity": "5"})]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "le fichier est vide."),
        (b"\n\n;;\n", "le fichier est vide."),
        (b"membre;prix\na;1\n", "il manque la colonne « quantité »"),
        (b"membre;quantite;quantity;Quantite\na;1;2;3\n", "la colonne « quantite » figure deux fois."),
        (b'membre;quantite\n"a;1\n', "le fichier CSV est mal formé"),
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "ligne 2 : on ne sait quelles lettres"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "ce n’est ni un fichier CSV, ni un classeur."),
        (b"PK\x03\x04 not a workbook at all", "ce n’est pas un classeur lisible"),
        (b"\xd0\xcf\x11\xe0" + bytes(600), "ce n’est pas un classeur lisible"),
    ],
)
def test_a_file_that_is_no_list_says_why(tmp_path: Path, content: bytes, said: str) -> None:
    with pytest.raises(UnreadableListError) as refused:
        lines_of(written(tmp_path, content, "liste.xlsx"))
    assert str(refused.value).startswith(said)


def test_a_header_alone_is_a_list_without_lines(tmp_path: Path) -> None:
    assert lines_of(written(tmp_path, "membre;quantité\n")) == []


def test_one_stray_cell_in_the_last_corner_of_a_sheet_harms_nobody(tmp_path: Path) -> None:
    """Laid out as a full table, such a sheet asks for half a terabyte."""
    book = openpyxl.Workbook()
    book.worksheets[0]["A1"] = "membre"
    book.worksheets[0]["XFD1048576"] = "x"
    book.save(tmp_path / "liste.xlsx")
    with pytest.raises(UnreadableListError, match="démesuré"):
        lines_of(tmp_path / "liste.xlsx")


def test_a_list_beyond_the_longest_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, "membre;quantité\n" + "a;1\n" * 1500)
    assert len(read_list(path, COLUMNS, required=(), longest=1500)) == 1500
    with pytest.raises(UnreadableListError, match="le fichier a plus de 1\u202f499 lignes"):
        read_list(path, COLUMNS, required=(), longest=1499)


def test_a_file_beyond_the_largest_is_not_even_read(tmp_path: Path) -> None:
    path = tmp_path / "liste.csv"
    with path.open("wb") as file:
        file.truncate(list_reading.LARGEST + 1)
    with pytest.raises(UnreadableListError, match="dépasse 100 Mo"):
        lines_of(path)


@pytest.mark.parametrize("typed", ["213300098", "213 300 098", " 213\u00a0300\u202f098 "])
def test_a_number_is_read_whatever_blanks_it_holds(typed: str) -> None:
    assert without_blanks(typed) == "213300098"


def test_a_cell_beyond_the_longest_is_refused_with_its_line(tmp_path: Path) -> None:
    for name, content in (("liste.csv", "membre;quantité\na;1\n%s;1\n"), ("liste.csv", "%s;quantité\na;1\n")):
        path = written(tmp_path, content % ("x" * (list_reading.LONGEST_CELL + 1)), name)
        with pytest.raises(UnreadableListError, match=r"ligne [13] : une case dépasse 1000 caractères"):
            lines_of(path)


def test_columns_beyond_what_a_list_of_ours_has_are_not_read(tmp_path: Path) -> None:
    path = written(tmp_path, "membre;quantité" + ";x" * 10_000 + "\na;1" + ";y" * 10_000 + "\n")
    assert lines_of(path) == [(2, {"member": "a", "quantity": "1"})]


@given(st.text(alphabet='a7é’ \t;,\n\r"\x0b\xa0\xad\u0301', max_size=12), st.sampled_from(";,\t"))
def test_a_text_that_is_taken_for_clean_has_no_cell_to_be_cleaned(text: str, delimiter: str) -> None:
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    if list_reading._is_clean(text, delimiter):
        assert all(cell == clean(cell) for row in rows for cell in row)


def test_a_plain_list_is_taken_for_clean() -> None:
    assert list_reading._is_clean("membre;article;quantité\r\n213300098;Arceau d’appui;5\r\n", ";")
    assert not list_reading._is_clean("membre;quantité\n213300098;1 000 \n", ";")
