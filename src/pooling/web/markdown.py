"""Markdown (CommonMark, tables, strikethrough) as a tree of plain JSON, and that tree as HTML.

What was typed is never markup of another kind: HTML in it is text, pictures are their description, and a link leads to
http, https or mailto or is plain text. The tree is what documents are made from (typst sets its strings as they are).

A block is `{"kind": …}`: `heading` (level, content), `paragraph` (content), `list` (ordered, start, items: lists of
blocks), `quote` (blocks), `code` (text, info: what was written after its fence), `rule`, `table` (head: contents, rows:
lists of contents, aligns: `right`, `center`, `left` or nothing, of each column). A content is a list of runs: `text`,
`code` (text), `strong`, `emphasis`, `strike` (content), `link` (url, content), `break`.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from markupsafe import Markup, escape

from pooling.web.typography import typo

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token
    from markdown_it.tree import SyntaxTreeNode

Node = dict[str, Any]
Read = TypeVar("Read")
_SCHEMES = frozenset({"http", "https", "mailto"})
_KINDS = {"strong": "strong", "em": "emphasis", "s": "strike", "link": "link"}
_TAGS = {"strong": "strong", "emphasis": "em", "strike": "s"}
_LOWEST_HEADING = 6
DEEPEST = 6
"""Lists in lists, emphasis in emphasis."""
LONGEST_LINK = 2_000
"""Browsers open longer ones, but a PDF holds no more than 8 000 letters."""
MOST_FAULTS = 5
READ_AT_ONCE = 2_000
"""Letters of a text that is read on the spot: the longest minutes can take most of a second."""


@cache
def _parser() -> "MarkdownIt":
    from markdown_it import MarkdownIt  # noqa: PLC0415 - 70 modules, for whoever first reads a text

    # A newline typed is a line broken: minutes are written by people who know no Markdown.
    parser = MarkdownIt("commonmark", {"html": False, "breaks": True, "maxNesting": 20})
    parser.enable(["table", "strikethrough"])
    parser.validateLink = is_safe_link  # type: ignore[method-assign]
    return parser


def is_safe_link(url: str) -> bool:
    """Whether a link may be followed from our pages and documents."""
    try:
        parts = urlsplit(url.strip())
    except ValueError:  # such as a bracket left open
        return False
    return parts.scheme.lower() in _SCHEMES and bool(parts.netloc or parts.path)


def blocks_of(text: str) -> list[Node]:
    """The tree of a text, no deeper than anybody can follow (`DEEPEST`): what is nested deeper stands there unwrapped.

    Levels of headings never skip one, whatever was typed: the first is 1.
    """
    from markdown_it.tree import SyntaxTreeNode  # noqa: PLC0415 - as above

    tokens = _parser().parse(text)
    runs = {id(token): _runs(token.children) for token in tokens if token.children}
    for token in tokens:
        token.children = None  # a tree of these would be as deep as whoever typed it likes
    return list(_Reader(runs).read(SyntaxTreeNode(tokens).children, 0))


async def read_beside(read: Callable[[str], Read], text: str) -> Read:
    """What `read` makes of a text: a short one on the spot, a long one while others are answered."""
    return read(text) if len(text) <= READ_AT_ONCE else await asyncio.to_thread(read, text)


def faults_of(text: str) -> list[str]:
    """What no document can hold, in French, each with its line: a heading without a word, an endless link."""
    return list(islice(_faults(_parser().parse(text)), MOST_FAULTS))


def _faults(tokens: "Sequence[Token]") -> Iterator[str]:
    line, in_heading = 0, False
    for token in tokens:
        line = token.map[0] + 1 if token.map else line
        in_heading = token.type == "heading_open" or (in_heading and token.type == "inline")
        if token.type == "inline":
            children = token.children or []
            if in_heading and not _words(_runs(children)).strip():
                yield f"Ligne {line} : ce titre n’a pas de mot. Écrivez-le, ou retirez le signe qui en fait un titre."
            yield from _endless_links(children, line)


def _endless_links(children: "Sequence[Token]", line: int) -> Iterator[str]:
    for token in children:
        if token.type in {"softbreak", "hardbreak"}:
            line += 1
        elif token.type == "link_open" and len(str(token.attrs["href"])) > LONGEST_LINK:
            yield f"Ligne {line} : cette adresse de page est trop longue ({LONGEST_LINK} caractères au plus)."


class _Reader:
    """Makes blocks of the parser's. Ranks headings by how they are nested, so that an outline has no hole in it."""

    def __init__(self, runs: Mapping[int, list[Node]]) -> None:
        self._runs = runs
        self._headings: list[int] = []

    def read(self, nodes: "Sequence[SyntaxTreeNode]", depth: int) -> Iterator[Node]:
        for node in nodes:
            if node.type == "heading":
                yield {"kind": "heading", "level": self._rank(int(node.tag[1])), "content": self._content(node)}
            elif node.type == "paragraph":
                yield {"kind": "paragraph", "content": self._content(node)}
            elif node.type in {"bullet_list", "ordered_list", "blockquote"}:
                yield from self._nested(node, depth)
            elif node.type in {"fence", "code_block"}:
                yield {"kind": "code", "text": node.content.rstrip("\n"), "info": node.info.strip()}
            elif node.type == "hr":
                yield {"kind": "rule"}
            elif node.type == "table":
                rows = [
                    [self._content(cell) for cell in row.children] for part in node.children for row in part.children
                ]
                aligns = [_align(cell) for cell in node.children[0].children[0].children]
                yield {"kind": "table", "head": rows[0], "rows": rows[1:], "aligns": aligns}

    def _nested(self, node: "SyntaxTreeNode", depth: int) -> Iterator[Node]:
        if depth == DEEPEST:
            parts = [node] if node.type == "blockquote" else node.children
            for part in parts:
                yield from self.read(part.children, depth)
        elif node.type == "blockquote":
            yield {"kind": "quote", "blocks": list(self.read(node.children, depth + 1))}
        else:
            yield {
                "kind": "list",
                "ordered": node.type == "ordered_list",
                "start": int(node.attrs.get("start", 1)),
                "items": [list(self.read(item.children, depth + 1)) for item in node.children],
            }

    def _rank(self, typed: int) -> int:
        while self._headings and self._headings[-1] >= typed:
            self._headings.pop()
        self._headings.append(typed)
        return len(self._headings)

    def _content(self, node: "SyntaxTreeNode") -> list[Node]:
        return [run for inline in node.children if inline.token for run in self._runs.get(id(inline.token), ())]


