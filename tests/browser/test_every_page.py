"""Every page that a role reaches by links alone, each examined once: those that the main job does not pass by."""

import csv
import io
import re
from collections import Counter
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import pytest
from lxml.html import HtmlElement, fromstring
from sqlalchemy import func, select, text
from sqlmodel import col

from browser.built import Built
from browser.served import BIKE_RACKS, GROUP, LUGOS, STARTED, Served
from browser.visitor import Visitor, Visitors
from pooling import PROJECT_ROOT
from pooling.actions.models import Action
from pooling.bills.comparing import Code
from pooling.bills.deciding import all_differences
from pooling.bills.models import Bill, BillState
from pooling.demo.history.goods import BIKES, CARS, FIRST_RACKS
from pooling.indicators.configuration import read_indicators
from pooling.indicators.measuring import measure_years
from pooling.indicators.rules import Year
from pooling.kernel.tables import linked
from pooling.open_data.decp import faults_of
from pooling.open_data.models import ContractData
from pooling.orders.models import Order
from pooling.purchases.models import Purchase, PurchaseKind, PurchaseState
from pooling.receipts.models import ReceiptLine
from pooling.receipts.queries import delivered_of
from pooling.receipts.rules import DeliveryState
from pooling.recovery.models import EntryKind, RecoveryEntry
from pooling.resources.models import LendingUse

pytestmark = pytest.mark.browser

ONE_OF_MANY = re.compile(
    r"/(\d+|[A-Z][A-Z-]+|FA-\d{4}-\d{3}|(?:AG|TP)-202[45]-\d{3}|(?<=/catalogue/)[a-z-]+|(?<=/articles/)[a-z-]+|arceau|abri|vae|cargo|kit"
    r"|(?<=/indicateurs/)(?!bilan|comparaison|temps|hypotheses)[a-z_]+|AG-\d{4}-\d{3}(?=/[^/]+/|/journal|/consolidation))(?=/|$)"
)
"""A person, a member, an article, an action: pages that differ by what they are about, not how they are made."""

OF_A_PURCHASE = re.compile(r"/AG-\d{4}-\d{3}(?=/)")
ALIKE = 3
"""Purchases of which a section is opened: those that are met first, in different states."""

DOWNLOAD = re.compile(
    r"\.[a-z]+$|/pieces/\d+$|/releves/envoyes/[^/]+$|/donnees/(decp|membres)$|/donnees-ouvertes/\d+/(marches|vehicules)$"
)


def kind(path: str) -> str:
    return ONE_OF_MANY.sub("/…", path)


async def test_every_page_within_reach_of_the_facilitator(shared_demonstration: Served, visitors: Visitors) -> None:
    await shared_demonstration.worker_passes()
    visitor = await visitors.arrive(shared_demonstration.url)
    await visitor.hold(await shared_demonstration.token_of("animation@bassin.example"))
    met = await visit_all(visitor)
    assert {f"{GROUP}/membres", "/accessibilite"} <= met
    assert len([path for path in met if path.endswith("/couts")]) >= ALIKE
    assert visitors.complaints == []


async def test_pages_in_the_dark(shared_demonstration: Served, visitors: Visitors) -> None:
    visitor = await visitors.arrive(shared_demonstration.url, dark=True)
    await visitor.hold(await shared_demonstration.token_of("achats@cobas.example"))
    purchases = f"{GROUP}/achats"
    for path in (
        f"{purchases}/{BIKE_RACKS}/besoins",
        f"{purchases}/{BIKE_RACKS}/consolidation",
        f"{purchases}/{BIKE_RACKS}/cloture",
        f"{purchases}/AG-2026-002/consolidation",
        f"{purchases}/AG-2026-002/couts",
        f"{purchases}/AG-2026-002/devis/comparaison",
        f"{purchases}/AG-2026-002/devis/attribution?facon=tout&devis=1",
        f"{purchases}/AG-2026-004/ouverture",
    ):
        await visitor.open(path)
    await visitor.leave()
    await visitor.hold(await shared_demonstration.token_of("referent@lugos.example"))
    await visitor.open(LUGOS)
    await visitor.fill("Arceau posé", "douze")
    await visitor.press("Enregistrer le brouillon")
    await visitor.reads("Corrigez cette erreur")
    await visitor.open(f"{GROUP}/actions/tours/TP-2026-002/bulletins/{LUGOS.rpartition('/')[2]}")
    assert visitors.complaints == []


async def visit_all(visitor: Visitor) -> set[str]:
    """Follows links until no page of a new kind is left, and opens those in which something is built as nowhere before;
    returns where it was.
    """
    met: dict[str, str] = {}
    sections = Counter[str]()
    waiting = [GROUP]
    built = Built()
    async with await visitor.reading() as client:
        while waiting:
            path = waiting.pop(0)
            section = OF_A_PURCHASE.sub("/…", kind(path))
            if kind(path) not in met and (section == kind(path) or sections[section] < ALIKE):
                sections[section] += 1
                met[kind(path)] = path
                answer = await client.get(path)
                page = fromstring(answer.text)
                if built.adds(page) or answer.status_code != 200:
                    await visitor.open(path)
                waiting += links(page)
    assert built.pages > 100
    return set(met.values())


def links(page: HtmlElement) -> list[str]:
    """Addresses of this site that the page leads to, without downloads."""
    found = [urlsplit(link).path for link in page.xpath("//a[starts-with(@href, '/')][not(@download)]/@href")]
    return [path for path in found if not DOWNLOAD.search(path)]


