"""A university with nine components and nine budgets shares a purchase among them: the story, to the cent."""

from decimal import Decimal

import pytest
import pytest_asyncio
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from factories import BUYER, NOW, PEOPLE, UNIVERSITY, Territory, make_purchase
from pooling.accounts.people import ensure_people
from pooling.allocation.allocating import allocate_purchase
from pooling.allocation.case import date_of, payers_of
from pooling.allocation.configuration import FctvaRate, FinanceConfiguration
from pooling.allocation.current import read_current
from pooling.allocation.editing.lines import CHARGES, SUBSIDIES, add_line, change_line
from pooling.allocation.editing.schemas import ChargeIn, SubsidyIn, content_of
from pooling.allocation.listing import Drift, current_shares, list_shares, record_shares, sum_up
from pooling.allocation.records.freezing import Frozen, freeze_allocation
from pooling.allocation.records.opening import find_record, open_record
from pooling.kernel.clock import FixedClock
from pooling.kernel.database import Database
from pooling.kernel.slices import Slice
from pooling.kernel.versions import ChangedMeanwhile, version_of
from pooling.members.adding import UnitIn, add_members
from pooling.members.entrance import caller_of
from pooling.members.granting import grant_role
from pooling.members.models import Budget, Role
from pooling.members.rights import Caller
from pooling.needs.collection import open_collection
from pooling.needs.declaring import file_declaration
from pooling.needs.schemas import DeclarationIn, NeedIn
from pooling.purchases.adding import add_purchase
from pooling.purchases.finding import item_ids
from pooling.purchases.models import Participation, Purchase
from pooling.purchases.schemas import ItemIn, PurchaseIn
from pooling.sharing.money import split

AGENTS = {
    "UFR-DROIT": 120,
    "UFR-SANTE": 300,
    "UFR-LETTRES": 85,
    "UFR-SCIENCES": 411,
    "UFR-STAPS": 47,
    "IUT": 233,
    "INSPE": 61,
    "BU": 38,
    "SERVICES": 505,
}
DESKS = {
    "UFR-DROIT": 3,
    "UFR-SANTE": 11,
    "UFR-LETTRES": 2,
    "UFR-SCIENCES": 7,
    "UFR-STAPS": 1,
    "IUT": 5,
    "INSPE": 2,
    "BU": 4,
    "SERVICES": 9,
}
CLOCK = FixedClock(NOW)


@pytest_asyncio.fixture
async def purchase_id(database: Database, territory: Territory) -> int:
    """The nine components of the university declare desks; the university itself pays nothing of its own."""
    async with database.transaction(territory.group_id) as session:
        new = [
            UnitIn(code=code, parent=UNIVERSITY, name=code.title(), agents=agents, budgets={f"9-{code}": "Budget"})
            for code, agents in AGENTS.items()
            if code not in territory.members
        ]  # fmt: skip
        territory.members |= await add_members(session, new, NOW)
        purchase = await add_purchase(
            session,
            PurchaseIn(
                title="Bureaux de télétravail",
                lead_member=UNIVERSITY,
                participants=tuple(AGENTS),
                items=(ItemIn(code="bureau", name="Bureau", unit="bureau", unit_price=Decimal("419.99"), fctva=True),),
            ),
            NOW,
            None,
        )
        emails = {code: f"referent@{code.lower()}.example" for code in AGENTS}
        people = await ensure_people(session, [(email, email, "") for email in [BUYER, *emails.values()]], NOW)
        territory.people |= people
        await grant_role(session, people[BUYER], Role.LEAD_BUYER, NOW, purchase_id=purchase.id)
        for code, email in emails.items():
            if email not in PEOPLE:
                await grant_role(session, people[email], Role.REFERENT, NOW, member_id=territory.members[code])
    async with database.transaction(territory.group_id) as session:
        buyer = await caller_of(session, territory.people[BUYER], territory.group_id)
        await open_collection(session, buyer, purchase.id, NOW.replace(day=20), CLOCK)
        items = await item_ids(session, purchase.id)
        for code, units in DESKS.items():
            caller = await caller_of(session, territory.people[emails[code]], territory.group_id)
            command = DeclarationIn(
                member_id=territory.members[code], needs=(NeedIn(item_id=items["bureau"], quantity=units),)
            )
            await file_declaration(session, caller, purchase.id, command, CLOCK)
    return purchase.id


async def buyer_of(database: Database, territory: Territory) -> Caller:
    async with database.transaction(territory.group_id) as session:
        return await caller_of(session, territory.people[BUYER], territory.group_id)


