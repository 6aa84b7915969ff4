"""The finance files, opened again: same figures as the rule, sums that tie, nothing that runs."""

import csv
import html
import io
import re
from collections import defaultdict
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING
from zipfile import ZipFile

import pytest
from openpyxl import load_workbook
from openpyxl.utils import column_index_from_string
from rich.console import Console

from naive.case_book import Json
from naive.random_cases import random_allocation
from pooling.allocation.console import allocation_table
from pooling.allocation.figures import Labels, euros_text, ratio, row_count, warning_sentence
from pooling.allocation.records.workbook import write_allocation_csv, write_allocation_workbook
from pooling.kernel import sheet_writing
from pooling.kernel.open_document import OpenBook
from pooling.kernel.sheet_writing import Column, ColumnKind, Formula, Placed, SheetTable, clean, write_csv
from pooling.kernel.workbook_writing import Book
from pooling.needs.console import consolidation_table
from pooling.needs.workbook import write_consolidation_workbook
from pooling.sharing.allocation import allocate_raw
from pooling.sharing.consolidation import consolidate_raw
from pooling.sharing.errors import RuleError
from pooling.sharing.shared_lines import LineKind
from pooling.sharing.statement import Statement, state_allocation

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

CASE: Json = {
    "case": "Arceaux 2027",
    "members": [{"id": "02159"}, {"id": "=2+2"}, {"id": "c\x07\ud800"}],
    "items": [{"id": "arceau", "unit_price": "165.1234", "vat_rate": "20", "fctva": True}],
    "needs": [
        {"member": "02159", "item": "arceau", "quantity": 12},
        {"member": "=2+2", "item": "arceau", "quantity": 40},
    ],
    "charges": [
        {"id": "port", "amount": "100.00", "vat_rate": "5.5", "scope": "all", "key": "equal"},
        {"id": "remise", "amount": "-31.01", "vat_rate": "20", "key": "amount"},
    ],
    "invoice": [
        {"vat_rate": "5.5", "ht": "100.01", "vat": "5.51"},
        {"vat_rate": "20", "ht": "8555.41", "vat": "1711.08"},
    ],
    "subsidies": [{"id": "alveole", "kind": "rate", "rate": "90"}],
}
NAMES = {"02159": "Arès", "=2+2": '=HYPERLINK("http://x")', "arceau": "@Arceau"}


def stated(raw: Json) -> Statement:
    return state_allocation(allocate_raw(raw))


def saved(allocation: Statement, notice: str | None = None) -> Json:
    file = io.BytesIO()
    write_allocation_workbook(file, allocation, NAMES, notice)
    return load_workbook(file)


@pytest.fixture(scope="module")
def book() -> Json:
    return saved(stated(CASE))


def rows(sheet: "Worksheet") -> list[tuple[Json, ...]]:
    return list(sheet.iter_rows(min_row=sheet_writing.FIRST_ROW, values_only=True))


def evaluated(book: Json, formula: str) -> Decimal:
    """The value of the few formulas that we write: sums of ranges, sums by rate, and their differences."""
    total, sign = Decimal(0), 1
    pattern = r"(SUM(?:IF)?)\(((?:'[^']*'|[^'()])*)\)|([+-])|(0)$"
    for match in re.finditer(pattern, formula.removeprefix("=")):
        name, inside, operator, _ = match.groups()
        if operator:
            sign = 1 if operator == "+" else -1
        elif name == "SUM":
            total += sign * sum((amount for part in inside.split(",") for amount in column(book, part)), Decimal(0))
        elif name == "SUMIF":
            keys, wanted, amounts = re.fullmatch(r"(.+?),([0-9.]+),(.+)", inside).groups()  # type: ignore[union-attr]
            total += sign * sum(
                (
                    amount
                    for key, amount in zip(column(book, keys), column(book, amounts), strict=True)
                    if key == Decimal(wanted)
                ),
                Decimal(0),
            )
    return total


def column(book: Json, reference: str) -> list[Json]:
    sheet, letter, first, last = re.fullmatch(r"'(.+)'!([A-Z]+)(\d+):[A-Z]+(\d+)", reference).groups()  # type: ignore[union-attr]
    cells = [book[sheet].cell(row, column_index_from_string(letter)).value for row in range(int(first), int(last) + 1)]
    return [cell if isinstance(cell, str) else Decimal(str(cell or 0)) for cell in cells]


