"""Agendas are typed as people write lists: numbers and dashes go, figures stay."""

import pytest

from pooling.committees.agendas.rules import agenda_points


@pytest.mark.parametrize(
    ("typed", "point"),
    [
        ("1. Bilan", "Bilan"),
        (" 12) Bilan", "Bilan"),
        ("2 - Bilan", "Bilan"),
        ("3° Bilan", "Bilan"),
        ("– Bilan", "Bilan"),
        ("•Bilan", "Bilan"),
        ("10.5 points d’écart", "10.5 points d’écart"),
        ("2.5 M€ de travaux", "2.5 M€ de travaux"),
        ("12-15 mars : salon", "12-15 mars : salon"),
        ("-5 % de budget", "-5 % de budget"),
        ("2027 : calendrier", "2027 : calendrier"),
    ],
)
def test_a_number_that_numbers_goes_and_one_that_counts_stays(typed: str, point: str) -> None:
    assert agenda_points(typed) == [point]


def test_empty_lines_are_no_points() -> None:
    assert agenda_points("1.\n\n-\n  \n2. Devis") == ["Devis"]
