"""The books of an allocation: lines add up, LibreOffice computes what is stored, both kinds hold the same."""

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from python_calamine import CalamineWorkbook
from sqlalchemy import text

from allocation.records.test_costs_frozen import COSTS, freeze, prepare
from factories import BUYER, LUGOS, SALLES, Territory
from ground.office import NEEDS_OFFICE, recalculated
from naive.random_cases import random_allocation
from pooling.allocation.booking import INVESTMENT, RUNNING, Booking, Counted, section_of, spread
from pooling.allocation.figures import DETAIL
from pooling.allocation.records.workbook import BookKind, write_allocation_workbook
from pooling.kernel.database import Database
from pooling.kernel.open_document import OpenBook, open_formula
from pooling.kernel.sheet_writing import Column, ColumnKind, Formula, SheetTable
from pooling.orders.models import OrderBuyer
from pooling.sharing.errors import RuleError
from sharing.test_workbooks import CASE, NAMES, stated
from web_client import SignIn


def test_lines_of_a_member_come_to_what_it_pays() -> None:
    """In any case, whatever a subsidy counts."""
    found = 0
    for seed in range(60):
        try:
            statement = stated(random_allocation(seed))
        except RuleError:
            continue
        first = statement.lines[0].id if statement.lines else ""
        for counted in ({}, {line.id: Counted(frozenset({first}), frozenset()) for line in statement.lines}):
            booking = Booking(statement, counted)
            for member in statement.members:
                lines, result = booking.of(member), member.result
                assert sum(line.ht for line in lines) == result.ht
                assert sum(line.vat for line in lines) == result.vat
                assert sum(line.subsidies for line in lines) == result.subsidised
                assert sum(line.fctva for line in lines) == result.fctva
                assert sum(line.net for line in lines) == result.net
                found += len(lines)
    assert found > 400


@pytest.mark.parametrize(
    ("total", "numerators", "denominator", "shares"),
    [
        (4, [10, 10, 10], 9, [2, 1, 1]),
        (3, [10, 10, 10], 9, [1, 1, 1]),
        (-4, [-10, -10, -10], 9, [-2, -1, -1]),
        (5, [10, 25], 10, [1, 4]),  # a cent of an adjustment: the largest bears it
        (0, [20, -20], 1, [20, -20]),
        (2, [0, 0], 1, [2, 0]),
        (0, [], 1, []),
    ],
)
def test_spreading(total: int, numerators: list[int], denominator: int, shares: list[int]) -> None:
    assert spread(total, numerators, denominator) == shares


@pytest.mark.parametrize(
    ("account", "nature", "unit_price", "section"),
    [
        ("21828", "", 10, INVESTMENT),
        ("4581", "", 10, INVESTMENT),
        ("60632", "supply", 5000, RUNNING),
        ("5", "supply", 5000, ""),
        ("", "", 500, RUNNING),
        ("", "supply", Fraction(50001, 100), INVESTMENT),
        ("", "service", 5000, RUNNING),
        ("", "works", 5, INVESTMENT),
    ],
)
def test_sections(account: str, nature: str, unit_price: Fraction, section: str) -> None:
    assert section_of(account, nature, Fraction(unit_price), Fraction(500)) == section


def written(folder: Path, kind: BookKind) -> Path:
    path = folder / f"etat.{kind}"
    write_allocation_workbook(path, stated(CASE), NAMES, "Prix fictifs", kind=kind)
    return path


def test_both_kinds_of_book_hold_the_same(tmp_path: Path) -> None:
    workbook = load_workbook(written(tmp_path, "xlsx"), data_only=True)
    document = CalamineWorkbook.from_path(written(tmp_path, "ods"))
    assert document.sheet_names == workbook.sheetnames
    for sheet in workbook:
        rows = [["" if value is None else value for value in row] for row in sheet.iter_rows(values_only=True)]
        there = document.get_sheet_by_name(sheet.title).to_python()
        assert [_alike(row) for row in there] == [_alike(row) for row in rows], sheet.title


def _alike(row: list[Any]) -> list[Any]:
    return [round(value, 8) if isinstance(value, int | float) else value for value in row]


@NEEDS_OFFICE
@pytest.mark.parametrize("kind", ["xlsx", "ods"])
def test_libreoffice_computes_what_is_stored(tmp_path: Path, kind: BookKind) -> None:
    path = written(tmp_path, kind)
    computed = load_workbook(recalculated(path, tmp_path), data_only=True)
    stored = CalamineWorkbook.from_path(path)
    checks = list(computed["Contrôle"].iter_rows(min_row=2, values_only=True))
    assert len(checks) == 21
    assert {row[3] for row in checks} == {0}
    for title in stored.sheet_names:
        there = [
            ["" if value is None else value for value in row] for row in computed[title].iter_rows(values_only=True)
        ]
        assert [_alike(row) for row in there] == [_alike(row) for row in stored.get_sheet_by_name(title).to_python()]


@NEEDS_OFFICE
def test_libreoffice_does_compute(tmp_path: Path) -> None:
    """A wrong value beside a formula is found out: else the test above could not fail."""
    book = OpenBook({})
    columns = [Column("A", ColumnKind.AMOUNT), Column("B", ColumnKind.NUMBER)]
    book.add(SheetTable("L’un d’eux", columns, [[150, Formula("SUMIF('L’un d’eux'!A2:A2,1.5,A2:A2)+1", Decimal(9))]]))
    book.save(tmp_path / "t.ods")
    computed = load_workbook(recalculated(tmp_path / "t.ods", tmp_path), data_only=True)
    assert computed["L’un d’eux"]["B2"].value == 2.5


