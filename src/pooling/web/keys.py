"""Keys of keyset pages, as they travel in an address."""

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode


def pack_key(key: tuple[str, int]) -> str:
    return base64.urlsafe_b64encode(json.dumps(key).encode()).decode("ascii").rstrip("=")


def unpack_key(packed: str) -> tuple[str, int] | None:
    """The key that an address carries; None for none, or for anything that is not ours (the first page is shown)."""
    try:
        name, number = json.loads(base64.urlsafe_b64decode(packed.encode("ascii") + b"=" * (-len(packed) % 4)))
    except (ValueError, TypeError, binascii.Error):
        return None
    return (name, number) if isinstance(name, str) and type(number) is int else None


def address(path: str, values: Mapping[str, str]) -> str:
    """The address with these values behind its question mark, but for the empty ones."""
    kept = {name: value for name, value in values.items() if value}
    return f"{path}?{urlencode(kept)}" if kept else path


def pages_after(
    path: str, after: str, next_key: tuple[str, int] | None, filters: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Where `page.pagination` leads: back to the first page unless this is it, and on while there is more."""
    kept = filters or {}
    return {
        "first_url": address(path, kept) if after else None,
        "next_url": address(path, {**kept, "apres": pack_key(next_key)}) if next_key else None,
    }
