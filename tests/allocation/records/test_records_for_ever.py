"""A frozen allocation is read as it was kept, whatever becomes of the rule, also one from before shares were kept."""

import asyncio
import io
import json
from uuid import uuid4

import asyncpg
import pytest
from openpyxl import load_workbook
from sqlalchemy import select
from sqlmodel import col

from allocation.records.test_costs_frozen import COSTS, freeze, prepare, records
from factories import BUYER, LUGOS, NOW, SALLES, Territory
from pooling.allocation import allocating
from pooling.allocation.figures import row_count
from pooling.allocation.models import AllocationShare
from pooling.allocation.records.opening import (
    find_record,
    frozen_allocations,
    open_record,
    result_of,
    spool_record,
    workbook_rows,
)
from pooling.embedded.postgres import APPLICATION, EmbeddedPostgres
from pooling.kernel.database import Database
from pooling.kernel.errors import Conflict
from pooling.kernel.migrations import migrate
from pooling.members.models import Budget
from pooling.purchases.models import Participation
from pooling.sharing import statement
from pooling.sharing.allocation import allocate_json
from pooling.sharing.allocation_case import Case
from pooling.sharing.allocation_result import Allocation
from web_client import Browser, SignIn, text_of
from whole.test_upgrading import upgrade

RECORD = f"{COSTS}/etats/1"


async def everything(browser: Browser) -> dict[str, object]:
    """All that a record shows."""
    book = load_workbook(io.BytesIO((await browser.get(f"{RECORD}/repartition.xlsx")).content))
    return {
        "page": text_of(await browser.get(RECORD)),
        **{code: text_of(await browser.get(f"{RECORD}/{code}")) for code in (LUGOS, SALLES)},
        **{kind: (await browser.get(f"{RECORD}/repartition.{kind}")).content for kind in ("json", "csv")},
        "xlsx": {sheet.title: list(sheet.iter_rows(values_only=True)) for sheet in book},
    }


