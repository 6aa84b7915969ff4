"""The links that are mailed to suppliers: each is a key of which only the hash is kept, and opens in a browser once the
code of the same mail was typed there. Programs that check mails open links; none types codes.
"""

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy import select, text, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.kernel.database import enter_group
from pooling.kernel.errors import NotFound
from pooling.kernel.limits import limit
from pooling.kernel.tables import linked
from pooling.members.models import Group
from pooling.purchases.models import Purchase
from pooling.quotes.models import Consultation, QuoteKey, QuoteRequest
from pooling.suppliers.models import Supplier

MOST_TRIES = limit(10, "Wrong codes typed for one link to a supplier, then it is dead", __name__)
LONGEST_TOKEN = 200


def hashed(secret: str) -> bytes:
    return sha256(secret.encode()).digest()


def hashed_code(token_hash: bytes, code: str) -> bytes:
    """Eight digits alone could be found from their hash: they are hashed with the link's, which cannot be guessed."""
    return sha256(token_hash + code.encode()).digest()


@dataclass(frozen=True)
class Answering:
    """What a link opens: whose offer, for what, until when."""

    group: Group
    purchase: Purchase
    supplier: Supplier
    request: QuoteRequest
    consultation: Consultation
    is_open: bool
    """In this browser: its code was typed here."""


async def enter_by_key(
    session: AsyncSession, slug: str, token: str, browser: str, now: datetime, readable: timedelta
) -> Answering:
    """Binds the transaction to the group of the address.

    Raises:
        NotFound: the group is unknown or archived, the link unknown, dead or expired: alike.
    """
    groups = await session.execute(
        text("SELECT id FROM group_by_slug(:slug) WHERE archived_at IS NULL"), {"slug": slug}
    )
    group_id = groups.scalar_one_or_none()
    if group_id is None or len(token) > LONGEST_TOKEN:
        raise NotFound
    await enter_group(session, group_id)
    row = (
        await session.execute(
            select(Purchase, Supplier, QuoteRequest, Consultation, col(QuoteKey.browser_hash))
            .select_from(QuoteKey)
            .join(QuoteRequest, linked(QuoteRequest.id, QuoteKey.request_id))
            .join(Purchase, linked(Purchase.id, QuoteRequest.purchase_id))
            .join(Consultation, linked(Consultation.purchase_id, QuoteRequest.purchase_id))
            .join(Supplier, linked(Supplier.id, QuoteRequest.supplier_id))
            .where(
                col(QuoteKey.token_hash) == hashed(token),
                col(QuoteKey.attempts) < MOST_TRIES,
                col(Consultation.offers_until) > now - readable,
            )
        )
    ).one_or_none()
    group = await session.get(Group, group_id)
    if row is None or group is None:
        raise NotFound
    purchase, supplier, request, consultation, bound = row
    is_open = bound is not None and bool(browser) and hmac.compare_digest(bound, hashed(browser))
    return Answering(group, purchase, supplier, request, consultation, is_open)


async def try_code(session: AsyncSession, token: str, browser: str, typed: str) -> bool:
    """Opens the link in this browser if this is its code. Every try counts until the right one."""
    token_hash = hashed(token)
    tried = (
        await session.execute(
            update(QuoteKey)
            .where(col(QuoteKey.token_hash) == token_hash, col(QuoteKey.attempts) < MOST_TRIES)
            .values(attempts=col(QuoteKey.attempts) + 1)
            .returning(col(QuoteKey.code_hash))
        )
    ).scalar_one_or_none()
    if tried is None or not hmac.compare_digest(tried, hashed_code(token_hash, "".join(typed.split()))):
        return False
    opened = update(QuoteKey).where(col(QuoteKey.token_hash) == token_hash)
    await session.execute(opened.values(attempts=0, browser_hash=hashed(browser)))
    return True
