"""The addresses of a list's pages."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from pooling.kernel.slices import Listed


def with_query(path: str, values: Mapping[str, str]) -> str:
    """The address with these values behind its question mark, but for the empty ones."""
    kept = {name: value for name, value in values.items() if value}
    return f"{path}?{urlencode(kept)}" if kept else path


def page_after(path: str, listed: Listed[Any], *, name: str = "apres", **kept: str) -> str | None:
    """Where a list goes on; `name` where a page has two."""
    return with_query(path, {**kept, name: listed.next}) if listed.next else None


def pages_after(path: str, after: str, listed: Listed[Any], filters: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Where `page.pagination` leads: back to the first page unless this is it, and on while there is more."""
    kept = filters or {}
    return {"first_url": with_query(path, kept) if after else None, "next_url": page_after(path, listed, **kept)}
