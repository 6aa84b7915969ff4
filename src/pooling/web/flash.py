"""A sentence carried over one redirect, in a cookie that the next page clears."""

import base64
import binascii
import json

FLASH_COOKIE = "pooling-flash"
_KINDS = frozenset({"success", "info", "warning"})


def pack_flash(kind: str, text: str) -> str:
    return base64.urlsafe_b64encode(json.dumps([kind, text]).encode()).decode("ascii")


def unpack_flash(packed: str) -> list[dict[str, str]]:
    """What a browser sent back: shown as text, and left out if it is not ours."""
    try:
        kind, text = json.loads(base64.urlsafe_b64decode(packed.encode("ascii", "ignore")))
    except (ValueError, TypeError, binascii.Error):
        return []
    return [{"kind": kind, "text": text}] if kind in _KINDS and isinstance(text, str) else []