def content_of(text: str) -> list[Node]:
    """The runs of a text that is one line, whatever stands at its beginning."""
    return [run for token in _parser().parseInline(text) for run in _runs(token.children or ())]


def _align(cell: "SyntaxTreeNode") -> str:
    return str(cell.attrs.get("style", "")).removeprefix("text-align:")


def _runs(tokens: "Sequence[Token]") -> list[Node]:
    """The runs of a flat list of tokens that open and close each other."""
    stack: list[list[Node]] = [[]]
    too_deep = 0
    for token in tokens:
        if token.nesting == 1 and (too_deep or len(stack) > DEEPEST):
            too_deep += 1
        elif token.nesting == 1:
            run: Node = {"kind": _KINDS[token.type.removesuffix("_open")], "content": []}
            if run["kind"] == "link":
                run["url"] = str(token.attrs["href"])
            stack[-1].append(run)
            stack.append(run["content"])
        elif token.nesting == -1 and too_deep:
            too_deep -= 1
        elif token.nesting == -1:
            _mend(stack.pop())
        else:
            stack[-1] += _leaf(token)
    _mend(stack[0])
    return stack[0]


def _leaf(token: "Token") -> list[Node]:
    if token.type in {"softbreak", "hardbreak"}:
        return [{"kind": "break"}]
    # Of a picture, its description: nothing is fetched from elsewhere.
    return [{"kind": "code" if token.type == "code_inline" else "text", "text": token.content}] if token.content else []


def _mend(runs: list[Node]) -> None:
    """Neighbouring texts made one, so that a rule of typography sees both sides of a sign."""
    joined: list[Node] = []
    for run in runs:
        if joined and run["kind"] == joined[-1]["kind"] == "text":
            joined[-1]["text"] += run["text"]
        else:
            joined.append(run)
    for run in joined:
        if run["kind"] == "text":
            run["text"] = typo(run["text"])
    runs[:] = joined


async def as_html(text: str, *, under: int = 2) -> Markup:
    """A text as HTML, see `html_of`; a long one beside the event loop."""
    return await read_beside(lambda typed: html_of(blocks_of(typed), under=under), text)


