"""Each kind of purchase, driven through steps at random, legal and not, against a real database: what its kind does not
allow is refused and changes nothing, whatever happens has its event, and totals tie.

The model below knows no kind of the package: what may happen when is written here once more, by hand.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from datetime import date, datetime, timedelta
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from factories import ARCACHON, BUYER, LUGOS, NOW, SALLES, Territory, make_purchase, make_territory
from fuzz.profile import EXAMPLES
from ground.database import OUR_FEATURES
from pooling.allocation.allocating import allocate_purchase
from pooling.allocation.models import Charge
from pooling.allocation.records.freezing import freeze_allocation
from pooling.answers.answering import answer_for_own
from pooling.answers.schemas import AnswerIn
from pooling.embedded.postgres import PostgresAddresses
from pooling.followups.keeping import keep_followup
from pooling.followups.queries import head_of, total_of
from pooling.followups.schemas import FollowUpIn
from pooling.kernel.clock import FixedClock
from pooling.kernel.database import Database
from pooling.kernel.errors import DomainError
from pooling.kernel.events import Event
from pooling.members.entrance import caller_of
from pooling.members.rights import Caller
from pooling.needs.advancing import advance_purchase
from pooling.needs.cancelling import cancel_purchase
from pooling.needs.collection import close_collection, extend_collection, open_collection, reopen_collection
from pooling.needs.declaring import file_declaration
from pooling.needs.freezing import freeze_consolidation
from pooling.needs.queries import consolidate_needs
from pooling.needs.schemas import DeclarationIn, NeedIn
from pooling.offers.publishing import keep_offer
from pooling.offers.queries import tallies_of
from pooling.offers.schemas import OfferIn
from pooling.offers.telling import tell_uptake
from pooling.purchases.finding import item_ids
from pooling.purchases.models import Purchase, PurchaseState

MEMBERS = {ARCACHON: "referent@arcachon.example", LUGOS: "referent@lugos.example", SALLES: "referent@salles.example"}
FEE = 900_001
"""Cents that three do not share evenly."""
COLLECTING = {"goods", "service", "staff_offer"}
AFTER = {
    "outside": {"draft": "ordered", "ordered": "delivered", "delivered": "settled"},
    **{kind: {"closed": "ordered", "ordered": "delivered", "delivered": "settled"} for kind in COLLECTING},
}
"""The steps taken by hand."""
who = st.sampled_from(sorted(MEMBERS))
units = st.integers(0, 40)


class Ground:
    """A group that every run adds a purchase to."""

    def __init__(self, address: str) -> None:
        self.runner = asyncio.Runner()
        self.database = self.runner.run(self._connect(address))
        self.territory: Territory = self.runner.run(make_territory(self.database, NOW))

    async def _connect(self, address: str) -> Database:
        return Database.connect(address).handing(OUR_FEATURES)

    def close(self) -> None:
        self.runner.run(self.database.dispose())
        self.runner.close()


@pytest.fixture
def ground(fresh_addresses: PostgresAddresses) -> Iterator[Ground]:
    made = Ground(fresh_addresses.application)
    yield made
    made.close()


Act = Callable[[AsyncSession, Caller], Awaitable[Any]]


class Life(RuleBasedStateMachine):
    """One purchase, beside what the test knows of it."""

    ground: ClassVar[Ground]
    kind: ClassVar[str]

    @initialize()
    def prepared(self) -> None:
        items: dict[str, Any] = {"items": ()} if self.kind in {"service", "outside"} else {}
        territory = self.ground.territory
        made = make_purchase(self.ground.database, territory, NOW, kind=self.kind, participants=tuple(MEMBERS), **items)
        self.purchase_id = self.ground.runner.run(made)
        self.clock = FixedClock(NOW)
        self.state, self.now = "draft", NOW
        self.filed: dict[str, int] = {}
        self.joined: dict[str, bool] = {}
        self.bought: dict[str, int] = {}
        self.cost: int | None = None
        self.consolidated = self.agreed = self.written = False
        self.events = self._count()
        if self.kind == "service":
            self.ground.runner.run(self._charge())

    async def _charge(self) -> None:
        own: dict[str, Any] = {"group_id": self.ground.territory.group_id, "purchase_id": self.purchase_id}
        async with self.ground.database.transaction(own["group_id"]) as session:
            session.add(Charge(**own, code="frais", label="Frais", amount_cents=FEE, key="equal"))

    def _count(self) -> int:
        async def count() -> int:
            async with self.ground.database.transaction(self.ground.territory.group_id) as session:
                return (await session.execute(select(func.count()).select_from(Event))).scalar_one()

        return self.ground.runner.run(count())

    def _try(self, act: Act, *, by: str = BUYER, legal: bool) -> bool:
        """Does it as this person: exactly what is legal passes, with an event; nothing else leaves a trace."""
        self.now += timedelta(minutes=1)
        self.clock.instant = self.now

        async def attempt() -> None:
            territory = self.ground.territory
            async with self.ground.database.transaction(territory.group_id) as session:
                await act(session, await caller_of(session, territory.people[by], territory.group_id))

        passed = True
        try:
            self.ground.runner.run(attempt())
        except DomainError:
            passed = False
        assert passed is legal, f"{self.kind} in {self.state}"
        events = self._count()
        assert (events > self.events) is passed, "what happens has its event, what is refused has none"
        self.events = events
        return passed

    @property
    def _later(self) -> datetime:
        return self.now + timedelta(days=30)

    @rule()
    def opens(self) -> None:
        def act(session: AsyncSession, caller: Caller) -> Awaitable[Any]:
            return open_collection(session, caller, self.purchase_id, self._later, self.clock)

        if self._try(act, legal=self.state == "draft" and self.kind in COLLECTING):
            self.state = "open"

    @rule()
    def moves_the_date(self) -> None:
        def act(session: AsyncSession, caller: Caller) -> Awaitable[Any]:
            return extend_collection(session, caller, self.purchase_id, self._later, self.clock, reason="Plus tard")

        self._try(act, legal=self.state == "open")

    @rule()
    def closes(self) -> None:
        def act(session: AsyncSession, caller: Caller) -> Awaitable[Any]:
            return close_collection(session, caller, self.purchase_id, self.clock, reason="Assez")

        if self._try(act, legal=self.state == "open"):
            self.state, self.consolidated, self.agreed = "closed", False, False

    @rule()
    def reopens(self) -> None:
        def act(session: AsyncSession, caller: Caller) -> Awaitable[Any]:
            return reopen_collection(session, caller, self.purchase_id, self._later, self.clock, reason="Encore")

        if self._try(act, legal=self.state == "closed"):
            self.state, self.consolidated, self.agreed = "open", False, False

    @rule(sure=st.integers(0, 9))
    def gives_up(self, sure: int) -> None:
        """Seldom where it may: it is the end."""
        legal = self.state in {"draft", "open", "closed", "ordered"}
        if legal and sure:
            return

        def act(session: AsyncSession, caller: Caller) -> Awaitable[Any]:
            return cancel_purchase(session, caller, self.purchase_id, self.clock, reason="Sans suite")

        if self._try(act, legal=legal):
            self.state = "cancelled"

    @rule(after=st.sampled_from([str(state) for state in PurchaseState]))
    def steps(self, after: str) -> None:
        ready = {
            ("goods", "closed"): self.consolidated,
            ("service", "closed"): self.agreed and any(self.joined.values()),
            ("staff_offer", "closed"): self.written,
            ("outside", "draft"): self.written,
            ("outside", "delivered"): self.cost is not None,
        }.get((self.kind, self.state), True)

        def act(session: AsyncSession, caller: Caller) -> Awaitable[Any]:
            return advance_purchase(session, caller, self.purchase_id, PurchaseState(after), self.clock)

        if self._try(act, legal=AFTER[self.kind].get(self.state) == after and ready):
            self.state = after

    @rule(member=who, arceau=units)
    def declares(self, member: str, arceau: int) -> None:
        async def act(session: AsyncSession, caller: Caller) -> None:
            items = await item_ids(session, self.purchase_id)
            needs = (NeedIn(item_id=items["arceau"], quantity=arceau),) if items else ()
            command = DeclarationIn(member_id=self.ground.territory.members[member], needs=needs)
            await file_declaration(session, caller, self.purchase_id, command, self.clock)

        if self._try(act, by=MEMBERS[member], legal=self.state == "open" and self.kind in {"goods", "staff_offer"}):
            self.filed[member] = arceau

    @rule(member=who, takes_part=st.booleans(), agents=units)
    def answers(self, member: str, takes_part: bool, agents: int) -> None:
        def act(session: AsyncSession, caller: Caller) -> Awaitable[Any]:
            whose = self.ground.territory.members[member]
            command = AnswerIn(member_id=whose, takes_part=takes_part, agents=agents if takes_part else None)
            return answer_for_own(session, caller, self.purchase_id, command, self.clock)

        if self._try(act, by=MEMBERS[member], legal=self.state == "open" and self.kind == "service"):
            self.joined[member] = takes_part

    @rule()
    def consolidates(self) -> None:
        def act(session: AsyncSession, caller: Caller) -> Awaitable[Any]:
            return freeze_consolidation(session, caller, self.purchase_id, self.clock, options={}, reason="Encore")

        if self._try(act, legal=self.state == "closed" and self.kind == "goods"):
            self.consolidated = True

    @rule()
    def freezes_who_pays_what(self) -> None:
        def act(session: AsyncSession, caller: Caller) -> Awaitable[Any]:
            return freeze_allocation(session, caller, self.purchase_id, "Achat", self.clock)

        if self._try(
            act, legal=self.state != "cancelled" and self.kind in {"goods", "service"} and bool(self._payers())
        ):
            self.agreed = self.state == "closed"

    def _payers(self) -> list[str]:
        """Of a service; of goods, everybody that is asked."""
        if self.kind != "service" or self.state == "draft":
            return sorted(MEMBERS)
        silent_counts = self.state == "open"
        if self.state == "cancelled":
            return []
        return sorted(member for member in MEMBERS if self.joined.get(member, silent_counts))

    @rule(whole=st.booleans())
    def writes_the_offer(self, whole: bool) -> None:
        prices = {"arceau": 90_000, "abri": 250_000} if whole else {"arceau": 80_000}
        terms = OfferIn(supplier="Cycles", claiming="Un code", valid_until=date(2028, 1, 1), prices=prices)
        terms = terms.model_copy(update={"conditions": str(self.now)})  # so that something changes

        def act(session: AsyncSession, caller: Caller) -> Awaitable[Any]:
            return keep_offer(session, caller, self.purchase_id, terms, self.now)

        writable = self.state in {"draft", "open", "closed"} or (self.state == "ordered" and whole)
        if self._try(act, legal=self.kind == "staff_offer" and writable):
            self.written = whole

    @rule(each=st.lists(units, max_size=3))
    def follows(self, each: list[int]) -> None:
        costs = dict(zip(sorted(MEMBERS), each, strict=False))
        known = FollowUpIn(organiser="Une centrale", joining=str(self.now), costs=costs)

        def act(session: AsyncSession, caller: Caller) -> Awaitable[Any]:
            return keep_followup(session, caller, self.purchase_id, known, self.now)

        if self._try(act, legal=self.kind == "outside" and self.state not in {"settled", "cancelled"}):
            self.written, self.cost = True, sum(each) if each else None

    @rule(member=who, arceau=units)
    def tells_what_was_bought(self, member: str, arceau: int) -> None:
        def act(session: AsyncSession, caller: Caller) -> Awaitable[Any]:
            whose = self.ground.territory.members[member]
            return tell_uptake(session, caller, self.purchase_id, whose, {"arceau": arceau}, self.clock)

        if self._try(act, by=MEMBERS[member], legal=self.kind == "staff_offer" and self.state == "delivered"):
            self.bought[member] = arceau

    @invariant()
    def is_where_the_model_is_and_totals_tie(self) -> None:
        if hasattr(self, "state"):
            self.ground.runner.run(self._check())

    async def _check(self) -> None:
        async with self.ground.database.transaction(self.ground.territory.group_id) as session:
            purchase = await session.get_one(Purchase, (self.ground.territory.group_id, self.purchase_id))
            assert purchase.state == self.state
            last = await session.execute(
                select(col(Event.to_state))
                .where(col(Event.subject_kind) == "purchase", col(Event.subject_id) == self.purchase_id)
                .where(col(Event.to_state).is_not(None))
                .order_by(col(Event.id).desc())
                .limit(1)
            )
            assert last.scalar_one() == self.state, "the journal tells it"
            if self.kind == "service" and self._payers():
                stated = (await allocate_purchase(session, self.purchase_id, "Achat")).result
                assert sorted(member.result.id for member in stated.members) == self._payers()
                assert sum(member.result.ht for member in stated.members) == stated.totals.ht == FEE
            elif self.kind == "outside":
                assert await total_of(session, await head_of(session, self.purchase_id)) == self.cost
            elif self.kind != "service":
                arceau = (await item_ids(session, self.purchase_id))["arceau"]
                totals = await consolidate_needs(session, self.purchase_id)
                assert totals.by_item.get(arceau, 0) == sum(self.filed.values())
                tally = (await tallies_of(session, self.purchase_id))[arceau]
                assert (tally.interested, tally.bought) == (sum(self.filed.values()), sum(self.bought.values()))


@pytest.mark.parametrize("kind", [*sorted(COLLECTING), "outside"])
def test_a_kind_goes_its_way_and_no_other(ground: Ground, kind: str) -> None:
    machine = type("Machine", (Life,), {"ground": ground, "kind": kind})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=EXAMPLES // 20 or 4,
            stateful_step_count=40,
            derandomize=not EXAMPLES,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
