"""When members of a formal committee are convened: clear days, weekends, holidays, by hand, too late."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from pooling.committees.convening_rules import ConveningNotice, convocation_due, last_day, lawful_due, notice_of
from pooling.committees.models import Committee, CommitteeKind, CommitteeState
from pooling.committees.rules import local_start

PARIS = ZoneInfo("Europe/Paris")
EIGHT = time(8)
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


def committee(
    day: date, clear_days: int = 5, *, zone: ZoneInfo = PARIS, scheduled_at: datetime = LONG_AGO, **values: object
) -> Committee:
    local, starts_at = local_start(day, time(14), zone)
    made = Committee(
        group_id=1,
        title="Commission",
        kind=CommitteeKind.FORMAL,
        local_start=local,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(hours=2),
        clear_days=clear_days,
        scheduled_at=scheduled_at,
        created_at=scheduled_at,
    )
    for name, value in values.items():
        setattr(made, name, value)
    return made


DUE = [
    # (meeting, clear days, the last day that keeps them, when it leaves)
    (date(2027, 6, 16), 5, date(2027, 6, 10), "2027-06-10T08:00+02:00"),  # Wednesday: Thursday of the week before
    (date(2027, 6, 16), 3, date(2027, 6, 12), "2027-06-11T08:00+02:00"),  # a Saturday: the Friday before
    (date(2027, 6, 16), 1, date(2027, 6, 14), "2027-06-14T08:00+02:00"),
    (date(2027, 6, 17), 3, date(2027, 6, 13), "2027-06-11T08:00+02:00"),  # a Sunday
    (date(2027, 3, 30), 1, date(2027, 3, 28), "2027-03-26T08:00+01:00"),  # Easter Sunday; the clocks change that night
    (date(2027, 3, 31), 1, date(2027, 3, 29), "2027-03-26T08:00+01:00"),  # Easter Monday
    (date(2027, 4, 4), 5, date(2027, 3, 29), "2027-03-26T08:00+01:00"),
    (date(2027, 5, 12), 5, date(2027, 5, 6), "2027-05-05T08:00+02:00"),  # Ascension Day
    (date(2027, 1, 5), 3, date(2027, 1, 1), "2026-12-31T08:00+01:00"),  # New Year's Day: the year before
    (date(2028, 3, 3), 3, date(2028, 2, 28), "2028-02-28T08:00+01:00"),  # across 29 February
    (date(2027, 11, 4), 5, date(2027, 10, 29), "2027-10-29T08:00+02:00"),  # across the change to winter time
]


@pytest.mark.parametrize(("day", "clear_days", "last", "due"), DUE)
def test_it_leaves_in_time_for_the_clear_days(day: date, clear_days: int, last: date, due: str) -> None:
    found = committee(day, clear_days)
    assert last_day(found) == last
    assert (day - last).days - 1 == clear_days
    assert lawful_due(found, EIGHT, PARIS) == datetime.fromisoformat(due)


def test_holidays_are_those_of_the_groups_own_place() -> None:
    """22 May, the end of slavery, is a holiday in Martinique; 20 December in La Réunion."""
    martinique, reunion = ZoneInfo("America/Martinique"), ZoneInfo("Indian/Reunion")
    there = lawful_due(committee(date(2028, 5, 24), 1, zone=martinique), EIGHT, martinique)
    assert there.astimezone(martinique).date() == date(2028, 5, 19)  # 22 May is a Monday
    there = lawful_due(committee(date(2027, 12, 22), 1, zone=reunion), EIGHT, reunion)
    assert there.astimezone(reunion).date() == date(2027, 12, 17)  # 20 December is a Monday
    assert lawful_due(committee(date(2027, 12, 22), 1), EIGHT, PARIS).astimezone(PARIS).date() == date(2027, 12, 20)


MEETING = date(2027, 6, 16)
DUE_AT = datetime(2027, 6, 10, 6, tzinfo=UTC)


@pytest.mark.parametrize(
    ("values", "due"),
    [
        ({}, DUE_AT),
        ({"scheduled_at": DUE_AT}, None),  # planned too late: nothing leaves by itself
        ({"convened_at": DUE_AT - timedelta(days=9)}, DUE_AT - timedelta(days=9)),  # by hand, before
        ({"convened_at": DUE_AT + timedelta(seconds=40)}, DUE_AT),  # by a sweep, in its minute
        ({"scheduled_at": DUE_AT, "convened_at": DUE_AT + timedelta(days=2)}, DUE_AT + timedelta(days=2)),
        ({"kind": CommitteeKind.WORKING_GROUP}, None),
        ({"kind": CommitteeKind.WORKING_GROUP, "convened_at": DUE_AT}, DUE_AT),
    ],
)
def test_its_moment_is_the_laws_or_the_hand_that_was_faster(values: dict[str, object], due: datetime | None) -> None:
    assert convocation_due(committee(MEETING, **values), EIGHT, PARIS) == due  # type: ignore[arg-type]


def noticed(now: datetime, **values: object) -> ConveningNotice | None:
    return notice_of(committee(MEETING, **values), PARIS, now, EIGHT)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("now", "values", "kind", "says", "offers"),
    [
        (DUE_AT - timedelta(days=30), {}, "info", "partira d’elle-même jeudi 10 juin à 8\u00a0h", False),
        (DUE_AT - timedelta(days=2), {}, "warning", "La convocation part jeudi 10 juin à 8\u00a0h", False),
        (DUE_AT + timedelta(minutes=1), {}, "warning", "La convocation part jeudi", False),
        (DUE_AT + timedelta(hours=1), {}, "warning", "ne part plus d’elle-même", True),
        (DUE_AT + timedelta(days=1), {}, "warning", "ne peut plus être tenu", True),
        (DUE_AT, {"scheduled_at": DUE_AT}, "warning", "ne part plus d’elle-même", True),
        (DUE_AT, {"state": CommitteeState.CONVENED, "convened_at": DUE_AT}, "success", "Convocation envoyée", False),
        (
            DUE_AT + timedelta(days=3),
            {"state": CommitteeState.CONVENED, "convened_at": DUE_AT + timedelta(days=2)},
            "warning",
            "hors délai",
            False,
        ),
    ],
)
def test_pages_say_plainly_how_it_stands(
    now: datetime, values: dict[str, object], kind: str, says: str, offers: bool
) -> None:
    found = noticed(now, **values)
    assert found is not None
    assert (found.kind, found.offers) == (kind, offers)
    assert says in found.title


@pytest.mark.parametrize(
    ("now", "values"),
    [
        (DUE_AT, {"kind": CommitteeKind.STEERING}),
        (DUE_AT, {"state": CommitteeState.CANCELLED}),
        (DUE_AT + timedelta(days=60), {}),
    ],
)
def test_they_say_nothing_where_there_is_nothing_to_do(now: datetime, values: dict[str, object]) -> None:
    assert noticed(now, **values) is None
