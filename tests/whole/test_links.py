"""No page is an orphan and no button a dead end: whoever may open a page finds a link to it on another, from À faire
on, and nobody is shown what they are refused.
"""

import re
from collections.abc import AsyncIterator, Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from functools import cache
from html import unescape
from urllib.parse import urlencode

import pytest
import pytest_asyncio
from httpx import Response
from litestar import Litestar
from lxml.html import HtmlElement
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from factories import ARCACHON, BUYER, LUGOS, NOW, Territory, file_needs, make_purchase, open_purchase
from furnished import furnish, note_bill, note_quote, read_bill
from ground.database import rolled_back, undone
from ground.documents import written_once
from ground.forms import posting_forms
from pooling.accounts.people import ensure_people
from pooling.committees.agendas.files import attach_files
from pooling.committees.agendas.items import add_item
from pooling.committees.agendas.schemas import AgendaItemIn
from pooling.committees.decisions.recording import add_decision
from pooling.committees.decisions.schemas import DecisionIn
from pooling.committees.meetings.scheduling import schedule_committee
from pooling.committees.meetings.schemas import CommitteeIn
from pooling.committees.models import Committee, CommitteeState, MinutesVersion
from pooling.kernel.clock import FixedClock
from pooling.kernel.database import Database
from pooling.kernel.files import Upload
from pooling.kernel.slices import Slice
from pooling.members.entrance import caller_of
from pooling.members.granting import grant_role
from pooling.members.models import Role
from pooling.members.rights import Caller
from pooling.needs.collection import close_collection
from pooling.needs.declaring import save_draft
from pooling.needs.freezing import freeze_consolidation
from pooling.needs.schemas import DeclarationIn
from pooling.orders.changing import AmendmentIn, amend_order
from pooling.orders.mailing import send_by_mail
from pooling.orders.reading import items_ordered, orders_listed
from pooling.purchases.finding import find_purchase
from pooling.reminders.models import ReminderOptOut
from routes import routes_of
from web_client import Browser, SignIn, text_of
from whole.rights_table import EXPECTED

ACTORS = {
    "facilitator": "animation@bassin.example",
    "reader": "observation@bassin.example",
    "referent": "referent@lugos.example",
    "finance": "finances@arcachon.example",
    "buyer": BUYER,
}
PURCHASING = "marches@arcachon.example"
OTHERS = ("referent@arcachon.example", "referent@droit.example", PURCHASING)
"""Whose member leads a purchase, whose member is a unit and silent, who only prepares."""
LINK = re.compile(r'<a\b[^>]*?\shref="(/[^"#]*)|<(?:form)\b[^>]*?method="get"[^>]*?action="(/[^"#]*)')

DOCUMENTS = "/g/{group}/achats/{reference}/commandes"
WORKBOOKS = "/g/{group}/achats/{reference}/couts/classeurs"
UNLINKED = {
    **dict.fromkeys(
        (f"/g/{{group}}/charte/versions/{{charter_version}}/charte.{kind}" for kind in ("odt", "docx", "pdf")),
        "offered once somebody signed",
    ),
    "/g/{group}/annuaire/{siren}": "a search of the directory leads there",
    "/g/{group}/achats/{reference}/recouvrement/{member}": "offered where a member owes another one something",
    "/g/{group}/finances/{member}/comptes/{other}": "offered where two members have accounts with each other",
    "/g/{group}/achats/{reference}/couts/gel/{freezing_id}": "freezing the shares of many members leads there",
    WORKBOOKS: "offered where a workbook is longer than a download may be",
    f"{WORKBOOKS}/{{export_id}}": "as above",
    f"{WORKBOOKS}/{{export_id}}/fichier": "as above",
    "/g/{group}/achats/{reference}/receptions/{order_number}/reouverture": "offered once it is declared complete",
    **dict.fromkeys(
        (f"/g/{{group}}/achats/{{reference}}/couts/etats/{{number}}/ecarts{end}" for end in ("", ".xlsx")),
        "offered where there is a former one",
    ),
    **dict.fromkeys(
        (
            f"{DOCUMENTS}{path}{end}"
            for path in ("/documents/{lines_export_id}", "/{order_number}/documents/{order_export_id}")
            for end in ("", "/fichier")
        ),
        "offered where an order is longer than a download may be",
    ),
    **dict.fromkeys(
        (
            f"/g/{{group}}/{of}{end}"
            for of in (
                "achats/{reference}/procedure/convention/dossiers/{deliberations_export}",
                "finances/fichiers/{finances_export}",
            )
            for end in ("", "/fichier")
        ),
        "the worker makes what is longer than a download may be",
    ),
    **dict.fromkeys(
        (f"/g/{{group}}/achats/{{reference}}/procedure/donnees/{name}" for name in ("decp", "membres")),
        "offered once all is said of a contract",
    ),
    "/g/{group}/achats/{reference}/receptions/ajustement": "offered where members took others than assigned",
    **dict.fromkeys(
        (f"/g/{{group}}/actions/tours/{{round}}/{page}" for page in ("fiche", "ouverture")),
        "of a round that is not open yet",
    ),
    "/g/{group}/comites/{committee_id}/reponse": "the committee’s page leads there whoever is invited",
    **dict.fromkeys(
        (f"/g/{{group}}/comites/{{committee_id}}/{page}" for page in ("decisions/nouvelle", "publication")),
        "a button of the minutes’ form leads there, which saves the text first",
    ),
    "/g/{group}/comites/{committee_id}/pieces": "for who attaches them; the others find the files beside their item",
}
"""Pages of a group that nothing leads to, each with its reason."""


