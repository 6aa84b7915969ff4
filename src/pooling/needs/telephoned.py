"""Filing for a member that telephoned, while the collection is open: the journal says who called and why, and the
référents of the member always hear it.
"""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from pooling.accounts.models import Person
from pooling.kernel.clock import Clock
from pooling.kernel.doubts import Insistence
from pooling.kernel.errors import Invalid
from pooling.kernel.events import record_event
from pooling.members.rights import Caller
from pooling.needs import notices
from pooling.needs.declaring import doubt_quantities, lock_to_declare, write_declaration
from pooling.needs.models import DeclarationState
from pooling.needs.notices import tell_referents
from pooling.needs.permissions import may_gather
from pooling.needs.schemas import DeclarationIn
from pooling.purchases.models import Purchase
from pooling.purchases.queries import ItemShown
from pooling.web.typography import number, plural


async def file_for_member(
    session: AsyncSession,
    caller: Caller,
    purchase_id: int,
    command: DeclarationIn,
    *,
    by_whom: str,
    reason: str,
    clock: Clock,
    insistence: Insistence | None = None,
) -> int:
    """Files what a member asked for by telephone; a draft that its référents prepare is theirs, and stays. Returns how
    many référents are told.

    Raises:
        Forbidden: the caller neither facilitates the group nor runs this purchase.
        Invalid: as `file_declaration`; it is not said who called, or why.
        NotFound, Conflict, Doubtful: as `file_declaration`.
    """
    purchase = await session.get_one(Purchase, (caller.group_id, purchase_id))
    may_gather.require(caller, purchase)
    if not by_whom or not reason:
        raise Invalid({"": "Dites qui a appelé, et pourquoi vous déposez pour ce membre."})
    admitted = await lock_to_declare(session, purchase_id, command, clock)
    now, items = admitted.at, admitted.items
    declaration_id = await write_declaration(session, caller, purchase_id, command, DeclarationState.FILED, now, items)
    record_event(
        session,
        at=now,
        person_id=caller.person_id,
        subject=("declaration", declaration_id),
        name="declaration.filed_for",
        change=(None, DeclarationState.FILED),
        reason=reason,
        details={
            "purchase_id": purchase_id,
            "member_id": command.member_id,
            "caller": by_whom,
            "quantities": {str(need.item_id): need.quantity for need in command.needs},
            **({"no_need": True} if command.wants_nothing else {}),
        },
    )
    await doubt_quantities(session, caller, purchase_id, declaration_id, command, insistence, admitted, now)
    author = await session.get(Person, caller.person_id)
    assert author is not None, "who is signed in is a person"
    lines = _lines(command, items)
    notice = notices.filed_for(author.name, by_whom, lines)
    return await tell_referents(
        session,
        purchase,
        now,
        notice,
        closes_at=admitted.closes_at,
        reason=reason,
        members=[command.member_id],
    )


def _lines(command: DeclarationIn, items: Sequence[ItemShown]) -> dict[str, str]:
    """By item name, what is asked for; nothing of what is not."""
    needs = {need.item_id: need for need in command.needs if need.most}
    return {
        item.name: plural(need.quantity, item.unit)
        + (f", jusqu’à {number(need.most)}" if need.most > need.quantity else "")
        for item in items
        if (need := needs.get(item.id))
    }
