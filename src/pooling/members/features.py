"""What a feature is to the others: one value that its package exports, and nothing else knows of it.

`pooling.features` lists them; the web side, the worker, the journal and À faire loop over the list.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

from litestar import Request
from litestar.types import ControllerRouterHandler
from sqlalchemy import ColumnElement
from sqlalchemy.ext.asyncio import AsyncSession

from pooling.accounts.sessions import EnteredGroup
from pooling.exports.asking import forget_exports
from pooling.exports.kinds import ExportKind
from pooling.kernel.about import Named
from pooling.kernel.database import part_of
from pooling.members.acts import Act
from pooling.members.agenda import AgendaSource, Meeting, Suggestion, TakenUp
from pooling.members.departures import Departure, Leaving, Merging, Tie
from pooling.members.events import EventWords
from pooling.members.modelling import CopyOfGroup
from pooling.members.models import Member
from pooling.members.people_queries import PersonShown, RoleShown
from pooling.members.rights import AnyRight, Caller
from pooling.members.subjects import SubjectKind, Subjects
from pooling.members.task import Task, TaskRows, tasks_of_rows
from pooling.outbox.receiving import NoteReply
from pooling.reminders.configuration import ReminderConfiguration
from pooling.reminders.kinds import CopiedMail, Kind
from pooling.reminders.sweep import Chore
from pooling.web.layout import Link
from pooling.web.services import services_of
from pooling.web.typography import plural

Configuration = TypeVar("Configuration")
NAMED_AT_MOST = 5

Routes: TypeAlias = Sequence[ControllerRouterHandler]


@dataclass(frozen=True)
class Tab:
    """A page beside others: shown to whoever holds the right on what it shows."""

    label: str
    path: str
    """From what they are pages of: the group, the purchase."""
    right: AnyRight
    states: Collection[str] = field(default=(), kw_only=True)
    """Of a purchase: in which of its states it is shown; none named, in all."""


@dataclass(frozen=True)
class Section(Tab):
    """A page of the group that stands beside others under an entry of the main navigation."""

    under: str
    """The entry's path."""


@dataclass(frozen=True)
class Entry(Tab):
    """An entry of the main navigation."""

    also_here: Sequence[str] = ()
    """Beginnings of paths that are neither its own nor its sections', and still stand under it."""


Tasks: TypeAlias = Callable[[AsyncSession, Caller, datetime], Awaitable[list[Task]]]
"""What is expected of the caller, in a fixed number of statements."""

LeavingWarnings: TypeAlias = Callable[
    [AsyncSession, Caller, EnteredGroup, PersonShown, RoleShown, datetime], Awaitable[list[str]]
]
"""What the holder of a role has not finished, for who is about to take the role away; links are markup."""

Ahead: TypeAlias = Callable[[AsyncSession, datetime], Awaitable[list[tuple[datetime, str]]]]
"""What has a date ahead that people meant in the group's zone: when, and what it is, in words."""


@dataclass(frozen=True)
class Copied:
    """A purchase that was prepared after another one."""

    model_id: int
    purchase_id: int
    items: Mapping[str, str]
    """The codes of its items by those of the model's; an item that was renamed or left out is in none."""
    members: frozenset[str]
    """The codes of those who take part in it."""


@dataclass(frozen=True)
class Part:
    """What a feature adds to a page of another one: a template, which knows it as `part`."""

    template: str
    facts: Mapping[str, Any]


Parts: TypeAlias = Callable[[Any], Awaitable[Part]]
"""Makes one from the page object."""

Doubts: TypeAlias = Callable[[Any], Awaitable[Sequence[str]]]
"""What to verify before a purchase's shares are frozen, in sentences, from the page that asks."""


@dataclass(frozen=True)
class Changed:
    """Something that changed a purchase's shares, and the cause that it is of another version of them."""

    cause: str
    said: str
    """« avoir A-12 de Mobilier urbain »."""


Changes: TypeAlias = Callable[[Any, datetime], Awaitable[Sequence[Changed]]]
"""What changed since a moment, for the page that asks."""

Copy: TypeAlias = Callable[[AsyncSession, Copied], Awaitable[None]]
"""Takes over what a feature keeps of the model, as far as it goes with the new purchase."""

Drafts: TypeAlias = Callable[[AsyncSession, int, datetime], Awaitable[None]]
"""Writes what is known already of what participants of the purchase of this id declare, as its collection opens."""

PurchaseFact: TypeAlias = Callable[[], ColumnElement[bool]]
"""Whether it is so of the purchase that a statement reads."""

