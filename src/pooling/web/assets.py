"""Static files, and what a territory changes of them."""

import mimetypes
from pathlib import Path
from typing import Any

from litestar import MediaType, Request, Response, get
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from pooling.web.addresses import query_of
from pooling.web.services import services_of
from pooling.web.templating import STATIC, static_url

FOR_EVER = "public, max-age=31536000, immutable"
FOR_AN_HOUR = "public, max-age=3600"
mimetypes.add_type("text/javascript", ".js")


@get("/static/{path:path}", right="anyone")
async def static_file(request: Request[Any, Any, Any], path: FromPath[str]) -> Response[bytes]:
    """One of our files. Its address changes with its content, so it is kept for ever when it is asked for by that."""
    file = (STATIC / path.lstrip("/")).resolve()
    if not _is_ours(file):
        raise NotFoundException
    current = static_url(str(file.relative_to(STATIC)))
    kept = FOR_EVER if current.endswith(f"?{query_of(request)}") else FOR_AN_HOUR
    media_type = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    return Response(file.read_bytes(), media_type=media_type, headers={"Cache-Control": kept})


def _is_ours(file: Path) -> bool:
    try:
        return file.is_relative_to(STATIC) and file.is_file()
    except OSError:  # a name longer than any file's
        return False


@get("/branding.css", right="anyone")
async def branding_stylesheet(request: Request[Any, Any, Any]) -> Response[str]:
    stylesheet = services_of(request).territory.stylesheet()
    return Response(stylesheet, media_type=MediaType.CSS, headers={"Cache-Control": FOR_AN_HOUR})


@get("/branding/logo", right="anyone")
async def branding_logo(request: Request[Any, Any, Any]) -> Response[bytes]:
    logo = services_of(request).logo
    if logo is None:
        raise NotFoundException
    content, media_type = logo
    return Response(content, media_type=media_type, headers={"Cache-Control": FOR_AN_HOUR})


ROUTES = [static_file, branding_stylesheet, branding_logo]
