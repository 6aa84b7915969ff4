"""The year's drawing and its table say the same."""

from datetime import date
from zoneinfo import ZoneInfo

from pooling.committees.calendars.year import Happening, Year, year_of
from web.drawing import HOSTILE, draw

PARIS, REUNION = ZoneInfo("Europe/Paris"), ZoneInfo("Indian/Reunion")
COMMITTEE = Happening(date(2027, 3, 30), "Comité de suivi", "/comites/1", committee=True)
CLOSING = Happening(date(2027, 3, 30), "Clôture des déclarations : Vélos", "/achats/AG-2027-001", committee=False)


def drawn(year: Year) -> str:
    return '{{ year.calendar("an", "Titre", "Suite", the_year) }}'


def test_every_day_stands_once_in_its_week() -> None:
    months = year_of(2027, [], PARIS, "").months
    assert sum(len(month.cells) for month in months) == 365
    assert sum(len(month.cells) for month in year_of(2028, [], PARIS, "").months) == 366
    march = months[2].cells
    assert (march[0].column, march[0].row) == (0, 0)  # Monday 1 March 2027
    assert (march[27].column, march[27].row) == (6, 3)
    assert (march[30].column, march[30].row) == (2, 4)
    assert max(cell.row for month in months for cell in month.cells) == 5  # May and August 2027 run over six weeks
    for month in months:
        assert len({(cell.column, cell.row) for cell in month.cells}) == len(month.cells)


def test_what_falls_on_a_day_is_marked_and_said() -> None:
    march = year_of(2027, [COMMITTEE, CLOSING], PARIS, "B").months[2]
    day = march.cells[29]
    assert (day.committee, day.deadline) == (True, True)
    assert march.description == (
        "Clôture des déclarations : Vélos, mardi 30 ; Comité de suivi, mardi 30 ; Lundi de Pâques, lundi 29 ; "
        "Vacances d’hiver, du 1er au 7."
    )
    assert year_of(2027, [], PARIS, "").months[8].description == "Rien de prévu."


def test_school_holidays_are_one_line_each_even_over_two_months() -> None:
    lines = [line for line in year_of(2027, [], PARIS, "A").lines if line.kind == "Vacances scolaires, zone A"]
    winter = next(line for line in lines if line.what == "Vacances d’hiver")
    assert (winter.first, winter.last) == (date(2027, 2, 13), date(2027, 2, 28))
    assert sum(line.what == "Vacances d’été" for line in lines) == 1
    assert lines[0].first == date(2027, 1, 1), "Christmas holidays begin in the year before"


def test_the_tables_lines_are_in_order_and_of_the_year_alone() -> None:
    other = Happening(date(2026, 12, 31), "Comité", "/comites/2", committee=True)
    lines = year_of(2027, [other, COMMITTEE, CLOSING], REUNION, "").lines
    assert [line.first for line in lines] == sorted(line.first for line in lines)
    assert {line.first.year for line in lines} == {2027}
    assert [line.what for line in lines if line.first == date(2027, 12, 20)] == ["Abolition de l’esclavage"]
    assert [line.path for line in lines if line.path] == ["/achats/AG-2027-001", "/comites/1"]


def test_it_is_said_how_far_school_holidays_are_known() -> None:
    assert year_of(2027, [], PARIS, "A").schools_known
    assert not year_of(2060, [], PARIS, "A").schools_known
    assert year_of(2060, [], PARIS, "").schools_known


def test_the_drawing_has_a_title_and_a_description_for_each_month() -> None:
    year = year_of(2027, [Happening(date(2027, 3, 30), HOSTILE, "/comites/1", committee=True)], PARIS, "A")
    document = draw(drawn(year), the_year=year)
    pictures = [element for element in document.all("svg") if element.attributes.get("role") == "img"]
    assert len(pictures) == 12
    ids = [element.attributes["id"] for element in document.elements if "id" in element.attributes]
    assert len(ids) == len(set(ids))
    for picture in pictures:
        title, description = picture.attributes["aria-labelledby"].split()
        assert "2027" in document.one(id=title).text
        assert document.one(id=description).text.endswith(".")
    assert document.one(class_="year-day is-committee").text == "30"
    assert HOSTILE in document.one(id="an-m3-d").text
