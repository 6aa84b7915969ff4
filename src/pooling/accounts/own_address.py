"""Changing one's own address: a code mailed to the new one proves that it is read, and the former one is told.

What proves the person is a fresh sign-in, by the former address or the second factor: a new mailbox alone proves
nothing about whose account it is.
"""

import hmac
import secrets
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.accounts.codes import LIFETIME, MOST_TRIES
from pooling.accounts.models import AddressChange
from pooling.accounts.people import move_address
from pooling.accounts.second_factor import SecretBox
from pooling.accounts.sessions import SignedIn, end_sessions_of
from pooling.accounts.sign_in_pages import CODES_FROM_HOST, CODES_TO_ADDRESS
from pooling.accounts.throttle import DAY, Allowance
from pooling.kernel.database import enter_group
from pooling.kernel.errors import Conflict, Invalid
from pooling.kernel.events import record_event
from pooling.outbox.mail import Mail
from pooling.outbox.occasions import occasion
from pooling.outbox.queueing import queue_mails

ADDRESSES = Allowance("addresses", "Other addresses asked for", "a person, for themself", 10, DAY, __name__)
PURPOSE = "address"
"""What the installation's key is for here."""
CODE_MAIL = occasion(
    "address_code",
    asked_by="whoever is signed in and changes their own address",
    to="the address typed",
    limit=f"{ADDRESSES}; {CODES_TO_ADDRESS}; {CODES_FROM_HOST}",
    where=__name__,
)
CHANGED_MAIL = occasion(
    "address_changed",
    asked_by="whoever has proved to read their new address",
    to="their former address",
    limit=f"one for each change; {ADDRESSES}",
    where=__name__,
)
NOT_YOU = (
    "Si ce n’est pas vous, quelqu’un a utilisé votre session : prévenez tout de suite l’animateur de votre groupe, qui "
    "peut retirer vos rôles."
)
SAME = "C’est déjà votre adresse."
TAKEN = (
    "Cette adresse est déjà celle d’un autre compte : connectez-vous par elle, et demandez à l’animateur de votre "
    "groupe d’y donner vos rôles."
)


async def ask_change(session: AsyncSession, box: SecretBox, person: SignedIn, email: str, now: datetime) -> None:
    """Mails a code to the new address. Whether somebody has it already is told to who reads it alone.

    Raises:
        Invalid: it is the person's address already.
    """
    if email == person.email:
        raise Invalid({"email": SAME})
    code = f"{secrets.randbelow(1_000_000):06d}"
    values: dict[str, Any] = {"email": email, "code": box.close(code), "attempts": 0, "expires_at": now + LIFETIME}
    await session.execute(
        insert(AddressChange)
        .values(person_id=person.person_id, **values)
        .on_conflict_do_update(index_elements=["person_id"], set_=values)
    )
    await queue_mails(session, [_code_mail(person, email, code, now)], now)


def _code_mail(person: SignedIn, email: str, code: str, now: datetime) -> Mail:
    shown = f"{code[:3]} {code[3:]}"
    return Mail(
        kind=CODE_MAIL,
        recipient=email,
        person_id=person.person_id,
        subject=f"Votre code pour changer d’adresse : {shown}",
        why=f"Vous demandez à recevoir ici vos courriels du service : tapez le code {shown} dans les dix minutes, dans "
        "la page restée ouverte.",
        paragraphs=("Si vous n’avez rien demandé, ignorez ce courriel et ne donnez ce code à personne.",),
        expires_at=now + LIFETIME,
        urgent=True,
    )


async def pending_change(session: AsyncSession, person_id: int, now: datetime) -> AddressChange | None:
    """What waits for its code."""
    found = await session.execute(
        select(AddressChange).where(
            col(AddressChange.person_id) == person_id,
            col(AddressChange.expires_at) > now,
            col(AddressChange.attempts) < MOST_TRIES,
        )
    )
    return found.scalar_one_or_none()


async def try_change(session: AsyncSession, box: SecretBox, person: SignedIn, typed: str, now: datetime) -> str | None:
    """The new address if this is the code that was mailed there. Every try counts, right or wrong."""
    tried = (
        await session.execute(
            update(AddressChange)
            .where(
                col(AddressChange.person_id) == person.person_id,
                col(AddressChange.expires_at) > now,
                col(AddressChange.attempts) < MOST_TRIES,
            )
            .values(attempts=col(AddressChange.attempts) + 1)
            .returning(col(AddressChange.email), col(AddressChange.code))
        )
    ).first()
    if tried is None:
        return None
    email, code = tried
    right = hmac.compare_digest(box.open(code).encode(), "".join(typed.split()).encode())
    return str(email) if right else None


async def change_address(session: AsyncSession, person: SignedIn, email: str, now: datetime) -> None:
    """After `try_change`. The other sessions end, since who opened them read a mailbox that is no longer theirs; every
    group that the person may enter has it in its journal.

    Raises:
        Conflict: the address is somebody else's.
    """
    await session.execute(delete(AddressChange).where(col(AddressChange.person_id) == person.person_id))
    if not await move_address(session, person.person_id, person.email, email, now):
        raise Conflict(TAKEN, code="address_taken")
    await end_sessions_of(session, person.person_id, but=person.session_id)
    await queue_mails(session, [_told(person)], now)
    await record_in_groups(session, person, now)


def _told(person: SignedIn) -> Mail:
    return Mail(
        kind=CHANGED_MAIL,
        recipient=person.email,
        person_id=person.person_id,
        subject="Votre adresse a changé",
        why="Votre compte a désormais une autre adresse : ni codes ni courriels n’arrivent plus à celle-ci. Vous "
        "n’avez rien à faire.",
        paragraphs=(NOT_YOU,),
    )


async def record_in_groups(session: AsyncSession, person: SignedIn, now: datetime) -> None:
    """Never the address itself: a purge must be able to blank it."""
    for group in person.groups:  # a transaction stands in one group at a time
        await enter_group(session, group.id)
        record_event(
            session,
            at=now,
            person_id=person.person_id,
            subject=("person", person.person_id),
            name="person.address_changed",
        )
        await session.flush()
    await enter_group(session, None)


async def forget_expired(session: AsyncSession, now: datetime) -> None:
    """Addresses that nobody proved to read are nobody's to keep."""
    await session.execute(text("DELETE FROM address_changes WHERE expires_at <= :now"), {"now": now})