def test_sheets_are_ready_to_print_and_read(book: Json) -> None:
    assert book.properties.creator == "pooling"
    assert book.sheetnames == [
        *("Lisez-moi", "Répartition", "Détail", "Clés", "Subventions", "Contrôle"),
        "Alertes",
    ]
    for sheet in book:
        assert sheet.freeze_panes == "A2"
        assert sheet.print_title_rows == "$1:$1"
        assert sheet.oddHeader.left.text == "Arceaux 2027", "what a printed page is of"
        assert not sheet.oddHeader.right.text, "two texts over each other"
        assert (sheet.page_setup.orientation, sheet.page_setup.paperSize) == ("landscape", 9)
        assert sheet.sheet_properties.pageSetUpPr.fitToPage
        titles = [cell.value for cell in sheet[1]]
        assert all(titles), "the first line names every column"
        assert sheet["A1"].font.bold
        assert (sheet.auto_filter.ref or "").startswith("A1:")


def test_the_head_of_a_page_cuts_no_date() -> None:
    book, file = Book({"Document": "D" * 100, "Date": "figé vendredi 18 septembre 2026 à 9 h 26"}), io.BytesIO()
    book.save(file)
    opened: Json = load_workbook(file)
    assert opened["À propos"].oddHeader.left.text == "D" * 100


def test_a_text_of_several_lines_has_its_room(book: Json) -> None:
    """LibreOffice gives the rows of a workbook like Excel's the height that the file says."""
    sheet = book["Lisez-moi"]
    texts = {row[1].row: str(row[1].value) for row in sheet.iter_rows(min_row=2)}
    long = {row for row, text in texts.items() if len(text) > 110}
    assert long
    for row, text in texts.items():
        lines = (sheet.row_dimensions[row].height or 15) / 15
        assert lines > 1 or row not in long
        assert lines * 110 > len(text) > (lines - 2) * 99


def test_where_figures_come_from_is_on_the_last_sheet_and_on_every_printed_page() -> None:
    """Filters, imports and programs take the first line of the first sheet for the titles."""
    facts = {"Document": "Commande", "Achat": "AG-2027-001 Vélos & abris"}
    book, file = Book(facts, "Prix fictifs"), io.BytesIO()
    book.add(SheetTable("T", [Column("A"), Column("B", ColumnKind.AMOUNT, summed=True)], [["x", 5], ["y", 7]]))
    book.save(file)
    opened: Json = load_workbook(file)
    assert opened.sheetnames == ["T", "À propos"]
    first, about = opened
    assert list(first.values) == [
        ("A", "B", "Remarque"),
        ("x", 0.05, "Prix fictifs"),
        ("y", 0.07, "Prix fictifs"),
        ("Total", "=SUM(B2:B3)", None),
    ]
    assert dict(list(about.values)[1:]) == {**facts, "Remarque": "Prix fictifs"}
    for sheet in opened:
        assert sheet.oddHeader.left.text.replace("&&", "&") == "Commande — AG-2027-001 Vélos & abris"
        assert sheet.oddFooter.center.text == "Prix fictifs"


def test_a_date_among_texts_stands_where_they_do() -> None:
    """Not at the far edge of a column that is wide enough for sentences."""
    written = {}
    for kind in (Book, OpenBook):
        book, file = kind({"Document": "État"}), io.BytesIO()
        book.say("Lisez-moi", [("Figé le", datetime(2027, 3, 1, 10))])  # noqa: DTZ001 - spreadsheets know no zones
        book.save(file)
        written[kind] = file
    cell = load_workbook(written[Book])["Lisez-moi"]["B3"]
    assert (cell.value, cell.is_date, cell.alignment.horizontal) == (datetime(2027, 3, 1, 10), True, "left")  # noqa: DTZ001
    content = ZipFile(written[OpenBook]).read("content.xml").decode()
    assert 'table:style-name="moment-left" office:value-type="date"' in content
    assert 'style:name="moment-left"' in content


