"""Lists of members as towns send them: what is read is right, what cannot be is told by its line."""

from pathlib import Path

import openpyxl
import pytest
from sqlalchemy import select
from sqlmodel import col

from factories import NOW, Territory
from pooling.kernel.database import Database
from pooling.kernel.list_reading import UnreadableListError
from pooling.members.adding import MemberIn
from pooling.members.importing import import_members, read_members
from pooling.members.models import Member

HEADER = "siren;nom;insee;population\r\n"


async def imported(database: Database, territory: Territory, path: Path) -> tuple[list[tuple[object, ...]], list[str]]:
    """The members that a list adds (name, insee, population), and what is told of its other lines."""
    async with database.transaction(territory.group_id) as session:
        before = set((await session.execute(select(col(Member.id)))).scalars())
        _, _, bad = await import_members(session, read_members(path), NOW, skip_bad=True)
        rows = await session.execute(
            select(col(Member.id), col(Member.name), col(Member.insee), col(Member.population)).order_by(col(Member.id))
        )
        return [tuple(row[1:]) for row in rows if row[0] not in before], [str(line) for line in bad]


async def test_a_total_is_no_member(database: Database, territory: Territory, tmp_path: Path) -> None:
    path = tmp_path / "membres.csv"
    path.write_text(HEADER + "213300221;Avec total;33001;12\r\n;TOTAL;;12\r\n\r\n;;;\r\n", "utf-8")
    assert await imported(database, territory, path) == (
        [("Avec total", "33001", 12)],
        ["ligne 3 : « TOTAL » est une ligne de total, pas un membre : retirez-la"],
    )


async def test_a_name_stands_on_one_line(database: Database, territory: Territory, tmp_path: Path) -> None:
    path = tmp_path / "membres.csv"
    path.write_bytes(
        (HEADER + '213300239;"Deux\r\nlignes";33001;12\r\n213300247;"Dit ""la Belle""; suite";33002;12\r\n').encode()
    )
    added, bad = await imported(database, territory, path)
    assert ([row[0] for row in added], bad) == (["Deux lignes", 'Dit "la Belle"; suite'], [])


async def test_headings_are_those_that_towns_write(database: Database, territory: Territory, tmp_path: Path) -> None:
    path = tmp_path / "membres.csv"
    path.write_text("N° SIREN;Nom de la commune;INSEE;Population municipale\r\n213300213;Test;33001;12\r\n", "utf-8")
    assert (await imported(database, territory, path))[0] == [("Test", "33001", 12)]


def test_a_missing_heading_is_told_with_those_that_were_read(tmp_path: Path) -> None:
    path = tmp_path / "membres.csv"
    path.write_text("Libellé;SIREN\r\nTest;213300213\r\n", "utf-8")
    with pytest.raises(UnreadableListError, match=r"manque la colonne « nom ».*On y lit : « Libellé », « SIREN »"):
        read_members(path)


async def test_a_workbook_that_lost_zeros_and_kept_formulas(
    database: Database, territory: Territory, tmp_path: Path
) -> None:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    for row in (
        ("SIREN", "Nom", "Code INSEE", "Population"),
        (213300163, "Zéro perdu", 1004, 14081),
        ("213\u202f300\xa0189", "Blancs", "2A004", "1 208"),
        (213300197, "Décimale", 33010, 1208.4),
        (213300205, "En lettres", 33012, "1 208 hab."),
    ):
        sheet.append(list(row))
    path = tmp_path / "membres.xlsx"
    book.save(path)
    added, bad = await imported(database, territory, path)
    assert added == [("Zéro perdu", "01004", 14081), ("Blancs", "2A004", 1208)]
    assert bad == [
        "ligne 4 : la population doit être un nombre entier, positif ou nul",
        "ligne 5 : la population doit être un nombre entier, positif ou nul",
    ]
    sheet["D3"] = "=1000+208"
    book.save(path)
    with pytest.raises(UnreadableListError, match="ligne 3, colonne « Population » : le résultat de la formule"):
        read_members(path)


@pytest.mark.parametrize("typed", ["213300098", " 213 300 098 ", "213\u00a0300\u202f098", "213.300.098"])
def test_a_siren_is_kept_as_nine_digits(typed: str) -> None:
    assert MemberIn(code=typed, name="Arcachon").code == "213300098"
