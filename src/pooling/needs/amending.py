"""Amending what a member declared, after the closing: an event with before and after, its référents always told."""

from collections.abc import Mapping

from sqlalchemy.ext.asyncio import AsyncSession

from pooling.kernel.clock import Clock
from pooling.kernel.database import group_of
from pooling.kernel.doubts import Insistence
from pooling.kernel.errors import Invalid, NotFound
from pooling.kernel.events import record_event
from pooling.members.models import Member
from pooling.members.rights import Caller
from pooling.needs import notices
from pooling.needs.consolidating import current_consolidation
from pooling.needs.declaring import Standing, check_lines, doubt_quantities, write_declaration
from pooling.needs.freezing import lock_closed, write_consolidation
from pooling.needs.models import DeclarationState
from pooling.needs.notices import tell_referents
from pooling.needs.queries import DeclarationShown, declarations_of_member
from pooling.needs.schemas import DeclarationIn, NeedIn
from pooling.needs.words import wanted_words
from pooling.purchases.models import Participation
from pooling.purchases.queries import ItemShown, purchase_items

Wanted = tuple[int, int]
"""Units of an item, and the most that would be accepted."""
NOTHING: Wanted = (0, 0)
SAY_WHY = "Dites pourquoi cette déclaration change : le référent du membre le lira."


async def amend_declaration(
    session: AsyncSession,
    caller: Caller,
    purchase_id: int,
    command: DeclarationIn,
    clock: Clock,
    *,
    reason: str,
    insistence: Insistence | None = None,
) -> int | None:
    """Changes what a member declared after the closing, and consolidates again where that was done: one transaction,
    one event with before and after. Returns the new consolidation’s number, if one counted.

    Raises:
        Forbidden: the caller is not a lead buyer of this purchase.
        NotFound: this member does not take part.
        Conflict: the collection is not closed.
        Invalid: no reason, an item of another purchase, a most below the quantity, or nothing changes.
        Doubtful: more units than the member has inhabitants, and nobody insists.
    """
    purchase, now = await lock_closed(session, caller, purchase_id, clock)
    if await session.get(Participation, (group_of(session), purchase_id, command.member_id)) is None:
        raise NotFound
    items = await purchase_items(session, purchase_id)
    check_lines(command, {item.id for item in items})
    if not reason:
        raise Invalid({"reason": SAY_WHY})
    filed = (await declarations_of_member(session, purchase_id, command.member_id)).get("filed")
    if filed is not None:  # notes, budgets and engagements are the member's own
        command = command.model_copy(update={"details": filed.as_command})
    before, after = _wanted_before(filed, items), _wanted_after(command, items)
    if before == after:
        raise Invalid({"": "Rien ne change : modifiez au moins une quantité."})
    declaration_id = await write_declaration(session, caller, purchase_id, command, DeclarationState.FILED, now, items)
    record_event(
        session,
        at=now,
        person_id=caller.person_id,
        subject=("declaration", declaration_id),
        name="declaration.amended",
        reason=reason,
        details={
            "purchase_id": purchase_id,
            "member_id": command.member_id,
            "before": _recorded(before),
            "after": _recorded(after),
        },
    )
    member = await session.get_one(Member, (group_of(session), command.member_id))
    standing = Standing(member.population, member.agents, items)
    await doubt_quantities(session, caller, purchase_id, declaration_id, command, insistence, standing, now)
    declared = {command.member_id: _changed(before, after, items)}
    current = await current_consolidation(session, purchase_id)
    if current is None:
        await tell_referents(
            session, purchase, now, notices.reassigned(None, declared), reason=reason, members=list(declared)
        )
        return None
    return await write_consolidation(
        session, caller, purchase, now, options=current.options, reason=reason, declared=declared
    )


def _wanted_before(filed: DeclarationShown | None, items: list[ItemShown]) -> dict[str, Wanted]:
    """By item code; empty when nothing was filed, which is not the same as needing nothing."""
    if filed is None:
        return {}
    return {item.code: (filed.quantities.get(item.id, 0), filed.most.get(item.id, 0)) for item in items}


def _wanted_after(command: DeclarationIn, items: list[ItemShown]) -> dict[str, Wanted]:
    needs = {need.item_id: need for need in command.needs}
    unnamed = NeedIn(item_id=0, quantity=0)
    return {item.code: (need.quantity, need.most) for item in items for need in [needs.get(item.id, unnamed)]}


def _recorded(units: Mapping[str, Wanted]) -> dict[str, dict[str, int]]:
    return {code: {"quantity": quantity, "up_to": most} for code, (quantity, most) in units.items()}


def _changed(before: Mapping[str, Wanted], after: Mapping[str, Wanted], items: list[ItemShown]) -> notices.Lines:
    return {
        item.name: (wanted_words(*before.get(item.code, NOTHING)), wanted_words(*after[item.code]))
        for item in items
        if before.get(item.code, NOTHING) != after[item.code]
    }