def test_a_long_name_does_not_spoil_the_head_of_a_printed_page() -> None:
    """A spreadsheet mends a file whose head is longer than 255 characters, and `&` opens a command in it."""
    book, file = Book({"Document": "R&D\n" * 200}, "&" * 300), io.BytesIO()
    book.add(SheetTable("T", [Column("A")], [["x"]]))
    book.save(file)
    with ZipFile(file) as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml").decode()
    head = html.unescape(re.search(r"<oddHeader>(.*?)</oddHeader>", sheet, re.DOTALL)[1])  # type: ignore[index]
    assert len(head) <= 255
    assert "\n" not in head
    assert not re.sub(r"&&|&[LR]", "", head).count("&")


def test_summary_shows_the_figures_of_the_rule(book: Json) -> None:
    result = stated(CASE)
    *shown, foot = rows(book["Répartition"])
    figures_of = [(m.ht, m.vat, m.ttc, m.subsidised, m.fctva, m.net) for m in result.results]
    assert [tuple(round(value * 100) for value in row[2:8]) for row in shown] == figures_of
    assert foot[:3] == ("Total", None, "=SUM(C2:C4)")
    assert book["Répartition"]["C2"].number_format == "#,##0.00"
    assert book["Répartition"]["C2"].data_type == "n"


def test_codes_stay_text_and_nothing_typed_becomes_a_formula(book: Json) -> None:
    summary = book["Répartition"]
    assert [summary[f"A{row}"].value for row in (2, 3, 4)] == ["02159", "=2+2", "c"]
    assert summary["B3"].value == '=HYPERLINK("http://x")'
    assert summary["A2"].number_format == "@"
    ours = {"Lisez-moi", "Répartition", "Détail", "Subventions", "Clés"}
    for sheet in book:
        for row in sheet.iter_rows():
            for cell in row:
                if cell.data_type == "f":
                    assert re.fullmatch(r"=SUM\([A-Z]+\d+:[A-Z]+\d+\)", cell.value) or sheet.title not in ours


def test_controls_tie_by_live_sums(book: Json) -> None:
    controls = rows(book["Contrôle"])
    assert [row[0] for row in controls][-4:] == [
        "Facture du fournisseur, TVA 5,5\u00a0%\u00a0: HT",
        "Facture du fournisseur, TVA 5,5\u00a0%\u00a0: TVA",
        "Facture du fournisseur, TVA 20\u00a0%\u00a0: HT",
        "Facture du fournisseur, TVA 20\u00a0%\u00a0: TVA",
    ]
    assert len(controls) == 21
    for number, (title, formula, expected, gap) in enumerate(controls, start=2):
        assert evaluated(book, formula) == Decimal(str(expected)), title
        assert gap == f"=ROUND(B{number}-C{number},2)"


def test_what_a_formula_comes_to_is_stored_beside_it() -> None:
    """A preview and a protected view show what is stored: they compute nothing."""
    file = io.BytesIO()
    write_allocation_workbook(file, stated(CASE), NAMES)
    formulas, values = load_workbook(file), load_workbook(file, data_only=True)
    found = 0
    for sheet in formulas:
        for row in sheet.iter_rows():
            for cell in row:
                if cell.data_type == "f":
                    stored, formula = values[sheet.title][cell.coordinate].value, str(cell.value)
                    if formula.startswith("=ROUND"):
                        assert stored == 0, formula
                    else:
                        there = re.sub(r"\((?=[A-Z]+\d)", f"('{sheet.title}'!", formula)
                        assert Decimal(str(stored)) == evaluated(formulas, there), formula
                    found += 1
    assert found > 40


def test_headers_are_frozen_and_filter_the_rows_below_them(book: Json) -> None:
    assert book["Répartition"].auto_filter.ref == "A1:O4", "the members, not the foot"


def test_controls_tie_in_any_case() -> None:
    tied = 0
    for seed in range(40):
        try:
            allocation = stated(random_allocation(seed))
        except RuleError:
            continue
        book = saved(allocation)
        for title, formula, expected, _ in rows(book["Contrôle"]):
            assert evaluated(book, formula) == Decimal(str(expected)), (seed, title)
            tied += 1
    assert tied > 100