Lacking: TypeAlias = Callable[[AsyncSession, int], Awaitable[str]]
"""A sentence about the purchase of this id."""


@dataclass(frozen=True)
class OrderFact:
    """What stands beside an order of a purchase, of one kind: how much is delivered, how much is invoiced."""

    label: str
    """« Livraison »."""
    tag: str
    word: str


OrderFacts: TypeAlias = Callable[[AsyncSession, Sequence[int]], Awaitable[Mapping[int, OrderFact]]]
"""Of several orders, by their ids, in a fixed number of statements."""

OrderHolds: TypeAlias = Callable[[AsyncSession, int], Awaitable[str]]
"""Why the order of this id may not be cancelled, in a sentence; empty: nothing stands against it."""

OrderFloors: TypeAlias = Callable[[AsyncSession, int], Awaitable[Mapping[int, int]]]
"""Units below which lines of the order of this id may not fall, by the ids of its lines: what was received."""

ItemsLeft: TypeAlias = Callable[[AsyncSession, int, int], Awaitable[Collection[int]]]
"""Ids of the items of a purchase that are on their way to a member, by both ids: where they go is settled."""

PurchaseOf: TypeAlias = Callable[[AsyncSession, int], Awaitable[int | None]]
"""The id of the purchase that what has this id belongs to."""

Forget: TypeAlias = Callable[[AsyncSession, datetime], Awaitable[None]]
"""Deletes in the transaction's group what names people and is older than this moment."""


@dataclass(frozen=True)
class Feature:
    """What a feature adds to what all share. Order counts where people see it: tabs, entries, kinds of reminders."""

    pages: Routes = ()
    """Under `/g/{group}`."""
    front: Routes = ()
    """Pages of no group."""
    administration: Sequence[Link] = ()
    """Those of the administrator of the installation that stand beside each other."""
    api: Routes = ()
    """Of a group, for programs."""
    api_front: Routes = ()
    navigation: Sequence[Entry] = ()
    sections: Sequence[Section] = ()
    purchase_tabs: Sequence[Tab] = ()
    member_parts: Sequence[Parts] = ()
    """Of the page of a member, between its facts and its people."""
    purchase_parts: Mapping[str, str] = field(default_factory=dict)
    """Which part of a purchase addresses below it are about, pages' and programs', by their first word: not every kind
    of purchase has it (`purchases/kinds/parts.py`). Those that are not named are of every kind.
    """
    purchase_holdings: Mapping[str, PurchaseFact] = field(default_factory=dict)
    """Whether a purchase in preparation has something of a part already: its kind then stays one that has it."""
    purchase_facts: Mapping[str, PurchaseFact] = field(default_factory=dict)
    """What must be so before a step of a purchase, by the fact's name (`purchases/kinds/steps.py`)."""
    purchase_lacking: Mapping[str, Lacking] = field(default_factory=dict)
    """Who or what is lacking to a fact, by its name, where its sentence does not say it."""
    order_parts: Sequence[Parts] = ()
    """Of the page of an order."""
    order_facts: Sequence[OrderFacts] = ()
    order_holds: Sequence[OrderHolds] = ()
    order_floors: Sequence[OrderFloors] = ()
    items_left: Sequence[ItemsLeft] = ()
    record_parts: Sequence[Parts] = ()
    """Of the page of a frozen allocation."""
    supplier_parts: Sequence[Parts] = ()
    """Of the page of a supplier."""
    round_parts: Sequence[Parts] = ()
    """Of the page of a prioritisation round."""
    action_parts: Sequence[Parts] = ()
    """Of the page of an action."""
    committee_parts: Sequence[Parts] = ()
    """Of the page of a committee."""
    freezing_doubts: Sequence[Doubts] = ()
    changes: Sequence[Changes] = ()
    """Why another version of a purchase's shares is frozen."""
    award_holds: Sequence[Lacking] = ()
    """Why a purchase's items may not go to other suppliers now; empty: they may."""
    configuration: Callable[[Path], object] = lambda _: None
    """Reads its file in the configuration's folder, at start; `services_of(request).part` hands out what it gave."""
    kinds: Callable[[ReminderConfiguration], Sequence[Kind]] = lambda _: ()
    configured_kinds: Callable[[ReminderConfiguration, Any], Sequence[Kind]] = lambda _, __: ()
    """Those that depend on the configuration that the feature reads too."""
    copied_mails: Sequence[CopiedMail] = ()
    """Mails beside reminders that people may do without."""
    exports: Callable[[Any], Sequence[ExportKind]] = lambda _: ()
    """Files that the worker writes, on the configuration that the feature reads."""
    chores: Callable[[ReminderConfiguration], Sequence[Chore]] = lambda _: ()
    """What the sweep does in every group before it reminds."""
    tasks: Sequence[Tasks | TaskRows] = ()
    purchase_tasks: Sequence[Tasks | TaskRows] = ()
    """Those of purchases: each is also on the page of its own."""
    events: EventWords = field(default_factory=EventWords)
    purchase_of: Mapping[str, PurchaseOf] = field(default_factory=dict)
    """The purchase that something of its own belongs to, by the kind of the subject."""
    announced: Mapping[str, str] = field(default_factory=dict)
    """Those of its events that other programs and readers of news may be told of, in a few words of their own."""
    on_leaving: Sequence[LeavingWarnings] = ()
    departures: Sequence[Departure] = ()
    """Its part in a member's leaving the group, or becoming another one."""
    ahead: Sequence[Ahead] = ()
    drafts: Sequence[Drafts] = ()
    """What the drafts of declarations begin with."""
    copies: Sequence[Copy] = ()
    """What of theirs a purchase that is prepared after another one begins with."""
    group_copies: Sequence[CopyOfGroup] = ()
    """What of theirs a group begins with that is made after another one."""
    forgets: Sequence[Forget] = ()
    subjects: Sequence[SubjectKind] = ()
    """What decisions, agenda items and difficulties may be about."""
    acts: Sequence[Act[Any]] = ()
    """What decisions may do to it."""
    agenda_sources: Sequence[AgendaSource] = ()
    """What agendas may take up."""
    calendar_replies: Sequence[NoteReply] = ()
    """What calendar programs answer by mail to events of its own."""