async def test_a_record_of_another_rule_opens_for_ever(
    database: Database, territory: Territory, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    await prepare(database, territory)
    browser = await sign_in(BUYER)
    monkeypatch.setattr(statement, "RULE_VERSION", 41)
    await freeze(browser)
    await browser.get(COSTS)  # which says that it is done
    before = await everything(browser)

    def another_rule(case: Case, *_: object) -> Allocation:
        raise AssertionError(f"{case.label} is computed again")

    monkeypatch.setattr(statement, "RULE_VERSION", 42)
    monkeypatch.setattr(allocating, "allocate_billed", another_rule)
    assert await everything(browser) == before
    (record,) = await records(database, territory)
    assert record.rule_version == 41
    assert "Chiffres de l’état n° 1, qui ne changent plus." in str(before[LUGOS])
    assert "333,30 € × 7 unités ÷ 10 unités = 233,31 € exactement" in str(before[LUGOS])


async def test_each_member_has_a_row_that_ties(database: Database, territory: Territory, sign_in: SignIn) -> None:
    purchase_id = await prepare(database, territory)
    async with database.transaction(territory.group_id) as session:
        budget = Budget(group_id=territory.group_id, member_id=territory.members[LUGOS], code="6", label="Voirie")
        session.add(budget)
        await session.flush()
        key = (territory.group_id, purchase_id, territory.members[LUGOS])
        (await session.get_one(Participation, key)).budget_id = budget.id
    await freeze(await sign_in(BUYER))
    (record,) = await records(database, territory)
    async with database.transaction(territory.group_id) as session:
        found = await session.execute(select(AllocationShare).order_by(col(AllocationShare.member)))
        rows = found.scalars().all()
    assert [(row.allocation_id, row.member, row.budget) for row in rows] == [
        (record.id, member["id"], "Voirie" if member["id"] == LUGOS else "") for member in record.result["members"]
    ]
    for row, member in zip(rows, record.result["members"], strict=True):
        assert f"{row.net / 100:.2f}" == member["net"]
        assert {rate: f"{cents / 100:.2f}" for rate, cents in row.vat_by_rate.items()} == member["vat_by_rate"]


async def test_the_why_of_a_record_is_for_those_who_see_the_share(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    await prepare(database, territory)
    await freeze(await sign_in(BUYER))
    lugos = await sign_in("referent@lugos.example")
    assert (await lugos.get(f"{RECORD}/{LUGOS}")).status_code == 200
    assert (await lugos.get(f"{RECORD}/{SALLES}")).status_code == 404
    assert (await lugos.get(f"{RECORD}/inconnu")).status_code == 404
    assert (await lugos.get(f"{COSTS}/etats/2/{LUGOS}")).status_code == 404


CASE = {
    "case": "AG-2026-001 Arceaux",
    "members": [{"id": "213300098", "population": 11092}, {"id": "213302607", "population": 1208}],
    "items": [{"id": "arceau", "unit_price": "33.33", "vat_rate": "20", "fctva": True, "tiers": []}],
    "needs": [{"member": "213302607", "item": "arceau", "quantity": 7}],
    "charges": [{"id": "port", "amount": "10.00", "vat_rate": "5.5", "key": "population", "scope": "all"}],
    "subsidies": [{"id": "aide", "kind": "rate", "rate": "33.333333", "charges": [], "public": True}],
    "fctva_rate": "16.404",
}
SHOWN = {
    "basis": "quantités déclarées à ce jour",
    "members": {"213300098": "Arcachon", "213302607": "Lugos"},
    "items": {"arceau": "Arceau posé"},
    "charges": {"port": "Livraison"},
    "subsidies": {"aide": "Alvéole"},
    "keys_frozen_at": "2026-01-05T09:00:00+00:00",
}


async def _as_before(owner: str, results: list[dict[str, object]]) -> None:
    """A purchase and its records as version 0008 wrote them."""
    connection = await asyncpg.connect(owner)
    group = await connection.fetchval(
        "INSERT INTO groups (slug, name, timezone, fictional, created_at) VALUES ('b', 'B', 'UTC', false, $1) "
        "RETURNING id",
        NOW,
    )
    member = await connection.fetchval(
        "INSERT INTO members (group_id, kind, code, name, sort_key, category, created_at) "
        "VALUES ($1, 'legal_entity', '213300098', 'Arcachon', 'arcachon', 'commune', $2) RETURNING id",
        *(group, NOW),
    )
    purchase = await connection.fetchval(
        "INSERT INTO purchases (group_id, reference, title, description, state, lead_member_id, revision, created_at) "
        "VALUES ($1, 'AG-2026-001', 'Arceaux', '', 'delivered', $2, 1, $3) RETURNING id",
        *(group, member, NOW),
    )
    for number, result in enumerate(results, start=1):
        await connection.execute(
            'INSERT INTO allocations (group_id, purchase_id, number, frozen_at, "case", result) '
            "VALUES ($1, $2, $3, $4, $5, $6)",
            *(group, purchase, number, NOW, json.dumps({**CASE, "shown": SHOWN}), json.dumps(result)),
        )
    await connection.close()


def test_a_record_frozen_before_shares_were_kept_opens_after_the_upgrade(postgres: EmbeddedPostgres) -> None:
    addresses = postgres.prepare(f"pooling_upgrading_{uuid4().hex}")
    upgrade(addresses.owner, "0008")
    result = allocate_json(CASE)
    asyncio.run(_as_before(addresses.owner, [result, {**result, "case": "autre chose"}]))
    migrate(addresses.owner, APPLICATION)

    async def opened() -> None:
        database = Database.connect(addresses.application)
        async with database.transaction(1) as session:
            record = await find_record(session, 1, 1)
            stated = await open_record(session, record)
            head, members = await result_of(session, record)
            assert {**head, "members": list(members)} == stated.result.to_json() == result
            spooled = (await spool_record(session, record)).result
            assert {**spooled.head_to_json(), "members": [one.to_json() for one in spooled.results]} == result
            assert stated.labels.members == SHOWN["members"]
            assert stated.labels.charges == SHOWN["charges"]
            assert stated.basis == SHOWN["basis"]
            assert stated.result.rule_version == 1
            assert await workbook_rows(session, record) >= row_count(stated.result) - len(stated.result.warnings)
            one = await open_record(session, record, ["213302607"])
            assert [member.result.items["arceau"].quantity for member in one.result.members] == [7]
            with pytest.raises(Conflict):
                await open_record(session, await find_record(session, 1, 2))  # it holds not what its case gives
            older = (await frozen_allocations(session, 1))[-1]
            assert older.ttc == stated.result.totals.ttc
        await database.dispose()

    asyncio.run(opened())
