"""Numbers of companies: what is one, and what belongs to whom."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum import luhn
from stdnum.fr import tva

from pooling.suppliers.numbers import VAT_COUNTRIES, compact, fault_of, french_vat_number, is_siret, siren_of

CYCLES = "99990000400014"


def test_numbers_are_kept_without_blanks_and_in_capital_letters() -> None:
    assert compact(" 999 900 004\u202f00014 ") == CYCLES
    assert compact("de-136.695.976") == "DE136695976"


@pytest.mark.parametrize("wrong", ["", "9999000040001", "999900004000140", "99990000400015", "9999000040001x"])
def test_a_siret_has_fourteen_digits_and_its_key(wrong: str) -> None:
    assert is_siret(CYCLES)
    assert not is_siret(wrong)


def test_la_poste_has_a_key_of_its_own() -> None:
    assert is_siret("35600000049837"), "its digits' sum is a multiple of five, not its Luhn key"


@given(st.integers(min_value=0, max_value=99_999_999))
def test_a_siret_gives_the_vat_number_of_its_company(eight: int) -> None:
    first = f"{eight:08d}"
    siren = first + luhn.calc_check_digit(first)
    number = french_vat_number(f"{siren}00014")
    assert tva.is_valid(number), "as python-stdnum computes it"
    assert siren_of(number) == siren
    assert fault_of(number) is None


@pytest.mark.parametrize(
    ("number", "said"),
    [
        ("DE136695976", None),
        ("EL094259216", None),
        ("DE136695977", "n’existe pas"),
        ("FR00999900004", "n’existe pas"),
        ("CH123456", "deux lettres du pays"),
        ("136695976", "deux lettres du pays"),
    ],
)
def test_what_is_wrong_with_a_vat_number_is_said(number: str, said: str | None) -> None:
    fault = fault_of(number)
    assert fault is None if said is None else fault is not None and said in fault


def test_every_country_of_the_union_is_known() -> None:
    assert len(VAT_COUNTRIES) == 27
    assert all("n’existe pas" in (fault_of(f"{country}0") or "") for country in VAT_COUNTRIES)


def test_another_countrys_number_holds_no_siren() -> None:
    assert siren_of("DE136695976") is None