def html_of(blocks: Sequence[Node], *, under: int = 2) -> Markup:
    """The tree as HTML, its headings below one of the level `under`; each table is named by what it stands under."""
    said, heading, named = list[Markup](), "", Counter[str]()
    for block in blocks:
        if block["kind"] == "heading":
            heading = plain_text([block])
        if block["kind"] == "table":
            named[heading] += 1
            label = f"Tableau : {heading}" if heading else "Tableau"
            said.append(_html_table(block, label if named[heading] == 1 else f"{label} ({named[heading]})"))
        else:
            said.append(_html(block, under))
    return Markup("\n").join(said)


def _html(block: Node, under: int) -> Markup:
    kind = block["kind"]
    if kind == "heading":
        level = min(block["level"] + under, _LOWEST_HEADING)
        return Markup("<h{level}>{content}</h{level}>").format(level=level, content=_inline(block["content"]))
    if kind == "paragraph":
        return Markup("<p>{}</p>").format(_inline(block["content"]))
    if kind == "list":
        return _html_list(block, under)
    if kind == "quote":
        return Markup("<blockquote>{}</blockquote>").format(html_of(block["blocks"], under=under))
    if kind == "code":
        return Markup('<pre class="preserve"><code>{}</code></pre>').format(block["text"])
    return Markup("<hr>") if kind == "rule" else _html_table(block, "Tableau")


def _html_list(block: Node, under: int) -> Markup:
    tag = "ol" if block["ordered"] else "ul"
    start = Markup(' start="{}"').format(block["start"]) if block["ordered"] and block["start"] != 1 else ""
    items = Markup("").join(Markup("<li>{}</li>").format(_item(item, under)) for item in block["items"])
    return Markup("<{tag}{start}>{items}</{tag}>").format(tag=Markup(tag), start=start, items=items)  # noqa: S704


def _item(blocks: Sequence[Node], under: int) -> Markup:
    """An item that is one sentence is not set as a paragraph of its own."""
    if len(blocks) == 1 and blocks[0]["kind"] == "paragraph":
        return _inline(blocks[0]["content"])
    return html_of(blocks, under=under)


def _html_table(block: Node, label: str) -> Markup:
    classes = [_NUMERIC if align == "right" else "" for align in block["aligns"]]
    head = Markup("").join(_head_cell(cell, said) for cell, said in zip(block["head"], classes, strict=True))
    # What is set here is markup already; `format` would look at each cell of hundreds of rows again.
    rows = Markup("".join(f"<tr>{_cells(row, classes)}</tr>" for row in block["rows"]))  # noqa: S704
    return Markup(
        '<div class="table-scroll" role="region" tabindex="0" aria-label="{}">'
        "<table><thead><tr>{}</tr></thead><tbody>{}</tbody></table></div>"
    ).format(label, head, rows)


_NUMERIC = Markup(' class="numeric"')


def _cells(row: Sequence[Sequence[Node]], classes: Sequence[str]) -> str:
    return "".join(f"<td{said}>{_inline(cell)}</td>" for cell, said in zip(row, classes, strict=True))


def _head_cell(cell: Sequence[Node], said: str) -> Markup:
    """An empty head says nothing to a screen reader: it is a cell like any other."""
    return Markup('<th scope="col"{}>{}</th>').format(said, _inline(cell)) if cell else Markup("<td></td>")


def _inline(runs: Sequence[Node]) -> Markup:
    return Markup("").join(_html_run(run) for run in runs)


def _html_run(run: Mapping[str, Any]) -> Markup:
    kind = run["kind"]
    if kind == "text":
        return escape(run["text"])
    if kind == "break":
        return Markup("<br>")
    if kind == "code":
        return Markup("<code>{}</code>").format(run["text"])
    if kind == "link":
        return Markup('<a href="{}" rel="noreferrer">{}</a>').format(run["url"], _inline(run["content"]))
    return Markup("<{tag}>{content}</{tag}>").format(tag=Markup(_TAGS[kind]), content=_inline(run["content"]))  # noqa: S704


def plain_text(blocks: Sequence[Node]) -> str:
    """The words alone, a line for each block: for search and its excerpts."""
    return "\n".join(line for block in blocks for line in _lines(block) if line)


def _lines(block: Node) -> Iterator[str]:
    if "head" in block:
        yield from (" ".join(_words(cell) for cell in row) for row in (block["head"], *block["rows"]))
    yield from (plain_text(item) for item in block.get("items", ()))
    yield plain_text(block.get("blocks", ()))
    yield _words(block["content"]) if "content" in block else block.get("text", "")


def _words(runs: Sequence[Node]) -> str:
    return "".join(
        " " if run["kind"] == "break" else run["text"] if "text" in run else _words(run["content"]) for run in runs
    )
