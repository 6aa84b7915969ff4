"""What is typed by anybody takes no longer than in proportion to its length, whatever it is made of."""

import sys
import unicodedata
from collections.abc import Callable
from pathlib import Path
from tempfile import NamedTemporaryFile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fuzz.growth import MOST, growth, pumped
from fuzz.profile import fuzzed
from pooling.committees.agendas.rules import agenda_points
from pooling.kernel.list_reading import UnreadableListError, read_list
from pooling.kernel.text import (
    MOST_MARKS,
    clean,
    clean_indented,
    folded_words,
    is_mark,
    search_text,
    slug,
    sort_key,
    without_accents,
)
from pooling.mail_addresses import is_address
from pooling.web.forms import Form
from pooling.web.markdown import blocks_of, html_of, plain_text
from pooling.web.numbers import cents_of, decimal_text
from pooling.web.searching import excerpt, folded_query, stems_of
from pooling.web.typography import typo, typo_html

SIZE = 4000


def read_csv(text: str) -> object:
    with NamedTemporaryFile("w", suffix=".csv", encoding="utf-8", errors="replace") as file:
        file.write(text)
        file.flush()
        return refused_or(lambda: read_list(Path(file.name), {"code": ("code",)}, ()))


def refused_or(read: Callable[[], object]) -> object:
    try:
        return read()
    except (UnreadableListError, ValueError):
        return None


def read_fields(text: str) -> object:
    form = Form({"champ": text})
    return [
        form.text("champ"),
        form.email("champ"),
        form.integer("champ"),
        form.decimal("champ"),
        form.date("champ"),
        form.time("champ"),
    ]


READERS: dict[str, Callable[[str], object]] = {
    reader.__name__: reader
    for reader in (
        folded_words,
        clean,
        clean_indented,
        search_text,
        slug,
        sort_key,
        without_accents,
        typo,
        typo_html,
        folded_query,
        agenda_points,
    )
} | {
    "excerpt": lambda text: excerpt(text, stems_of(folded_query(text))),
    "read_list": read_csv,
    "is_address": lambda text: is_address(f"a@{text}"),
    "fields": read_fields,
    "decimal_text": lambda text: refused_or(lambda: decimal_text(text, 2)),
    "cents_of": lambda text: refused_or(lambda: cents_of(text)),
}
PUMPS = [
    *(" ", "\u00a0", " \u00a0\u202f", "\t", "\n", "\r", " \n", "a ", "« ", " »", " :", " ?", "!", "'", "..", "…"),
    *("0", "1 ", "1h", "a", "é", "œ", "ﬃ", "ﷺ", "\u0300", "\u0300\u0316", "\u0f73", "\uff9e\u0300", "\u200b"),
    *("🚲", "\x00", "\ud800", '"', '""', ';"', ";", ",", ".", "@", "a@", "a.", "-", "- a", '" -'),
    *("<", "<pre>", "<b> »"),
]  # fmt: skip
MARKDOWN = [
    *("[", "![", "*", "**a ", "_a", "`", "`a", "<", "<a", "&", "\\", "> ", "- ", "1. ", "|", "a|b\n-|-\n", "[a]("),
    *("[a]: b\n", "[a][b]", "~~a", "#", "# \n", "    a\n", "(", "[](<", "a*", "*a*", "<http://a", "- a\n", "  - "),
    *("---\n", "a\n===\n", "|a|\n", "[a\n"),
]  # fmt: skip


@pytest.mark.parametrize("name", READERS)
def test_reading_takes_no_longer_than_in_proportion(name: str) -> None:
    for pump in PUMPS:
        for before, after in (("", ""), ("code\n", "\n") if name == "read_list" else ("a", "!")):
            grown = growth(READERS[name], pumped(before, pump, after), SIZE)
            assert grown < MOST, f"{before!r} {pump!r}: four times the text takes {grown:.0f} times as long"


def show(text: str) -> object:
    blocks = blocks_of(text)
    return html_of(blocks), plain_text(blocks)


@pytest.mark.parametrize("pump", [*PUMPS, *MARKDOWN])
def test_markdown_takes_no_longer_than_in_proportion(pump: str) -> None:
    for before in ("", "a|b\n-|-\n", "- "):
        grown = growth(show, pumped(before, pump, ""), 2500)
        assert grown < MOST, f"{before!r} {pump!r}: four times the text takes {grown:.0f} times as long"


def test_whatever_belongs_to_the_letter_before_it_is_known_as_a_mark() -> None:
    """What a normal form puts in order: runs of it are bounded before."""
    for code in range(sys.maxunicode + 1):
        letter = chr(code)
        if unicodedata.combining(unicodedata.normalize("NFKD", letter)[0]):
            assert is_mark(letter), f"U+{code:04X}"


def test_a_letter_keeps_its_marks_but_not_a_thousand() -> None:
    assert clean("e\u0301\u0323") == "ẹ\u0301"
    assert clean("— " + "—" * 100) == "— " + "—" * 100
    assert (
        clean("a" + "\u0316" * 1000 + "b" + "\uff9e" * 1000)
        == "a" + "\u0316" * MOST_MARKS + "b" + "\uff9e" * MOST_MARKS
    )


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  Abris   à \u00a0 vélos\t\tcargo ", "Abris à vélos cargo"),
        ("Prêt\u00a0?", "Prêt\u00a0?"),
        ("une\n\n  deux\r\n   trois", "une\n\n deux\r\n trois"),
    ],
)
def test_several_blanks_are_one_and_lines_stay(typed: str, kept: str) -> None:
    assert clean(typed) == kept


def test_blanks_that_say_something_stay() -> None:
    assert clean_indented("- un\n    - deux\x00  \n") == "- un\n    - deux"


@fuzzed
@given(st.text())
def test_cleaning_twice_changes_nothing_more(text: str) -> None:
    assert clean(clean(text)) == clean(text)


@fuzzed
@given(st.text(max_size=300))
def test_no_reader_falls_over_a_text(text: str) -> None:
    for read in READERS.values():
        read(text)
