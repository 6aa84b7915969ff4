"""What we hand out and browsers or programs bring back, in addresses and cookies: packed and unpacked here alone.

It may have been changed on its way: it is bounded, it is of the kinds asked for, or it is None. Nothing here raises.
"""

import base64
import binascii
import hmac
import json
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

Part = str | int | date | datetime
LONGEST_CARRIED = 4_000
"""Letters of one packed value: the longest key of a list, a name of 200 letters, is far shorter."""
_FIRST, _LAST = 1900, 3000
"""Years whose instants every zone and the database hold."""
_LARGEST_INTEGER = 2**63


def pack(parts: Sequence[Part]) -> str:
    plain = [part.isoformat() if isinstance(part, date) else part for part in parts]
    content = json.dumps(plain, ensure_ascii=False, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(content).decode("ascii").rstrip("=")


def unpack(packed: str, kinds: Sequence[type[Part]]) -> Any | None:  # noqa: ANN401 - a tuple of these kinds
    """The parts, if they are of these kinds; None for anything that we did not pack so."""
    if not 0 < len(packed) <= LONGEST_CARRIED:
        return None
    try:
        plain = json.loads(base64.b64decode(packed + "=" * (-len(packed) % 4), altchars=b"-_", validate=True))
        return tuple(_part(value, kind) for value, kind in zip(_list(plain), kinds, strict=True))
    except (ValueError, TypeError, binascii.Error, RecursionError, OverflowError):
        return None


def sign(secret_key: str, packed: str) -> str:
    """With what shows that we packed it."""
    return f"{packed}.{_signature(secret_key, packed)}"


def signed(secret_key: str, carried: str) -> str:
    """What `sign` was given; empty for anything else."""
    packed, _, signature = carried.rpartition(".")
    genuine = hmac.compare_digest(signature.encode(errors="replace"), _signature(secret_key, packed).encode())
    return packed if genuine else ""


def _signature(secret_key: str, packed: str) -> str:
    return hmac.digest(secret_key.encode(), b"carried:" + packed.encode(errors="replace"), "sha256").hex()


def _list(plain: object) -> list[object]:
    if not isinstance(plain, list):
        raise TypeError
    return plain


def _part(value: object, kind: type[Part]) -> Part:
    if kind is int and type(value) is int and abs(value) < _LARGEST_INTEGER:
        return value
    if not isinstance(value, str):
        raise TypeError
    value.encode()  # half of a surrogate pair has no place in the database
    if kind is str and "\x00" not in value:
        return value
    if kind is datetime:
        return _moment(value)
    if kind is date:
        return date.fromisoformat(value)
    raise TypeError


def _moment(written: str) -> datetime:
    found = datetime.fromisoformat(written)
    if found.tzinfo is None or not _FIRST <= found.year <= _LAST:
        raise ValueError(written)
    return found
