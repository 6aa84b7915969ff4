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
from pooling.members.service import MemberIn
from pooling.purchases.schemas import ItemIn, PurchaseIn
from pooling.web.forms import Form, form_of


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
    [(PurchaseIn, "title"), (ItemIn, "name"), (CommitteeIn, "title"), (AgendaItemIn, "presenter"), (MemberIn, "name")],
)
def test_it_is_one_line_by_every_door(model: type[BaseModel], field: str) -> None:
    info = model.model_fields[field]
    line: TypeAdapter[str] = TypeAdapter(Annotated[info.annotation, *info.metadata])  # type: ignore[arg-type]
    assert line.validate_python("Comité\r\nBcc: x") == "Comité Bcc: x"
