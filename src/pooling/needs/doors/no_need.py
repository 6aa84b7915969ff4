"""« Nous n’avons pas de besoin »: an answer that is filed like any other, and may be taken back."""

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.kernel.clock import Clock
from pooling.kernel.errors import Conflict
from pooling.kernel.events import record_event
from pooling.members.rights import Caller
from pooling.needs.declaring import admit
from pooling.needs.models import Declaration, DeclarationState
from pooling.needs.schemas import DeclarationIn

NO_ANSWER = "Il n’y a pas, ou plus, de réponse « pas de besoin » à retirer."


async def withdraw_no_need(
    session: AsyncSession, caller: Caller, purchase_id: int, command: DeclarationIn, clock: Clock
) -> None:
    """Takes the answer back: the member has not answered, and is reminded again. A draft stays.

    Raises:
        Forbidden: the caller is not a référent of this member.
        NotFound: this member does not take part.
        Conflict: the collection is closed, something else was filed, or another version was since it was seen.
    """
    admitted = await admit(session, caller, purchase_id, command, clock)
    gone = await session.execute(
        delete(Declaration)
        .where(
            col(Declaration.purchase_id) == purchase_id,
            col(Declaration.member_id) == command.member_id,
            col(Declaration.state) == DeclarationState.FILED,
            col(Declaration.no_need),
        )
        .returning(col(Declaration.id))
    )
    declaration_id = gone.scalar_one_or_none()
    if declaration_id is None:
        raise Conflict(NO_ANSWER, code="no_answer")
    record_event(
        session,
        at=admitted.at,
        person_id=caller.person_id,
        subject=("declaration", declaration_id),
        name="declaration.no_need_withdrawn",
        change=(DeclarationState.FILED, None),
        details={"purchase_id": purchase_id, "member_id": command.member_id},
    )
