"""What is allowed and yet hardly meant: fifty votes of three people, a delivery in the past, a collection that closes
on Christmas day. It is told before it is done; whoever insists says why, and the journal keeps both.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from sqlalchemy.ext.asyncio import AsyncSession

from pooling.kernel.errors import Invalid
from pooling.kernel.events import record_event

FIELD = "confirmed"
"""Under which it is told: the box to tick in pages, the reason that a program gives."""
LONGEST_REASON = 500


@dataclass(frozen=True)
class Insistence:
    """That somebody means it, and why."""

    reason: str = ""
    seen: str | None = None
    """The mark of the doubts that were shown: insisting on them covers no others. None for a program, which is told
    and sends its reason.
    """

    def covers(self, doubts: Sequence[str]) -> bool:
        return bool(self.reason) and self.seen in (None, mark_of(doubts))


class Doubtful(Invalid):
    """What was typed may be a slip."""

    code = "doubtful"

    def __init__(self, doubts: Sequence[str]) -> None:
        super().__init__({FIELD: f"{' '.join(doubts)} Corrigez, ou confirmez en disant pourquoi."})
        self.doubts = tuple(doubts)


def mark_of(doubts: Sequence[str]) -> str:
    return sha256("\n".join(doubts).encode()).hexdigest()[:16]


def insist(
    session: AsyncSession,
    doubts: Sequence[str],
    insistence: Insistence | None,
    *,
    at: datetime,
    person_id: int,
    subject: tuple[str, int],
    details: dict[str, object] | None = None,
) -> None:
    """Goes on where there is no doubt, or where somebody insists, which is recorded. `insistence` is None where nobody
    is there to be asked: what a committee decided is carried out as it was decided.

    Raises:
        Doubtful: there are doubts, and nobody insists on them.
    """
    if insistence is None or not doubts:
        return
    if not insistence.covers(doubts):
        raise Doubtful(doubts)
    record_event(
        session,
        at=at,
        person_id=person_id,
        subject=subject,
        name="doubts.overruled",
        reason=insistence.reason,
        details={**(details or {}), "doubts": list(doubts)},
    )
