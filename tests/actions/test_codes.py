"""What items are filed under is read as people type it, and refused where it is no such code."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from pooling.actions.codes import check_digit, read_account, read_cpv

PUBLISHED = (
    *("03000000-1", "09000000-3", "22140000-3", "30192113-6", "30237450-8", "33141620-2", "34136100-0", "34144900-7"),
    *(
        "34420000-7",
        "34421000-7",
        "34422000-7",
        "34211100-9",
        "34430000-0",
        "34928400-2",
        "39121100-7",
        "45000000-7",
        "48000000-8",
        "72000000-5",
        "79810000-5",
    ),
)
"""Codes of the vocabulary as the regulation writes them."""


@pytest.mark.parametrize("code", PUBLISHED)
def test_a_code_of_the_vocabulary_is_taken_with_its_check_digit_and_without(code: str) -> None:
    assert read_cpv(code) == code
    assert read_cpv(f" {code[:4]} {code[4:8]} ") == code


@pytest.mark.parametrize(
    "typed",
    [
        "3443000-0",
        "344300000-0",
        "34430000-",
        "34430000-1",
        "34422000-1",
        "bicyclettes",
        "00430000-0",
        "34430000-00",
        "٣٤٤٣٠٠٠٠",
    ],
)
def test_what_is_no_code_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match="CPV"):
        read_cpv(typed)


@given(st.from_regex(r"[1-9][0-9]{7}", fullmatch=True), st.integers(0, 7), st.integers(1, 9))
def test_one_wrong_digit_is_always_noticed(digits: str, place: int, more: int) -> None:
    other = str((int(digits[place]) + more) % 10)
    assume({digits, digits[:place] + other + digits[place + 1 :]}.isdisjoint(code[:8] for code in PUBLISHED))
    assert check_digit(digits[:place] + other + digits[place + 1 :]) != check_digit(digits)


def test_nothing_typed_is_no_code() -> None:
    assert (read_cpv("  "), read_account(" ")) == ("", "")


def test_an_account_is_digits_of_a_class() -> None:
    assert read_account("21 828") == "21828"
    for typed in ("2", "9182", "0218", "21A", "21828" * 3, "٢١"):
        with pytest.raises(ValueError, match="compte"):
            read_account(typed)
