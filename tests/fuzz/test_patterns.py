"""Every regular expression of the code, found by itself: none takes longer than in proportion to the text."""

import ast
import importlib
import pkgutil
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import product
from pathlib import Path
from re import _constants as sre
from re import _parser as parser
from types import ModuleType
from typing import Any

import pytest

import pooling
from fuzz.growth import MOST, growth, pumped
from fuzz.profile import EXAMPLES

SIZE = 3000
MOST_LETTERS = 7
ALL_OVER = frozenset({"sub", "split", "findall", "finditer"})
ONCE = frozenset({"search", "match", "fullmatch"})
_ROOT = Path(pooling.__file__).parent
_SAMPLES = {
    sre.CATEGORY_DIGIT: "1",
    sre.CATEGORY_NOT_DIGIT: "a",
    sre.CATEGORY_SPACE: " ",
    sre.CATEGORY_NOT_SPACE: "a",
    sre.CATEGORY_WORD: "a",
    sre.CATEGORY_NOT_WORD: "-",
}


@dataclass(frozen=True)
class Used:
    """A pattern, and how the code looks for it."""

    place: str
    pattern: re.Pattern[Any]
    method: str

    def run(self, text: str) -> object:
        subject = text.encode("latin-1", "replace") if isinstance(self.pattern.pattern, bytes) else text
        if self.method in ALL_OVER:
            return list(self.pattern.finditer(subject))
        return getattr(self.pattern, self.method)(subject)


def modules() -> Iterator[ModuleType]:
    for found in pkgutil.walk_packages(pooling.__path__, "pooling."):
        if not found.name.endswith("__main__"):
            yield importlib.import_module(found.name)


def patterns_in(value: object, name: str) -> Iterator[tuple[str, re.Pattern[Any]]]:
    if isinstance(value, re.Pattern):
        yield name, value
    elif isinstance(value, list | tuple | set | frozenset):
        for place, part in enumerate(value):
            yield from patterns_in(part, f"{name}[{place}]")
    elif isinstance(value, dict):
        for key, part in value.items():
            yield from patterns_in(part, f"{name}[{key!r}]")


@cache
def calls_in(module: ModuleType) -> dict[str, set[str]]:
    """What the module asks of each name."""
    called: dict[str, set[str]] = {}
    for node in ast.walk(ast.parse(Path(module.__file__ or "").read_text())):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            called.setdefault(node.value.id, set()).add(node.attr)
    return called


def methods_of(module: ModuleType, name: str) -> set[str]:
    """What the module calls on it; all over the text where that is not to be read, which asks most."""
    return calls_in(module).get(name, set()) & (ALL_OVER | ONCE) or {"finditer"}


def every_pattern() -> list[Used]:
    """Each once, where several modules look for it in the same way."""
    found = [
        Used(f"{module.__name__}.{name}", pattern, method)
        for module in modules()
        for global_name, value in vars(module).items()
        for name, pattern in patterns_in(value, global_name)
        for method in sorted(methods_of(module, global_name))
    ]
    return [*{(used.pattern, used.method): used for used in reversed(found)}.values()][::-1]


def letters_of(tree: Any) -> Iterator[str]:  # noqa: ANN401 - what the parser makes
    """A letter for each thing that a pattern asks for, in order."""
    for operation, argument in tree:
        if operation is sre.CATEGORY:
            yield _SAMPLES[argument]
        elif operation is sre.IN and argument[0][0] is sre.NEGATE:
            refused = [*letters_of(argument[1:])]
            yield from (letter for letter in "a.1 -" if letter not in refused)
            yield from refused
        elif operation is sre.BRANCH:
            yield from (letter for branch in argument[1] for letter in letters_of(branch))
        elif operation in {sre.LITERAL, sre.NOT_LITERAL, sre.RANGE}:
            yield chr(argument if isinstance(argument, int) else argument[0])
        else:
            yield from letters_of(inside(argument))


def inside(argument: Any) -> Any:  # noqa: ANN401 - what the parser makes
    """What a repetition, a group or a class is made of."""
    if isinstance(argument, tuple):
        argument = argument[-1]
    return argument if isinstance(argument, parser.SubPattern | list) else ()


