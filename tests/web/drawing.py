"""Draws a fragment of a template and reads it back as elements."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

from pooling.web.templating import environment

HOSTILE = """<b onclick="x()">'&"</b>"""
FORMS = '{% import "components/forms.html" as forms %}'
OTHERS = "".join(
    f'{{% import "components/{name}.html" as {name} %}}'
    for name in ("tables", "cards", "states", "page", "notices", "facts", "grid", "charts", "year", "icons")
)


@dataclass
class Element:
    tag: str
    attributes: dict[str, str]
    text: str = ""


@dataclass
class Document(HTMLParser):
    """The elements of a fragment, in order, each with the text directly or indirectly inside it."""

    elements: list[Element] = field(default_factory=list)
    open: list[Element] = field(default_factory=list)

    VOID = frozenset({"input", "meta", "link", "img", "br"})

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len(dict(attrs)) == len(attrs), f"<{tag}> repeats an attribute: {attrs}"
        element = Element(tag, {name: value or "" for name, value in attrs})
        self.elements.append(element)
        if tag not in self.VOID:
            self.open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(Element(tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open[-1].tag == tag, f"</{tag}> closes <{self.open[-1].tag}>"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        for element in self.open:
            element.text += data

    def all(self, tag: str) -> list[Element]:
        return [element for element in self.elements if element.tag == tag]

    def one(self, **attributes: str) -> Element:
        wanted = {name.rstrip("_").replace("_", "-"): value for name, value in attributes.items()}
        found = [e for e in self.elements if wanted.items() <= e.attributes.items()]
        assert len(found) == 1, f"{len(found)} elements with {wanted}"
        return found[0]


def parse(html: str) -> Document:
    document = Document()
    document.feed(html)
    document.close()
    assert not document.open, f"left open: {[element.tag for element in document.open]}"
    return document


def draw(source: str, **context: object) -> Document:
    html = environment().from_string(FORMS + OTHERS + source).render(**context)
    assert "<b onclick" not in html, "what was typed came out as markup"
    return parse(html)
