"""The current shares: whatever changes, they are what a fresh computation gives, for everybody who looks."""

import asyncio
import re
import threading
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import event, text
from sqlalchemy.ext.asyncio import AsyncSession

from factories import (
    ARCACHON,
    BUYER,
    LUGOS,
    NOW,
    SALLES,
    UNIVERSITY,
    Territory,
    file_needs,
    make_purchase,
    make_territory,
    open_purchase,
)
from pooling.allocation import current, spool
from pooling.allocation.allocating import StatedPurchase, allocate_purchase
from pooling.allocation.case import label_of, read_purchase
from pooling.allocation.configuration import FctvaRate, FinanceConfiguration
from pooling.allocation.current import (
    _IN_TURN,
    Current,
    bring_up_to_date,
    consistently,
    current_allocation,
    lock_sharing,
    read_current,
    spool_current,
)
from pooling.allocation.editing.lines import CHARGES, SUBSIDIES, add_line, change_line, remove_line
from pooling.allocation.editing.preview import Preview, Refused, preview_line
from pooling.allocation.editing.schemas import ChargeIn, SubsidyIn
from pooling.allocation.editing.weights import give_weights
from pooling.allocation.figures import summary
from pooling.allocation.kept import kept_of
from pooling.allocation.listing import current_shares, list_shares
from pooling.allocation.models import Charge, CurrentShare
from pooling.allocation.records import downloads
from pooling.allocation.watching import READ
from pooling.kernel import database as kernel_database
from pooling.kernel.apart import apart as run_apart
from pooling.kernel.clock import FixedClock
from pooling.kernel.database import Database, insert_parts
from pooling.kernel.errors import Conflict, DomainError
from pooling.kernel.slices import Slice
from pooling.members.entrance import caller_of
from pooling.members.models import Role
from pooling.members.rights import Caller
from pooling.needs.amending import amend_declaration
from pooling.needs.collection import close_collection, open_collection, reopen_collection
from pooling.needs.declaring import discard_draft, file_declaration, save_draft
from pooling.needs.freezing import freeze_consolidation
from pooling.needs.schemas import DeclarationIn, NeedIn
from pooling.purchases import size
from pooling.purchases.adding import rewrite_items
from pooling.purchases.correcting import correct_purchase, delete_purchase
from pooling.purchases.finding import item_ids
from pooling.purchases.models import Purchase
from pooling.purchases.schemas import CorrectionIn, ItemIn, TierIn
from web_client import SignIn

LATER = NOW + timedelta(days=14)
COSTS = "/g/bassin/achats/AG-2027-001/couts"
TABLES = ("current_allocations", "current_shares", "case_changes")


def said(stated: StatedPurchase) -> object:
    """All of it: what is everybody's, what is each member's, every name."""
    result, labels = stated.result, stated.labels
    names = {member.id: labels.member(member.id) for member in result.results}
    rest = (names, dict(labels.items), dict(labels.charges), dict(labels.subsidies), dict(stated.budgets))
    figures = [list(result.lines), list(result.members), list(result.warnings), dict(result.invoice)]
    return (result.label, result.totals, result.fctva_rate, figures, rest, *_about(stated))


def _about(stated: StatedPurchase) -> list[object]:
    return [stated.basis, stated.keys_frozen_at, stated.fctva]


async def computed(session: AsyncSession, purchase_id: int, finance: FinanceConfiguration | None = None) -> object:
    """By the rule, from what is stored now; or the sentence in which it refuses."""
    try:
        purchase = await session.get_one(Purchase, (session.info["group_id"], purchase_id), populate_existing=True)
        return said(await allocate_purchase(session, purchase_id, label_of(purchase), finance))
    except Conflict as refusal:
        return (refusal.code, refusal.message)


async def shown(session: AsyncSession, purchase_id: int, finance: FinanceConfiguration | None = None) -> object:
    try:
        return said(await read_current(session, purchase_id, finance))
    except Conflict as refusal:
        return (refusal.code, refusal.message)


