"""Keys of keyset pages, as they travel in an address."""

import base64
import binascii
import json


def pack_key(key: tuple[str, int]) -> str:
    return base64.urlsafe_b64encode(json.dumps(key).encode()).decode("ascii").rstrip("=")


def unpack_key(packed: str) -> tuple[str, int] | None:
    """The key that an address carries; None for none, or for anything that is not ours (the first page is shown)."""
    try:
        name, number = json.loads(base64.urlsafe_b64decode(packed.encode("ascii") + b"=" * (-len(packed) % 4)))
    except (ValueError, TypeError, binascii.Error):
        return None
    return (name, number) if isinstance(name, str) and type(number) is int else None
