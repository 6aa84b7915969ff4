"""What a subscribed news reader holds: what happened to the group's purchases, the latest first (Atom, RFC 4287).

The text is the same as long as nothing happens, so that a reader that asks again is told just that.
"""

from collections.abc import Mapping
from datetime import UTC
from typing import Any

from lxml import etree
from sqlalchemy import Select, and_, or_, select, union_all
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.bills.models import Bill
from pooling.committees.calendars.feeds import Feed
from pooling.kernel.events import Event
from pooling.kernel.tables import any_of, same_group
from pooling.members.models import Group, Role
from pooling.members.rights import Caller
from pooling.outbox.envelope import host_of
from pooling.purchases.models import Purchase
from pooling.reminders.kinds import Context
from pooling.web.typography import typo

ATOM = "http://www.w3.org/2005/Atom"
MOST_ENTRIES = 50


async def news_of(
    session: AsyncSession, caller: Caller, group: Group, context: Context, announced: Mapping[str, str]
) -> Feed:
    """The news of the transaction's group in one read; `announced` are the events it tells of, in words."""
    both = union_all(_of_purchases(announced), _of_bills(caller, announced)).subquery()
    rows = await session.execute(
        select(both.c.id, both.c.at, both.c.name, col(Purchase.reference), col(Purchase.title))
        .join(Purchase, and_(col(Purchase.group_id) == both.c.group_id, col(Purchase.id) == both.c.purchase_id))
        .order_by(both.c.id.desc())
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


def _announced(kind: str, purchase_id: Any, announced: Mapping[str, str]) -> Select[Any]:  # noqa: ANN401 - a column
    return select(
        col(Event.group_id), col(Event.id), col(Event.at), col(Event.name), purchase_id.label("purchase_id")
    ).where(col(Event.subject_kind) == kind, any_of(col(Event.name), list(announced)))


def _of_purchases(announced: Mapping[str, str]) -> Select[Any]:
    return _announced("purchase", col(Event.subject_id), announced).order_by(col(Event.id).desc()).limit(MOST_ENTRIES)


def _of_bills(caller: Caller, announced: Mapping[str, str]) -> Select[Any]:
    """That an invoice came or was accepted, without its amount: one that the lead pays for all, of whoever buys; others
    of the reader’s own members, or purchases.
    """
    own = caller.members_as(Role.REFERENT, Role.FINANCE)
    shown = or_(
        col(Bill.member_id).is_(None),
        any_of(col(Bill.member_id), own),
        any_of(col(Bill.purchase_id), caller.purchases_led()),
    )
    return (
        _announced("bill", col(Bill.purchase_id), announced)
        .join(Bill, and_(same_group(Bill, Event), col(Bill.id) == Event.subject_id))
        .where(shown)
        .order_by(col(Event.id).desc())
        .limit(MOST_ENTRIES)
    )


def _add(parent: etree._Element, tag: str, text: str | None = None, **attributes: str) -> None:
    etree.SubElement(parent, f"{{{ATOM}}}{tag}", attributes).text = text
