"""A document as an OpenDocument text (OpenDocument 1.3, part 3), with the styles that LibreOffice knows by name."""

import io
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from odfdo import Document as Written
from odfdo import Element, Header, Link, List, ListItem, Paragraph, Span, Style, StyleMasterPage

from pooling.documents.dating import dated
from pooling.documents.document import COUNTRY, LANGUAGE, Document
from pooling.web.markdown import Node

_CHARACTERS: Mapping[str, Mapping[str, Any]] = {
    "strong": {"fo:font-weight": "bold"},
    "emphasis": {"fo:font-style": "italic"},
    "strike": {"style:text-line-through-style": "solid"},
    "code": {"style:font-name": "Liberation Mono"},
}
_SIDES = {"right": "end", "center": "center"}
_LOWEST = 10
_TALL, _CELL, _PAGE, _NOTICE, _QUOTE = "Tall", "Cell", "Page", "Notice", "Quote"


def write_odt(document: Document) -> bytes:
    """The file."""
    odt = Written(io.BytesIO(_begun()))
    _say_of(odt, document)
    _add_foot(odt, document.reference)
    body = odt.body
    body.append(Paragraph(document.author))
    if document.notice:
        body.append(Paragraph(document.notice, style=_NOTICE))
    body.append(Header(1, document.title))
    _Writer().write(body, document.blocks)
    target = io.BytesIO()
    odt.save(target)
    return dated(target, document.at)


@cache
def _begun() -> bytes:
    """What all of them begin with: odfdo's own model with our styles, and nothing in it."""
    odt, target = Written("text"), io.BytesIO()
    _add_styles(odt)
    odt.body.clear()
    odt.save(target)
    return target.getvalue()


def _say_of(odt: Written, document: Document) -> None:
    meta = odt.meta
    meta.set_title(document.title)
    meta.set_initial_creator(document.author)
    meta.set_creator(document.author)
    meta.set_language(f"{LANGUAGE}-{COUNTRY}")
    meta.set_creation_date(document.at.replace(tzinfo=None))
    meta.set_modification_date(document.at.replace(tzinfo=None))
    meta.set_generator("pooling")


def _add_styles(odt: Written) -> None:
    for name, says in _CHARACTERS.items():
        odt.insert_style(_style("text", name, {"text": says}), automatic=True)
    border = "0.5pt solid #767676"
    for name, family, parts in (
        (_CELL, "table-cell", {"table-cell": {"fo:border": border, "fo:padding": "0.15cm"}}),
        (_TALL, "table-row", {"table-row": {"style:min-row-height": "2cm"}}),
        ("Table", "table", {"table": {"style:width": "17cm", "table:align": "margins"}}),
        (_PAGE, "paragraph", {"paragraph": {"fo:break-before": "page"}}),
        (_NOTICE, "paragraph", {"paragraph": {"fo:border": border, "fo:padding": "0.2cm"}}),
        (_QUOTE, "paragraph", {"paragraph": {"fo:margin-left": "0.8cm"}, "text": {"fo:font-style": "italic"}}),
        *((side, "paragraph", {"paragraph": {"fo:text-align": said}}) for side, said in _SIDES.items()),
    ):
        odt.insert_style(_style(family, name, parts), automatic=True)


def _style(family: str, name: str, parts: Mapping[str, Mapping[str, Any]]) -> Style:
    made = Style(family, name=name)
    for part, says in parts.items():
        properties = Element.from_tag(f"style:{part}-properties")
        for attribute, value in says.items():
            properties.set_attribute(attribute, value)
        made.append(properties)
    return made


def _add_foot(odt: Written, reference: str) -> None:
    foot = Paragraph(f"{reference} – page\u00a0")
    foot.append(Element.from_tag('<text:page-number text:select-page="current">1</text:page-number>'))
    foot.append(" sur\u00a0")
    foot.append(Element.from_tag("<text:page-count>1</text:page-count>"))
    page = odt.get_style("master-page", "Standard")
    assert isinstance(page, StyleMasterPage), "odfdo's own model has this one"
    page.set_page_footer(foot)


class _Writer:
    def __init__(self) -> None:
        self._tables = 0

    def write(self, into: Element, blocks: Sequence[Node], style: str | None = None) -> None:
        for block in blocks:
            kind = block["kind"]
            if kind == "list":
                into.append(self._list(block))
            elif kind == "table":
                into.append(self._table(block))
            elif kind == "quote":
                self.write(into, block["blocks"], _QUOTE)
            elif kind != "rule":  # inside a list it only adorns
                into.append(_plain(block, style))

    def _list(self, block: Node) -> List:
        made = List(style="Numbering_20_1" if block["ordered"] else "List_20_1")
        for place, item in enumerate(block["items"]):
            entry = ListItem()
            if block["ordered"] and not place and block["start"] != 1:
                entry.set_attribute("text:start-value", str(block["start"]))
            self.write(entry, item)
            made.append(entry)
        return made

    def _table(self, block: Node) -> Element:
        self._tables += 1
        made = Element.from_tag("table:table")
        made.set_attribute("table:name", f"Tableau {self._tables}")
        made.set_attribute("table:style-name", "Table")
        columns = Element.from_tag("table:table-column")
        columns.set_attribute("table:number-columns-repeated", str(len(block["head"])))
        made.append(columns)
        head = Element.from_tag("table:table-header-rows")
        strong = [[{"kind": "strong", "content": cell}] if cell else [] for cell in block["head"]]
        head.append(_row(strong, block["aligns"]))
        made.append(head)
        for cells in block["rows"]:
            made.append(_row(cells, block["aligns"], _TALL if block.get("tall") else None))
        return made


def _plain(block: Node, style: str | None) -> Element:
    kind = block["kind"]
    if kind == "page":
        return Paragraph("", style=_PAGE)
    if kind == "code":
        return Paragraph(block["text"], style="Preformatted_20_Text")
    made: Element = Header(min(block["level"], _LOWEST)) if kind == "heading" else Paragraph(style=style)
    return _filled(made, block["content"])


def _row(cells: Sequence[Sequence[Node]], aligns: Sequence[str], style: str | None = None) -> Element:
    made = Element.from_tag("table:table-row")
    if style:
        made.set_attribute("table:style-name", style)
    for cell, align in zip(cells, aligns, strict=True):
        entry = Element.from_tag("table:table-cell")
        entry.set_attribute("table:style-name", _CELL)
        entry.set_attribute("office:value-type", "string")
        entry.append(_filled(Paragraph(style=align if align in _SIDES else None), cell))
        made.append(entry)
    return made


def _filled(into: Element, runs: Sequence[Node]) -> Element:
    for run in runs:
        kind = run["kind"]
        if kind == "text":
            into.append(run["text"])
        elif kind == "break":
            into.append(Element.from_tag("text:line-break"))
        elif kind == "link":
            into.append(_filled(Link(run["url"]), run["content"]))
        else:
            span = Span(style=kind)
            into.append(_filled(span, [{"kind": "text", "text": run["text"]}] if kind == "code" else run["content"]))
    return into
