"""What does not go together in how a purchase is bought, and which lots may go by a lighter procedure."""

from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factories import NOW
from pooling import PROJECT_ROOT
from pooling.procurement.assessing import NO_FAMILY, NO_LOT, Assessed, by_family, by_lot, warnings_of
from pooling.procurement.configuration import SmallLots, read_procurement
from pooling.procurement.models import ProcurementPlan
from pooling.procurement.reading import Tally
from pooling.procurement.rules import Estimate, earliest, guide, negligible_lots
from pooling.purchases.models import Purchase
from pooling.purchases.queries import ItemShown, LotShown
from pooling.purchases.schemas import DetailsIn

CONFIGURATION = read_procurement(PROJECT_ROOT / "config")
PARIS = ZoneInfo("Europe/Paris")
RULE = SmallLots(
    procedure="formalised",
    below=Decimal(80_000),
    together=Decimal(20),
    valid_from=date(2019, 4, 1),
    source="CCP, art. R2123-1, 2°",
)


@pytest.mark.parametrize(
    ("lots", "small"),
    [
        ({"a": 280_000, "b": 3_600}, ["b"]),
        ({"a": 300_000, "b": 79_999, "c": 20_000}, ["c"]),
        ({"a": 400_000, "b": 79_999}, ["b"]),
        ({"a": 400_000, "b": 80_000}, []),
        ({"a": 400_000, "b": 0}, []),
        ({"a": 60_000, "b": 60_000, "c": 60_000, "d": 60_000}, []),
        ({}, []),
    ],
)
def test_small_lots_are_below_the_amount_and_together_within_the_share(lots: dict[str, int], small: list[str]) -> None:
    cents = {name: euros * 100 for name, euros in lots.items()}
    assert negligible_lots(RULE, cents, Estimate(sum(cents.values()))) == small
    assert negligible_lots(None, cents, Estimate(sum(cents.values()))) == []


@given(st.dictionaries(st.text(min_size=1), st.integers(0, 10**8), max_size=12))
def test_small_lots_never_exceed_their_share(lots: dict[str, int]) -> None:
    estimate = Estimate(sum(lots.values()))
    found = negligible_lots(RULE, lots, estimate)
    assert all(lots[name] < 80_000_00 for name in found)
    assert sum(lots[name] for name in found) * 100 <= 20 * estimate.contract
    assert len(found) < len(lots) or not lots


def item(code: str, lot: LotShown | None = None, key: int = 1) -> ItemShown:
    return ItemShown(key, code, code, "", "unité", Decimal(1), Decimal(20), False, 1, 0, (), lot)


def test_items_are_added_up_by_lot_and_by_family() -> None:
    first = LotShown(1, "Abris", "")
    items = [item("abri", first, 1), item("toit", first, 2), item("arceau", None, 3)]
    worth = {"abri": 100, "toit": 20}
    assert by_lot(items, worth) == {first.called: 120, NO_LOT: 0}
    assert by_lot([items[2]], worth) == {}, "nothing is split"
    details = {1: DetailsIn(family="Abris")}
    assert by_family(items, details, worth, "Mobilier") == {"Abris": 100, "Mobilier": 20}
    assert by_family(items, details, worth, "") == {"Abris": 100, NO_FAMILY: 20}
    assert by_family(items, {}, worth, "Mobilier") == {}, "no item names one"


def told(plan: ProcurementPlan, **purchase: object) -> list[str]:
    dates = purchase.pop("dates", {})
    asked = Purchase(group_id=1, id=1, reference="AG-2027-001", title="x", created_at=NOW, **purchase)  # type: ignore[arg-type]
    about = Assessed(asked, None, dates, plan, PARIS, NOW)  # type: ignore[arg-type]
    estimate = Estimate(300_000_00)
    guidance = guide(CONFIGURATION, about.day, estimate)
    assert guidance.procedure is not None
    calendar = earliest(guidance.procedure, about.start)
    tally = Tally(members=3, said=0, spent=0, entities=3, asked=3, deliberated=1)
    return warnings_of(about, CONFIGURATION, estimate, guidance, calendar, tally)


def plan(**values: object) -> ProcurementPlan:
    return ProcurementPlan(group_id=1, purchase_id=1, environment="criterion", **values)  # type: ignore[arg-type]


def test_a_calendar_shorter_than_the_law_is_told() -> None:
    assert told(plan()) == []
    assert "plus court que la procédure" in " ".join(told(plan(), delivery_expected_on=date(2027, 3, 20)))
    launched = plan(procedure="formalised", launched_on=date(2027, 3, 1), convention_signed_on=date(2027, 2, 1))
    ordered = {"ordered": datetime(2027, 3, 20, tzinfo=UTC)}
    said = told(launched, state="ordered", dates=ordered)
    assert any("La commande est enregistrée le 20/03/2027, avant la première signature possible" in one for one in said)


def test_an_amendment_that_crosses_a_threshold_is_told() -> None:
    launched = plan(procedure="adapted", launched_on=date(2027, 1, 4), convention_signed_on=date(2026, 12, 1))
    assert any("ne suffit plus" in one for one in told(launched))


def test_a_launch_before_the_convention_is_told() -> None:
    launched = plan(procedure="formalised", launched_on=date(2027, 1, 4))
    said = told(launched)
    assert any("sans que la convention soit signée" in one for one in said)
    assert any("2\u00a0membres n’ont pas de délibération notée" in one for one in said)
    signed = plan(procedure="formalised", launched_on=date(2027, 1, 4), convention_signed_on=date(2027, 1, 4))
    assert not any("convention soit signée" in one for one in told(signed))
