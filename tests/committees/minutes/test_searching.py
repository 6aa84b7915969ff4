"""What is looked for, folded; what is shown of what was found."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pooling.kernel.text import folded_words, search_text
from pooling.web.searching import AROUND, excerpt, folded_query, stems_of


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
        ("1 200 vélos", "1200 velo"),
        ("12\u202f345,67\u00a0€", "12345 67"),
        ('-"12345,67"', '" 12345 67 "'),
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


@pytest.mark.parametrize(
    ("typed", "written"),
    [
        *(("local", "locaux"), ("municipal", "municipaux"), ("journal", "journaux"), ("total", "totaux")),
        *(("travail", "travaux"), ("bail", "baux"), ("réseau", "réseaux"), ("noyau", "noyaux"), ("jeu", "jeux")),
        *(("taux", "Taux"), ("prix", "prix"), ("vélo", "vélos"), ("préau", "préaux"), ("général", "Généraux")),
        *(("1200", "1 200"), ("1200", "1\u202f200"), ("12345,67", "12\u202f345,67\u00a0€"), ("1200000", "1 200 000")),
    ],
)
def test_what_is_typed_is_folded_as_what_is_written_and_marked(typed: str, written: str) -> None:
    assert folded_query(typed) == folded_query(written.removesuffix("€")) == search_text(written)
    shown = excerpt(f"Avant {written} après", stems_of(folded_query(typed)))
    assert f"<mark>{written.partition(',')[0]}</mark>" in shown


@pytest.mark.parametrize("apart", ["le 12 2027", "12,5 200", "05 56 83 17 20", "2027 300", "1 20"])
def test_numbers_side_by_side_are_not_one(apart: str) -> None:
    assert search_text(apart) == " ".join(apart.replace(",", " ").split())


def test_names_have_no_plural() -> None:
    assert folded_words("M. Darnaux, d’Arès") == ["m", "darnaux", "d", "ares"]