async def is_told(session: AsyncSession, purchase_id: int) -> bool:
    """Whether something has changed since the shares were computed."""
    found = await session.execute(
        text("SELECT EXISTS (SELECT FROM case_changes WHERE purchase_id = :id)"), {"id": purchase_id}
    )
    return bool(found.scalar_one())


class Walk:
    """Somebody at random in a purchase, through every use case that touches what is shared, and some that do not."""

    def __init__(self, session: AsyncSession, territory: Territory, purchase_id: int, random: Random) -> None:
        self.session, self.territory, self.purchase_id, self.random = session, territory, purchase_id, random
        self.clock = FixedClock(NOW)
        self.codes: list[str] = []

    async def caller(self, email: str) -> Caller:
        return await caller_of(self.session, self.territory.people[email], self.territory.group_id)

    async def _declaration(self, caller: Caller) -> DeclarationIn:
        items = await item_ids(self.session, self.purchase_id)
        return DeclarationIn(
            member_id=caller.members_as(Role.REFERENT)[0],
            needs=tuple(NeedIn(item_id=id_, quantity=self.random.randrange(9)) for id_ in items.values()),
        )

    async def file(self) -> None:
        caller = await self.caller(self.random.choice(["referent@lugos.example", "referent@salles.example"]))
        do: Any = self.random.choice([file_declaration, file_declaration, save_draft])
        await do(self.session, caller, self.purchase_id, await self._declaration(caller), self.clock)

    async def discard(self) -> None:
        caller = await self.caller("referent@lugos.example")
        member = self.territory.members[LUGOS]
        await discard_draft(self.session, caller, self.purchase_id, member, self.clock)

    async def add_charge(self) -> None:
        name = f"Frais {self.random.randrange(10_000)}"
        key = self.random.choice(["equal", "quantity", "population", "own_weights", {"weights": {LUGOS: "2"}}])
        charge = ChargeIn(name, self.random.randrange(-500, 9_999), Decimal(20), key, fctva=self.random.random() < 0.5)
        line = await add_line(self.session, await self.caller(BUYER), self.purchase_id, CHARGES, charge, self.clock)
        self.codes.append(line.code)

    async def change_charge(self) -> None:
        code = self.random.choice(self.codes or ["x"])
        charge = ChargeIn(f"Frais {code}", self.random.randrange(9_999), Decimal("5.5"), "equal", scope=[LUGOS, SALLES])
        await change_line(self.session, await self.caller(BUYER), self.purchase_id, CHARGES, code, charge, self.clock)

    async def remove_charge(self) -> None:
        code = self.random.choice(self.codes or ["x"])
        await remove_line(self.session, await self.caller(BUYER), self.purchase_id, CHARGES, code, self.clock)
        self.codes.remove(code)

    async def add_subsidy(self) -> None:
        aid = SubsidyIn(f"Aide {self.random.randrange(10_000)}", rate=Decimal(self.random.randrange(1, 40)))
        await add_line(self.session, await self.caller(BUYER), self.purchase_id, SUBSIDIES, aid, self.clock)

    async def weigh(self) -> None:
        weights = {LUGOS: str(self.random.randrange(1, 9)), SALLES: "1.5"}
        await give_weights(self.session, await self.caller(BUYER), self.purchase_id, weights, self.clock)

    async def correct(self) -> None:
        command = CorrectionIn(
            title=self.random.choice(["Arceaux", "Vélos"]),
            lead_member=self.random.choice([ARCACHON, LUGOS]),
            participants=tuple(self.random.sample([ARCACHON, LUGOS, SALLES, "UFR-DROIT"], 3)),
            delivery_expected_on=self.random.choice([None, date(2031, 1, 1)]),
        )
        await correct_purchase(self.session, await self.caller(BUYER), self.purchase_id, command, NOW)

    async def rewrite(self) -> None:
        price = Decimal(self.random.randrange(1, 99_999)) / 100
        items = [
            ItemIn(
                code=code,
                name=code,
                unit_price=price,
                fctva=True,
                tiers=(TierIn(from_quantity=5, unit_price=price / 2),),
            )
            for code in ("arceau", "abri")
        ]
        await rewrite_items(self.session, await self.caller(BUYER), self.purchase_id, items, NOW)

    async def open(self) -> None:
        await open_collection(self.session, await self.caller(BUYER), self.purchase_id, LATER, self.clock)

    async def close(self) -> None:
        await close_collection(
            self.session, await self.caller(BUYER), self.purchase_id, self.clock, reason="Tous ont répondu"
        )

    async def reopen(self) -> None:
        buyer = await self.caller(BUYER)
        await reopen_collection(self.session, buyer, self.purchase_id, LATER, self.clock, reason="Un oubli")

    async def freeze(self) -> None:
        buyer = await self.caller(BUYER)
        await freeze_consolidation(
            self.session, buyer, self.purchase_id, self.clock, options={}, reason="Une correction"
        )

    async def amend(self) -> None:
        caller = await self.caller("referent@salles.example")
        command = await self._declaration(caller)
        await amend_declaration(
            self.session, await self.caller(BUYER), self.purchase_id, command, self.clock, reason="Erreur"
        )

    async def by_hand(self) -> None:
        """What no use case does today, or might tomorrow."""
        statement = self.random.choice(
            [
                "UPDATE members SET population = population + 7 WHERE population IS NOT NULL",
                f"UPDATE members SET name = name || '.' WHERE code = '{LUGOS}'",
                f"UPDATE members SET category = 'commune' WHERE code = '{UNIVERSITY}'",
                "UPDATE budgets SET label = label || '.'",
                "UPDATE participations SET population = 12 WHERE population IS NOT NULL",
                "UPDATE price_tiers SET from_quantity = from_quantity + 1",
                "DELETE FROM price_tiers",
                "UPDATE items SET vat_rate = 5.5, name = name || '.'",
                "UPDATE purchases SET delivery_expected_on = '2031-01-01'",
                "UPDATE collections SET closed_at = closed_at - interval '1 day'",
                "UPDATE needs SET quantity = 3, up_to = 3",
                "DELETE FROM needs WHERE quantity = 3",
                "DELETE FROM declarations WHERE state = 'filed'",
                "UPDATE subsidies SET public = NOT public",
            ]
        )
        await self.session.execute(text(statement))

    @property
    def steps(self) -> list[Callable[[], Awaitable[None]]]:
        often = [self.file, self.add_charge, self.change_charge, self.by_hand, self.freeze, self.amend]
        return [
            *(*often, *often, self.discard, self.remove_charge, self.add_subsidy, self.weigh, self.correct),
            *(self.rewrite, self.open, self.open, self.close, self.close, self.reopen),
        ]

    async def step(self) -> bool:
        """Whether it was done: much is refused."""
        try:
            async with self.session.begin_nested():
                await self.random.choice(self.steps)()
        except DomainError:
            return False
        return True


