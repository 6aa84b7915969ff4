"""What nobody sees is taken off whatever comes in; what French needs stays."""

import pytest

from pooling.kernel.text import clean, search_text, whole_number, without_invisible

UNSEEN = {
    "zero width space": "\u200b",
    "zero width joiner": "\u200d",
    "zero width non-joiner": "\u200c",
    "word joiner": "\u2060",
    "byte order mark": "\ufeff",
    "soft hyphen": "\xad",
    "right to left override": "\u202e",
    "left to right isolate": "\u2066",
    "right to left mark": "\u200f",
    "Mongolian vowel separator": "\u180e",
    "Hangul filler": "\u3164",
    "combining grapheme joiner": "\u034f",
    "tag": "\U000e0041",
    "variation selector": "\ufe0f",
    "NUL": "\x00",
    "C1 control": "\x85",
    "line separator": "\u2028",
}


@pytest.mark.parametrize("unseen", UNSEEN.values(), ids=UNSEEN.keys())
def test_what_nobody_sees_is_taken_off(unseen: str) -> None:
    assert clean(f"{unseen}Mai{unseen}rie{unseen}") == "Mairie"
    assert search_text(f"Mai{unseen}rie") == "mairie"


def test_what_french_needs_stays() -> None:
    typed = "Ça\u00a0: «\u202fl’Île-d’Œuf\u00a0»\u202f–\u20091\u202f234,56\u00a0€\n\tfin"
    assert without_invisible(typed) == typed
    assert clean("  e\u0301te\u0301 ") == "été"


@pytest.mark.parametrize(
    ("typed", "number"),
    [("0", 0), ("012", 12), ("999", 999), ("1000", None), ("", None), ("-1", None), ("²", None), ("٣", None)],
)
def test_a_whole_number_is_of_our_digits_and_of_no_more(typed: str, number: int | None) -> None:
    assert whole_number(typed, 3) == number
