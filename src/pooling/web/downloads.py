"""Files that are handed out: always as a download, under a name that every system takes."""

from collections.abc import Mapping

from litestar import Response

from pooling.kernel.file_kinds import attachment_header

REVALIDATED = {"Cache-Control": "private, no-cache"}
"""What the browser may keep and must ask for again each time: whoever may have it now may not tomorrow."""


def download(
    content: bytes, name: str, media_type: str, *, headers: Mapping[str, str] | None = None
) -> Response[bytes]:
    return Response(
        content,
        media_type=media_type,
        headers={"Content-Disposition": attachment_header(name), **(headers or {})},
    )
