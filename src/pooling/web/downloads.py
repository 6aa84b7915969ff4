"""Files that are handed out: always as a download, under a name that every system takes."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import IO

from litestar import Response
from litestar.response import Stream

from pooling.kernel.file_kinds import attachment_header

REVALIDATED = {"Cache-Control": "private, no-cache"}
"""What the browser may keep and must ask for again each time: whoever may have it now may not tomorrow."""

_SENT_AT_ONCE = 256 * 1024


def download(
    content: bytes, name: str, media_type: str, *, headers: Mapping[str, str] | None = None
) -> Response[bytes]:
    kind, _, charset = media_type.partition("; charset=")
    said = {**_said_of(name), **(headers or {})}
    return Response(content, media_type=kind, encoding=charset or "utf-8", headers=said)


def streamed(file: IO[bytes], name: str, media_type: str, *, encoding: str = "utf-8") -> Stream:
    """The same of a file that nobody holds in memory. It is closed once it is sent. A text says its encoding."""
    length = file.seek(0, 2)
    headers = {**_said_of(name), "Content-Length": str(length)}
    return Stream(
        _parts(file), media_type=media_type.partition(";")[0], headers=headers, encoding=encoding
    )  # it adds the charset


async def _parts(file: IO[bytes]) -> AsyncIterator[bytes]:
    with file:
        file.seek(0)
        while part := await asyncio.to_thread(file.read, _SENT_AT_ONCE):
            yield part


def _said_of(name: str) -> dict[str, str]:
    return {"Content-Disposition": attachment_header(name)}
