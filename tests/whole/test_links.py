"""No page is an orphan: whoever may open a page finds a link to it on another, from À faire on."""

import re
from collections.abc import Iterator
from datetime import timedelta
from html import unescape

import pytest
from litestar import Litestar
from sqlalchemy.ext.asyncio import AsyncSession

from factories import BUYER, LUGOS, NOW, Territory, file_needs, open_purchase
from pooling.committees.agendas.files import Upload, attach_files
from pooling.committees.agendas.items import add_item
from pooling.committees.agendas.schemas import AgendaItemIn
from pooling.committees.meetings.scheduling import schedule_committee
from pooling.committees.meetings.schemas import CommitteeIn
from pooling.committees.models import Committee, CommitteeState, MinutesVersion
from pooling.kernel.clock import FixedClock
from pooling.kernel.database import Database
from pooling.members.entrance import caller_of
from pooling.members.models import Role
from pooling.needs.collection import close_collection
from pooling.needs.declaring import save_draft
from pooling.needs.schemas import DeclarationIn
from pooling.purchases.finding import find_purchase
from pooling.reminders.models import ReminderOptOut
from routes import routes_of
from web_client import SignIn
from whole.rights_table import EXPECTED
from whole.test_rights import things

ACTORS = {
    "facilitator": "animation@bassin.example",
    "reader": "observation@bassin.example",
    "referent": "referent@lugos.example",
    "finance": "finances@arcachon.example",
    "buyer": BUYER,
}
LINK = re.compile(r'<a\b[^>]*?\shref="(/[^"#]*)|<(?:form)\b[^>]*?method="get"[^>]*?action="(/[^"#]*)')

WORKBOOKS = "/g/{group}/achats/{reference}/couts/classeurs"
UNLINKED = {
    WORKBOOKS: "offered where a workbook is longer than a download may be",
    f"{WORKBOOKS}/{{export_id}}": "as above",
    f"{WORKBOOKS}/{{export_id}}/repartition.xlsx": "as above",
    "/g/{group}/comites/{committee_id}/reponse": "the committee’s page leads there whoever is invited",
    **dict.fromkeys(
        (f"/g/{{group}}/comites/{{committee_id}}/{page}" for page in ("decisions/nouvelle", "publication")),
        "a button of the minutes’ form leads there, which saves the text first",
    ),
    "/g/{group}/comites/{committee_id}/pieces": "for who attaches them; the others find the files beside their item",
}
"""Pages of a group that nothing leads to, each with its reason."""


def patterns(app: Litestar) -> list[tuple[re.Pattern[str], str]]:
    """Each GET route's address; a literal one wins over one with a gap."""
    found = sorted(
        {route.template for route in routes_of(app) if route.method == "GET"}, key=lambda t: (t.count("{"), t)
    )
    return [(re.compile(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(template))), template) for template in found]


def links(page: str) -> Iterator[str]:
    for match in LINK.finditer(page):
        yield unescape(match[1] or match[2])


@pytest.fixture
async def lived_in(database: Database, territory: Territory) -> None:
    """Purchases in preparation, open and closed, and one of everything else."""
    await things(database, territory)
    closed = await open_purchase(database, territory, NOW, title="Close")
    await file_needs(database, territory, closed, "referent@lugos.example", NOW, arceau=4)
    async with database.transaction(territory.group_id) as session:
        buyer = await caller_of(session, territory.people[BUYER], territory.group_id)
        await close_collection(session, buyer, closed, FixedClock(NOW), reason="Tous ont répondu")
        referent = await caller_of(session, territory.people["referent@lugos.example"], territory.group_id)
        opened = (await find_purchase(session, "AG-2027-001")).id
        draft = DeclarationIn(member_id=territory.members[LUGOS], needs=(), comment="À compléter")
        await save_draft(session, referent, opened, draft, FixedClock(NOW))
        session.add(ReminderOptOut(group_id=territory.group_id, person_id=referent.person_id, kind="committee", at=NOW))
        await hold_committee(session, territory)


async def hold_committee(session: AsyncSession, territory: Territory) -> None:
    """A committee that took place, with an item's attachment and minutes begun."""
    facilitator = await caller_of(session, territory.people["animation@bassin.example"], territory.group_id)
    before = NOW - timedelta(days=30)
    command = CommitteeIn(day=(NOW - timedelta(days=2)).date(), hour=NOW.time(), place="Mairie", roles=(Role.REFERENT,))
    committee = await schedule_committee(session, facilitator, command, before)
    item = await add_item(session, facilitator, committee, AgendaItemIn(title="Un point"), before)
    await attach_files(session, facilitator, committee, [Upload("note.txt", b"Une note")], before, agenda_item_id=item)
    held = await session.get(Committee, (territory.group_id, committee))
    assert held is not None
    held.state, held.minutes_version = CommitteeState.HELD, 1
    session.add(
        MinutesVersion(
            group_id=territory.group_id,
            committee_id=committee,
            number=1,
            content="Début",
            written_by=facilitator.person_id,
            begun_at=NOW,
            written_at=NOW,
        )
    )


@pytest.mark.usefixtures("lived_in")
@pytest.mark.parametrize("actor", ACTORS)
async def test_every_page_is_linked_from_one_that_the_same_role_sees(
    app: Litestar, sign_in: SignIn, actor: str
) -> None:
    browser, known = await sign_in(ACTORS[actor]), patterns(app)
    reached: set[str] = set()
    visited: set[str] = set()
    dead: set[str] = set()
    waiting = ["/g/bassin"]
    while waiting:
        path = waiting.pop(0).split("?")[0]
        template = next((template for pattern, template in known if pattern.fullmatch(path)), None)
        if template is None:
            continue
        reached.add(template)
        if path in visited or re.search(r"\.(csv|xlsx|pdf|json|ics)$|/static/", path):
            continue
        visited.add(path)
        answer = await browser.get(path)
        if answer.status_code not in {200, 303}:
            dead.add(f"{answer.status_code} {path}")
        waiting += links(answer.text)
    mine = {
        template
        for entry, actors in EXPECTED.items()
        for method, _, template in [entry.partition(" ")]
        if method == "GET" and actor in actors and template.startswith("/g/")
    }
    assert dead == set(), "links that lead nowhere"
    orphans = sorted(mine - reached - UNLINKED.keys())
    assert not orphans, "\n".join(orphans)
