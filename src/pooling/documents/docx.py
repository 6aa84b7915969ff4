"""A document as a Word file (Office Open XML), with the styles that Word knows by name."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import docx as words
from docx.document import Document as Written
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_BREAK
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Pt
from docx.table import _Cell, _Row
from docx.text.paragraph import Paragraph
from docx.text.run import Run

from pooling.documents.dating import dated
from pooling.documents.document import COUNTRY, LANGUAGE, Document
from pooling.web.markdown import Node

_SIDES = {"right": WD_ALIGN_PARAGRAPH.RIGHT, "center": WD_ALIGN_PARAGRAPH.CENTER}
_LOWEST, _DEEPEST = 9, 3
_PLAIN = "Normal"


@dataclass(frozen=True)
class _Manner:
    """How a run is set."""

    bold: bool = False
    italic: bool = False
    strike: bool = False


def write_docx(document: Document) -> bytes:
    """The file."""
    docx = words.Document()
    _say_of(docx, document)
    _set_language(docx)
    _add_foot(docx, document.reference)
    docx.add_paragraph(document.author)
    writer = _Writer(docx)
    if document.notice:
        writer.paragraph("Intense Quote").add_run(document.notice)
    writer.paragraph("Heading 1").add_run(document.title)
    writer.write(document.blocks)
    target = io.BytesIO()
    docx.save(target)
    return dated(target, document.at)


def _say_of(docx: Written, document: Document) -> None:
    said = docx.core_properties
    said.title, said.author, said.last_modified_by = document.title[:255], document.author[:255], ""
    said.language, said.comments = f"{LANGUAGE}-{COUNTRY}", ""
    said.created = said.modified = document.at


def _set_language(docx: Written) -> None:
    for language in docx.styles.element.iter(qn("w:lang")):
        language.set(qn("w:val"), f"{LANGUAGE}-{COUNTRY}")
    page = docx.sections[0]
    page.page_width, page.page_height = Cm(21), Cm(29.7)
    page.left_margin = page.right_margin = Cm(2.2)
    page.top_margin = page.bottom_margin = Cm(2.2)


def _add_foot(docx: Written, reference: str) -> None:
    foot = docx.sections[0].footer.paragraphs[0]
    foot.add_run(f"{reference} – page\u00a0")
    _add_field(foot, "PAGE")
    foot.add_run(" sur\u00a0")
    _add_field(foot, "NUMPAGES")
    for run in foot.runs:
        run.font.size = Pt(8.5)


def _add_field(paragraph: Paragraph, code: str) -> None:
    field = OxmlElement("w:fldSimple")
    field.set(qn("w:instr"), code)
    number = OxmlElement("w:r")
    text = OxmlElement("w:t")
    text.text = "1"
    number.append(text)
    field.append(number)
    paragraph._p.append(field)  # noqa: SLF001 - python-docx has no fields


class _Writer:
    """Writes blocks one after the other, into lists and tables."""

    def __init__(self, docx: Written) -> None:
        self._docx = docx

    def paragraph(self, style: str) -> Paragraph:
        """One in this style. python-docx would look through all styles at each."""
        made = self._docx.add_paragraph()
        if style != _PLAIN:
            made._p.style = _style_ids()[style]  # noqa: SLF001
        return made

    def write(self, blocks: Sequence[Node], style: str = _PLAIN) -> None:
        for block in blocks:
            kind = block["kind"]
            if kind == "list":
                self._list(block, 1)
            elif kind == "table":
                self._table(block)
            elif kind == "quote":
                self.write(block["blocks"], "Quote")
            elif kind != "rule":  # inside a list it only adorns
                self._plain(block, style)

    def _plain(self, block: Node, style: str) -> None:
        kind = block["kind"]
        if kind == "page":
            self._docx.add_paragraph().add_run().add_break(WD_BREAK.PAGE)
        elif kind == "code":
            self.paragraph("macro").add_run(block["text"])
        elif kind == "heading":
            _fill(self.paragraph(f"Heading {min(block['level'], _LOWEST)}"), block["content"])
        else:
            _fill(self.paragraph(style), block["content"])

    def _list(self, block: Node, depth: int) -> None:
        nth = f" {min(depth, _DEEPEST)}" if depth > 1 else ""
        style = f"List Number{nth}" if block["ordered"] else f"List Bullet{nth}"
        numbering = self._numbered_from(style, block["start"]) if block["ordered"] else None
        for item in block["items"]:
            marked = False
            for part in item:
                if part["kind"] == "list":
                    self._list(part, depth + 1)
                elif part["kind"] == "paragraph" and not marked:
                    paragraph = self.paragraph(style)
                    if numbering is not None:
                        properties = paragraph._p.get_or_add_pPr().get_or_add_numPr()  # noqa: SLF001
                        properties.get_or_add_ilvl().val, properties.get_or_add_numId().val = 0, numbering
                    _fill(paragraph, part["content"])
                    marked = True
                else:
                    self.write([part], f"List Continue{nth}")

    def _numbered_from(self, style: str, start: int) -> int:
        """A numbering of its own, so that every list begins where it is to."""
        numbering: Any = self._docx.part.numbering_part.element
        of_style: Any = self._docx.styles[style].element
        kind = numbering.num_having_numId(of_style.pPr.numPr.numId.val).abstractNumId.val
        made = numbering.add_num(kind)
        made.add_lvlOverride(ilvl=0).add_startOverride(start)
        number: int = made.numId
        return number

    def _table(self, block: Node) -> None:
        made = self._docx.add_table(rows=0, cols=len(block["head"]))
        made._tbl.tblStyle_val = _style_ids()["Table Grid"]  # noqa: SLF001
        head = made.add_row()
        _fill_row(head, block["head"], block["aligns"], _Manner(bold=True))
        head._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))  # noqa: SLF001
        for cells in block["rows"]:
            row = made.add_row()
            if block.get("tall"):
                row.height = Cm(2)
            _fill_row(row, cells, block["aligns"], _Manner())
        self._docx.add_paragraph()


@cache
def _style_ids() -> Mapping[str, str]:
    """By the names of the styles that python-docx begins with."""
    return {style.name: style.style_id for style in words.Document().styles if style.name}


def _fill_row(row: _Row, cells: Sequence[Sequence[Node]], aligns: Sequence[str], manner: _Manner) -> None:
    into: Sequence[_Cell] = row.cells
    for place, cell, align in zip(into, cells, aligns, strict=True):
        paragraph = place.paragraphs[0]
        paragraph.alignment = _SIDES.get(align)
        _fill(paragraph, cell, manner)


def _fill(paragraph: Paragraph, runs: Sequence[Node], manner: _Manner = _Manner()) -> None:
    for run in runs:
        kind = run["kind"]
        if kind == "text":
            _set(paragraph.add_run(run["text"]), manner)
        elif kind == "code":
            _set(paragraph.add_run(run["text"]), manner).font.name = "Courier New"
        elif kind == "break":
            paragraph.add_run().add_break()
        elif kind == "link":
            _link(paragraph, run["url"], run["content"], manner)
        elif kind == "strong":
            _fill(paragraph, run["content"], replace(manner, bold=True))
        elif kind == "emphasis":
            _fill(paragraph, run["content"], replace(manner, italic=True))
        else:
            _fill(paragraph, run["content"], replace(manner, strike=True))


def _set(run: Run, manner: _Manner) -> Run:
    if manner.bold:
        run.bold = True
    if manner.italic:
        run.italic = True
    if manner.strike:
        run.font.strike = True
    return run


def _link(paragraph: Paragraph, url: str, content: Sequence[Node], manner: _Manner) -> None:
    """What `_fill` sets, moved into a link: python-docx makes none."""
    before = len(paragraph._p)  # noqa: SLF001
    _fill(paragraph, content, manner)
    link = OxmlElement("w:hyperlink")
    link.set(qn("r:id"), paragraph.part.relate_to(url, RELATIONSHIP_TYPE.HYPERLINK, is_external=True))
    link.extend(paragraph._p[before:])  # noqa: SLF001
    paragraph._p.append(link)  # noqa: SLF001
