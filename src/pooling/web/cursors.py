"""Keys of keyset pages, as they travel in an address."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from pooling.web.carried import pack, unpack


def pack_key(key: tuple[str, int]) -> str:
    return pack(key)


def unpack_key(packed: str) -> tuple[str, int] | None:
    """The key that an address carries; None for none, or for anything that is not ours (the first page is shown)."""
    return unpack(packed, (str, int))


def with_query(path: str, values: Mapping[str, str]) -> str:
    """The address with these values behind its question mark, but for the empty ones."""
    kept = {name: value for name, value in values.items() if value}
    return f"{path}?{urlencode(kept)}" if kept else path


def pages_after(
    path: str, after: str, next_key: tuple[str, int] | None, filters: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Where `page.pagination` leads: back to the first page unless this is it, and on while there is more."""
    kept = filters or {}
    return {
        "first_url": with_query(path, kept) if after else None,
        "next_url": with_query(path, {**kept, "apres": pack_key(next_key)}) if next_key else None,
    }
