"""Case files: the text of a `.json` or `.jsonl` file in, result lines out. Opens nothing and prints nothing.

A `.json` file holds one case. A `.jsonl` file holds one a line: a line that cannot be read gives its own
`malformed` error and stops nothing; a blank line is no case and gives no line.
"""

import codecs
import json
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple, TypeAlias

from pooling.sharing.errors import RuleError
from pooling.sharing.reading import label_of

JsonRule: TypeAlias = Callable[[object], dict[str, object]]  # allocate_json or consolidate_json


class Answer(NamedTuple):
    """One result as one line of JSON, without its end of line; `failed` when it is an error."""

    line: str
    failed: bool


def answer_case(text: bytes, rule: JsonRule) -> Answer:
    """Answer the one case of a `.json` file; never raises."""
    try:
        result = rule(parse(text))
    except UnreadableError as refusal:
        result = refusal.error.to_json(refusal.label)
    return Answer(write(result), "error" in result)


def answer_lines(lines: Iterable[bytes], rule: JsonRule) -> Iterator[Answer]:
    """Answer the cases of a `.jsonl` file one by one, in order; never raises for what a line holds."""
    for line in lines:
        if line.strip(codecs.BOM_UTF8 + b" \t\r\n"):
            yield answer_case(line, rule)


class UnreadableError(ValueError):
    """A text that no rule gets to see, with the label of its case where that could be read."""

    def __init__(self, error: RuleError, label: str = "") -> None:
        """Keep what is to be answered."""
        super().__init__(str(error))
        self.error = error
        self.label = label


def parse(text: bytes) -> object:
    """Parse JSON; UnreadableError with `malformed`, or `duplicate` for a key given twice in one object.

    Python would silently keep the last of two keys: a second weight for a member would replace the first.
    """
    repeated: list[str] = []

    def record(pairs: list[tuple[str, object]]) -> dict[str, object]:
        values = dict(pairs)
        if len(values) != len(pairs):
            repeated.append(_first_repeated(name for name, _ in pairs))
        return values

    try:
        value: object = json.loads(text.removeprefix(codecs.BOM_UTF8).decode(), object_pairs_hook=record)
    except (ValueError, RecursionError):
        # Besides bad syntax: bytes that are not UTF-8, integers of 5 000 digits, brackets nested too deep.
        raise UnreadableError(RuleError("malformed")) from None
    if repeated:
        raise UnreadableError(RuleError("duplicate", repeated[0]), label_of(value))
    return value


def write(result: dict[str, object]) -> str:
    """One line of JSON, readable as it is; ids that no encoding can write are escaped."""
    line = json.dumps(result, ensure_ascii=False)
    try:
        line.encode()
    except UnicodeEncodeError:
        return json.dumps(result)
    return line


def _first_repeated(names: Iterable[str]) -> str:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            return name
        seen.add(name)
    return ""
