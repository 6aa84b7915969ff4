"""A territory, its committees and a mail server, with a clock that stands still: what tests of the worker play on."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Literal

from sqlalchemy import text

from factories import Territory
from outbox.sink import Sink
from pooling.committees.convocations.convening import convene_now
from pooling.committees.invitations.inviting import invite_to_committee, uninvite_from_committee
from pooling.committees.meetings import reminders as committee_reminders
from pooling.committees.meetings.scheduling import cancel_committee, move_committee, schedule_committee
from pooling.committees.meetings.schemas import CommitteeIn, MoveIn
from pooling.committees.models import CommitteeKind
from pooling.features import FEATURES
from pooling.kernel.clock import FixedClock
from pooling.kernel.database import Database
from pooling.members.models import Role
from pooling.members.rights import Caller, HeldRole
from pooling.outbox.delivery import BATCH, DeliveryReport, deliver
from pooling.outbox.mail import Mail
from pooling.outbox.queueing import queue_mails
from pooling.outbox.transport import Transport
from pooling.reminders.configuration import ReminderConfiguration
from pooling.reminders.kinds import Kind
from pooling.reminders.sweep import SweepReport, sweep

BASE_URL = "https://achats.example"
FACILITATOR = "animation@bassin.example"
MEETING = date(2027, 3, 30)
J15 = datetime(2027, 3, 15, 7, tzinfo=UTC)
J7 = datetime(2027, 3, 23, 7, tzinfo=UTC)
J1 = datetime(2027, 3, 26, 7, tzinfo=UTC)
"""J−1 is Easter Monday: it moves to the Friday before."""


CHORES = [chore for feature in FEATURES for chore in feature.chores(ReminderConfiguration({}))]


def kinds() -> list[Kind]:
    return committee_reminders.kinds(ReminderConfiguration())


@dataclass
class Scene:
    database: Database
    territory: Territory
    clock: FixedClock
    sink: Sink

    @property
    def caller(self) -> Caller:
        return self.territory.caller(FACILITATOR, HeldRole(Role.FACILITATOR))

    @property
    def now(self) -> datetime:
        return self.clock.instant

    async def schedule(
        self,
        *people: str,
        day: date = MEETING,
        hour: time = time(14),
        agenda: str = "Consolider les besoins\nChoisir le devis",
        roles: Sequence[Role] = (),
        kind: CommitteeKind = CommitteeKind.WORKING_GROUP,
        clear_days: Literal[1, 3, 5] = 5,
    ) -> int:
        command = CommitteeIn(
            kind=kind,
            clear_days=clear_days,
            day=day,
            hour=hour,
            place="Mairie d’Arcachon",
            agenda=agenda,
            roles=tuple(roles),
            people=tuple(self.territory.people[email] for email in people),
        )
        async with self.database.transaction(self.territory.group_id) as session:
            return await schedule_committee(session, self.caller, command, self.now)

    async def move(
        self, committee_id: int, *, day: date = MEETING, hour: time = time(14), place: str = "Mairie d’Arcachon"
    ) -> None:
        command = MoveIn(day=day, hour=hour, place=place, reason="salle prise")
        async with self.database.transaction(self.territory.group_id) as session:
            await move_committee(
                session,
                self.caller,
                committee_id,
                command,
                self.now,
                base_url=BASE_URL,
                reminders=ReminderConfiguration(),
            )

    async def cancel(self, committee_id: int) -> None:
        async with self.database.transaction(self.territory.group_id) as session:
            await cancel_committee(
                session,
                self.caller,
                committee_id,
                self.now,
                reason="trop d’absents",
                base_url=BASE_URL,
                reminders=ReminderConfiguration(),
            )

    async def invite(self, committee_id: int, *people: str, roles: Sequence[Role] = ()) -> None:
        ids = [self.territory.people[email] for email in people]
        async with self.database.transaction(self.territory.group_id) as session:
            await invite_to_committee(session, self.caller, committee_id, self.now, roles=roles, people=ids)

    async def uninvite(self, committee_id: int, person: str) -> None:
        async with self.database.transaction(self.territory.group_id) as session:
            await uninvite_from_committee(session, self.caller, committee_id, self.territory.people[person], self.now)

    async def convene(self, committee_id: int) -> None:
        async with self.database.transaction(self.territory.group_id) as session:
            await convene_now(session, self.caller, committee_id, self.now)

    async def sweep(self, *, batch: int = 500) -> SweepReport:
        return await sweep(self.database, kinds(), self.clock, base_url=BASE_URL, chores=CHORES, batch=batch)

    async def deliver(self, transport: Transport | None = None, *, batch: int = BATCH) -> DeliveryReport:
        return await deliver(self.database, transport or self.sink.transport(), self.clock, batch=batch)

    async def work(self) -> None:
        await self.sweep()
        await self.deliver()

    async def queue(self, *recipients: str, expires_at: datetime | None = None, subject: str = "Bonjour") -> list[int]:
        mails = [
            Mail(kind="test", recipient=recipient, subject=subject, why="Pourquoi.", expires_at=expires_at)
            for recipient in recipients
        ]
        async with self.database.transaction(self.territory.group_id) as session:
            return await queue_mails(session, mails, self.now)

    async def reminders(self) -> list[tuple[str, str, int, int, str]]:
        """(kind, e-mail, revision, offset, state), in order of due date."""
        async with self.database.transaction(self.territory.group_id) as session:
            rows = await session.execute(
                text("""
                    SELECT r.kind, p.email, r.revision, r.offset_days, r.state
                    FROM reminders r JOIN people p ON p.id = r.person_id
                    ORDER BY r.revision, r.due_at, p.email, r.offset_days""")
            )
            return [tuple(row) for row in rows]

    async def rows_of(self, committee_id: int) -> list[tuple[int, str]]:
        """(revision, state) of the reminders and notices of one committee."""
        async with self.database.transaction(self.territory.group_id) as session:
            rows = await session.execute(
                text("SELECT revision, state FROM reminders WHERE subject_id = :id"), {"id": committee_id}
            )
            return [tuple(row) for row in rows]

    async def messages(self) -> list[tuple[str, str, int, str | None]]:
        """(recipient, state, attempts, error), in order of writing."""
        async with self.database.transaction(self.territory.group_id) as session:
            rows = await session.execute(text("SELECT recipient, state, attempts, error FROM messages ORDER BY id"))
            return [tuple(row) for row in rows]