Templates = Callable[[str], str | None]


@pytest.fixture(scope="module")
def template_of(application: Litestar) -> Templates:
    """Of an address that some GET route has; a literal one wins over one with a gap."""
    found = sorted(
        {route.template for route in routes_of(application) if route.method == "GET"}, key=lambda t: (t.count("{"), t)
    )
    patterns = [(re.compile(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(template))), template) for template in found]

    @cache
    def looked_up(path: str) -> str | None:
        return next((template for pattern, template in patterns if pattern.fullmatch(path)), None)

    return looked_up


def links(page: str) -> Iterator[str]:
    for match in LINK.finditer(page):
        yield unescape(match[1] or match[2])


@pytest_asyncio.fixture(scope="module")
async def lived_in(inhabited_engine: AsyncEngine, inhabitants: Territory) -> AsyncIterator[tuple[Database, Territory]]:
    """Made once, and only read."""
    async with rolled_back(inhabited_engine) as database:
        territory = deepcopy(inhabitants)
        await live_in(database, territory)
        with written_once({}):
            yield database, territory


@pytest_asyncio.fixture
async def database(lived_in: tuple[Database, Territory]) -> AsyncIterator[Database]:
    async with undone(lived_in[0]):
        yield lived_in[0]


@pytest.fixture
def territory(lived_in: tuple[Database, Territory]) -> Territory:
    return lived_in[1]


async def live_in(database: Database, territory: Territory) -> None:
    """Purchases in preparation, open, closed and consolidated, and one of everything else."""
    furnished = await furnish(database, territory)
    async with database.transaction(territory.group_id) as session:
        preparing = await ensure_people(session, [(PURCHASING, "Marchés", "")], NOW)
        await grant_role(session, preparing[PURCHASING], Role.PURCHASING, NOW, member_id=territory.members[ARCACHON])
    territory.people.update(preparing)
    await make_purchase(database, territory, NOW, title="Offre à écrire", kind="staff_offer")
    closed, frozen = [await open_purchase(database, territory, NOW, title=title) for title in ("Close", "Figée")]
    for purchase_id in (closed, frozen):
        await file_needs(database, territory, purchase_id, "referent@lugos.example", NOW, arceau=4, abri=1)
    async with database.transaction(territory.group_id) as session:
        buyer = await caller_of(session, territory.people[BUYER], territory.group_id)
        for purchase_id in (closed, frozen):
            await close_collection(session, buyer, purchase_id, FixedClock(NOW), reason="Tous ont répondu")
        await freeze_consolidation(session, buyer, frozen, FixedClock(NOW), options={})
        await _order(session, buyer)
        supplier = int(str(furnished["supplier_id"]))
        await note_quote(session, territory, closed, supplier, "")
        await note_bill(session, territory, closed, supplier, " bis")
        await read_bill(session, territory, closed)
        referent = await caller_of(session, territory.people["referent@lugos.example"], territory.group_id)
        opened = (await find_purchase(session, "AG-2027-001")).id
        draft = DeclarationIn(member_id=territory.members[LUGOS], needs=(), comment="À compléter")
        await save_draft(session, referent, opened, draft, FixedClock(NOW))
        session.add(ReminderOptOut(group_id=territory.group_id, person_id=referent.person_id, kind="committee", at=NOW))
        await hold_committee(session, territory)