def test_lines_tell_key_base_value_and_percentage(book: Json) -> None:
    shown = {(row[0], row[1], row[3]): row[5:] for row in rows(book["Clés"])}
    assert shown["Article", "arceau", "02159"] == ("quantité", 12, 0.23076923, 1981.48153846, 0, 1981.48)
    assert shown["Frais mutualisés", "port", "c"] == ("à parts égales", 1, 0.33333333, 33.33333333, 0, 33.33)
    assert shown["Frais mutualisés", "remise", "02159"][:2] == ("montant HT", 1981.48)
    assert shown["Ajustement HT à la facture", "5.5", "02159"][-2:] == (1, 0.01)


def test_warnings_are_sentences(book: Json) -> None:
    warned = rows(book["Alertes"])
    sentence = (
        "Arès\u00a0: moins de 20\u00a0% de son coût HT (2\u202f007,67\u00a0€) reste à sa charge une fois déduites les "
        "aides publiques (subventions\u00a0: 1\u202f783,33\u00a0€\u00a0; CGCT, art. L1111-10)."
    )
    assert warned[0] == ("02159", sentence)
    assert [code for code, _ in warned] == ["02159", "=2+2"]


def test_a_credit_is_told_apart() -> None:
    credit = {"id": "c", "amount": "-1.00", "vat_rate": "0", "key": {"percents": {"a": "100"}}}
    allocation = stated({"members": [{"id": "a"}], "charges": [credit]})
    sentence = warning_sentence(allocation.warnings[0], Labels())
    assert sentence.startswith("a\u00a0: son coût HT est négatif (−1,00\u00a0€)")


def test_more_than_its_cost_is_told() -> None:
    charge = {"id": "c", "amount": "1.00", "vat_rate": "0", "key": {"percents": {"a": "100"}}}
    aids = [{"id": id_, "kind": "amount", "amount": "0.60", "charges": ["c"]} for id_ in "st"]
    allocation = stated({"members": [{"id": "a"}], "charges": [charge], "subsidies": aids})
    sentence = warning_sentence(allocation.warnings[0], Labels())
    assert sentence == "a\u00a0: les subventions (1,20\u00a0€) dépassent son coût HT (1,00\u00a0€)."


def test_no_warning_no_sheet() -> None:
    assert "Alertes" not in saved(stated({"case": ""})).sheetnames


def test_csv_opens_in_a_french_spreadsheet(tmp_path: Path) -> None:
    allocation = stated(CASE)
    path = tmp_path / "synthese.csv"
    write_allocation_csv(path, allocation, Labels(members=NAMES))
    text = path.read_bytes().decode("utf-8")
    assert text.startswith("\ufeffCode;Membre;HT;TVA;TTC;Subventions;FCTVA estimé;Coût net\r\n")
    assert text.count("\r\n") == text.count("\n") == 4
    shown = list(csv.reader(io.StringIO(text.removeprefix("\ufeff")), delimiter=";"))
    assert shown[2][:2] == ["'=2+2", '\'=HYPERLINK("http://x")']
    assert [row[2] for row in shown[1:]] == [f"{Decimal(m.ht) / 100:.2f}".replace(".", ",") for m in allocation.results]
    assert shown[3][2] == "33,33"


def test_a_notice_is_a_last_column_and_moves_nothing(tmp_path: Path) -> None:
    allocation = stated(CASE)
    plain, remarked = tmp_path / "plain.csv", tmp_path / "remarked.csv"
    write_allocation_csv(plain, allocation)
    write_allocation_csv(remarked, allocation, notice="=Fictif\u00a0;\nvraiment.")
    before, after = (
        list(csv.reader(io.StringIO(path.read_bytes().decode("utf-8-sig"), newline=""), delimiter=";"))
        for path in (plain, remarked)
    )
    assert [row[:-1] for row in after] == before
    assert [row[-1] for row in after] == ["Remarque", *["'=Fictif\u00a0;\nvraiment."] * 3]