def example_of(tree: Any) -> str:  # noqa: ANN401 - what the parser makes
    """A short text that begins as the pattern does: what is optional is there once."""
    made = ""
    for operation, argument in tree:
        if operation is sre.BRANCH:
            made += example_of(argument[1][0])
        elif operation in {sre.ASSERT_NOT, sre.AT} or (operation is sre.ASSERT and argument[0] < 0):
            continue
        elif operation is sre.IN:
            made += next(letters_of([(operation, argument)]), "a")
        elif operation in {sre.LITERAL, sre.ANY, sre.NOT_LITERAL}:
            made += chr(argument) if operation is sre.LITERAL else "a"
        else:
            made += example_of(inside(argument))
    return made


def hostile(pattern: re.Pattern[Any]) -> Iterator[Callable[[int], str]]:
    """Beginnings of what the pattern looks for, then its letters again and again, then nothing, what it does not want,
    and one of its letters in turn (each of them, where `make fuzz` asks for more).
    """
    written = pattern.pattern if isinstance(pattern.pattern, str) else pattern.pattern.decode("latin-1")
    tree = parser.parse(written, pattern.flags & ~re.UNICODE if isinstance(pattern.pattern, bytes) else pattern.flags)
    letters = [*dict.fromkeys([*letters_of(tree), " ", "a", "1", "\n", "\u00a0"])][:MOST_LETTERS]
    pumps = [*letters, *("".join(pair) for pair in product(letters[:5], repeat=2) if pair[0] != pair[1])]
    example = example_of(tree)[:20]
    beginnings = [example[:length] for length in range(len(example) + 1)]
    for place, (before, pump) in enumerate(product(dict.fromkeys([*beginnings, *letters]), pumps)):
        for after in ("", "\x00", *(letters if EXAMPLES else [letters[place % len(letters)]])):
            yield pumped(before, pump, after)


EVERY = every_pattern()


INNER = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)


def nodes_of(tree: ast.AST) -> Iterator[tuple[ast.AST, bool]]:
    """Each node, and whether it stands in a function or a class."""
    waiting = [(tree, False)]
    while waiting:
        node, deeper = waiting.pop()
        deeper = deeper or isinstance(node, INNER)
        yield node, deeper
        waiting += [(child, deeper) for child in ast.iter_child_nodes(node)]


def test_every_pattern_is_found() -> None:
    """Patterns are compiled where a module begins: this test finds them, and none is read again for each text."""
    for path in _ROOT.rglob("*.py"):
        for node, deeper in nodes_of(ast.parse(path.read_text())):
            assert not (isinstance(node, ast.ImportFrom) and node.module == "re"), f"{path}: import re itself"
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                of_re = isinstance(node.func.value, ast.Name) and node.func.value.id == "re"
                allowed = node.func.attr == "escape" or (node.func.attr == "compile" and not deeper)
                assert not of_re or allowed, f"{path}:{node.lineno}: compile the pattern where the module begins"
    assert {"pooling.web.typography._RULES[0][1]", "pooling.kernel.text._NOT_WORD"} <= {used.place for used in EVERY}


@pytest.mark.parametrize("used", EVERY, ids=lambda used: f"{used.place}.{used.method}")
def test_a_pattern_takes_no_longer_than_in_proportion(used: Used) -> None:
    for text_of in hostile(used.pattern):
        grown = growth(used.run, text_of, SIZE)
        assert grown < MOST, f"{text_of(30)!r}: four times the text takes {grown:.0f} times as long"


@pytest.mark.parametrize(
    ("pattern", "method"),
    [
        (r"[ ]+(?=!)", "finditer"),
        (r"\s*([0-9][0-9\s]*)\s*:", "fullmatch"),
        (r"[^@\s]{1,64}@[^@\s]+\.[^@\s]{2,}", "fullmatch"),
        (r"(?:a|b)+c", "search"),
    ],
)
def test_what_takes_the_square_of_the_length_is_seen(pattern: str, method: str) -> None:
    used = Used("here", re.compile(pattern), method)
    assert any(growth(used.run, text_of, SIZE, tries=1) >= MOST for text_of in hostile(used.pattern))
