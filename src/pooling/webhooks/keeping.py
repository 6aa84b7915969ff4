"""Adding an address, changing what it is told of, giving it another secret, stopping, resuming and removing it; sending
something again.
"""

import base64
import secrets
from collections.abc import Collection
from datetime import datetime, timedelta

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.accounts.second_factor import SecretBox
from pooling.kernel.database import group_of
from pooling.kernel.errors import Conflict, Invalid, NotFound
from pooling.kernel.limits import Readers, limit
from pooling.kernel.text import Line
from pooling.kernel.versions import check_version, version_of
from pooling.members.locking import lock_group
from pooling.members.rights import Caller, Right
from pooling.webhooks.models import DELIVERY, DeliveryState, Stopped, Webhook, WebhookDelivery
from pooling.webhooks.rules import LONGEST_URL, fault_of
from pooling.webhooks.stopping import record_webhook, stop_webhook

MOST_WEBHOOKS = limit(20, "Webhooks of a group", __name__, Readers.OPERATORS)
BOTH_SECRETS = limit(timedelta(hours=24), "A secret that was replaced goes on signing", __name__, Readers.OPERATORS)
SECRET_BYTES = 32
MEANWHILE = "Quelqu’un a changé cette adresse entre-temps\u00a0: vérifiez ce que vous avez tapé, puis confirmez."


class WebhookIn(BaseModel):
    """An address as it is to be known."""

    model_config = ConfigDict(frozen=True)

    url: str = Field(min_length=1, max_length=LONGEST_URL)
    label: Line = Field(min_length=1, max_length=100)
    kinds: tuple[str, ...] = Field(min_length=1, max_length=50)


def new_secret() -> str:
    """As Standard Webhooks writes one."""
    return f"whsec_{base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()}"


def version_of_webhook(webhook: Webhook) -> str:
    return version_of(_seen(webhook))


def _seen(webhook: Webhook) -> object:
    return [webhook.url, webhook.label, *webhook.kinds]


async def find_webhook(session: AsyncSession, webhook_id: int) -> Webhook:
    """Raises:
    NotFound: the group has none with this id.
    """
    return await _found(session, webhook_id, locked=False)


async def _locked(session: AsyncSession, webhook_id: int) -> Webhook:
    return await _found(session, webhook_id, locked=True)


async def _found(session: AsyncSession, webhook_id: int, *, locked: bool) -> Webhook:
    key = (group_of(session), webhook_id)
    found = await session.get(Webhook, key, populate_existing=True, with_for_update=locked)
    if found is None:
        raise NotFound
    return found


async def add_webhook(
    session: AsyncSession,
    caller: Caller,
    command: WebhookIn,
    box: SecretBox,
    now: datetime,
    *,
    known: Collection[str],
    private: bool,
) -> tuple[Webhook, str]:
    """Tells another program of events; gives its secret, which nobody is shown again. `known` are the events that
    programs may be told of.

    Raises:
        Forbidden: the caller does not manage the group.
        Invalid: the address cannot be, is there already, or is told of nothing; there are too many.
    """
    caller.require(Right.MANAGE_GROUP)
    await lock_group(session)
    if (await session.execute(select(func.count()).select_from(Webhook))).scalar_one() >= MOST_WEBHOOKS:
        raise Invalid({"": f"Un groupe a {MOST_WEBHOOKS} adresses au plus\u00a0: retirez-en une."})
    await _check(session, command, None, known=known, private=private)
    secret = new_secret()
    webhook = Webhook(
        group_id=group_of(session),
        secret=box.close(secret),
        created_at=now,
        created_by=caller.person_id,
        **{**command.model_dump(), "kinds": list(command.kinds)},
    )
    session.add(webhook)
    await session.flush()
    record_webhook(session, webhook, now, "webhook.added", caller.person_id)
    return webhook, secret


async def change_webhook(
    session: AsyncSession,
    caller: Caller,
    webhook_id: int,
    command: WebhookIn,
    now: datetime,
    *,
    known: Collection[str],
    private: bool,
    seen: str | None = None,
) -> Webhook:
    """Where it is and what it is told of from now on.

    Raises:
        Forbidden: the caller does not manage the group.
        NotFound: the group has no such address.
        ChangedMeanwhile: it is no longer as it was `seen`.
        Invalid: as in `add_webhook`.
    """
    caller.require(Right.MANAGE_GROUP)
    await lock_group(session)
    webhook = await _locked(session, webhook_id)
    check_version(_seen(webhook), seen, MEANWHILE)
    await _check(session, command, webhook, known=known, private=private)
    if _seen(webhook) != [command.url, command.label, *command.kinds]:
        webhook.url, webhook.label, webhook.kinds = command.url, command.label, list(command.kinds)
        webhook.failing_since = None
        await session.flush()
        record_webhook(session, webhook, now, "webhook.changed", caller.person_id)
    return webhook


