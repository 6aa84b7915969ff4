"""Files about what a purchase costs that are written apart where they are long, of whichever feature: one page asks for
all of them, follows them and lists those that are kept.
"""

import io
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO, TypeAlias

from sqlalchemy.ext.asyncio import AsyncSession

from pooling.allocation.page import CostsPage, OnCosts
from pooling.allocation.records.page import MOST_RECORDS
from pooling.exports.asking import ask_export
from pooling.exports.kinds import Progress
from pooling.exports.pages import Offer
from pooling.kernel.database import group_of
from pooling.kernel.errors import NotFound
from pooling.kernel.text import whole_number
from pooling.purchases.models import Purchase

Terms: TypeAlias = Mapping[str, Any]
Asked: TypeAlias = Callable[[str], str]
"""What is said of the file that is wanted, by the words of its button; empty: nothing."""
ASKED = "/couts/classeurs"
WHY = "Ce fichier a beaucoup de lignes\u00a0: il se prépare en quelques minutes, pendant que vous faites autre chose."


@dataclass(frozen=True)
class LongFile:
    title: Callable[[Terms], str]
    """What it is, from what of: its record is told beside it."""
    ask: Callable[[OnCosts, Asked], Awaitable[int]]
    """Asks for it as its button says; returns the export's id. Raises NotFound where there is nothing such."""
    formats: Sequence[str]
    """Kinds of file that it may be; the first where nobody says."""


LONG_FILES: dict[str, LongFile] = {}
"""By the name of the `ExportKind` that writes them; features add theirs."""


async def ask_long_file(here: OnCosts, kind: str, terms: Terms) -> int:
    """Asks for one of this purchase. A record's would be the same for ever."""
    terms, person_id = {"purchase": here.purchase.id, **terms}, here.caller.person_id
    return await ask_export(here.session, kind, terms, person_id, here.now, unchanging="record" in terms)


def offer_of(here: CostsPage, kind: str, asks: Mapping[str, object], formats: Sequence[str]) -> Offer:
    """Its buttons, one for each format."""
    hidden = {"quoi": kind, **asks}
    return Offer(here.url + ASKED, hidden, here.url + ASKED, {one.upper(): one for one in formats}, WHY)


def record_number(typed: str) -> int:
    """Raises:
    NotFound: no record has such a number.
    """
    number = whole_number(typed, len(str(MOST_RECORDS)) - 1)
    if not number:
        raise NotFound
    return number


def format_asked(asked: Asked, formats: Sequence[str]) -> str:
    said = asked("format")
    return said if said in formats else formats[0]


async def purchase_of(session: AsyncSession, terms: Terms) -> Purchase:
    """Raises:
    NotFound: it is no more.
    """
    purchase = await session.get(Purchase, (group_of(session), terms["purchase"]))
    if purchase is None:
        raise NotFound
    return purchase


def in_memory(write: Callable[[BinaryIO, Progress], object]) -> Callable[[Progress], bytes]:
    """What `Prepared` writes with."""

    def written(progress: Progress) -> bytes:
        target = io.BytesIO()
        write(target, progress)
        return target.getvalue()

    return written
