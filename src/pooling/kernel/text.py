"""French order and search, computed here so that every PostgreSQL behaves alike (no ICU, no `unaccent` needed)."""

import re
import unicodedata
from itertools import groupby, islice
from typing import Annotated, Literal

from pydantic import BeforeValidator

_LIGATURES = str.maketrans({"œ": "oe", "Œ": "OE", "æ": "ae", "Æ": "AE", "ß": "ss"})
_NOT_WORD = re.compile(r"[^a-z0-9]+")
_INVISIBLE = re.compile(
    "["
    "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"  # controls
    "\xad\u034f\u061c\u070f\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff"  # hyphens, joiners, marks
    "\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0"  # fillers
    "\ufe00-\ufe0f\ufff9-\ufffb\ufffe\uffff\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
    "]"
)
THOUSANDS = re.compile(r"(?<![0-9,.])[0-9]{1,3}(?:[ \u00a0\u202f][0-9]{3})+(?![0-9])")
"""A number as French writes it, `12 345`."""
_SHORTEST_PLURAL = 4
_NO_PLURALS = frozenset({"chaux", "faux", "taux"})
_OTHER_SINGULARS = {
    "baux": "bail",
    "coraux": "corail",
    "emaux": "email",
    "travaux": "travail",
    "vitraux": "vitrail",
    "loyaux": "loyal",
    "royaux": "royal",
    "fleaux": "fleau",
    "preaux": "preau",
}
_BLANKS = re.compile(r"[^\S\r\n]{2,}")
MOST_MARKS = 30
_HALF_WIDE_MARKS = "\uff9e\uff9f"
_MANY_MARKS = re.compile(rf"(?:[^\w\x00-\x7f]|[{_HALF_WIDE_MARKS}]){{{MOST_MARKS},}}+")
"""Where a letter may have too many; also what else is no letter, such as a row of dashes."""


def _normal(form: Literal["NFC", "NFD", "NFKD"], text: str) -> str:
    """Unicode's normal form, in a time that grows as the text: to put a letter's marks in order takes the square of
    their number, so that a letter keeps `MOST_MARKS` at most. No script has more (UAX 15, stream-safe text).
    """
    return unicodedata.normalize(form, _MANY_MARKS.sub(lambda found: _fewer_marks(found[0]), text))


def _fewer_marks(text: str) -> str:
    runs = groupby(text, key=is_mark)
    return "".join("".join(islice(run, MOST_MARKS) if marks else run) for marks, run in runs)


def is_mark(character: str) -> bool:
    """Whether it belongs to the letter before it."""
    return unicodedata.category(character).startswith("M") or character in _HALF_WIDE_MARKS


def without_accents(text: str) -> str:
    if text.isascii():
        return text
    decomposed = _normal("NFKD", text.translate(_LIGATURES))
    return "".join(character for character in decomposed if not unicodedata.combining(character))


def sort_key(name: str) -> str:
    """A key whose byte order is the French dictionary's: letters first, then accents, then the name itself.

    `Arès` stands before `Audenge`; `cote` < `côte` < `coté`, as accents are compared from the end of the word.
    """
    letters = _NOT_WORD.sub(" ", without_accents(name).lower()).strip()
    written = name.translate(_LIGATURES)
    accents = _NO_ACCENT * len(written) if written.isascii() else "".join(map(_accent, reversed(written)))
    return f"{letters}\x01{accents}\x01{name}"


_NO_ACCENT = "!"


def _accent(character: str) -> str:
    if character.isascii():
        return _NO_ACCENT
    marks = [mark for mark in unicodedata.normalize("NFD", character) if unicodedata.combining(mark)]
    return chr(0x21 + ord(marks[0]) % 0x50) if marks else _NO_ACCENT


def folded_words(text: str) -> list[str]:
    """The words, their letters alone: `L’Œuvre d’Arès` is l, oeuvre, d, ares. For names, which have no plural."""
    return words_of_letters(without_accents(without_invisible(text)).lower())


def words_of_letters(folded: str) -> list[str]:
    """The words of a text whose letters are folded already."""
    return _NOT_WORD.sub(" ", folded).split()


def search_text(text: str) -> str:
    """Words folded for search, each a French word still, which a stemmer may take further: `vélo`, `vélos` and `Velo`
    are the same, so are `local` and `locaux`, and `1200` and `1 200`.
    """
    return " ".join(map(_singular, folded_words(joined_thousands(without_invisible(text)))))


def joined_thousands(text: str) -> str:
    """The text with its numbers in one piece: `12345` for `12 345`."""
    return THOUSANDS.sub(lambda number: "".join(number[0].split()), text)


def _singular(word: str) -> str:
    """Without its plural's ending. One rule on both sides: where it is wrong, the same word is still found."""
    if len(word) < _SHORTEST_PLURAL or word in _NO_PLURALS:
        return word
    if word in _OTHER_SINGULARS:
        return _OTHER_SINGULARS[word]
    if word.endswith("aux") and not word.endswith(("eaux", "yaux")):
        return word[:-2] + "l"
    return word[:-1] if word[-1] in "sx" else word


def slug(text: str) -> str:
    """A readable piece of an address: `Bassin d’Arcachon` → `bassin-d-arcachon`."""
    return _NOT_WORD.sub("-", without_accents(text).lower()).strip("-")


def without_invisible(text: str) -> str:
    """Without what nobody sees, and which makes two of what looks the same: zero-width characters, a byte order mark,
    soft hyphens, controls, marks of direction. No-break spaces are seen, and French needs them.
    """
    return text if text.isascii() and text.isprintable() else _INVISIBLE.sub("", text)


def clean(text: str) -> str:
    """What was typed, in composed form: nothing that nobody sees, no outer blank, one blank where several stood. Lines
    stay.
    """
    if text.isascii() and text.isprintable():  # most of a long list's cells: nothing invisible, nothing to compose
        stripped = text.strip()
        return stripped if "  " not in stripped else _BLANKS.sub(" ", stripped)
    return _BLANKS.sub(" ", clean_indented(text))


def one_line(text: str) -> str:
    """The same of a name or a title, which stands in lists, subjects and headers: its line breaks are blanks."""
    return " ".join(clean(" ".join(text.splitlines())).split())


_LONGEST_LINE = 10_000


def _as_line(value: object) -> object:
    return one_line(value) if isinstance(value, str) and len(value) <= _LONGEST_LINE else value


Line = Annotated[str, BeforeValidator(_as_line)]
"""A field that is one line, whichever door it comes in by. What is longer than any is refused as it is."""


def clean_indented(text: str) -> str:
    """The same of a text in which blanks say something, as Markdown's do: those inside stay."""
    return _normal("NFC", without_invisible(text)).strip()


def whole_number(typed: str, digits: int) -> int | None:
    """The number that is written in so many digits at most, 0 to 9 alone; None for anything else."""
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) <= digits else None