async def test_who_pays_stands_in_every_file_and_a_record_keeps_it(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    await prepare(database, territory)
    browser = await sign_in(BUYER)
    lugos = territory.members[LUGOS]

    async def become(siret: str | None) -> None:
        async with database.transaction(territory.group_id) as session:
            session.add(OrderBuyer(group_id=territory.group_id, member_id=lugos, siret=siret, service_code="VOIRIE"))

    async def told(base: str) -> dict[str, list[list[str]]]:
        files = {
            name: (await browser.get(f"{COSTS}{base}/{name}")).content
            for name in ("repartition.xlsx", "repartition.ods", "detail.csv", "detail.json")
        }
        lines = json.loads(files["detail.json"])["lines"]
        return detail_of_files(files["repartition.xlsx"], files["repartition.ods"], files["detail.csv"], lines)

    await become("21330260700016")
    now = await told("")
    assert len(now["csv"]) == 9, "two items, a charge and a discount of two members; the charge of a third"
    assert now["xlsx"] == now["ods"] == now["csv"] == now["json"]
    payer = {row[0]: row[2:5] for row in now["csv"]}
    assert payer[LUGOS] == [LUGOS, "21330260700016", "VOIRIE"]
    assert payer[SALLES] == [SALLES, "", ""]
    await freeze(browser)
    async with database.transaction(territory.group_id) as session:
        await session.execute(text("DELETE FROM order_buyers"))
    assert await told("/etats/1") == now
    assert {row[0]: row[2:5] for row in (await told(""))["ods"]}[LUGOS] == [LUGOS, "", ""]

    async with database.transaction(territory.group_id) as session:
        for statement in AS_BEFORE:
            await session.execute(text(statement))
    assert {row[0]: row[2:5] for row in (await told("/etats/2"))["json"]}[LUGOS] == ["", "", ""]
    older = load_workbook(io.BytesIO((await browser.get(f"{COSTS}/etats/2/repartition.xlsx")).content))["Lisez-moi"]
    assert "Ce qui manque" in [row[0] for row in older.iter_rows(values_only=True)]


AS_BEFORE = (
    """INSERT INTO allocations (group_id, purchase_id, number, frozen_at, "case", result, rule_version, stated, details,
        cause, reason)
    SELECT group_id, purchase_id, 2, frozen_at, "case", result, rule_version, stated - 'filing' - 'threshold', details,
        cause, reason
    FROM allocations""",
    """INSERT INTO allocation_shares (group_id, allocation_id, member, name, budget, ht, vat, subsidies, fctva, net,
        vat_by_rate, gets_fctva, lines)
    SELECT group_id, (SELECT max(id) FROM allocations), member, name, budget, ht, vat, subsidies, fctva, net,
        vat_by_rate, gets_fctva, lines
    FROM allocation_shares""",
)
"""The record again as it was kept before who pays was."""


def detail_of_files(
    xlsx: bytes, ods: bytes, detail_csv: bytes, lines: Iterable[Mapping[str, Any]]
) -> dict[str, list[list[str]]]:
    """Every cell of « Détail » in each kind of file, but for titles and the total."""
    workbook = load_workbook(io.BytesIO(xlsx), data_only=True)["Détail"]
    document = CalamineWorkbook.from_filelike(io.BytesIO(ods)).get_sheet_by_name("Détail")
    _, *listed = csv.reader(io.StringIO(detail_csv.decode("utf-8-sig")), delimiter=";")
    return {
        "xlsx": [_as_text(row) for row in list(workbook.iter_rows(values_only=True))[1:-1]],
        "ods": [_as_text(row) for row in document.to_python()[1:-1]],
        "csv": [_as_text(row[: len(DETAIL)]) for row in listed],
        "json": [_as_text([line[name] for name, _ in DETAIL]) for line in lines],
    }


def _as_text(row: Sequence[Any]) -> list[str]:
    """Numbers are compared as numbers, whatever a file writes them as; codes and words are text in every file."""
    return [_as_written(cell, column) for cell, (_, column) in zip(row, DETAIL, strict=True)]


def _as_written(cell: Any, column: Column) -> str:  # noqa: ANN401 - what a spreadsheet's cell may hold
    if cell is None or cell == "":
        return ""
    if column.kind in {ColumnKind.TEXT, ColumnKind.CODE}:
        assert isinstance(cell, str), (column.title, cell)
        return cell
    return str(round(float(str(cell).replace(",", ".")), 6))


def test_formulas_of_open_documents() -> None:
    assert open_formula("SUM('a b'!C2:C9,'x'!C2:C3)-B1") == "SUM([$'a b'.C2:.C9];[$'x'.C2:.C3])-[.B1]"
    assert open_formula("SUMIF('l'!A2:A9,\"TVA 5,5 A1\",AB2:AB9)") == (
        "SUMIF([$'l'.A2:.A9];\"TVA 5,5 A1\";[.AB2:.AB9])"
    )
    assert open_formula("ROUND(B2-C2,2)") == "ROUND([.B2]-[.C2];2)"


def test_a_book_that_is_given_up_leaves_nothing_open() -> None:
    book = OpenBook({})

    def rows() -> Any:  # noqa: ANN401
        yield ["x"]
        raise InterruptedError

    with pytest.raises(InterruptedError):
        book.add(SheetTable("T", [Column("A")], rows()))
    del book
    again = OpenBook({})
    target = io.BytesIO()
    again.add(SheetTable("T", [Column("A")], [[" a  b  c\n d"]]))
    again.save(target)
    target.seek(0)
    assert CalamineWorkbook.from_filelike(target).get_sheet_by_index(0).to_python()[1] == [" a  b  c\n d"]
