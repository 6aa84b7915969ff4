"""Telling addresses what happened, under leases: many at once, each address one thing after the other.

A claim is committed before anything is sent, and no transaction is open meanwhile. Whoever is killed at it loses
nothing: once the lease has run out another worker sends it, perhaps a second time, under the same `webhook-id`.
"""

import asyncio
import logging
import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.accounts.second_factor import SecretBox, Unreadable
from pooling.kernel.clock import Clock
from pooling.kernel.database import Database, base_url_of
from pooling.kernel.events import Event
from pooling.kernel.leases import Lease
from pooling.kernel.tables import linked
from pooling.members.features import features_for
from pooling.members.models import Group
from pooling.webhooks.models import DeliveryState, Stopped, Webhook, WebhookAttempt, WebhookDelivery
from pooling.webhooks.rules import DELAYS, GONE, is_received, next_try
from pooling.webhooks.sending import TIMEOUT, Answer, send, signed_headers, written
from pooling.webhooks.stopping import stop_webhook, tell_stopped

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=4 * TIMEOUT)
AT_ONCE = 20
"""Addresses that one worker waits for at the same time."""
PURPOSE = "webhooks"


@dataclass(frozen=True)
class Sender:
    """What sends, with what it needs to know of its installation."""

    database: Database
    clock: Clock
    secret_key: str
    private: bool = False
    """Whether addresses of this network are allowed."""

    def box(self) -> SecretBox:
        return SecretBox(self.secret_key, PURPOSE)


@dataclass(frozen=True)
class _Letter:
    """What is sent, read in the group; nothing of it is still to be asked once it leaves."""

    webhook_id: int
    url: str
    secrets: tuple[str, ...]
    message_id: str
    body: str
    tries: int


async def deliver_webhooks(sender: Sender) -> int:
    """Sends all that is due, of any group; returns how many were received.

    Safe to run many times at once, to cancel and to kill.
    """
    received, more = 0, True
    running: set[asyncio.Task[bool]] = set()
    try:
        while more or running:
            claimed = await _claim(sender, AT_ONCE - len(running))
            running |= {asyncio.create_task(held.send()) for held in claimed}
            if not running:
                break
            done, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            received += sum(task.result() for task in done)
            more = bool(claimed) or bool(done)
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
    return received


async def _claim(sender: Sender, most: int) -> "list[_Held]":
    lease = Lease("webhook_deliveries", LEASE)
    async with sender.database.transaction() as session:
        claimed = await lease.claim(session, sender.clock.now(), most=most)
    return [_Held(sender, lease, row["in_group"], row["delivery_id"]) for row in claimed]


