"""The charter of the territory: nearly all its members signed it, the others are asked to."""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlmodel import col

from pooling import BESIDE
from pooling.charters.schemas import SignatureIn
from pooling.charters.signing import ask_to_sign, sign_charter
from pooling.charters.text import body_of, read_charter
from pooling.demo.territory import FACILITATOR, Demonstration
from pooling.kernel.database import Database
from pooling.members.models import Group, Member, MemberKind, Role
from pooling.members.rights import Caller, HeldRole

SILENT = 3
"""Members that have not signed yet."""
SIGNED_BEFORE, ANSWER_WITHIN = timedelta(days=200), timedelta(days=12)


async def make_charter(database: Database, territory: Demonstration, now: datetime) -> None:
    facilitator = Caller(territory.people[FACILITATOR], territory.group_id, (HeldRole(Role.FACILITATOR),))
    text = read_charter(BESIDE / "config")
    async with database.transaction(territory.group_id) as session:
        group = await session.get_one(Group, territory.group_id)
        found = await session.scalars(
            select(Member).where(col(Member.kind) == MemberKind.LEGAL_ENTITY).order_by(col(Member.id))
        )
        body, members = body_of(text, group.name, now), found.all()
        for place, member in enumerate(members[:-SILENT]):
            signed = now - SIGNED_BEFORE + timedelta(days=3 * place)
            who, function = _executive(member)
            command = SignatureIn(name=who, function=function, signed_on=signed.date())
            await sign_charter(session, facilitator, member, command, body, signed)
        await ask_to_sign(session, facilitator, (now + ANSWER_WITHIN).date(), body, now)


def _executive(member: Member) -> tuple[str, str]:
    """Nobody has a name here."""
    if member.category == "commune":
        return f"Le maire de {member.name}", "Maire"
    return f"Le président de {member.name}", "Président"
