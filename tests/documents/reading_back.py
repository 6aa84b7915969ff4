"""What a document's files say, read back from each: its parts in order, each with its role, its words without blanks.

A role is `h1` … `h9`, `p` (a paragraph), `li` (what stands beside a list's mark), `th` or `td` (a cell).
"""

# ruff: noqa: ANN401 - trees of other libraries
import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from typing import Any

from lxml import etree
from pypdf import PdfReader
from pypdf.generic import ContentStream

from pooling.documents.document import Document
from pooling.web.markdown import Node, plain_text

Part = tuple[str, str]


def parts_of(document: Document) -> list[Part]:
    """What every format is to say."""
    before = [("p", document.author), *([("p", document.notice)] if document.notice else [])]
    return squeezed([*before, ("h1", document.title), *_of_blocks(document.blocks)])


def _of_blocks(blocks: Sequence[Node]) -> Iterator[Part]:
    for block in blocks:
        kind = block["kind"]
        if kind == "list":
            for first, *more in block["items"]:
                yield "li", plain_text([first])
                yield from _of_blocks(more)
        elif kind == "quote":
            yield from _of_blocks(block["blocks"])
        elif kind == "table":
            yield from (("th", _words(cell)) for cell in block["head"])
            yield from (("td", _words(cell)) for row in block["rows"] for cell in row)
        elif kind == "heading":
            yield f"h{block['level']}", plain_text([block])
        elif kind != "page":
            yield "p", plain_text([block])


def _words(cell: Sequence[Node]) -> str:
    return plain_text([{"kind": "paragraph", "content": cell}])


def squeezed(parts: Sequence[Part]) -> list[Part]:
    """Without blanks, and without paragraphs that say nothing."""
    without = [(role, re.sub(r"\s", "", text)) for role, text in parts]
    return [(role, text) for role, text in without if text or role in {"th", "td"}]


def read_odt(content: bytes) -> list[Part]:
    tree = etree.fromstring(zipfile.ZipFile(io.BytesIO(content)).read("content.xml"))
    return squeezed(list(_of_odt(tree.find(".//{*}body/{*}text"), marked=False)))


def _of_odt(parent: Any, *, marked: bool) -> Iterator[Part]:
    for one in parent:
        name = etree.QName(one).localname
        if name == "h":
            yield f"h{one.get('{urn:oasis:names:tc:opendocument:xmlns:text:1.0}outline-level')}", _text(one)
        elif name == "p":
            yield "li" if marked else "p", _text(one)
            marked = False
        elif name == "table-header-rows":
            yield from (("th", _text(cell)) for cell in one.iter("{*}table-cell"))
        elif name == "table-row":
            yield from (("td", _text(cell)) for cell in one.iter("{*}table-cell"))
        elif name in {"list", "list-item", "table"}:
            yield from _of_odt(one, marked=name == "list-item")


def _text(one: Any) -> str:
    return "".join(one.itertext())


_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"


def read_docx(content: bytes) -> list[Part]:
    book = zipfile.ZipFile(io.BytesIO(content))
    styles = {
        style.get(f"{_W}styleId"): style.find(f"{_W}name").get(f"{_W}val")
        for style in etree.fromstring(book.read("word/styles.xml")).iter(f"{_W}style")
    }
    return squeezed(list(_of_docx(etree.fromstring(book.read("word/document.xml"))[0], styles)))


def _of_docx(body: Any, styles: dict[str, str]) -> Iterator[Part]:
    for one in body:
        if one.tag == f"{_W}p":
            style = one.find(f"{_W}pPr/{_W}pStyle")
            name = "Normal" if style is None else styles[style.get(f"{_W}val")]
            heading = re.fullmatch(r"[Hh]eading (\d)", name)
            role = f"h{heading[1]}" if heading else "li" if name.startswith(("List Bullet", "List Number")) else "p"
            yield role, _text(one)
        elif one.tag == f"{_W}tbl":
            for row in one.iter(f"{_W}tr"):
                role = "td" if row.find(f"{_W}trPr/{_W}tblHeader") is None else "th"
                yield from ((role, _text(cell)) for cell in row.iter(f"{_W}tc"))