def test_csv_of_lines_and_negative_amounts() -> None:
    file = io.BytesIO()
    write_allocation_csv(file, stated(CASE), view="lines")
    shown = list(csv.reader(io.StringIO(file.getvalue().decode("utf-8-sig")), delimiter=";"))
    assert ["Frais mutualisés", "remise", "remise", "02159"] in [row[:4] for row in shown]
    assert [row[-1] for row in shown if row[1:4:2] == ["remise", "02159"]] == ["-7,16"]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_csv_guards_every_formula_start(start: str) -> None:
    file = io.BytesIO()
    write_csv(
        file,
        SheetTable("T", [Column("A"), Column("B", ColumnKind.NUMBER)], [[f"{start}x", Decimal("-1.5")], [None, 3]]),
    )
    shown = list(csv.reader(io.StringIO(file.getvalue().decode("utf-8-sig"), newline=""), delimiter=";"))
    assert shown[1:] == [[f"'{start}x", "-1,5"], ["", "3"]]
    with pytest.raises(TypeError, match="no formula"):
        write_csv(io.BytesIO(), SheetTable("T", [Column("A", ColumnKind.AMOUNT)], [[Formula("1", Decimal(1))]]))


def test_texts_are_cleaned() -> None:
    assert clean("a\x00b\x1f\x7f\x85\ud800\uffffc\nd\té") == "abc\nd\té"
    assert len(clean("x" * 40_000)) == 32_767


def test_a_long_table_goes_on_in_another_sheet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheet_writing, "MOST_ROWS", 2)
    book = Book({})
    columns = [Column("A", ColumnKind.NUMBER), Column("B", ColumnKind.AMOUNT, summed=True)]
    placed = book.add(SheetTable("T", columns, [[Decimal(n), n] for n in range(5)], grouped=0))
    file = io.BytesIO()
    book.save(file)
    opened = load_workbook(file)
    assert opened.sheetnames == ["T", "T (2)", "T (3)", "À propos"]
    assert placed.total(1).text == "SUM('T'!B2:B3,'T (2)'!B2:B3,'T (3)'!B2:B2)"
    assert evaluated(opened, placed.total(1).text) == placed.total(1).value == Decimal("0.10")
    of_three = placed.total_where(Decimal(3), 1)
    assert evaluated(opened, of_three.text) == of_three.value == Decimal("0.03")
    assert rows(opened["T (3)"]) == [(4, 0.04), ("Total", "=SUM(B2:B2)")]
    nothing = Placed([("T", 2, 1)], grouped=0)
    assert nothing.total(1) == nothing.total_where(Decimal(1), 1) == Formula("0", Decimal(0))


def test_numbers_for_people() -> None:
    assert [euros_text(cents) for cents in (0, -5, 123456789)] == [
        "0,00\u00a0€",
        "−0,05\u00a0€",
        "1\u202f234\u202f567,89\u00a0€",
    ]
    assert [ratio(*terms) for terms in ((1, 3), (-1, 3), (1, -8), (-1, -2))] == [
        Decimal("0.33333333"),
        Decimal("-0.33333333"),
        Decimal("-0.125"),
        Decimal("0.5"),
    ]


def test_labels_name_each_kind_of_id() -> None:
    labels = Labels(members={"x": "Membre"}, items={"x": "Article"}, charges={"x": "Frais"}, subsidies={"x": "Aide"})
    named = [labels.line(kind, "x") for kind in LineKind if "vat" not in kind and kind != "adjustment"]
    assert [labels.member("x"), *named] == ["Membre", "Article", "Frais", "Aide"]
    assert labels.line(LineKind.VAT, "5.5") == "taux 5,5\u00a0%"


def test_the_terminal_shows_the_same_figures() -> None:
    console = Console(width=140, record=True, file=io.StringIO())
    allocation = stated(CASE)
    console.print(allocation_table(allocation, NAMES))
    text = console.export_text()
    for member in allocation.results:
        assert euros_text(member.net) in text
    assert euros_text(allocation.totals.ttc) in text
    assert "Arès\u00a0: " in text


CONSOLIDATION: Json = {
    "case": "arceau",
    "item": {"unit_price": "180", "pack": 10, "tiers": [{"from": 50, "unit_price": "150"}]},
    "incomplete_pack": "round_up",
    "needs": [{"member": "01", "firm": 6, "up_to": 7}, {"member": "=b", "firm": 8}],
}


