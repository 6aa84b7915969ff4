"""What a form reads, whatever was typed."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pooling.kernel.clock import FIRST_DAY, LAST_DAY
from pooling.web.forms import Form


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