def read_pdf(content: bytes) -> list[Part]:
    """As a screen reader does: by its tags, which say the order and the roles."""
    reader = PdfReader(io.BytesIO(content))
    said = {page.indirect_reference.idnum: _marked(page, reader) for page in reader.pages if page.indirect_reference}
    tags = _Tags(said)
    tags.read(reader.root_object["/StructTreeRoot"], None)
    return squeezed(tags.parts)


_ROLES = {"/P": "p", "/TH": "th", "/TD": "td", **{f"/H{level}": f"h{level}" for level in range(1, 7)}}


class _Tags:
    def __init__(self, said: dict[int, dict[int, str]]) -> None:
        self._said = said
        self.parts: list[Part] = []
        self._beside_mark = False
        self._open = False

    def read(self, element: Any, page: int | None) -> None:
        element = element.get_object()
        if isinstance(element, list):
            for one in element:
                self.read(one, page)
        elif isinstance(element, int) or element.get("/Type") == "/MCR":
            of = page if isinstance(element, int) or "/Pg" not in element else element.raw_get("/Pg").idnum
            assert of is not None
            self._say(self._said[of].get(element if isinstance(element, int) else element["/MCID"], ""))
        elif element.get("/S") != "/Lbl":
            self._enter(element, element.raw_get("/Pg").idnum if "/Pg" in element else page)

    def _enter(self, element: Any, page: int | None) -> None:
        tag = element.get("/S")
        if tag == "/LBody":
            self._beside_mark, self._open = True, False
        elif role := _ROLES.get(tag):
            self.parts.append(("li" if self._beside_mark else role, ""))
            self._beside_mark, self._open = False, True
        if "/K" in element:
            self.read(element["/K"], page)
        if tag in _ROLES:
            self._open = False

    def _say(self, text: str) -> None:
        if not self._open:
            self.parts.append(("li" if self._beside_mark else "p", ""))
            self._beside_mark, self._open = False, True
        role, before = self.parts[-1]
        self.parts[-1] = (role, before + text)


def _marked(page: Any, reader: PdfReader) -> dict[int, str]:
    """The text of each piece of marked content of a page."""
    letters = {name: _letters(font.get_object()) for name, font in page["/Resources"]["/Font"].items()}
    found: dict[int, str] = {}
    inside: list[int | None] = []
    font: dict[int, str] = {}
    for operands, operator in ContentStream(page.get_contents(), reader).operations:
        if operator in {b"BDC", b"BMC"}:
            properties = operands[1] if len(operands) > 1 else {}
            inside.append(properties.get("/MCID") if isinstance(properties, dict) else None)
        elif operator == b"EMC":
            inside.pop()
        elif operator == b"Tf":
            font = letters[operands[0]]
        elif operator in {b"Tj", b"TJ"}:
            pieces = operands[0] if operator == b"TJ" else operands
            text = "".join(_shown(piece, font) for piece in pieces if hasattr(piece, "original_bytes"))
            marked = next((one for one in reversed(inside) if one is not None), None)
            if marked is not None:
                found[marked] = found.get(marked, "") + text
    return found


def _shown(piece: Any, font: dict[int, str]) -> str:
    code = piece.original_bytes
    return "".join(font[int.from_bytes(code[at : at + 2], "big")] for at in range(0, len(code), 2))


def _letters(font: Any) -> dict[int, str]:
    """What each glyph says (ToUnicode)."""
    source = font["/ToUnicode"].get_object().get_data().decode("ascii")
    found = {}
    for part in re.findall(r"beginbfchar(.*?)endbfchar", source, re.DOTALL):
        for code, text in re.findall(r"<([0-9a-fA-F]+)>\s*<([0-9a-fA-F]+)>", part):
            found[int(code, 16)] = bytes.fromhex(text).decode("utf-16-be")
    for part in re.findall(r"beginbfrange(.*?)endbfrange", source, re.DOTALL):
        for low, high, text in re.findall(r"<([0-9a-fA-F]+)>\s*<([0-9a-fA-F]+)>\s*<([0-9a-fA-F]+)>", part):
            for more in range(int(high, 16) - int(low, 16) + 1):
                found[int(low, 16) + more] = chr(int(text, 16) + more)
    return found
