"""Sending nothing more to an address: at a facilitator's wish, or because it answers no more."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.accounts.models import Person
from pooling.kernel.database import base_url_of, group_of
from pooling.kernel.events import record_event
from pooling.members.models import Group, Membership, Role
from pooling.outbox.mail import FICTIONAL, Button, Fact, Mail
from pooling.outbox.occasions import occasion
from pooling.outbox.queueing import queue_mails
from pooling.webhooks.models import DeliveryState, Stopped, Webhook, WebhookDelivery
from pooling.webhooks.words import STOPPED_WORDS

NOTICE = occasion(
    "webhook_stopped",
    asked_by="nobody: an address that was told of events has refused for three days, or says that it is gone",
    to="the facilitators",
    limit="once, until a facilitator sets it going again",
    where=__name__,
)


async def stop_webhook(
    session: AsyncSession, webhook: Webhook, reason: Stopped, now: datetime, *, person_id: int | None
) -> None:
    """Sends nothing more to a locked address; what waits comes to nothing."""
    webhook.stopped, webhook.stopped_at = reason, now
    await session.flush()
    await session.execute(
        update(WebhookDelivery)
        .where(col(WebhookDelivery.webhook_id) == webhook.id, col(WebhookDelivery.state) == DeliveryState.WAITING)
        .values(state=DeliveryState.FAILED, ended_at=now)
        .execution_options(synchronize_session=False)
    )
    record_webhook(session, webhook, now, "webhook.stopped", person_id, {"because": str(reason)})


def record_webhook(
    session: AsyncSession,
    webhook: Webhook,
    now: datetime,
    name: str,
    person_id: int | None,
    details: Mapping[str, object] | None = None,
) -> None:
    """Its secret is in no event, nor its address, which may be one."""
    record_event(
        session,
        at=now,
        person_id=person_id,
        subject=("webhook", webhook.id),
        name=name,
        details={"label": webhook.label, **(details or {})},
    )


async def tell_stopped(session: AsyncSession, webhook: Webhook, now: datetime) -> None:
    """Tells the facilitators, each once."""
    group = await session.get(Group, group_of(session))
    assert group is not None, "the transaction was opened for it"
    rows = await session.execute(
        select(col(Person.id), col(Person.email))
        .join(Membership, col(Membership.person_id) == Person.id)
        .where(
            col(Membership.role) == Role.FACILITATOR,
            col(Membership.ended_at).is_(None),
            col(Person.purged_at).is_(None),
        )
        .order_by(col(Person.id))
    )
    assert webhook.stopped is not None, "it was just stopped"
    reason = STOPPED_WORDS[Stopped(webhook.stopped)]
    mails = [
        Mail(
            kind=NOTICE,
            recipient=email,
            person_id=person_id,
            subject=f"Plus rien n’est envoyé à « {webhook.label} »",
            why=f"Le programme « {webhook.label} » n’est plus prévenu de ce qui arrive aux achats du groupe : "
            f"{reason}. Vérifiez son adresse, puis reprenez les envois.",
            button=Button("Voir cette adresse", f"{base_url_of(session)}/g/{group.slug}/webhooks/{webhook.id}"),
            facts=(Fact("Programme", webhook.label),),
            contact="La personne qui s’occupe de ce programme sait ce qui a changé chez elle.",
            notice=FICTIONAL if group.fictional else None,
            thread=f"webhook-{webhook.id}",
        )
        for person_id, email in rows
    ]
    await queue_mails(session, mails, now)
