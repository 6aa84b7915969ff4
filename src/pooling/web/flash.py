"""A sentence carried over one redirect, in a signed cookie that the next page clears."""

from pooling.kernel.carried import pack, sign, signed, unpack

FLASH_COOKIE = "pooling-flash"


def pack_flash(secret_key: str, kind: str, text: str) -> str:
    return sign(secret_key, pack((kind, text)))


def unpack_flash(secret_key: str, carried: str) -> list[dict[str, str]]:
    """What a browser brought back; nothing if it is not ours."""
    found = unpack(signed(secret_key, carried), (str, str))
    return [{"kind": found[0], "text": found[1]}] if found else []
