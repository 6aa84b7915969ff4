"""What items are filed under: codes of the Common Procurement Vocabulary (règlement CE 213/2008), eight digits and
their check digit; accounts by nature of the M57. Pure.
"""

import re
from typing import Annotated

from pydantic import AfterValidator, Field

_CPV = re.compile(r"([0-9]{8})(?:-([0-9]))?")
_ACCOUNT = re.compile(r"[1-8][0-9]{1,9}")
_BLANKS = re.compile(r"\s")
_WEIGHTS = (3, 7, 1, 3, 7, 1, 3, 7)
"""As codes of the vocabulary have it: 34430000-0, 39121100-7, 30192113-6."""
_OTHERWISE = {"34421000": "7", "34422000": "7", "34211100": "9", "34211200": "9", "34211300": "9"}
"""Check digits that the vocabulary gives otherwise: those of motor scooters, of cycles with auxiliary motors, of bodies
of vehicles. Notices and essential data have them as they are published.
"""
LONGEST = 20
"""As it may be typed, blanks and all."""


def read_cpv(typed: str) -> str:
    """The code with its check digit, which is added where only the eight digits are typed; nothing of nothing.

    Raises:
        ValueError: it is none; the message, in French, says how to mend it.
    """
    plain = _BLANKS.sub("", typed)
    if not plain:
        return ""
    match = _CPV.fullmatch(plain)
    if match is None or match[1].startswith("00"):
        raise ValueError("Indiquez les huit chiffres du code CPV, par exemple 34430000-0.")
    digits, check = match[1], check_digit(match[1])
    if match[2] not in (None, check):
        raise ValueError(f"Vérifiez ce code CPV : la clé de {digits} est {check}, pas {match[2]}.")
    return f"{digits}-{check}"


def read_account(typed: str) -> str:
    """The account's digits; nothing of nothing.

    Raises:
        ValueError: it is none; the message, in French, says how to mend it.
    """
    plain = _BLANKS.sub("", typed)
    if plain and not _ACCOUNT.fullmatch(plain):
        raise ValueError("Indiquez les chiffres du compte, par exemple 21828.")
    return plain


def check_digit(digits: str) -> str:
    return _OTHERWISE.get(digits) or str(
        sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, digits, strict=True)) % 10
    )


Cpv = Annotated[str, Field(max_length=LONGEST), AfterValidator(read_cpv)]
Account = Annotated[str, Field(max_length=LONGEST), AfterValidator(read_account)]
"""Fields that are such a code, or empty."""