async def _check(
    session: AsyncSession, command: WebhookIn, own: Webhook | None, *, known: Collection[str], private: bool
) -> None:
    errors = {}
    if fault := fault_of(command.url, private=private):
        errors["url"] = fault
    twin = select(col(Webhook.label)).where(
        col(Webhook.url) == command.url, col(Webhook.id) != (own.id if own is not None else 0)
    )
    if label := (await session.execute(twin)).scalar_one_or_none():
        errors["url"] = f"C’est déjà l’adresse de « {label} »."
    if not set(command.kinds) <= set(known):
        errors["kinds"] = "Choisissez parmi les événements proposés."
    if errors:
        raise Invalid(errors)


async def rotate_secret(
    session: AsyncSession, caller: Caller, webhook_id: int, box: SecretBox, now: datetime
) -> tuple[Webhook, str]:
    """Gives it another secret; the one that it had signs too for a while, so that nothing is missed.

    Raises:
        Forbidden: the caller does not manage the group.
        NotFound: the group has no such address.
    """
    caller.require(Right.MANAGE_GROUP)
    webhook = await _locked(session, webhook_id)
    secret = new_secret()
    webhook.former_secret, webhook.former_until = webhook.secret, now + BOTH_SECRETS
    webhook.secret = box.close(secret)
    await session.flush()
    record_webhook(session, webhook, now, "webhook.secret_replaced", caller.person_id)
    return webhook, secret


async def stop_by_hand(session: AsyncSession, caller: Caller, webhook_id: int, now: datetime) -> Webhook:
    """Sends it nothing more. Done already, it is left as it is.

    Raises:
        Forbidden: the caller does not manage the group.
        NotFound: the group has no such address.
    """
    caller.require(Right.MANAGE_GROUP)
    webhook = await _locked(session, webhook_id)
    if webhook.stopped is None:
        await stop_webhook(session, webhook, Stopped.BY_HAND, now, person_id=caller.person_id)
    return webhook


async def resume_webhook(session: AsyncSession, caller: Caller, webhook_id: int, now: datetime) -> Webhook:
    """Tells it of what happens from now on; what it missed can be sent again, one by one.

    Raises: as `stop_by_hand`.
    """
    caller.require(Right.MANAGE_GROUP)
    webhook = await _locked(session, webhook_id)
    if webhook.stopped is not None:
        webhook.stopped, webhook.stopped_at, webhook.failing_since = None, None, None
        await session.flush()
        record_webhook(session, webhook, now, "webhook.resumed", caller.person_id)
    return webhook


async def remove_webhook(session: AsyncSession, caller: Caller, webhook_id: int, now: datetime) -> str:
    """Forgets it, with what was sent to it; gives what it was called.

    Raises: as `stop_by_hand`.
    """
    caller.require(Right.MANAGE_GROUP)
    webhook = await _locked(session, webhook_id)
    record_webhook(session, webhook, now, "webhook.removed", caller.person_id)
    label = webhook.label
    await session.delete(webhook)
    await session.flush()
    return label


async def send_again(session: AsyncSession, caller: Caller, webhook_id: int, delivery_id: int, now: datetime) -> None:
    """Sends something once more, under the `webhook-id` that it had. What is about to be sent anyhow is left so.

    Raises:
        Forbidden: the caller does not manage the group.
        NotFound: the group has no such address, or it was sent no such thing.
        Conflict: nothing is sent to this address.
    """
    caller.require(Right.MANAGE_GROUP)
    webhook = await _locked(session, webhook_id)
    found = await session.execute(
        select(WebhookDelivery)
        .where(col(WebhookDelivery.id) == delivery_id, col(WebhookDelivery.webhook_id) == webhook.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    delivery: WebhookDelivery | None = found.scalar_one_or_none()
    if delivery is None:
        raise NotFound
    if webhook.stopped is not None:
        raise Conflict("Rien n’est envoyé à cette adresse\u00a0: reprenez d’abord les envois.", code="webhook_stopped")
    if DELIVERY.may(delivery.state, DeliveryState.WAITING) and delivery.state != DeliveryState.SENDING:
        delivery.state, delivery.tries, delivery.ended_at = DeliveryState.WAITING, 0, None
    if delivery.state == DeliveryState.WAITING:
        delivery.next_try_at = now
    await session.flush()
