"""French order and search, computed here so that every PostgreSQL behaves alike (no ICU, no `unaccent` needed)."""

import re
import unicodedata

_LIGATURES = str.maketrans({"œ": "oe", "Œ": "OE", "æ": "ae", "Æ": "AE", "ß": "ss"})
_NOT_WORD = re.compile(r"[^a-z0-9]+")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u2028\u2029]")


def without_accents(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text.translate(_LIGATURES))
    return "".join(character for character in decomposed if not unicodedata.combining(character))


def sort_key(name: str) -> str:
    """A key whose byte order is the French dictionary's: letters first, then accents, then the name itself.

    `Arès` stands before `Audenge`; `cote` < `côte` < `coté`, as accents are compared from the end of the word.
    """
    letters = _NOT_WORD.sub(" ", without_accents(name).lower()).strip()
    accents = "".join(_accent(character) for character in reversed(name.translate(_LIGATURES)))
    return f"{letters}\x01{accents}\x01{name}"


def _accent(character: str) -> str:
    marks = [mark for mark in unicodedata.normalize("NFD", character) if unicodedata.combining(mark)]
    return chr(0x21 + ord(marks[0]) % 0x50) if marks else "!"


def search_text(text: str) -> str:
    """Words folded for search: `vélo`, `vélos` and `Velo` become the same word."""
    words = _NOT_WORD.sub(" ", without_accents(text).lower()).split()
    return " ".join(word[:-1] if len(word) > 3 and word[-1] in "sx" else word for word in words)  # noqa: PLR2004


def slug(text: str) -> str:
    """A readable piece of an address: `Bassin d’Arcachon` → `bassin-d-arcachon`."""
    return _NOT_WORD.sub("-", without_accents(text).lower()).strip("-")


def clean(text: str) -> str:
    """What was typed, without control characters and outer blanks, in composed form."""
    return unicodedata.normalize("NFC", _CONTROL.sub("", text)).strip()
