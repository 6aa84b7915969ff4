"""What a subscribed news reader holds: what happened to the group's purchases, the latest first (Atom, RFC 4287).

The text is the same as long as nothing happens, so that a reader that asks again is told just that.
"""

from collections.abc import Mapping
from datetime import UTC

from lxml import etree
from sqlalchemy import and_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.committees.calendars.feeds import Feed
from pooling.kernel.events import Event
from pooling.kernel.tables import any_of, same_group
from pooling.members.models import Group
from pooling.outbox.envelope import host_of
from pooling.purchases.models import Purchase
from pooling.reminders.kinds import Context
from pooling.web.typography import typo

ATOM = "http://www.w3.org/2005/Atom"
MOST_ENTRIES = 50


async def news_of(session: AsyncSession, group: Group, context: Context, announced: Mapping[str, str]) -> Feed:
    """The news of the transaction's group in one read; `announced` are the events it tells of, in words."""
    rows = await session.execute(
        select(col(Event.id), col(Event.at), col(Event.name), col(Purchase.reference), col(Purchase.title))
        .join(
            Purchase,
            and_(
                same_group(Purchase, Event), col(Purchase.id) == Event.subject_id, col(Event.subject_kind) == "purchase"
            ),
        )
        .where(any_of(col(Event.name), list(announced)))
        .order_by(col(Event.id).desc())
        .limit(MOST_ENTRIES)
    )
    news = rows.all()
    began = group.created_at.astimezone(UTC)
    # An id names a thing for ever, wherever it is read (RFC 4151).
    authority = f"tag:{host_of(context.base_url).strip('[]')},{began:%Y-%m-%d}"
    root = etree.Element(f"{{{ATOM}}}feed", nsmap={None: ATOM})
    root.set("{http://www.w3.org/XML/1998/namespace}lang", "fr")
    _add(root, "id", f"{authority}:group-{group.id}")
    _add(root, "title", typo(f"Achats groupés : {context.group_name}"))
    if context.notice:
        _add(root, "subtitle", typo(context.notice))
    _add(root, "updated", max((at for _, at, *_ in news), default=began).astimezone(UTC).isoformat())
    _add(root, "link", href=context.url("achats"))
    _add(etree.SubElement(root, f"{{{ATOM}}}author"), "name", context.group_name)
    for event_id, at, name, reference, title in news:
        entry = etree.SubElement(root, f"{{{ATOM}}}entry")
        _add(entry, "id", f"{authority}:event-{group.id}-{event_id}")
        _add(entry, "title", typo(f"{announced[name]} : {title} ({reference})"))
        _add(entry, "updated", at.astimezone(UTC).isoformat())
        _add(entry, "link", href=context.url(f"achats/{reference}"))
        _add(entry, "category", term=name)
        _add(entry, "summary", typo(f"{announced[name]} : {title}, achat {reference} du groupe {context.group_name}."))
    return Feed(etree.tostring(root, encoding="unicode"))


def _add(parent: etree._Element, tag: str, text: str | None = None, **attributes: str) -> None:
    etree.SubElement(parent, f"{{{ATOM}}}{tag}", attributes).text = text
