"""What collections bring on an agenda."""

from collections.abc import Collection
from datetime import UTC, datetime, timedelta

import pytest

from pooling.committees.agendas.suggestions import lacking
from pooling.needs.agenda import OpenCollection, suggested

STARTS = datetime(2027, 3, 30, 12, tzinfo=UTC)


def collection(key: int, days: int, *, participants: int = 10, filed: int = 4, title: str = "Vélos") -> OpenCollection:
    """Closes so many days after the meeting."""
    return OpenCollection(key, f"AG-2027-{key:03}", title, STARTS + timedelta(days=days), participants, filed)


def keys(*collections: OpenCollection, present: Collection[str] = ()) -> list[str]:
    return [suggestion.key for suggestion in lacking(suggested(collections, STARTS), present)]


def test_nothing_open_nothing_suggested() -> None:
    assert keys() == []


def test_what_closes_soonest_comes_first() -> None:
    assert keys(collection(2, 20), collection(1, 3)) == ["closing-1", "closing-2", "silent-1", "silent-2"]


@pytest.mark.parametrize(
    ("days", "filed", "proposed"),
    [
        (-3, 4, ["closing-1"]),  # over before the meeting: nobody can answer any more
        (3, 4, ["closing-1", "silent-1"]),
        (3, 10, ["closing-1"]),
        (30, 10, ["closing-1"]),
        (31, 4, ["silent-1"]),
        (31, 10, []),
    ],
)
def test_a_collection_is_spoken_of_when_it_closes_soon_or_members_are_silent(
    days: int, filed: int, proposed: list[str]
) -> None:
    assert keys(collection(1, days, filed=filed)) == proposed


def test_what_is_on_the_agenda_is_not_suggested_again() -> None:
    assert keys(collection(1, 3), present=["follow_up", "closing-1"]) == ["silent-1"]
    assert keys(collection(1, 3), present=["follow_up", "closing-1", "silent-1"]) == []


def test_a_title_fits_on_an_agenda() -> None:
    for suggestion in suggested([collection(1, 3, title="V" * 200)], STARTS):
        assert len(suggestion.title) <= 200
        assert "\n" not in suggestion.title
