"""What the demonstration files for many members at once is what they would have filed one by one."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from factories import ARCACHON, LUGOS, NOW, Territory, open_purchase
from pooling.answers.answering import answer_for_own
from pooling.answers.schemas import AnswerIn
from pooling.demo.filing import Answered, Filed, file_answers, file_declarations
from pooling.kernel.clock import FixedClock
from pooling.kernel.database import Database
from pooling.members.entrance import caller_of
from pooling.members.rights import Caller
from pooling.needs.declaring import file_declaration
from pooling.needs.schemas import DeclarationIn, DetailIn, NeedIn
from pooling.purchases.finding import item_ids
from pooling.purchases.models import PurchaseKind

OF_DECLARATION = "JOIN declarations d ON d.id ="
EVENTS = (
    "SELECT d.member_id, at, person_id, name, from_state, to_state, details FROM events e "
    f"{OF_DECLARATION} subject_id AND e.subject_kind = 'declaration'"
)
WRITTEN = (
    "SELECT member_id, state, comment, updated_at, updated_by, filed_at, no_need FROM declarations ORDER BY member_id",
    f"SELECT d.member_id, item_id, quantity, up_to, declared_at FROM needs n {OF_DECLARATION} n.declaration_id",
    f"SELECT d.member_id, item_id, note, budget_id, engagement FROM need_details n {OF_DECLARATION} n.declaration_id",
    "SELECT member_id, takes_part, agents FROM participations",
    EVENTS,
)


async def written(session: AsyncSession) -> list[str]:
    """All that filing leaves, and then nothing of it."""
    rows = [sorted(str(tuple(row)) for row in await session.execute(text(statement))) for statement in WRITTEN]
    await session.rollback()
    return [row for of_one in rows for row in of_one]


async def both(session: AsyncSession, territory: Territory) -> dict[str, Caller]:
    people = {LUGOS: "referent@lugos.example", ARCACHON: "referent@arcachon.example"}
    return {
        code: await caller_of(session, territory.people[email], territory.group_id) for code, email in people.items()
    }


async def test_many_declarations_at_once(database: Database, territory: Territory) -> None:
    purchase_id = await open_purchase(database, territory, NOW, participants=(LUGOS, ARCACHON))
    async with database.transaction(territory.group_id) as session:
        items, referents = await item_ids(session, purchase_id), await both(session, territory)
        first = next(iter(items.values()))
        commands = {
            LUGOS: DeclarationIn(
                member_id=territory.members[LUGOS],
                needs=(NeedIn(item_id=first, quantity=3, up_to=5),),
                details=(DetailIn(item_id=first, note="Devant l’école", engagement="BC-1"),),
                comment="Merci",
            ),
            ARCACHON: DeclarationIn(member_id=territory.members[ARCACHON]),
        }
        for code, command in commands.items():
            await file_declaration(session, referents[code], purchase_id, command, FixedClock(NOW))
        one_by_one = await written(session)
    async with database.transaction(territory.group_id) as session:
        filed = [Filed(referents[code].person_id, NOW, command) for code, command in commands.items()]
        await file_declarations(session, purchase_id, list(items.values()), filed)
        assert await written(session) == one_by_one
    assert len(one_by_one) > len(WRITTEN)


async def test_many_answers_at_once(database: Database, territory: Territory) -> None:
    purchase_id = await open_purchase(
        database, territory, NOW, kind=PurchaseKind.SERVICE, items=(), participants=(LUGOS, ARCACHON)
    )
    commands = {
        LUGOS: AnswerIn(member_id=territory.members[LUGOS], takes_part=True, agents=12),
        ARCACHON: AnswerIn(member_id=territory.members[ARCACHON], takes_part=False),
    }
    async with database.transaction(territory.group_id) as session:
        referents = await both(session, territory)
        for code, command in commands.items():
            await answer_for_own(session, referents[code], purchase_id, command, FixedClock(NOW))
        one_by_one = await written(session)
    async with database.transaction(territory.group_id) as session:
        answered = [Answered(referents[code].person_id, NOW, command) for code, command in commands.items()]
        await file_answers(session, purchase_id, answered)
        assert await written(session) == one_by_one
    assert len(one_by_one) > len(WRITTEN)