async def _found(session: AsyncSession, caller: Caller, now: datetime, asked: Sequence[Tasks | TaskRows]) -> list[Task]:
    in_one = await tasks_of_rows(session, caller, now, [one for one in asked if isinstance(one, TaskRows)])
    return [
        *in_one,
        *[task for one in asked if not isinstance(one, TaskRows) for task in await one(session, caller, now)],
    ]


def _most_urgent_first(tasks: Sequence[Task], now: datetime) -> list[Task]:
    return sorted(tasks, key=lambda task: (task.due_at is None, task.due_at or now, task.path))


@dataclass(frozen=True)
class Features:
    """All of them, with what they make of the territory's configuration."""

    each: Sequence[Feature]
    kinds: Sequence[Kind] = ()
    chores: Sequence[Chore] = ()
    exports: Sequence[ExportKind] = ()
    configurations: Mapping[type[Any], object] = field(default_factory=dict)
    """By their types."""

    @property
    def choices(self) -> Sequence[Kind | CopiedMail]:
        """What people may do without."""
        copied = (mail for feature in self.each for mail in feature.copied_mails)
        return [*(kind for kind in self.kinds if kind.comfort), *copied]

    def configuration(self, kind: type[Configuration]) -> Configuration:
        found = self.configurations[kind]
        assert isinstance(found, kind)
        return found

    @property
    def purchase_tabs(self) -> list[Tab]:
        return [tab for feature in self.each for tab in feature.purchase_tabs]

    @cached_property
    def purchase_parts(self) -> dict[str, str]:
        return {word: part for feature in self.each for word, part in feature.purchase_parts.items()}

    @cached_property
    def award_holds(self) -> list[Lacking]:
        return [holds for feature in self.each for holds in feature.award_holds]

    @cached_property
    def purchase_holdings(self) -> dict[str, PurchaseFact]:
        return {part: holds for feature in self.each for part, holds in feature.purchase_holdings.items()}

    @cached_property
    def purchase_facts(self) -> dict[str, PurchaseFact]:
        return {name: asks for feature in self.each for name, asks in feature.purchase_facts.items()}

    @cached_property
    def purchase_lacking(self) -> dict[str, Lacking]:
        return {name: says for feature in self.each for name, says in feature.purchase_lacking.items()}

    @property
    def group_copies(self) -> list[CopyOfGroup]:
        return [copy for feature in self.each for copy in feature.group_copies]

    @property
    def navigation(self) -> list[Entry]:
        return [entry for feature in self.each for entry in feature.navigation]

    @property
    def administration(self) -> list[Link]:
        return [link for feature in self.each for link in feature.administration]

    @property
    def events(self) -> list[EventWords]:
        return [feature.events for feature in self.each]

    async def purchase_of(self, session: AsyncSession, subject: Named) -> int | None:
        """The purchase that the subject of an event is, or belongs to."""
        kind, key = subject
        if kind == "purchase":
            return key
        found = {kind: ask for feature in self.each for kind, ask in feature.purchase_of.items()}
        return await found[kind](session, key) if kind in found else None

    @property
    def announced(self) -> dict[str, str]:
        return {name: words for feature in self.each for name, words in feature.announced.items()}

    @property
    def subjects(self) -> Subjects:
        return Subjects({kind.name: kind for feature in self.each for kind in feature.subjects})

    @property
    def acts(self) -> dict[str, Act[Any]]:
        """By their names; what cannot be undone comes last."""
        found = [act for feature in self.each for act in feature.acts]
        return {act.name: act for act in sorted(found, key=lambda act: act.danger)}

    async def suggestions(self, session: AsyncSession, meeting: Meeting, now: datetime) -> list[Suggestion]:
        """What is open for this meeting, what earlier committees left first."""
        sources = sorted(self._agenda_sources, key=lambda source: not source.left_over)
        return [found for source in sources for found in await source.suggest(session, meeting, now)]

    async def told_of(
        self, session: AsyncSession, meeting: Meeting, items: Sequence[TakenUp], now: datetime
    ) -> dict[int, tuple[str, ...]]:
        """What there is to know now about items of an agenda, by their ids; nothing of those that somebody typed."""
        told: dict[int, tuple[str, ...]] = {}
        for source in self._agenda_sources:
            if theirs := [item for item in items if item.topic in source.topics]:
                told |= await source.tell(session, meeting, theirs, now)
        return told

    @property
    def calendar_replies(self) -> list[NoteReply]:
        return [note for feature in self.each for note in feature.calendar_replies]

    @property
    def _agenda_sources(self) -> list[AgendaSource]:
        return [source for feature in self.each for source in feature.agenda_sources]

    def acts_on(self, subject: Named | None) -> dict[str, Act[Any]]:
        return {name: act for name, act in self.acts.items() if subject is not None and act.subject == subject[0]}

    def sections(self, under: str) -> list[Section]:
        return [section for feature in self.each for section in feature.sections if section.under == under]

    async def tasks(self, session: AsyncSession, caller: Caller, now: datetime) -> list[Task]:
        """À faire: what is expected of this person, the most urgent first."""
        found = await _found(
            session,
            caller,
            now,
            [tasks for feature in self.each for tasks in (*feature.purchase_tasks, *feature.tasks)],
        )
        return _most_urgent_first(found, now)

    async def tasks_of_purchase(
        self, session: AsyncSession, caller: Caller, now: datetime, reference: str
    ) -> list[Task]:
        """Those of one purchase."""
        found = await _found(session, caller, now, [tasks for feature in self.each for tasks in feature.purchase_tasks])
        return [task for task in _most_urgent_first(found, now) if f"/achats/{reference}/" in task.path]

    async def member_parts(self, here: Any) -> list[Part]:  # noqa: ANN401 - the page of a member
        return [await part(here) for feature in self.each for part in feature.member_parts]

    async def order_parts(self, here: Any) -> list[Part]:  # noqa: ANN401 - the page of an order
        return [await part(here) for feature in self.each for part in feature.order_parts]

    async def freezing_doubts(self, here: Any) -> list[str]:  # noqa: ANN401 - a page of costs
        return [said for feature in self.each for doubts in feature.freezing_doubts for said in await doubts(here)]

    async def changes(self, here: Any, since: datetime) -> list[Changed]:  # noqa: ANN401 - a page of costs
        return [one for feature in self.each for changes in feature.changes for one in await changes(here, since)]

    async def record_parts(self, here: Any) -> list[Part]:  # noqa: ANN401 - the page of a frozen allocation
        return [await part(here) for feature in self.each for part in feature.record_parts]

    async def supplier_parts(self, here: Any) -> list[Part]:  # noqa: ANN401 - the page of a supplier
        return [await part(here) for feature in self.each for part in feature.supplier_parts]

    async def round_parts(self, here: Any) -> list[Part]:  # noqa: ANN401 - the page of a round
        return [await part(here) for feature in self.each for part in feature.round_parts]

    async def action_parts(self, here: Any) -> list[Part]:  # noqa: ANN401 - the page of an action
        return [await part(here) for feature in self.each for part in feature.action_parts]

    async def committee_parts(self, here: Any) -> list[Part]:  # noqa: ANN401 - the page of a committee
        return [await part(here) for feature in self.each for part in feature.committee_parts]

    async def order_facts(self, session: AsyncSession, orders: Sequence[int]) -> list[Mapping[int, OrderFact]]:
        """One for each kind of fact, in the order in which they are shown."""
        return [await facts(session, orders) for feature in self.each for facts in feature.order_facts]

    async def order_holds(self, session: AsyncSession, order_id: int) -> list[str]:
        """Why it may not be cancelled."""
        found = [await holds(session, order_id) for feature in self.each for holds in feature.order_holds]
        return [said for said in found if said]

    async def order_floors(self, session: AsyncSession, order_id: int) -> dict[int, int]:
        found = [await floors(session, order_id) for feature in self.each for floors in feature.order_floors]
        lines = {line for floors in found for line in floors}
        return {line: max(floors.get(line, 0) for floors in found) for line in lines}

    async def items_left(self, session: AsyncSession, purchase_id: int, member_id: int) -> frozenset[int]:
        found = [await left(session, purchase_id, member_id) for feature in self.each for left in feature.items_left]
        return frozenset(item for items in found for item in items)

    async def draft(self, session: AsyncSession, purchase_id: int, now: datetime) -> None:
        for feature in self.each:
            for drafts in feature.drafts:
                await drafts(session, purchase_id, now)

    async def copy(self, session: AsyncSession, copied: Copied) -> None:
        for feature in self.each:
            for copy in feature.copies:
                await copy(session, copied)

    async def on_leaving(
        self,
        session: AsyncSession,
        caller: Caller,
        group: EnteredGroup,
        person: PersonShown,
        role: RoleShown,
        now: datetime,
    ) -> list[str]:
        """What this role leaves to be done, and what the person does where it is the last one."""
        return [
            warning
            for feature in self.each
            for warnings in feature.on_leaving
            for warning in await warnings(session, caller, group, person, role, now)
        ]

    @property
    def _departures(self) -> list[Departure]:
        return [departure for feature in self.each for departure in feature.departures]

    async def lock_for_departure(self, session: AsyncSession, members: Sequence[int]) -> None:
        for departure in self._departures:
            await departure.lock(session, members)

    async def ties(self, session: AsyncSession, member: Member) -> list[Tie]:
        """What is there of a member: what keeps it in the group first."""
        found = [tie for departure in self._departures for tie in await departure.ties(session, member)]
        return sorted(found, key=lambda tie: not tie.keeps)

    async def leave(self, session: AsyncSession, leaving: Leaving) -> None:
        for departure in reversed(self._departures):
            await departure.leave(session, leaving)

    async def merge_ties(self, session: AsyncSession, members: Sequence[Member], becomes: Member | None) -> list[Tie]:
        """The same of members that are to become another one; None: one that is to be added."""
        found = [tie for one in self._departures for tie in await one.merge_ties(session, members, becomes)]
        return sorted(found, key=lambda tie: not tie.keeps)

    async def merge(self, session: AsyncSession, merging: Merging) -> None:
        for departure in reversed(self._departures):
            await departure.merge(session, merging)

    async def dated_ahead(self, session: AsyncSession, now: datetime) -> list[str]:
        """Said before the zone would give it another hour: the nearest first."""
        found = [one for feature in self.each for ahead in feature.ahead for one in await ahead(session, now)]
        words = [said for _, said in sorted(found)]
        more = len(words) - NAMED_AT_MOST
        return [*words[:NAMED_AT_MOST], *([plural(more, "autre")] if more > 0 else [])]


def gather_features(features: Sequence[Feature], config_dir: Path, reminders: ReminderConfiguration) -> Features:
    """The features on this configuration.

    Raises:
        ConfigurationError: a file is wrong, or the reminders' speaks of a kind that there is not.
    """
    read = [(feature, feature.configuration(config_dir)) for feature in features]
    kinds = [
        kind
        for feature, found in read
        for kind in (*feature.kinds(reminders), *feature.configured_kinds(reminders, found))
    ]
    reminders.require_known([kind.name for kind in kinds])
    return Features(
        features,
        kinds,
        [*(chore for feature in features for chore in feature.chores(reminders)), forget_exports],
        [kind for feature, found in read for kind in feature.exports(found)],
        {type(found): found for _, found in read},
    )


def features_of(request: Request[Any, Any, Any]) -> Features:
    return services_of(request).part(Features)


def features_for(session: AsyncSession) -> Features:
    """The same for a use case, whether a page or the worker calls it."""
    return part_of(session, Features)
