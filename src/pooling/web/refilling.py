"""A page's form filled again with what somebody had typed, whatever the page: in its HTML, by name, as browsers do.

Hidden fields are filled too: a form says by them which version of things it was typed from, and must not be taken for
one that has seen what others wrote meanwhile. Only the proof that it is our form is the page's own.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from html.parser import HTMLParser
from itertools import accumulate

CSRF = "csrf"
_NOT_FILLED = {"file", "password", "submit", "button", "image", "reset"}
Attributes = list[tuple[str, str | None]]


@dataclass(frozen=True)
class Typed:
    """What somebody had typed in the form that posts to `action`, in its order."""

    action: str
    fields: Sequence[tuple[str, str]]
    files: Sequence[str] = ()
    """Names of files that came along: they are not kept."""


@dataclass(frozen=True)
class Filled:
    """The page, and what of it found no place there (all of it, where the form is not on the page)."""

    html: str
    is_there: bool
    left_over: Sequence[tuple[str, str]]


@dataclass
class _Control:
    start: int
    end: int
    tag: str
    attributes: Attributes
    content_end: int = 0
    """Of a textarea."""
    select: str = ""
    """The name of the list that an option stands in."""

    def get(self, name: str) -> str:
        return dict(self.attributes).get(name) or ""


@dataclass
class _FormFound:
    actions: set[str]
    controls: list[_Control] = field(default_factory=list)


def refill(html: str, typed: Typed) -> Filled:
    """The page with the form that posts there filled; of several, the one that shares most with what was typed."""
    parser = _Forms(html)
    parser.feed(html)
    parser.close()
    forms = [form for form in parser.forms if typed.action in form.actions]
    if not forms:
        return Filled(html, is_there=False, left_over=typed.fields)
    values: dict[str, list[str]] = defaultdict(list)
    for name, value in typed.fields:
        values[name].append(value)
    chosen = max(forms, key=lambda form: _shared(form, values))
    edits: list[tuple[int, int, str]] = []
    waiting = {name: list(given) for name, given in values.items()}
    for control in chosen.controls:
        edits.extend(_edits(control, values, waiting))
    left_over = [(name, value) for name, given in waiting.items() for value in given if value.strip()]
    return Filled(_spliced(html, edits), is_there=True, left_over=left_over)


def _shared(form: _FormFound, values: dict[str, list[str]]) -> tuple[int, int]:
    """Hidden values are what tells two forms of one page apart, then how many of the names are there."""
    same = sum(
        control.get("type") == "hidden" and control.get("value") in values.get(control.get("name"), [])
        for control in form.controls
    )
    return same, len({control.get("name") for control in form.controls} & set(values))


def _edits(
    control: _Control, values: dict[str, list[str]], waiting: dict[str, list[str]]
) -> list[tuple[int, int, str]]:
    """What changes in the HTML for one control; takes its value from those that wait for a place."""
    name, kind = control.select or control.get("name"), control.get("type") or "text"
    if not name or name == CSRF or (control.tag == "input" and kind in _NOT_FILLED):
        return []
    if control.tag == "option" or kind in {"checkbox", "radio"}:
        chosen = control.get("value") in values.get(name, [])
        if chosen and control.get("value") in waiting[name]:
            waiting[name].remove(control.get("value"))
        mark = "selected" if control.tag == "option" else "checked"
        others = [(key, value) for key, value in control.attributes if key != mark]
        return [(control.start, control.end, _tag(control.tag, [*others, (mark, None)] if chosen else others))]
    if not waiting.get(name):
        return []  # it was not on the page that was typed in: it stays as it is
    value = waiting[name].pop(0)
    if control.tag == "textarea":
        return [(control.end, control.content_end, "\n" + escape(value, quote=False))]
    others = [(key, kept) for key, kept in control.attributes if key != "value"]
    return [(control.start, control.end, _tag("input", [*others, ("value", value)]))]


def _tag(tag: str, attributes: Attributes) -> str:
    words = (key if value is None else f'{key}="{escape(value)}"' for key, value in attributes)
    return f"<{' '.join((tag, *words))}>"


def _spliced(html: str, edits: list[tuple[int, int, str]]) -> str:
    parts, at = [], 0
    for start, end, words in sorted(edits):
        parts += [html[at:start], words]
        at = end
    return "".join([*parts, html[at:]])


class _Forms(HTMLParser):
    """The forms of a page that post, with the controls in each and where they stand."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.forms: list[_FormFound] = []
        self._lines = [0, *accumulate(len(line) + 1 for line in html.split("\n"))]
        self._form: _FormFound | None = None
        self._select = ""
        self._textarea: _Control | None = None

    def _at(self) -> int:
        line, column = self.getpos()
        return self._lines[line - 1] + column

    def handle_starttag(self, tag: str, attrs: Attributes) -> None:
        given = dict(attrs)
        if tag == "form":
            self._form = _FormFound({(given.get("action") or "").partition("?")[0]})
            self.forms.append(self._form)
        if self._form is None:
            return
        if given.get("formaction"):
            self._form.actions.add((given["formaction"] or "").partition("?")[0])
        if tag == "select":
            self._select = given.get("name") or ""
        if tag in {"input", "textarea", "option"}:
            start = self._at()
            end = start + len(self.get_starttag_text() or "")
            control = _Control(start, end, tag, attrs, select=self._select if tag == "option" else "")
            self._form.controls.append(control)
            self._textarea = control if tag == "textarea" else None

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        elif tag == "select":
            self._select = ""
        elif tag == "textarea" and self._textarea is not None:
            self._textarea.content_end = self._at()
            self._textarea = None
