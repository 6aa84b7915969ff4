"""Documents and workbooks that many are shown are written once: what is written follows from what a document says, and
a document is a value. Whoever looks at the writers themselves does without.
"""

import io
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, cast
from unittest.mock import patch

from pooling.documents.document import FORMATS, Document
from pooling.kernel.open_document import OpenBook
from pooling.kernel.sheet_writing import Append, Sheets, SheetTable
from pooling.kernel.workbook_writing import Book
from pooling.web.pdf import Setter

Kept = dict[tuple[str, str], bytes]
"""Files by their format and what they say."""
WRITING = ("__init__", "_begin", "_foot", "_end", "_finish")
"""What a kind of book has of its own."""


@contextmanager
def written_once(kept: Kept) -> Iterator[None]:
    def once(kind: str, write: Callable[[Document], bytes]) -> Callable[[Document], bytes]:
        def written(document: Document) -> bytes:
            return _kept(kept, kind, document, partial(write, document))

        return written

    set_ = Setter.set

    def set_once(setter: Setter, data: Mapping[str, Any], at: datetime) -> bytes:
        return _kept(kept, "page", (setter._template, data, at), partial(set_, setter, data, at))

    sparing = {kind: format_._replace(write=once(kind, format_.write)) for kind, format_ in FORMATS.items()}
    with ExitStack() as sparingly:
        sparingly.enter_context(patch.dict(cast("dict[str, Any]", FORMATS), sparing))
        sparingly.enter_context(patch.object(Setter, "set", set_once))
        for book in (Book, OpenBook):
            sparingly.enter_context(patch.multiple(book, **_heard(book, kept)))
        yield


def _kept(kept: Kept, kind: str, said: object, write: Callable[[], bytes]) -> bytes:
    key = kind, repr(said)
    if key not in kept:
        kept[key] = write()
    return kept[key]


def _heard(kind: type[Sheets], kept: Kept) -> dict[str, Any]:
    """The methods of a kind of book that hears all that it is to hold, and is written at the end, unless one like it
    was.
    """
    write = _written_at_once(kind)

    def begin(book: Any, *given: Any, **named: Any) -> None:  # noqa: ANN401
        Sheets.__init__(book, *given, **named)
        book.heard = []

    def begin_sheet(book: Any, name: str, table: SheetTable) -> Append:  # noqa: ANN401
        rows: list[object] = []
        book.heard.append([name, replace(table, rows=()), rows])
        return lambda row: rows.append(tuple(row))

    def foot(book: Any, _: str, __: SheetTable, *last_and_foot: object) -> None:  # noqa: ANN401
        book.heard[-1].append(last_and_foot)

    def finish(book: Any, target: BinaryIO | Path) -> None:  # noqa: ANN401
        said = book._facts, book._notice, book.heard
        content = _kept(kept, kind.__name__, said, partial(write, *said))
        if isinstance(target, Path):
            target.write_bytes(content)
        else:
            target.write(content)

    return dict(zip(WRITING, (begin, begin_sheet, foot, lambda _: None, finish), strict=True))


def _written_at_once(kind: type[Sheets]) -> Callable[[Mapping[str, str], str, Any], bytes]:
    begin, begin_sheet, foot, end, finish = [getattr(kind, name) for name in WRITING]

    def written(facts: Mapping[str, str], notice: str, heard: Any) -> bytes:  # noqa: ANN401
        book, target = cast("Any", kind.__new__(kind)), io.BytesIO()
        begin(book, facts, notice)
        for name, table, rows, last_and_foot in heard:
            append = begin_sheet(book, name, table)
            for row in rows:
                append(row)
            foot(book, name, table, *last_and_foot)
            end(book)
        finish(book, target)
        return target.getvalue()

    return written
