"""A long list is read slice after slice."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import Date, DateTime, Integer, String, column, func, select

from pooling.kernel.carried import pack
from pooling.kernel.errors import Invalid
from pooling.kernel.slices import Order, Slice

NAME, ID = column("name", String), column("id", Integer)
BY_NAME = Order(NAME, ID, size=2)


def said(order: Order, wanted: Slice) -> str:
    return str(order.cut(select(column("title", String)), wanted).compile(compile_kwargs={"literal_binds": True}))


def test_the_first_slice_begins_at_the_beginning() -> None:
    assert said(BY_NAME, Slice()).split() == "SELECT title, name, id ORDER BY name, id LIMIT 3".split()  # noqa: SIM905


def test_the_next_one_begins_behind_the_last_row_shown() -> None:
    first = BY_NAME.listed([("a", "Arès", 1), ("b", "Biganos", 2), ("c", "Lège", 3)], Slice())
    assert first.items == [("a",), ("b",)]
    assert first.next is not None
    assert "WHERE (name, id) > ('Biganos', 2) ORDER BY name, id" in said(BY_NAME, Slice(first.next)).replace("\n", " ")


@pytest.mark.parametrize("rows", [[], [("a", "Arès", 1)], [("a", "Arès", 1), ("b", "Biganos", 2)]])
def test_the_last_one_is_followed_by_none(rows: Sequence[Sequence[Any]]) -> None:
    assert BY_NAME.listed(rows, Slice()).next is None


def test_what_is_asked_for_goes_before_what_the_list_shows_at_once() -> None:
    rows = [("a", "Arès", 1), ("b", "Biganos", 2)]
    assert BY_NAME.listed(rows, Slice(size=1)).items == [("a",)]
    assert "LIMIT 2" in said(BY_NAME, Slice(size=1))


def test_the_latest_come_first() -> None:
    latest = Order(ID, latest_first=True)
    assert "(id) < (7) ORDER BY id DESC" in said(latest, Slice(pack((7,)))).replace("\n", " ").replace("WHERE ", "")


def test_sums_are_compared_once_they_are_added_up() -> None:
    due = Order(func.min(ID), grouped=True)
    assert "HAVING (min(id)) > (7)" in said(due, Slice(pack((7,)))).replace("\n", " ")


@pytest.mark.parametrize(
    ("kind", "value"),
    [(DateTime(timezone=True), datetime(2027, 3, 1, 9, tzinfo=UTC)), (Date(), date(9999, 12, 31)), (String(), "Arès")],
)
def test_a_key_may_be_of_any_of_these_kinds(kind: Any, value: Any) -> None:  # noqa: ANN401
    order = Order(column("place", kind), ID)
    after = order.listed([("a", value, 1), ("b", value, 2)], Slice(size=1)).next
    assert after is not None
    (behind,) = order.cut(select(column("title", String)), Slice(after, strict=True))._where_criteria
    assert behind.compile().params["param_1"] == value


@pytest.mark.parametrize("after", ["x", pack(("Arès",)), pack((1, "Arès")), pack(("Arès", 2**63)), "A" * 5000])
def test_a_program_is_told_of_an_address_that_is_not_ours_and_people_see_the_first_slice(after: str) -> None:
    assert said(BY_NAME, Slice(after)) == said(BY_NAME, Slice())
    with pytest.raises(Invalid) as refused:
        BY_NAME.cut(select(NAME), Slice(after, strict=True))
    assert "Reprenez l’adresse « next »" in refused.value.errors["after"]