async def test_pages_of_errors(shared_demonstration: Served, visitors: Visitors) -> None:
    visitor = await visitors.arrive(shared_demonstration.url)
    await visitor.hold(await shared_demonstration.token_of("observation@bassin.example"))
    for path, status, heading in (
        (f"{GROUP}/nulle-part", 404, "introuvable"),
        (f"{GROUP}/achats/{BIKE_RACKS}/cloture", 403, "Accès réservé"),
    ):
        await visitor.open(path, status)
        await visitor.reads(heading)
    assert visitors.complaints == []


async def group_of(served: Served) -> int:
    async with served.database.transaction() as session:
        found: int = (await session.execute(text("SELECT id FROM all_groups()"))).scalar_one()
    return found


async def test_the_demonstration_tells_two_years(shared_demonstration: Served) -> None:
    """Every system of the action sheet came to a result, and each year has figures to show for it."""
    systems = ("stationnement", "velos", "achat-agents", "covoiturage", "vehicules", "communication")
    async with shared_demonstration.database.transaction(await group_of(shared_demonstration)) as session:
        over = await session.execute(
            select(col(Action.system))
            .join(Purchase, linked(Purchase.action_id, Action.id))
            .where(col(Purchase.state) == PurchaseState.SETTLED)
        )
        assert set(over.scalars()) >= {*systems, "bureaux"}
        lent = await session.scalar(select(func.sum(col(LendingUse.used))))
        assert lent is not None
        assert lent > 50, "desks are lent"
        configuration = read_indicators(PROJECT_ROOT / "config")
        years = [Year(number, ZoneInfo("Europe/Paris"), STARTED.date()) for number in (2025, 2026)]
        measured, *_ = await measure_years(session, years, configuration)
        for themes in measured:
            figures = {one.code: one for theme in themes for one in theme.figures}
            assert [code for code in FIGURES if not figures[code].value] == []
        titres = select(func.sum(col(RecoveryEntry.cents))).where(col(RecoveryEntry.withdrawn_at).is_(None))
        issued, paid = [await session.scalar(titres.where(col(RecoveryEntry.kind) == kind)) or 0 for kind in PAID]
        assert issued == paid
        assert issued > 0


FIGURES = (
    *(
        "meetings",
        "attendance",
        "minutes_on_time",
        "decisions_done",
        "purchases",
        "members",
        "costs",
        "delay",
        "savings",
    ),
    *("lent", "agent_days", "satisfied", "carbon"),
)
PAID = (EntryKind.TITRE, EntryKind.PAYMENT)


async def test_the_demonstration_has_open_data(shared_demonstration: Served, visitors: Visitors) -> None:
    """A line in the list of a year, and data that are valid, of vehicles too."""
    visitor = await visitors.arrive(shared_demonstration.url)
    await visitor.hold(await shared_demonstration.token_of("achats@cobas.example"))
    year = f"{GROUP}/donnees-ouvertes/2025"
    async with await visitor.reading() as client:
        listed = list(
            csv.DictReader(io.StringIO((await client.get(f"{year}/marches")).text.lstrip("\ufeff")), delimiter=";")
        )
        assert [row["Objet"] for row in listed] == [FIRST_RACKS]
        page = fromstring((await client.get(year)).text)
        assert FIRST_RACKS in page.text_content()
        found = []
        for purchase in await described(shared_demonstration):
            answer = await client.get(f"{GROUP}/achats/{purchase}/procedure/donnees/decp")
            (contract,) = answer.json()["marches"]["marche"]
            assert faults_of(contract) == []
            found.append((contract["objet"], contract.get("origineUE")))
    assert found == [(FIRST_RACKS, None), (BIKES, 0.7), (CARS, 0.85)]


async def described(served: Served) -> list[str]:
    """The references of purchases with a contract of which somebody said what is public."""
    async with served.database.transaction(await group_of(served)) as session:
        references = select(col(Purchase.reference)).join(ContractData, linked(ContractData.purchase_id, Purchase.id))
        return list((await session.execute(references.order_by(col(Purchase.id)))).scalars())


async def test_the_demonstration_tells_the_whole_life(shared_demonstration: Served) -> None:
    """Each state and kind of a purchase, what is late, what was refused, what is invoiced otherwise than ordered."""
    async with shared_demonstration.database.transaction(await group_of(shared_demonstration)) as session:
        purchases = list((await session.execute(select(Purchase))).scalars())
        orders = list((await session.execute(select(Order))).scalars())
        bills = {bill.state: bill for bill in (await session.execute(select(Bill))).scalars()}
        refused = await session.scalar(select(func.sum(col(ReceiptLine.refused))))
        differing = {one.code for one in await all_differences(session, bills[BillState.DISPUTED])}
        late = [one for one in orders if one.promised_on and one.promised_on < STARTED.date()]
        delivered = await delivered_of(session, {one.id for one in orders})
    assert {one.state for one in purchases} == set(PurchaseState)
    assert {one.kind for one in purchases} == set(PurchaseKind)
    assert DeliveryState.PARTIAL in {delivered[one.id].state for one in late}
    assert len([one for one in orders if one.member_id]) == 3
    assert refused == 2
    assert {Code.PRICE, Code.AHEAD} <= differing
    assert BillState.ACCEPTED in bills
