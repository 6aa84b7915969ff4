"""Files that go with something, in pages: the part that lists them (`components/pieces.html`), sent, handed out."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from litestar import Response
from litestar.connection import ASGIConnection

from pooling.kernel.attached import FileShown
from pooling.kernel.files import LARGEST_FILE, File
from pooling.web.downloads import REVALIDATED, download
from pooling.web.scanning import scan_files, scanning_words

LARGEST_SENDING = 3 * LARGEST_FILE + 1024 * 1024
"""Bytes: three of the largest, and what a form adds to the files it sends."""
SENDING: dict[str, Any] = {"request_max_body_size": LARGEST_SENDING, "guards": [scan_files]}
"""What a route has that takes them."""


@dataclass(frozen=True)
class FilesPart:
    """The files of one thing as its page has them: with buttons to remove them and, where there is room, the form that
    adds some.
    """

    files: Sequence[FileShown]
    removable: bool
    addable: bool
    hint: str
    scanned: str


def files_part(
    request: ASGIConnection[Any, Any, Any, Any], files: Sequence[FileShown], most: int, hint: str, *, changes: bool
) -> FilesPart:
    return FilesPart(files, changes, changes and len(files) < most, hint, scanning_words(request))


def handed_out(file: File, content: bytes) -> Response[bytes]:
    """Always a download, of the type that its content has: a browser neither shows nor guesses anything."""
    return download(content, file.name, file.media_type, headers=REVALIDATED)


def added(noun: str, count: int) -> str:
    """« Le document est ajouté. », « 3 documents sont ajoutés. »"""
    return f"Le {noun} est ajouté." if count == 1 else f"{count} {noun}s sont ajoutés."