def test_consolidation_workbook() -> None:
    file = io.BytesIO()
    write_consolidation_workbook(file, consolidate_raw(CONSOLIDATION), {"01": "Arès"}, lead="z")
    book = load_workbook(file)
    assert book.sheetnames == ["Commande", "Répartition", "Contrôle", "À propos"]
    order: Json = dict(row[:2] for row in rows(book["Commande"]))
    assert order["État"] == "commande possible"
    assert order["Surplus (stock du pilote)"] == 5
    assert order["Total HT (€)"] == 3600
    assert order["Unités jusqu’au palier suivant (à partir de 50)"] == 30
    *members, foot = rows(book["Répartition"])
    assert members == [
        ("01", "Arès", 6, 7, 7, 1260, 7, 1260, 0),
        ("=b", "=b", 8, 8, 8, 1440, 8, 1440, 0),
        ("z", "z", 0, 0, 5, 900, 5, 900, 0),
    ]
    assert foot[4] == "=SUM(E2:E4)"
    assert [row[2] for row in rows(book["Contrôle"])] == [20, 360000]


def test_consolidation_in_the_terminal() -> None:
    console = Console(width=100, record=True, file=io.StringIO())
    console.print(consolidation_table(consolidate_raw(CONSOLIDATION), {"01": "Arès"}, lead="01"))
    text = console.export_text()
    assert re.search(r"Arès\s+│\s+12\s+│\s+2160,00", text)


def test_same_figures_in_every_file() -> None:
    """JSON, workbook, CSV: member by member, the same cents."""
    allocation = stated(CASE)
    seen: dict[str, set[str]] = defaultdict(set)
    for member in allocation.to_json()["members"]:  # type: ignore[attr-defined]
        seen[clean(member["id"])].add(member["net"])
    for row in rows(saved(allocation)["Répartition"])[:-1]:
        seen[row[0]].add(f"{row[7]:.2f}")
    file = io.BytesIO()
    write_allocation_csv(file, allocation)
    for line in file.getvalue().decode("utf-8-sig").splitlines()[1:]:
        code, *_, net = line.split(";")
        seen[code.removeprefix("'")].add(net.replace(",", "."))
    assert {code: len(nets) for code, nets in seen.items()} == {"02159": 1, "=2+2": 1, "c": 1}


def test_what_is_written_is_read_again() -> None:
    """Texts as they are, cents as euros, numbers to the last digit that a spreadsheet keeps."""
    written: list[tuple[str, int, Decimal]] = [
        ('<a> & "b" ]]>\r\n\t', -5, Decimal("1E+3")),
        (" #N/A ", 0, Decimal(0)),
        ("=1+1", 100, Decimal("-0.00000001")),
        ("Saint-Éloi – l’Étang 🚲", -(10**12) - 1, Decimal("1234567.12345678")),
        ("", 99, Decimal("1E-8")),
    ]
    book, file = Book({}), io.BytesIO()
    book.add(SheetTable("T", [Column("A"), Column("B", ColumnKind.AMOUNT), Column("C", ColumnKind.NUMBER)], written))
    book.save(file)
    read = rows(load_workbook(file)["T"])
    assert [row[0] for row in read] == [text or None for text, _, _ in written], "a sheet holds no empty text"
    assert [(float(row[1]), float(row[2])) for row in read] == [(cents / 100, float(n)) for _, cents, n in written]


def test_rows_are_counted_before_they_are_written_and_told_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheet_writing, "STEP", 2)
    result = stated({name: part for name, part in CASE.items() if name != "invoice"})
    told: list[int] = []
    file = io.BytesIO()
    write_allocation_workbook(file, result, progress=told.append)
    written = {sheet.title: len(rows(sheet)) for sheet in load_workbook(file) if sheet.title != "Lisez-moi"}
    feet = 3  # « Répartition », « Détail » and « Subventions » end with a sum
    assert row_count(result) == sum(written.values()) - feet - written["Contrôle"]
    assert sum(told) == row_count(result) + written["Contrôle"]
    assert set(told) == {1, 2}


def test_what_hears_of_the_rows_may_end_the_writing() -> None:
    def stop(_: int) -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        write_allocation_workbook(io.BytesIO(), stated(CASE), progress=stop)
