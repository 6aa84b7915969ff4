"""What a form reads, whatever was typed."""

from datetime import date
from typing import Annotated

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, TypeAdapter

from pooling.committees.agendas.schemas import AgendaItemIn
from pooling.committees.meetings.schemas import CommitteeIn
from pooling.kernel.clock import FIRST_DAY, LAST_DAY
from pooling.members.adding import MemberIn, UnitIn
from pooling.purchases.schemas import CorrectionIn, ItemIn, PurchaseIn
from pooling.web.forms import Form, form_of, longest_of


@given(day=st.dates(), layout=st.sampled_from(["{:%d/%m}/{:04d}", "{1:04d}-{0:%m-%d}"]))
def test_only_a_day_of_our_time_is_read(day: date, layout: str) -> None:
    form = Form(values={"day": layout.format(day, day.year)})
    if FIRST_DAY <= day <= LAST_DAY:
        assert (form.date("day"), form.errors) == (day, {})
    else:
        assert form.date("day") is None
        assert "entre 2000 et 2200" in form.errors["day"]


@pytest.mark.parametrize("typed", ["", "30 mars", "2027-02-30", "10000-01-01"])
def test_what_is_no_day_is_told_with_an_example(typed: str) -> None:
    form = Form(values={"day": typed})
    assert form.date("day") is None
    assert "par exemple 30/03/2027" in form.errors["day"]


def test_a_name_is_one_line_and_a_text_keeps_its_lines() -> None:
    form = form_of({"title": " Arceaux\r\n à\u2028vélos ", "comment": "Devant\nl’école"})
    assert form.text("title") == "Arceaux à vélos"
    assert form.lines("comment", longest=100) == "Devant\nl’école"


@pytest.mark.parametrize(
    ("model", "field"),
    [
        *[(PurchaseIn, "title"), (CorrectionIn, "title"), (ItemIn, "name"), (CommitteeIn, "title")],
        *[(AgendaItemIn, "presenter"), (MemberIn, "name"), (MemberIn, "category"), (UnitIn, "name")],
    ],
)
def test_it_is_one_line_by_every_door(model: type[BaseModel], field: str) -> None:
    info = model.model_fields[field]
    line: TypeAdapter[str] = TypeAdapter(Annotated[info.annotation, *info.metadata])  # type: ignore[arg-type]
    assert line.validate_python("Comité\r\nBcc: x") == "Comité Bcc: x"


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("douze", "Indiquez un nombre entier, par exemple 12."),
        ("", "Indiquez un nombre entier, par exemple 12."),
        ("99999999999", "Indiquez 1 000 000 au plus."),
        ("9" * 5000, "Indiquez 1 000 000 au plus."),
        ("1000001", "Indiquez 1 000 000 au plus."),
        ("-3", "Indiquez 0 ou plus : ce nombre est négatif."),
        ("−3", "Indiquez 0 ou plus : ce nombre est négatif."),
        ("12,5", "Indiquez un nombre entier, sans virgule ni point."),
        ("12.5", "Indiquez un nombre entier, sans virgule ni point."),
    ],
)
def test_each_bad_whole_number_is_told_its_own_limit(typed: str, sentence: str) -> None:
    form = Form(values={"units": typed})
    assert form.integer("units") == 0
    assert form.errors == {"units": sentence}


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("0", "Indiquez 15 au moins."),
        ("-1", "Indiquez 15 au moins."),
        ("1441", "Indiquez 1 440 au plus."),
        ("deux", "Indiquez un nombre entier, par exemple 15."),
    ],
)
def test_a_number_between_two_limits_is_told_the_one_it_passes(typed: str, sentence: str) -> None:
    form = Form(values={"minutes": typed})
    assert form.integer("minutes", smallest=15, largest=1440) == 15
    assert form.errors == {"minutes": sentence}


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("cher", "Indiquez un nombre, par exemple 12,5."),
        ("-3", "Indiquez 0 ou plus : ce nombre est négatif."),
        ("1,234", "Indiquez 2 chiffres au plus après la virgule."),
        ("101", "Indiquez 100 au plus."),
        ("9" * 50, "Indiquez 100 au plus."),
    ],
)
def test_each_bad_decimal_is_told_its_own_limit(typed: str, sentence: str) -> None:
    form = Form(values={"rate": typed})
    form.decimal("rate", largest=100)
    assert form.errors == {"rate": sentence}


@given(value=st.integers(min_value=0, max_value=1_000_000))
def test_a_whole_number_is_read_as_it_is_written_in_french(value: int) -> None:
    form = Form(values={"units": f"{value:,}".replace(",", " ")})
    assert (form.integer("units"), form.errors) == (value, {})


def test_what_a_model_does_not_take_is_refused_at_the_forms_field_for_it() -> None:
    """Also where reading the field forgot its bound; what reading refused keeps its own sentence."""
    form = Form(values={"titre": "x" * 201, "description": "y" * 5001})
    form.refuse("lead_member", "Choisissez la collectivité qui pilote cet achat.")
    read = {"title": form.value("titre"), "description": form.value("description"), "lead_member": "9" * 41}
    command = form.command(PurchaseIn, {"title": "titre"}, **read)
    assert form.errors == {
        "lead_member": "Choisissez la collectivité qui pilote cet achat.",
        "titre": "Raccourcissez ce texte : 200 caractères au plus.",
        "description": "Raccourcissez ce texte : 5000 caractères au plus.",
    }
    assert command.title == form.value("titre")


def test_a_form_reads_as_many_letters_as_its_model_takes() -> None:
    assert [longest_of(PurchaseIn, "description"), longest_of(CommitteeIn, "title")] == [5000, 120]