RATES = FinanceConfiguration(
    fctva=(
        FctvaRate(rate=Decimal("16.404"), valid_from=date(2015, 1, 1), valid_to=date(2030, 12, 31), source="a"),
        FctvaRate(rate=Decimal("14.85"), valid_from=date(2031, 1, 1), source="b"),
    )
)


@pytest.mark.parametrize("seed", range(4))
async def test_they_are_what_a_fresh_computation_gives(database: Database, territory: Territory, seed: int) -> None:
    """After each step of a random walk; and where nothing changed, nothing is computed again."""
    participants = (ARCACHON, LUGOS, SALLES, "UFR-DROIT")
    purchase_id = await make_purchase(database, territory, NOW, participants=participants)
    done = 0
    async with database.transaction(territory.group_id) as session:
        walk = Walk(session, territory, purchase_id, Random(seed))
        for _ in range(30):
            done += await walk.step()
            assert await shown(session, purchase_id, RATES) == await computed(session, purchase_id, RATES)
            current = await current_allocation(session, purchase_id, RATES)
            assert await current_allocation(session, purchase_id, RATES) == current or current.refused
    assert done >= 8, "the walk really went somewhere"


async def test_every_table_that_the_case_is_read_from_tells_its_changes(
    database: Database, territory: Territory
) -> None:
    """Whoever reads one more has to add it."""
    purchase_id = await open_purchase(database, territory, NOW)
    await file_needs(database, territory, purchase_id, "referent@lugos.example", NOW, arceau=7)
    read: set[str] = set()

    def listen(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        read.update(re.findall(r"(?:FROM|JOIN)\s+([a-z_]+)", statement))

    async with database.transaction(territory.group_id) as session:
        buyer = await caller_of(session, territory.people[BUYER], territory.group_id)
        connection = (await session.connection()).sync_connection
        event.listen(connection, "before_cursor_execute", listen)
        await read_purchase(session, purchase_id, "x", FinanceConfiguration())
        event.remove(connection, "before_cursor_execute", listen)
        await close_collection(session, buyer, purchase_id, FixedClock(NOW), reason="Tous ont répondu")
        await freeze_consolidation(session, buyer, purchase_id, FixedClock(NOW), options={})
        await session.flush()
        event.listen(connection, "before_cursor_execute", listen)
        await read_purchase(session, purchase_id, "x", FinanceConfiguration())
        event.remove(connection, "before_cursor_execute", listen)
    assert {"purchases", "collections", "needs", "assignments", "members"} <= read, "the statements were understood"
    assert read <= READ.keys()
    assert {"bills", "bill_rates", "bill_lines"} <= READ.keys(), "the view `billed` reads them"


async def test_a_draft_changes_nothing(database: Database, territory: Territory) -> None:
    purchase_id = await open_purchase(database, territory, NOW)
    async with database.transaction(territory.group_id) as session:
        await read_current(session, purchase_id)
        caller = await caller_of(session, territory.people["referent@lugos.example"], territory.group_id)
        items = await item_ids(session, purchase_id)
        draft = DeclarationIn(
            member_id=caller.members_as(Role.REFERENT)[0], needs=(NeedIn(item_id=items["arceau"], quantity=3),)
        )
        await save_draft(session, caller, purchase_id, draft, FixedClock(NOW))
        assert not await is_told(session, purchase_id)
        await file_declaration(session, caller, purchase_id, draft, FixedClock(NOW))
        assert await is_told(session, purchase_id)


async def test_another_rate_is_another_computation(database: Database, territory: Territory) -> None:
    item = ItemIn(code="arceau", name="Arceau", unit="arceau", unit_price=Decimal(100), fctva=True)
    purchase_id = await open_purchase(database, territory, NOW, items=(item,))
    await file_needs(database, territory, purchase_id, "referent@lugos.example", NOW, arceau=7)
    none = FinanceConfiguration(fctva=())
    async with database.transaction(territory.group_id) as session:
        for finance in (RATES, none, RATES):
            assert await shown(session, purchase_id, finance) == await computed(session, purchase_id, finance)
        assert (await read_current(session, purchase_id, none)).result.totals.fctva == 0
        assert (await read_current(session, purchase_id, RATES)).result.totals.fctva > 0


async def test_only_those_asked_for_are_read(database: Database, territory: Territory) -> None:
    purchase_id = await open_purchase(database, territory, NOW)
    await file_needs(database, territory, purchase_id, "referent@lugos.example", NOW, arceau=7)
    async with database.transaction(territory.group_id) as session:
        whole = await read_current(session, purchase_id)
        lugos = await read_current(session, purchase_id, only=[LUGOS, "UFR-LUNE"])
        assert [member.id for member in lugos.result.results] == [LUGOS]
        assert lugos.result.member(LUGOS) == whole.result.member(LUGOS)
        assert lugos.result.totals == whole.result.totals


async def test_a_deleted_purchase_leaves_nothing(database: Database, territory: Territory) -> None:
    purchase_id = await make_purchase(database, territory, NOW)
    async with database.transaction(territory.group_id) as session:
        await read_current(session, purchase_id)
        buyer = await caller_of(session, territory.people[BUYER], territory.group_id)
        await delete_purchase(session, buyer, purchase_id, NOW)
        for table in TABLES:
            assert (await session.execute(text(f"SELECT count(*) FROM {table}"))).scalar_one() == 0, table


class Apart:
    """A purchase in a database of its own, where transactions are real."""

    def __init__(self, database: Database, territory: Territory, purchase_id: int) -> None:
        self.database, self.territory, self.purchase_id = database, territory, purchase_id

    async def file(self, email: str, units: int) -> None:
        await file_needs(self.database, self.territory, self.purchase_id, email, NOW, arceau=units)

    async def look(self) -> Current:
        async with self.database.transaction(self.territory.group_id) as session:
            return await current_allocation(session, self.purchase_id)

    async def is_right(self) -> None:
        async with self.database.transaction(self.territory.group_id) as session:
            assert await shown(session, self.purchase_id) == await computed(session, self.purchase_id)


@pytest.fixture
async def apart(fresh_database: Database) -> Apart:
    territory = await make_territory(fresh_database, NOW)
    purchase_id = await open_purchase(fresh_database, territory, NOW)
    made = Apart(fresh_database, territory, purchase_id)
    await made.file("referent@lugos.example", 7)
    return made


async def test_two_at_once_compute_once(apart: Apart) -> None:
    looks = await asyncio.gather(*(apart.look() for _ in range(6)))
    assert len({current.read_at for current in looks}) == 1
    await apart.is_right()


async def test_shares_written_in_parts_say_the_same(apart: Apart, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(current, "WRITTEN_AT_ONCE", 2)
    found = await apart.look()
    async with apart.database.transaction(apart.territory.group_id) as session:
        purchase = await session.get_one(Purchase, (apart.territory.group_id, apart.purchase_id))
        *_, figures = kept_of(await allocate_purchase(session, apart.purchase_id, label_of(purchase)))
        kept = await session.execute(text("SELECT count(*) FROM current_shares"))
        assert kept.scalar_one() > 2 * current.WRITTEN_AT_ONCE
    assert found.fingerprint == figures
    await apart.is_right()


async def test_the_next_part_is_made_while_one_is_written(
    database: Database, territory: Territory, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, written = threading.Event(), list[int]()

    async def slow(_session: AsyncSession, _table: object, rows: list[dict[str, Any]]) -> None:
        assert await asyncio.to_thread(made.wait, 20), "what follows is made meanwhile"
        written.extend(row["place"] for row in rows)

    def parts() -> Iterator[list[dict[str, Any]]]:
        yield [{"place": 1}]
        made.set()
        yield [{"place": 2}, {"place": 3}]

    monkeypatch.setattr(kernel_database, "_insert", slow)
    async with database.transaction(territory.group_id) as session:
        await insert_parts(session, CurrentShare, parts())
    assert written == [1, 2, 3]


async def test_what_is_filed_meanwhile_is_computed_by_the_next(apart: Apart) -> None:
    """Committed after the figures were read, by somebody who began before."""
    async with apart.database.transaction(apart.territory.group_id) as slow:
        caller = await caller_of(slow, apart.territory.people["referent@salles.example"], apart.territory.group_id)
        items = await item_ids(slow, apart.purchase_id)
        needs = (NeedIn(item_id=items["arceau"], quantity=5),)
        command = DeclarationIn(member_id=caller.members_as(Role.REFERENT)[0], needs=needs)
        await file_declaration(slow, caller, apart.purchase_id, command, FixedClock(NOW))
        before = await apart.look()
    after = await apart.look()
    assert after.fingerprint != before.fingerprint
    await apart.is_right()


async def test_who_is_killed_while_computing_leaves_it_to_the_next(apart: Apart) -> None:
    before = await apart.look()
    await apart.file("referent@salles.example", 5)

    async def killed() -> None:
        async with apart.database.transaction(apart.territory.group_id) as session:
            await current_allocation(session, apart.purchase_id)
            raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await killed()
    assert (await apart.look()).read_at > before.read_at
    await apart.is_right()


async def test_rows_are_all_of_one_moment(apart: Apart) -> None:
    """Somebody files and somebody else looks between the two statements of a page: the page reads again."""
    seen: list[tuple[int, int]] = []

    async def read(current: Current) -> tuple[int, int]:
        if not seen:
            await apart.file("referent@salles.example", 5)
            await apart.look()
        shares = await list_shares(session, current_shares(apart.purchase_id), Slice())
        seen.append((current.told().result.totals.ttc, sum(share.ttc for share in shares.items)))
        return seen[-1]

    await apart.look()
    async with apart.database.transaction(apart.territory.group_id) as session:
        total, summed = await consistently(session, apart.purchase_id, None, read)
    assert len(seen) == 2
    assert seen[0][0] != seen[0][1], "it really happened"
    assert total == summed


async def test_what_this_session_read_before_is_read_anew(apart: Apart) -> None:
    """A handler has the purchase in its hands while somebody renames it."""
    group, key = apart.territory.group_id, (apart.territory.group_id, apart.purchase_id)
    async with apart.database.transaction(group) as session:
        held = await session.get_one(Purchase, key)
        async with apart.database.transaction(group) as other:
            await other.execute(text("UPDATE purchases SET title = 'Vélos'"))
        stated = await read_current(session, apart.purchase_id)
        assert stated.result.label.endswith("Vélos")
        assert held.title == "Arceaux", "what the handler holds is left alone"
    await apart.is_right()


async def test_who_waited_takes_what_was_read_meanwhile(apart: Apart) -> None:
    """Under a storm of declarations those who look share a computation, instead of queueing for one each: what was read
    after they asked is no staler than what they would read now.
    """
    async with apart.database.transaction(apart.territory.group_id) as first:
        await lock_sharing(first, apart.purchase_id)
        waiting = asyncio.create_task(apart.look())
        await _somebody_waits(apart.database)
        current = await current_allocation(first, apart.purchase_id)
        await apart.file("referent@salles.example", 6)
    assert (await waiting).read_at == current.read_at
    assert (await apart.look()).read_at > current.read_at
    await apart.is_right()


async def _somebody_waits(database: Database) -> None:
    while True:
        async with database.transaction() as session:
            waits = await session.execute(
                text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
            )
            if waits.scalar_one():
                return


async def test_looking_again_computes_nothing(database: Database, territory: Territory, sign_in: SignIn) -> None:
    """The page of costs, « Pourquoi ? » and the files read the same rows."""
    purchase_id = await open_purchase(database, territory, NOW)
    await file_needs(database, territory, purchase_id, "referent@lugos.example", NOW, arceau=7)
    browser = await sign_in(BUYER)
    assert (await browser.get(COSTS)).status_code == 200
    async with database.transaction(territory.group_id) as session:
        first = await current_allocation(session, purchase_id)
    for page in ("", f"/{LUGOS}", "/gel", "/repartition.csv", "/repartition.xlsx", "/repartition.json"):
        assert (await browser.get(COSTS + page)).status_code == 200
    async with database.transaction(territory.group_id) as session:
        assert (await current_allocation(session, purchase_id)).read_at == first.read_at


async def test_those_of_many_are_computed_apart_and_shown_as_last_known_meanwhile(
    apart: Apart, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process computes; who looks at a page is shown what was known, and who needs those of now waits."""
    monkeypatch.setattr(size, "MANY", 0)
    monkeypatch.setattr(current, "_compute", None)  # not here

    async def look(*, last_known: bool) -> tuple[bool, int]:
        async def read(found: Current) -> tuple[bool, int]:
            return found.outdated, found.told().result.totals.ttc

        async with apart.database.transaction(apart.territory.group_id) as session:
            return await consistently(session, apart.purchase_id, None, read, last_known=last_known)

    outdated, first = await look(last_known=True)
    assert not outdated, "nothing was known: it waited"
    await apart.file("referent@salles.example", 5)
    assert await look(last_known=True) == (True, first)
    outdated, second = await look(last_known=False)
    assert not outdated
    assert second > first
    assert await look(last_known=True) == (False, second)
    monkeypatch.undo()
    await apart.is_right()


async def test_a_preview_of_many_is_the_same(apart: Apart, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether the rule runs here or in a process apart; and so is its refusal."""
    group, purchase_id = apart.territory.group_id, apart.purchase_id
    await apart.file("referent@salles.example", 5)
    line: dict[str, Any] = {"group_id": group, "purchase_id": purchase_id, "code": "pose", "amount_cents": 900}
    charges = [
        Charge(**line, label="Pose", key=key)
        for key in ("equal", {"percents": {LUGOS: "100"}}, {"percents": {LUGOS: "99"}})
    ]
    told = []
    for most in (size.MANY, 0):
        monkeypatch.setattr(size, "MANY", most)
        async with apart.database.transaction(group) as session:
            told.append([await preview_line(session, purchase_id, RATES, charge) for charge in charges])
    here, there = told
    assert here == there
    shared, named, refused = here
    assert isinstance(shared, Preview)
    assert (shared.share, shared.after - (shared.before or 0)) == (900, 1080)
    assert isinstance(named, Preview)
    assert [line.share for line in named.lines if line.code == LUGOS] == [900]
    assert isinstance(refused, Refused)
    assert refused.field == "percents"


@pytest.mark.parametrize("kind", ["csv", "json"])
async def test_a_file_of_many_is_the_same(apart: Apart, kind: str, tmp_path: Path) -> None:
    """Whether it is written here or in a process apart, which has none of its own."""
    group, purchase_id = apart.territory.group_id, apart.purchase_id
    await apart.file("referent@salles.example", 5)
    asked = downloads.Asked(kind, "Bassin", ZoneInfo("Europe/Paris"), NOW, fictional=True)
    async with apart.database.transaction(group) as session:
        given = (purchase_id, RATES, asked)
        await run_apart(session, downloads.write_current, str(tmp_path / "there"), *given)
        await downloads.write_current(session, str(tmp_path / "here"), *given)
    assert (tmp_path / "there").read_bytes() == (tmp_path / "here").read_bytes()
    assert SALLES.encode() in (tmp_path / "there").read_bytes()


async def test_some_members_at_a_time_say_the_same(apart: Apart, monkeypatch: pytest.MonkeyPatch) -> None:
    """Member by member and line by line, however often one reads, and at once."""
    monkeypatch.setattr(spool, "AT_ONCE", 1)
    await apart.file("referent@salles.example", 5)
    async with apart.database.transaction(apart.territory.group_id) as session:
        whole = await read_current(session, apart.purchase_id, RATES)
        _, parts = await spool_current(session, apart.purchase_id, RATES)
        _, sums = await spool_current(session, apart.purchase_id, RATES, only_sums=True)
    assert replace(parts, result=whole.result) == whole
    expected, found = whole.result, parts.result
    assert list(summary(sums.result, sums.labels).rows) == list(summary(expected, whole.labels).rows)
    assert not any(member.shares for member in sums.result.members)
    assert len(found.members) == len(expected.members) > 1
    assert list(zip(found.members, found.members, strict=True)) == [(each, each) for each in expected.members]
    assert [list(shares) for shares in found.shares] == [list(shares) for shares in expected.shares]
    assert {**found.head_to_json(), "members": [each.to_json() for each in found.results]} == expected.to_json()


async def test_nobody_waits_for_those_of_many_members(apart: Apart, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are computed apart, one after the other, once whoever asked is gone."""
    group, few = apart.territory.group_id, apart.purchase_id
    many = await open_purchase(apart.database, apart.territory, NOW, title="Abris")

    async def known() -> set[int]:
        async with apart.database.transaction(group) as session:
            return set((await session.execute(text("SELECT purchase_id FROM current_allocations"))).scalars())

    async with apart.database.transaction(group) as session:
        assert await bring_up_to_date(session, [few, many], RATES) == 0
    assert await known() == {few, many}
    await apart.file("referent@lugos.example", 8)
    monkeypatch.setattr(size, "MANY", 0)
    async with apart.database.transaction(group) as session:
        assert await bring_up_to_date(session, [few, many], RATES) == 2
    await asyncio.wait(_IN_TURN)
    await apart.is_right()
