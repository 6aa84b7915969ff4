"""No page runs a number of queries that grows with the rows it shows, nor names rows one by one in a query."""

from datetime import timedelta
from typing import cast

from sqlalchemy import text
from stdnum.fr import siren

from factories import NOW, Territory, file_needs, open_purchase
from ground.walk import Step, Walk
from pooling.committees.agendas.difficulties import raise_difficulty
from pooling.committees.agendas.files import attach_files
from pooling.committees.agendas.items import add_item
from pooling.committees.agendas.schemas import AgendaItemIn, DifficultyIn
from pooling.committees.meetings.scheduling import schedule_committee
from pooling.committees.meetings.schemas import CommitteeIn
from pooling.kernel.database import Database
from pooling.kernel.files import Upload
from pooling.members.adding import MemberIn, add_members
from pooling.members.entrance import caller_of
from pooling.members.granting import grant_roles
from pooling.members.models import Role
from routes import Walked

SIRENS = [
    *("213300056", "213300114", "213300197", "213300510", "213302292", "213302367", "213305550", "213302843"),
    *("213300429", "213300296", "213304363", "213305295", "213305279", "213301997"),
]


async def grow(database: Database, territory: Territory, committee_id: int) -> None:
    """More of everything that a page may list: members, people, purchases, needs, committees, mails."""
    codes = [code for code in SIRENS if siren.is_valid(code)]
    async with database.transaction(territory.group_id) as session:
        members = [MemberIn(code=code, name=f"Commune {code}", population=100, agents=5) for code in codes]
        ids = await add_members(session, members, NOW)
        people = list(territory.people.values())
        await grant_roles(session, [(people[place % 5], Role.READER, None, None) for place in range(5)], NOW)
        await grant_roles(session, [(people[1], Role.FINANCE, ids[code], None) for code in codes], NOW)
        facilitator = await caller_of(session, territory.people["animation@bassin.example"], territory.group_id)
        for place in range(4):
            await schedule_committee(
                session,
                facilitator,
                CommitteeIn(
                    day=(NOW + timedelta(days=20 + place)).date(),
                    hour=NOW.time(),
                    place="Mairie",
                    roles=(Role.REFERENT,),
                ),
                NOW,
            )
        for place in range(4):
            title = f"Point {place}"
            await add_item(session, facilitator, committee_id, AgendaItemIn(title=title, duration_minutes=5), NOW)
            await attach_files(session, facilitator, committee_id, [Upload("note.txt", title.encode())], NOW)
            await raise_difficulty(session, facilitator, DifficultyIn(content=f"Retard {place}"), NOW)
        first = (await session.execute(text("SELECT min(id) FROM purchases"))).scalar_one()
        await session.execute(
            text("""
                INSERT INTO exports
                    (group_id, kind, terms, asked_by, asked_at, state, tries, rows_done, rows_total, reason)
                SELECT :group, 'allocation', jsonb_build_object('purchase', CAST(:purchase AS bigint), 'record', null),
                    :person, :now, 'failed', 1, 0, 0, 'non'
                FROM generate_series(1, 5)"""),
            {"group": territory.group_id, "purchase": first, "person": people[0], "now": NOW},
        )
    for title in ("Vélos", "Kits"):
        purchase_id = await open_purchase(database, territory, NOW, title=title)
        await file_needs(database, territory, purchase_id, "referent@lugos.example", NOW, arceau=3, abri=1)
        await file_needs(database, territory, purchase_id, "referent@salles.example", NOW, arceau=2)
    async with database.transaction(territory.group_id) as session:
        await session.execute(
            text("INSERT INTO participations (group_id, purchase_id, member_id) "
                 "SELECT p.group_id, p.id, m.id FROM purchases p, members m ON CONFLICT DO NOTHING")
        )  # fmt: skip


PEOPLE = ("facilitator", "buyer", "referent", "finance")
"""Who see every page between them; what others see of these is no more."""
REPORT = "/g/{group}/indicateurs/bilan"
MOST = {
    "/g/{group}": 8,
    "/g/{group}/achats/{reference}": 10,
    "/g/{group}/actions/{action}": 25,
    **dict.fromkeys((REPORT, *(f"{REPORT}.{kind}" for kind in ("odt", "docx", "pdf", "xlsx"))), 29),
}
"""Statements of the pages that everybody opens first, of the one that says all of an action (its sheet, terms,
experience, committees, purchases and figures), and of the report, which measures two years.
"""
MOST_OF_ANY = 24
"""And of any other: a deliberation says the purchase, its convention, its worth, who takes part and who pays."""
COSTS = Walked("GET", "/g/{group}/achats/{reference}/couts", "")


async def test_no_page_runs_more_queries_when_it_shows_more(walk: Walk) -> None:
    before = {actor: counts(await walk.reads(actor)) for actor in PEOPLE}
    async with walk.grown():
        await grow(walk.database, walk.here, cast("int", walk.values["committee_id"]))
        await walk.ask("facilitator", COSTS)  # whoever looks first computes the shares
        after = {actor: counts(steps) for actor, steps in (await walk.reads_anew(PEOPLE)).items()}
    assert len(before["facilitator"]) >= 8, "the walk really met pages"
    more = {
        (actor, page): (before[actor][page], counted)
        for actor, pages in after.items()
        for page, counted in pages.items()
        if grew(before[actor].get(page, counted), counted)
    }
    assert more == {}
    for counted in after.values():
        found = {page: statements for page, (statements, _) in counted.items()}
        assert {page: many for page, many in found.items() if many > MOST.get(page, MOST_OF_ANY)} == {}


def grew(then: tuple[int, int], now: tuple[int, int]) -> bool:
    """Fewer is well: the first use of a token was noted then."""
    return any(more > less for more, less in zip(now, then, strict=True))


def is_of_group(template: str) -> bool:
    """By browsers or by programs."""
    return template.startswith(("/g/{group}", "/api/v1/groups/{group}"))


def counts(steps: list[Step]) -> dict[str, tuple[int, int]]:
    """Statements of each page that this person may open, and their widest, by its address."""
    pages = [step for step in steps if is_of_group(step.route.template)]
    assert [step.where for step in pages if step.status >= 500] == []
    return {step.route.template: (step.statements, step.widest) for step in pages if step.answer.status_code == 200}