@dataclass(frozen=True)
class _Held:
    """A delivery that this worker has claimed."""

    sender: Sender
    lease: Lease
    group_id: int
    delivery_id: int

    async def send(self) -> bool:
        """Whether it was received."""
        try:
            letter = await self._read()
            if letter is None:
                return False
            headers = signed_headers(letter.message_id, letter.body, letter.secrets, self.sender.clock.now())
            answer = await send(letter.url, letter.body, headers, private=self.sender.private)
            return await self._note(letter, answer)
        except asyncio.CancelledError:
            await self._settle_apart(
                DeliveryState.WAITING, self.sender.clock.now()
            )  # the next minute, or another worker, begins again
            raise
        except Exception:
            log.exception("delivery %s of group %s failed", self.delivery_id, self.group_id)
            await self._settle_apart(DeliveryState.WAITING, self.sender.clock.now() + DELAYS[1], tries=1)
            return False

    async def _read(self) -> _Letter | None:
        """None where its address was stopped meanwhile, or its secret cannot be read."""
        async with self.sender.database.transaction(self.group_id) as session:
            found = await session.execute(
                select(Webhook, WebhookDelivery, Event, Group)
                .join(WebhookDelivery, linked(WebhookDelivery.webhook_id, Webhook.id))
                .join(Event, linked(Event.id, WebhookDelivery.event_id))
                .join(Group, col(Group.id) == WebhookDelivery.group_id)
                .where(col(WebhookDelivery.id) == self.delivery_id)
            )
            row = found.one_or_none()
            if row is None:
                return None
            webhook, delivery, event, group = row
            if webhook.stopped is not None or group.archived_at is not None or delivery.tries > len(DELAYS):
                await self._settle(session, DeliveryState.FAILED)
                return None
            data = await data_of(session, event, group)
            try:
                secrets = self._secrets(webhook)
            except Unreadable:
                log.exception("the secret of webhook %s of group %s cannot be read", webhook.id, self.group_id)
                await self._settle(session, DeliveryState.FAILED)
                return None
            body = written(event.name, event.at, data)
            message_id = f"event_{event.group_id}_{event.id}"
            return _Letter(webhook.id, webhook.url, secrets, message_id, body, delivery.tries)

    def _secrets(self, webhook: Webhook) -> tuple[str, ...]:
        box, now = self.sender.box(), self.sender.clock.now()
        closed = [webhook.secret]
        if webhook.former_secret is not None and webhook.former_until is not None and webhook.former_until > now:
            closed.append(webhook.former_secret)
        return tuple(box.open(one) for one in closed)

    async def _note(self, letter: _Letter, answer: Answer) -> bool:
        """What came of the try, in one transaction."""
        now, received = self.sender.clock.now(), is_received(answer.status)
        gone = answer.status == GONE
        async with self.sender.database.transaction(self.group_id) as session:
            tries = letter.tries + 1
            again = None if received or gone else next_try(tries, now, random.random(), answer.retry_after)  # noqa: S311 - no secret
            state = DeliveryState.DELIVERED if received else DeliveryState.WAITING if again else DeliveryState.FAILED
            if not await self._settle(session, state, again, tries=1):
                log.warning("delivery %s of group %s is another worker's by now", self.delivery_id, self.group_id)
                return False
            session.add(
                WebhookAttempt(
                    group_id=self.group_id,
                    webhook_id=letter.webhook_id,
                    delivery_id=self.delivery_id,
                    at=now,
                    milliseconds=answer.milliseconds,
                    status=answer.status,
                    error=str(answer.trouble or ""),
                )
            )
            await self._mark(session, letter, now, received=received, gone=gone, last=state == DeliveryState.FAILED)
        return received

    async def _mark(
        self, session: AsyncSession, letter: _Letter, now: datetime, *, received: bool, gone: bool, last: bool
    ) -> None:
        """How the address itself is doing. One that has refused everything for as long as a delivery is tried is sent
        nothing more, and the facilitators are told.
        """
        webhook = await session.get(
            Webhook, (self.group_id, letter.webhook_id), with_for_update=True, populate_existing=True
        )
        if webhook is None or webhook.stopped is not None:
            return
        if received:
            webhook.failing_since = None
            return
        webhook.failing_since = webhook.failing_since or now
        if gone or (last and now - webhook.failing_since >= sum(DELAYS, timedelta())):
            reason = Stopped.GONE if gone else Stopped.FAILING
            await stop_webhook(session, webhook, reason, now, person_id=None)
            await tell_stopped(session, webhook, now)

    async def _settle(
        self, session: AsyncSession, state: DeliveryState, try_at: datetime | None = None, *, tries: int = 0
    ) -> bool:
        settled, _ = await self.lease.settle(
            session, [self.delivery_id], state, self.sender.clock.now(), try_at=try_at, tries=tries
        )
        return bool(settled)

    async def _settle_apart(self, state: DeliveryState, try_at: datetime, *, tries: int = 0) -> None:
        async with self.sender.database.transaction() as session:
            await self._settle(session, state, try_at, tries=tries)


async def data_of(session: AsyncSession, event: Event, group: Group) -> Mapping[str, Any]:
    """What happened to what: thin, to be read through the interface for programs by whoever may."""
    purchase_id = await features_for(session).purchase_of(session, (event.subject_kind, event.subject_id))
    reference = None
    if purchase_id is not None:
        asked = text("SELECT reference FROM purchases WHERE group_id = :group AND id = :id")
        reference = (await session.execute(asked, {"group": group.id, "id": purchase_id})).scalar_one_or_none()
    api = f"{base_url_of(session)}/api/v1/groups/{group.slug}"
    return {
        "event": event.id,
        "group": group.slug,
        "subject": event.subject_kind,
        "id": event.subject_id,
        "purchase": reference,
        "from": event.from_state,
        "to": event.to_state,
        "url": f"{api}/purchases/{reference}" if reference else api,
    }
