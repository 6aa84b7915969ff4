"""The second factor: a code that changes every thirty seconds (TOTP, RFC 6238), and recovery codes.

A recovery code replaces a lost telephone, once.
"""

import asyncio
import base64
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import scrypt, sha256
from typing import Any

import pyotp
from litestar import Request
from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.accounts.models import RecoveryCode, SecondFactor
from pooling.accounts.throttle import Allowance
from pooling.web.qr import qr_picture
from pooling.web.services import services_of

STEP = 30
"""Seconds a code lives; the one before and the one after are taken too, for clocks that differ."""
RECOVERY_CODES = 10
RECOVERY_BITS = 80
_GROUP = 4
"""Letters between two dashes of a recovery code."""
_OLD_CODE = 12
"""Letters of those of before, which go on: `3f9a1c-02be77`."""
FACTOR_TRIES = Allowance("totp", "Codes of the second factor tried", "a person", 5, timedelta(minutes=10), __name__)


class Unreadable(Exception):
    """It was closed with another key, or is damaged."""


class SecretBox:
    """Keeps secrets unreadable to who has the database but not the installation's key, each purpose by a key of its
    own.
    """

    def __init__(self, secret_key: str, purpose: str = "second factor") -> None:
        from cryptography.fernet import Fernet, InvalidToken  # noqa: PLC0415 - 9 MB, once there is a secret

        self._fernet = Fernet(base64.urlsafe_b64encode(sha256(f"{purpose}:{secret_key}".encode()).digest()))
        self._refusal = InvalidToken

    def close(self, secret: str) -> bytes:
        return self._fernet.encrypt(secret.encode())

    def open(self, closed: bytes) -> str:
        """Raises:
        Unreadable: it was not closed by this box.
        """
        try:
            return self._fernet.decrypt(closed).decode()
        except self._refusal:
            raise Unreadable from None


def box_of(request: Request[Any, Any, Any]) -> SecretBox:
    return SecretBox(services_of(request).secret_key)


@dataclass(frozen=True)
class Enrolment:
    """What the person scans or types into the telephone."""

    secret: str
    picture: str
    """An SVG of the QR code."""


async def offer_factor(
    session: AsyncSession, box: SecretBox, person_id: int, email: str, issuer: str, *, renew: bool = False
) -> Enrolment:
    """A secret that waits to be confirmed; the same one when the page is loaded again."""
    held = await session.get(SecondFactor, person_id)
    if held is None or (renew and held.confirmed_at is None):
        secret = pyotp.random_base32()
        values = {"secret": box.close(secret), "confirmed_at": None, "last_step": 0}
        await session.execute(
            insert(SecondFactor)
            .values(person_id=person_id, **values)
            .on_conflict_do_update(index_elements=["person_id"], set_=values)
        )
    else:
        secret = box.open(held.secret)
    address = pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=issuer)
    spelt = " ".join(secret[start : start + 4] for start in range(0, len(secret), 4))
    return Enrolment(spelt, qr_picture(address))


async def is_enrolled(session: AsyncSession, person_id: int) -> bool:
    row = await session.execute(
        select(col(SecondFactor.person_id)).where(
            col(SecondFactor.person_id) == person_id, col(SecondFactor.confirmed_at).is_not(None)
        )
    )
    return row.first() is not None


async def confirm_factor(
    session: AsyncSession, box: SecretBox, person_id: int, typed: str, now: datetime
) -> list[str] | None:
    """The first right code makes it real: returns recovery codes, to be shown once. None when the code is wrong."""
    if not await _right(session, box, person_id, typed, now):
        return None
    await session.execute(update(SecondFactor).where(col(SecondFactor.person_id) == person_id).values(confirmed_at=now))
    return await new_recovery_codes(session, person_id)


async def new_recovery_codes(session: AsyncSession, person_id: int) -> list[str]:
    """Codes in the place of those of before, to be shown once."""
    await session.execute(delete(RecoveryCode).where(col(RecoveryCode.person_id) == person_id))
    codes, salt = [_random_code() for _ in range(RECOVERY_CODES)], secrets.token_bytes(16)
    hashes = await asyncio.to_thread(lambda: [_slow_hash(code, salt) for code in codes])
    session.add_all(RecoveryCode(person_id=person_id, code_hash=slow, salt=salt) for slow in hashes)
    return codes


def _random_code() -> str:
    """Sixteen letters and digits that are not mistaken for one another (RFC 4648, base 32)."""
    letters = base64.b32encode(secrets.token_bytes(RECOVERY_BITS // 8)).decode().lower()
    return "-".join(letters[start : start + _GROUP] for start in range(0, len(letters), _GROUP))


async def check_code(session: AsyncSession, box: SecretBox, person_id: int, typed: str, now: datetime) -> bool:
    """Whether this is a right code, or a recovery code not used yet (which it uses)."""
    if await _right(session, box, person_id, typed, now):
        return True
    return await _use_recovery_code(session, person_id, typed, now)


async def _use_recovery_code(session: AsyncSession, person_id: int, typed: str, now: datetime) -> bool:
    unused = (col(RecoveryCode.person_id) == person_id, col(RecoveryCode.used_at).is_(None))
    salt = await session.scalar(select(col(RecoveryCode.salt)).where(*unused).limit(1))
    code = _as_written(typed)
    if salt is None or not code:
        return False
    slow = await asyncio.to_thread(_slow_hash, code, salt)
    used = await session.execute(
        update(RecoveryCode)
        .where(*unused, col(RecoveryCode.code_hash) == slow)
        .values(used_at=now)
        .returning(col(RecoveryCode.id))
    )
    return used.first() is not None


def _as_written(typed: str) -> str:
    """With its dashes, however it was typed; empty when it cannot be one."""
    letters = "".join(letter for letter in typed.lower() if letter.isascii() and letter.isalnum())
    if len(letters) not in {_OLD_CODE, RECOVERY_BITS // 5}:
        return ""
    size = _OLD_CODE // 2 if len(letters) == _OLD_CODE else _GROUP
    return "-".join(letters[start : start + size] for start in range(0, len(letters), size))


async def forget_factor(session: AsyncSession, person_id: int) -> None:
    await session.execute(delete(SecondFactor).where(col(SecondFactor.person_id) == person_id))
    await session.execute(delete(RecoveryCode).where(col(RecoveryCode.person_id) == person_id))


async def _right(session: AsyncSession, box: SecretBox, person_id: int, typed: str, now: datetime) -> bool:
    """A code is good once: of two at once with the same, the step's update lets one through."""
    held = await session.get(SecondFactor, person_id)
    digits = "".join(typed.split())
    if held is None or not digits.isascii() or not digits.isdigit():
        return False
    totp, present = pyotp.TOTP(box.open(held.secret)), int(now.timestamp()) // STEP
    step = next((step for step in (present - 1, present, present + 1) if totp.generate_otp(step) == digits), None)
    if step is None:
        return False
    taken = await session.execute(
        update(SecondFactor)
        .where(col(SecondFactor.person_id) == person_id, col(SecondFactor.last_step) < step)
        .values(last_step=step)
        .returning(col(SecondFactor.person_id))
    )
    return taken.first() is not None


def _slow_hash(code: str, salt: bytes) -> bytes:
    """About a twentieth of a second and 16 MB for each guess. Over a quick hash, which is what was kept before."""
    return scrypt(sha256(code.encode()).digest(), salt=salt, n=2**14, r=8, p=1, dklen=32)
