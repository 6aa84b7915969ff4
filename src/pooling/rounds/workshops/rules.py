"""How themes stand. Pure."""

from collections.abc import Sequence
from typing import Protocol, TypeVar


class Dotted(Protocol):
    @property
    def id(self) -> int: ...
    @property
    def dots(self) -> int: ...


Theme = TypeVar("Theme", bound=Dotted)


def in_order(themes: Sequence[Theme]) -> list[tuple[int, Theme]]:
    """Each with its rank, by dots; those of as many share it, as they were made. Those without any come last."""
    counts = [theme.dots for theme in themes]
    ordered = sorted(themes, key=lambda theme: (-theme.dots, theme.id))
    return [(1 + sum(count > theme.dots for count in counts), theme) for theme in ordered]