async def _order(session: AsyncSession, buyer: Caller) -> None:
    """The furnished order has left by mail, and was amended since."""
    purchase, clock = await find_purchase(session, "AG-2027-006"), FixedClock(NOW)
    await session.execute(text("UPDATE suppliers SET order_email = 'commandes@mobilier.example'"))
    assert await send_by_mail(session, buyer, purchase.id, clock) == (1, 0)
    (order,) = (await orders_listed(session, purchase.id, Slice())).items
    (item,) = await items_ordered(session, order.order.id)
    cheaper = AmendmentIn(prices={item.item.item_id: Decimal(1)})
    await amend_order(session, buyer, purchase.id, order.order.id, cheaper, clock, reason="Remise")


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
    await session.flush()
    about = ("purchase", (await find_purchase(session, "AG-2027-001")).id)
    await add_decision(session, facilitator, committee, DecisionIn(content="Prolonger la collecte", about=about), NOW)
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


async def pages(browser: Browser, template_of: Templates) -> AsyncIterator[tuple[str, str, Response]]:
    """Every page that links lead to from À faire on, as (address, its route’s template, answer); of files, no answer is
    read; of what stands in no group, one of each kind.
    """
    visited: set[str] = set()
    waiting = ["/g/bassin", "/compte"]
    while waiting:
        path = waiting.pop(0).split("?")[0]
        template = template_of(path)
        if template is None or {path, template} & visited or "/static/" in path:
            continue
        visited.add(path if path.startswith("/g/") else template)
        answer = await browser.get(path)
        yield path, template, answer
        if not re.search(r"\.(csv|xlsx|ods|pdf|json|ics)$", path):
            waiting += links(answer.text)


@dataclass(frozen=True)
class Button:
    """What one press of a page’s form sends."""

    action: str
    fields: list[tuple[str, str]]


def buttons_of(page: str) -> Iterator[Button]:
    """Of the forms of a page that post, as a browser would send them untouched: one entry for each button."""
    for form in posting_forms(page):
        fields = list(_untouched(form))
        for button in form.iter("button"):
            if button.get("type") == "submit":
                pressed = [(button.get("name"), button.get("value", ""))] if button.get("name") else []
                yield Button(button.get("formaction", form.get("action")), [*fields, *pressed])


def _untouched(form: HtmlElement) -> Iterator[tuple[str, str]]:
    for control in form.iter("input", "textarea", "option"):
        name, kind = control.get("name", ""), control.get("type", "text")
        if control.tag == "textarea":
            yield name, control.text_content().strip()
        elif control.tag == "option":
            if "selected" in control.attrib:
                yield next(control.iterancestors("select")).get("name"), control.get("value", "")
        elif kind not in {"file", "submit"} and (kind not in {"radio", "checkbox"} or "checked" in control.attrib):
            yield name, control.get("value", "")


async def press(browser: Browser, database: Database, button: Button) -> str:
    """What refuses it, if anything does; what it did is undone."""
    held = browser.token
    async with undone(database):
        answer = await browser.client.post(
            button.action,
            content=urlencode(button.fields),
            headers={"Sec-Fetch-Site": "same-origin", "Content-Type": "application/x-www-form-urlencoded"},
        )
    browser.hold(held)
    return "" if answer.status_code in {200, 303, 422} else f"{answer.status_code} {text_of(answer)[-600:]}"


def pages_of(actor: str) -> set[str]:
    """A group's, that this actor may open."""
    return {
        template
        for entry, actors in EXPECTED.items()
        for method, _, template in [entry.partition(" ")]
        if method == "GET" and actor in actors and template.startswith("/g/")
    }


@pytest.mark.parametrize("email", sorted({*ACTORS.values(), *OTHERS}))
async def test_every_page_is_linked_from_one_that_the_same_role_sees_and_no_button_leads_to_a_refusal(
    app: Litestar, database: Database, sign_in: SignIn, template_of: Templates, email: str
) -> None:
    """Pressed as it stands, a button does its work or says in the form what is missing; nobody is shown what they may
    not.
    """
    browser = await sign_in(email)
    reached: set[str] = set()
    pressed: set[tuple[str, str]] = set()
    dead: set[str] = set()
    refused: list[str] = []
    async for path, template, answer in pages(browser, template_of):
        reached.add(template)
        if answer.status_code not in {200, 303}:
            dead.add(f"{answer.status_code} {path}")
        for button in buttons_of(answer.text) if "html" in answer.headers.get("content-type", "") else ():
            once = (template, re.sub(r"\d+", "0", button.action) + "".join(sorted(name for name, _ in button.fields)))
            if button.action == "/deconnexion" or once in pressed:
                continue
            pressed.add(once)
            refusal = await press(browser, database, button)
            if refusal:
                refused.append(f"{button.action}, on {path}: {refusal}")
    assert dead == set(), "links that lead nowhere"
    assert pressed
    assert not refused, "\n".join(refused)
    mine = {template for actor in ACTORS if ACTORS[actor] == email for template in pages_of(actor)}
    orphans = sorted(mine - reached - UNLINKED.keys())
    assert not orphans, "\n".join(orphans)
