"""How pages are built, told from their HTML alone: which of them a browser would find nothing new in."""

import re
from dataclasses import dataclass, field

from lxml.html import HtmlElement

SAYING = re.compile(
    r"class|role|type|scope|lang|tabindex|autocomplete|target|aria-(?!label|describedby|controls|owns).*"
)
"""Attributes that say something by one of a few values. Of the others it matters whether they are there."""
HEADINGS = {"h1", "h2", "h3", "h4", "h5", "h6"}


@dataclass
class Built:
    """Elements, with all that they stand in, of the pages so far; what `examining.js` asks in the browser."""

    shapes: set[int] = field(default_factory=set)
    longest_word: int = 0
    pages: int = 0
    """That had something new."""

    def adds(self, page: HtmlElement) -> bool:
        """Whether something is built as on no page before, or a word is longer than any: a ruler would be wanted."""
        shapes, word = shapes_of(page), max(map(len, page.text_content().split()))
        is_new = not shapes <= self.shapes or word > self.longest_word
        self.shapes |= shapes
        self.longest_word = max(word, self.longest_word)
        self.pages += is_new
        return is_new


def shapes_of(page: HtmlElement) -> set[int]:
    found: dict[HtmlElement, int] = {}
    heading = ""
    others: set[int] = set()
    for element in page.iter("*"):
        said = sorted(
            f"{name}={value}" if SAYING.fullmatch(name) else f"{name} {not value.strip()}"
            for name, value in element.attrib.items()
        )
        columns = len(element) if element.tag == "tr" else 0
        has_text = any(text and text.strip() for text in (element.text, *(child.tail for child in element)))
        around = found.get(element.getparent(), 0)
        found[element] = hash((around, element.tag, tuple(said), columns, has_text))
        if element.tag in HEADINGS:
            others.add(hash((heading, element.tag)))
            heading = element.tag
    return {*found.values(), *others}
