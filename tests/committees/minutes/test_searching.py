"""What is looked for, folded; what is shown of what was found."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pooling.committees.minutes.searching import AROUND, excerpt, folded_query, stems_of


@pytest.mark.parametrize(
    ("typed", "query"),
    [
        ("Vélos", "velo"),
        ("vélo électrique", "velo electrique"),
        ('"abri à vélos"', '" abri a velo "'),
        ("vélo -cargo", "velo -cargo"),
        ("l’œuvre", "l oeuvre"),
        ("-- - '", ""),
        ("   ", ""),
        ("<b>&|!:*()", "b"),
        ("\x00\x01é", "e"),
    ],
)
def test_a_query_is_folded_as_what_is_searched(typed: str, query: str) -> None:
    assert folded_query(typed) == query


def test_an_excerpt_marks_what_was_found_and_escapes_the_rest() -> None:
    made = excerpt("Trois <b>Vélos</b> & un vélo cargo", stems_of(folded_query("vélos")))
    assert made == "Trois &lt;b&gt;<mark>Vélos</mark>&lt;/b&gt; &amp; un <mark>vélo</mark> cargo"


def test_an_excerpt_of_a_long_text_stands_around_the_first_word_found() -> None:
    made = str(excerpt("mot " * 300 + "abri " + "mot " * 300, ["abri"]))
    assert made.startswith("… mot")
    assert made.endswith("mot …")
    assert "<mark>abri</mark>" in made
    assert len(made) < 3 * AROUND


@given(st.text(max_size=600), st.text(max_size=30))
def test_an_excerpt_never_has_a_tag_of_the_text(text: str, typed: str) -> None:
    made = str(excerpt(text, stems_of(folded_query(typed))))
    assert "<" not in made.replace("<mark>", "").replace("</mark>", "")
