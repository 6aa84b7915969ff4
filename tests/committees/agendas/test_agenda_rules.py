"""What an agenda adds up to, how its items change places, what it could take up."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pooling.committees.agendas.rules import MOST_ITEMS, minutes_over, moved_to, require_room, start_times
from pooling.committees.agendas.suggestions import lacking, of_difficulty
from pooling.committees.decisions.agenda import follow_up
from pooling.kernel.errors import Conflict
from pooling.members.agenda import shortened

STARTS = datetime(2027, 3, 30, 12, tzinfo=UTC)
ENDS = STARTS + timedelta(hours=1)


def at(minutes: int) -> datetime:
    return STARTS + timedelta(minutes=minutes)


@pytest.mark.parametrize(
    ("durations", "begins"),
    [
        ([], []),
        ([10, 20, 5], [at(0), at(10), at(30)]),
        ([None], [at(0)]),
        ([10, None, 5, 5], [at(0), at(10), None, None]),
    ],
)
def test_each_item_begins_when_those_before_it_end(durations: list[int | None], begins: list[datetime | None]) -> None:
    assert start_times(STARTS, durations) == begins


@pytest.mark.parametrize(
    ("durations", "minutes"), [([], 0), ([None, None], 0), ([60], 0), ([30, 30, 1], 1), ([None, 90], 30)]
)
def test_an_agenda_longer_than_the_meeting_is_told(durations: list[int | None], minutes: int) -> None:
    assert minutes_over(STARTS, ENDS, durations) == minutes


@pytest.mark.parametrize(
    ("item", "place", "order"),
    [
        (1, 1, [1, 2, 3, 4]),
        (1, 2, [2, 1, 3, 4]),
        (4, 1, [4, 1, 2, 3]),
        (2, 4, [1, 3, 4, 2]),
        (3, 0, [3, 1, 2, 4]),
        (3, -9, [3, 1, 2, 4]),
        (3, 99, [1, 2, 4, 3]),
    ],
)
def test_an_item_takes_its_place_and_the_others_make_room(item: int, place: int, order: list[int]) -> None:
    assert moved_to([1, 2, 3, 4], item, place) == order


@given(st.lists(st.integers(), min_size=1, unique=True), st.data())
def test_moving_neither_loses_nor_doubles_an_item(order: list[int], data: st.DataObject) -> None:
    item, place = data.draw(st.sampled_from(order)), data.draw(st.integers(-5, 40))
    after = moved_to(order, item, place)
    assert sorted(after) == sorted(order)
    assert [other for other in after if other != item] == [other for other in order if other != item]
    assert after.index(item) == min(max(place, 1), len(order)) - 1


def test_an_agenda_has_an_end() -> None:
    require_room(MOST_ITEMS - 1, 1)
    with pytest.raises(Conflict) as full:
        require_room(MOST_ITEMS, 1)
    assert full.value.code == "agenda_full"


def test_what_is_on_the_agenda_is_not_suggested_again() -> None:
    found = [*follow_up(1, 0), of_difficulty(7, "Un retard", ("purchase", 1))]
    assert lacking(found, ()) == found
    assert lacking(found, ["difficulty-7", "closing-1"]) == follow_up(1, 0)
    assert lacking(found, ["difficulty-7", "follow_up"]) == []


def test_decisions_that_are_open_are_one_item() -> None:
    assert follow_up(0, 0) == []
    (item,) = follow_up(3, 1)
    assert (item.key, item.reason) == ("follow_up", "3\u00a0décisions ouvertes, dont 1 en retard")


def test_a_title_fits_on_an_agenda() -> None:
    title = of_difficulty(7, "Un\nretard " + "x" * 2000, None).title
    assert len(title) <= 200
    assert "\n" not in title


@given(st.text(), st.integers(2, 50))
def test_the_beginning_of_a_text_is_one_short_line(text: str, longest: int) -> None:
    line = shortened(text, longest)
    assert len(line) <= longest
    assert "\n" not in line


def test_a_text_is_cut_between_words() -> None:
    assert shortened("Un retard de livraison", 20) == "Un retard de…"
    assert shortened("Un retard", 9) == "Un retard"