async def test_nine_components_share_a_purchase_each_on_its_budget(
    database: Database, territory: Territory, purchase_id: int
) -> None:
    buyer = await buyer_of(database, territory)
    delivery = ChargeIn("Livraison", 45_001, Decimal(20), "agents", fctva=True)
    coordination = ChargeIn("Coordination", 9_999, Decimal(0), "equal", scope=["BU", "IUT", "UFR-STAPS"])
    discount = ChargeIn("Remise", -10_000, Decimal(20), "amount")
    async with database.transaction(territory.group_id) as session:
        for charge in (delivery, coordination, discount):
            await add_line(session, buyer, purchase_id, CHARGES, charge, CLOCK)
        aid = SubsidyIn("Aide de l’État", rate=Decimal(30), cap_total_cents=500_000, charges=["remise"])
        await add_line(session, buyer, purchase_id, SUBSIDIES, aid, CLOCK)
        allocation = await allocate_purchase(session, purchase_id, "Bureaux")
    result = allocation.result
    assert [member.id for member in result.results] == sorted(AGENTS), "the university has no share of its own"

    # 44 desks at 419.99 €: each pays its units exactly, as the price has cents.
    assert {member.id: member.items["bureau"].ht for member in result.results} == {
        code: units * 41_999 for code, units in DESKS.items()
    }
    delivered = {member.id: member.charges["livraison"] for member in result.results}
    assert delivered == split(45_001, AGENTS)
    assert sum(delivered.values()) == 45_001
    assert {member.id: member.charges.get("coordination", 0) for member in result.results} == {
        **dict.fromkeys(AGENTS, 0),
        **dict.fromkeys(["BU", "IUT", "UFR-STAPS"], 3_333),
    }
    assert sum(member.charges["remise"] for member in result.results) == -10_000
    assert result.totals.ht == 44 * 41_999 + 45_001 + 9_999 - 10_000
    # 20 % of 1 847 956 + 45 001 − 10 000 cents; coordination bears none.
    assert result.totals.vat == 376_591
    assert result.totals.subsidies == 500_000, "30 % of 18 379.56 € is over the cap"
    assert result.totals.net == sum(member.net for member in result.results)

    async with database.transaction(territory.group_id) as session:
        rows = await session.execute(
            select(col(Budget.code), col(Budget.member_id))
            .join(Participation, col(Participation.budget_id) == col(Budget.id))
            .where(col(Participation.purchase_id) == purchase_id)
        )
        budgets = {member_id: code for code, member_id in rows}
    assert len(set(budgets.values())) == len(AGENTS) == 9, "nine components, nine budgets"
    assert set(budgets) == {territory.members[code] for code in AGENTS}


async def test_key_values_are_those_of_the_opening(database: Database, territory: Territory, purchase_id: int) -> None:
    async with database.transaction(territory.group_id) as session:
        await session.execute(
            Participation.__table__.update()  # type: ignore[attr-defined]
            .where(col(Participation.purchase_id) == purchase_id)
            .values(agents=1)
        )
        payers = await payers_of(session, purchase_id)
        assert {payer.agents for payer in payers} == {1}, "the participation counts, whatever the member's record says"


async def test_a_record_is_not_touched_by_what_comes_after(
    database: Database, territory: Territory, purchase_id: int
) -> None:
    buyer = await buyer_of(database, territory)
    async with database.transaction(territory.group_id) as session:
        first = await freeze_allocation(session, buyer, purchase_id, "Bureaux", CLOCK)
        await add_line(session, buyer, purchase_id, CHARGES, ChargeIn("Pose", 900, Decimal(0), "equal"), CLOCK)
        now = await read_current(session, purchase_id)
        assert await _moved_since(session, purchase_id, first) == dict.fromkeys(AGENTS, (100, 100))
        opened = await open_record(session, await find_record(session, purchase_id, first.number))
        assert opened.result.totals.ttc == now.result.totals.ttc - 900
        second = await freeze_allocation(session, buyer, purchase_id, "Bureaux", CLOCK)
        assert second.number == 2
        assert await _moved_since(session, purchase_id, second) == {}


async def _moved_since(session: AsyncSession, purchase_id: int, record: Frozen) -> dict[str, Drift]:
    """By how much TTC and net moved, as the page of costs lists it and as it counts it."""
    shares, since = current_shares(purchase_id), record_shares(record.id)
    listed = await list_shares(session, shares, Slice(), since=since)
    moved = {share.id: share.drift for share in listed.items if share.drift}
    assert (await sum_up(session, shares, since=since)).moved == len(moved)
    return moved


async def test_who_read_before_the_other_committed_overwrites_nothing(
    fresh_database: Database, territory: Territory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two real transactions: the second has the charge in memory when the first changes it."""
    purchase = await make_purchase(fresh_database, territory, NOW)
    buyer = await buyer_of(fresh_database, territory)
    group = territory.group_id
    first, second = ChargeIn("Pose", 1000, Decimal(20), "equal"), ChargeIn("Pose", 2000, Decimal(20), "equal")
    async with fresh_database.transaction(group) as session:
        charge = await add_line(session, buyer, purchase, CHARGES, ChargeIn("Pose", 500, Decimal(20), "equal"), CLOCK)
        version = version_of(content_of(charge))
    async with fresh_database.transaction(group) as slow:
        await allocate_purchase(slow, purchase, "lu avant")
        async with fresh_database.transaction(group) as quick:
            await change_line(quick, buyer, purchase, CHARGES, "pose", first, CLOCK, shown=version)
        with pytest.raises(ChangedMeanwhile):
            await change_line(slow, buyer, purchase, CHARGES, "pose", second, CLOCK, shown=version)


def test_one_fctva_rate_a_day() -> None:
    rates = [
        FctvaRate.model_validate(
            {"rate": "16.404", "valid_from": "2015-01-01", "valid_to": "2027-05-31", "source": "a"}
        ),
        FctvaRate.model_validate({"rate": "14.85", "valid_from": "2027-06-01", "source": "b"}),
    ]
    finance = FinanceConfiguration(fctva=tuple(rates))
    purchase = Purchase(group_id=1, reference="AG-2027-001", title="", lead_member_id=1, created_at=NOW)
    assert finance.fctva_on(date_of(purchase)) == rates[0]
    purchase.delivery_expected_on = rates[1].valid_from
    assert finance.fctva_on(date_of(purchase)) == rates[1]
    assert finance.fctva_on(rates[0].valid_from.replace(year=2014)) is None
    with pytest.raises(ValueError, match="two FCTVA rates hold on 2027-05-31"):
        FinanceConfiguration(fctva=(rates[0], rates[1].model_copy(update={"valid_from": rates[0].valid_to})))
