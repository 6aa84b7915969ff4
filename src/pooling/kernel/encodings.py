r"""Which letters the bytes of a text stand for, decided by evidence: a guess that could not fail would put wrong ones
into names, where nobody looks.

UTF-8 and UTF-16 prove themselves. Of the three old tables that French files come in, each candidate is read and judged
by its letters: `Ar\x8fs` is « Arès » for a Macintosh, and no text at all for the two others.
"""

import codecs
import re
from dataclasses import dataclass

_NOT_ASCII = re.compile(r"[^\x00-\x7f]")
_WORD = re.compile(r"[^\W\d_][\w’'-]*")
_LEGACY = {"cp1252": "Windows (CP1252)", "mac_roman": "Macintosh (MacRoman)", "cp850": "DOS (CP850)"}
_USUAL = {
    "é": 10,
    "è": 8,
    "à": 6,
    "ê": 5,
    "ç": 5,
    "ô": 4,
    "î": 4,
    "â": 4,
    "û": 3,
    "œ": 3,
    "ù": 2,
    "ë": 2,
    "ï": 2,
    "ñ": 1,
    "ÿ": 1,
}
_USUAL |= {"É": 5, "È": 2, "À": 2, "Î": 2, "Ç": 2, "Ê": 1, "Ô": 1, "Â": 1, "Œ": 1}
_SIGNS = {"\xa0": 4, "’": 4, "«": 3, "»": 3, "°": 3, "–": 1, "—": 1, "…": 1, "€": 2, "²": 1, "“": 1, "”": 1}
_RARE = 0.3
"""For a letter that French has in names from elsewhere alone: `ñ`, `ø`, `Š`."""
_CLEAR = 3
"""How many times the evidence for the second reading that for the first must be."""
_SEQUENCE = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_DAMAGE = re.compile(r"\ufffd|Ã[\x80-\xbf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]|â€[\x80-\x9f™œ“”¦\x9d]|Â[°«»\xa0]")
_NEVER_FIRST = "èùëïûÿ"
"""No French word begins with them."""
_FIRST = {"à": 6, "é": 3, "É": 5, "Î": 2, "Ç": 2}
_VOWELS = frozenset("aeiouy")
_NO_LETTERS = "ªºıſƒˆ"
_BESIDE_A_BLANK = re.compile(r"[\w«»€%:!?°(]")
_SHOWN = 12
_LOST = "\ufffd"
_LINE_END = re.compile("\r\n|\r|\n")


class UnclearTextError(Exception):
    """The bytes are no text that can be read without a doubt; the message, in French, says where."""


@dataclass(frozen=True)
class ReadText:
    """A text, and what it was taken for where that is a judgement."""

    text: str
    judged: str = ""

    @property
    def notice(self) -> str:
        """What whoever hands it in should look at; empty when the bytes left no choice."""
        if not self.judged:
            return ""
        word = next((word for word in _WORD.findall(self.text) if not word.isascii()), "")
        example = f", par exemple « {word} »" if word else ""
        return f"Le fichier n’est pas en UTF-8 : ses lettres ont été lues comme celles de {self.judged}{example}."


def read_text(content: bytes) -> ReadText:
    """The text that these bytes are.

    Raises:
        UnclearTextError: they are none, or could be several.
    """
    found = _read(content)
    damage = _DAMAGE.search(found.text)
    if damage:
        number = len(_LINE_END.findall(found.text, 0, damage.start())) + 1
        around = found.text[max(0, damage.start() - _SHOWN) : damage.end() + _SHOWN]
        line = next(line for line in around.splitlines() if damage[0] in line)
        what = "une lettre y est déjà perdue" if damage[0] == _LOST else "le texte a été converti deux fois"
        raise UnclearTextError(f"ligne {number} : {what} (« {line.strip()} »). Reprenez le fichier d’origine.")
    return found


def _read(content: bytes) -> ReadText:
    wide = _wide_encoding(content)
    try:
        text = content.decode(wide or "utf-8-sig")
    except UnicodeDecodeError as error:
        damaged = wide or any(_is_french(match[0]) for match in _SEQUENCE.finditer(content))
        if not damaged:
            return _legacy(content, error.start)
        raise UnclearTextError(
            f"{_place(content, error.start, wide)} : des octets ne sont pas de l’{(wide or 'utf-8').upper()[:6]} "
            f"comme le reste ({_octets(content, error.start)})."
        ) from error
    return ReadText(text)


def _wide_encoding(content: bytes) -> str | None:
    """UTF-16 by its mark, or by where its NUL bytes stand: beside the letters of every heading."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    nuls = content.count(0)
    if not nuls:
        return None
    places = {"utf-16-le": content[1::2].count(0), "utf-16-be": content[0::2].count(0)}
    for name, count in places.items():
        if count == nuls and count * 4 > len(content):
            return name
    raise UnclearTextError("ce n’est ni un fichier CSV, ni un classeur.")


def _is_french(sequence: bytes) -> bool:
    return sequence.decode("utf-8", "replace") in _USUAL | _SIGNS


def _legacy(content: bytes, first: int) -> ReadText:
    """The one old table that makes French of it."""
    scores = {name: score for name in _LEGACY if (score := _score(content, name)) is not None}
    best, *others = sorted(scores, key=lambda name: -scores[name]) or [""]
    if not best or any(scores[best] < _CLEAR * scores[other] for other in others):
        raise UnclearTextError(
            f"{_place(content, first, None)} : on ne sait quelles lettres sont ces octets "
            f"({_octets(content, first)}). Enregistrez le fichier en UTF-8."
        )
    return ReadText(content.decode(best), _LEGACY[best])


def _score(content: bytes, encoding: str) -> float | None:
    """How French it reads; None when a single character says that it is not this table."""
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError:
        return None
    total = 0.0
    for match in _NOT_ASCII.finditer(text):
        place = match.start()
        worth = _worth(match[0], text[place - 1 : place], text[place + 1 : place + 2])
        if worth is None:
            return None
        total += worth
    return total


def _worth(character: str, before: str, after: str) -> float | None:
    """What a character says for a reading, by its neighbours; None: it says that the reading is wrong."""
    if character.isalpha():
        alone = not before.isalpha() and not after.isalpha() and character != "à"
        shouted = character.isupper() and before.isalpha() and (before.islower() or after.islower())
        opening = not before.isalpha() and character in _NEVER_FIRST
        hiatus = character in "âêîôûù" and after in _VOWELS
        if before.isdigit() or after.isdigit() or alone or shouted or opening or hiatus or character in _NO_LETTERS:
            return None
        worth = _USUAL.get(character, _RARE)
        return worth if before.isalpha() else min(worth, _FIRST.get(character, 1))
    if character == "\xa0" and not (_BESIDE_A_BLANK.match(before) and _BESIDE_A_BLANK.match(after)):
        return None
    if character in "«»" and (after if character == "«" else before).strip():
        return None
    inside = before.isalpha() and after.isalpha()
    return None if inside and character not in "’–\xa0" else _SIGNS.get(character)


def _place(content: bytes, start: int, wide: str | None) -> str:
    before = content[:start].decode(wide, "replace") if wide else content[:start].decode("latin-1")
    return f"ligne {len(_LINE_END.findall(before)) + 1}"


def _octets(content: bytes, start: int) -> str:
    """The bytes at fault, between what stands around them: `Saint-[E9]milion`."""
    before = content[max(0, start - 12) : start].decode("ascii", "ignore").splitlines() or [""]
    after = content[start + 1 : start + 13].decode("ascii", "ignore").splitlines() or [""]
    return f"« {before[-1]}[{content[start]:02X}]{after[0]} »"
