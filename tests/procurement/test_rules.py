"""What a purchase is worth to the law, and what that calls for, with the project's own configuration."""

from datetime import date

import pytest

from pooling import PROJECT_ROOT
from pooling.procurement.configuration import ProcurementConfiguration, read_procurement
from pooling.procurement.rules import Estimate, earliest, guide, outgrown

CONFIGURATION = read_procurement(PROJECT_ROOT / "config")
TODAY = date(2026, 11, 27)


def procedure(euros: int, day: date = TODAY) -> str:
    found = guide(CONFIGURATION, day, Estimate(euros * 100)).procedure
    return found.code if found else ""


@pytest.mark.parametrize(
    ("estimate", "value"),
    [
        (Estimate(0), 0),
        (Estimate(-500), 0),
        (Estimate(10_000), 10_000),
        (Estimate(10_000, options=2_000), 12_000),
        (Estimate(10_000, options=2_000, renewals=3), 48_000),
        (Estimate(10_000, spent=1_500), 11_500),
        (Estimate(10_000, options=2_000, renewals=3, maximum=90_000, spent=1_500), 91_500),
        (Estimate(95_000, maximum=90_000), 95_000),
    ],
)
def test_the_value_counts_options_renewals_and_the_family_and_a_framework_at_its_maximum(
    estimate: Estimate, value: int
) -> None:
    assert estimate.value == value


@pytest.mark.parametrize(
    ("euros", "code"),
    [
        *((0, "dispense"), (59_999, "dispense"), (60_000, "adapted"), (89_999, "adapted")),
        *((90_000, "adapted_notice"), (215_999, "adapted_notice"), (216_000, "formalised"), (5_000_000, "formalised")),
    ],
)
def test_a_threshold_is_reached_at_its_very_amount(euros: int, code: str) -> None:
    assert procedure(euros) == code


def test_thresholds_are_those_of_the_day() -> None:
    assert (procedure(50_000, date(2026, 3, 31)), procedure(50_000, date(2026, 4, 1))) == ("adapted", "dispense")


def test_a_threshold_that_nobody_knows_yet_is_named() -> None:
    guidance = guide(CONFIGURATION, date(2028, 1, 1), Estimate(30_000_000))
    assert guidance.unknown == ["Procédure formalisée"]
    assert guide(CONFIGURATION, TODAY, Estimate(0)).unknown == []


def test_nothing_is_known_without_a_file() -> None:
    guidance = guide(ProcurementConfiguration(), TODAY, Estimate(100))
    assert (guidance.procedure, guidance.next, guidance.duties) == (None, None, [])


@pytest.mark.parametrize(("euros", "left"), [(53_999, None), (54_000, 600_000), (59_999, 100), (60_000, None)])
def test_the_nearness_of_the_next_threshold_is_told(euros: int, left: int | None) -> None:
    estimate = Estimate(euros * 100)
    assert guide(CONFIGURATION, TODAY, estimate).missing_to_next(estimate) == left


def duties(euros: int, day: date = TODAY, maximum: int | None = None) -> set[str]:
    guidance = guide(CONFIGURATION, day, Estimate(euros * 100, maximum=maximum))
    return {f"{duty.name.split(',')[0]}{' (conseil)' if duty.advice else ''}" for duty in guidance.duties}


def test_duties_come_with_amounts_and_days() -> None:
    criterion = "Retenir au moins un critère environnemental"
    assert f"{criterion} (conseil)" in duties(59_999)
    assert criterion in duties(60_000)
    assert criterion not in duties(60_000, date(2026, 8, 20))
    assert "Faire un contrat écrit" not in duties(24_999)
    assert "Faire un contrat écrit" in duties(25_000)
    assert "Prévoir une clause sociale d’exécution" in duties(216_000)
    assert "Prévoir une clause sociale d’exécution" not in duties(215_999)
    framework = "Fixer un maximum à l’accord-cadre"
    assert (framework in duties(10, maximum=1_000), framework in duties(10)) == (True, False)


def test_the_earliest_days_are_those_of_the_law() -> None:
    by_code = {procedure.code: procedure for procedure in CONFIGURATION.procedures_on(TODAY)}
    formal = earliest(by_code["formalised"], date(2027, 1, 4))
    assert (formal.offers, formal.signing) == (date(2027, 2, 3), date(2027, 2, 14))
    assert earliest(by_code["dispense"], TODAY).signing == TODAY


def test_how_much_needs_no_procedure_depends_on_the_day() -> None:
    assert CONFIGURATION.dispensed_below(date(2026, 3, 31)) == 4_000_000
    assert CONFIGURATION.dispensed_below(date(2026, 4, 1)) == 6_000_000
    assert ProcurementConfiguration().dispensed_below(TODAY) is None


def test_a_purchase_outgrows_the_procedure_it_was_launched_under() -> None:
    needed = guide(CONFIGURATION, TODAY, Estimate(9_000_000)).procedure
    assert outgrown(CONFIGURATION, "dispense", TODAY, needed)
    assert outgrown(CONFIGURATION, "adapted", TODAY, needed)
    assert not outgrown(CONFIGURATION, "adapted_notice", TODAY, needed)
    assert not outgrown(CONFIGURATION, "formalised", TODAY, needed)
    assert not outgrown(CONFIGURATION, "forgotten", TODAY, needed)


def test_two_thresholds_of_one_procedure_never_hold_together() -> None:
    twice = {"code": "a", "name": "A", "above": 1, "source": "CCP"}
    with pytest.raises(ValueError, match="two thresholds of a hold on 2026-06-01"):
        ProcurementConfiguration.model_validate(
            {"procedures": [{**twice, "valid_from": "2026-01-01"}, {**twice, "valid_from": "2026-06-01"}]}
        )
