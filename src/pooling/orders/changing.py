"""What happens to an order that has left: confirmed, amended by a numbered version, cancelled with a reason."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.kernel.clock import Clock
from pooling.kernel.database import insert_many
from pooling.kernel.errors import Conflict, Invalid, NotFound
from pooling.kernel.events import record_event
from pooling.kernel.tables import any_of
from pooling.kernel.versions import check_version
from pooling.members.features import features_for
from pooling.members.groups import group_zone
from pooling.members.rights import Caller
from pooling.orders.charging import ChargeShown, charges_shown
from pooling.orders.mailing import tell_cancelled
from pooling.orders.models import Order, OrderCharge, OrderItem, OrderLine, OrderState, OrderVersion
from pooling.orders.reading import charges_ordered, lock_order, version_now
from pooling.orders.rules import LEFT, ORDER
from pooling.orders.sending import order_purchase
from pooling.purchases.finding import lock_purchase
from pooling.purchases.models import Purchase
from pooling.purchases.permissions import may_run
from pooling.purchases.rules import OVER
from pooling.sharing.money import Cents
from pooling.sites.models import Site
from pooling.web.typography import date_short, number

LONGEST_REFERENCE = 60


@dataclass(frozen=True)
class ConfirmationIn:
    """What the supplier says of an order."""

    confirmed_on: date
    promised_on: date | None = None
    supplier_reference: str = ""


Place = tuple[int, int, int | None]
"""An item, a member and its site, by their ids."""


@dataclass(frozen=True)
class AmendmentIn:
    """What an order is to say: units of some of its places, prices of some of its items, charges. The others stay."""

    units: Mapping[Place, int] = field(default_factory=dict)
    prices: Mapping[int, Decimal] = field(default_factory=dict)
    """By item id, euros before VAT."""
    charges: Mapping[str, Cents] = field(default_factory=dict)
    """By the charge's code, before VAT."""


async def lock_running(
    session: AsyncSession, caller: Caller, purchase_id: int, order_id: int
) -> tuple[Purchase, Order]:
    """Both, locked by the lead buyer: the purchase first.

    Raises:
        Forbidden: the caller is not a lead buyer of this purchase.
        Conflict: the purchase is settled or cancelled.
        NotFound: the order is gone: a draft that was made again.
    """
    purchase = await lock_purchase(session, purchase_id)
    may_run.require(caller, purchase)
    if purchase.state in OVER:
        raise Conflict("Cet achat est terminé : ses commandes ne changent plus.", code="purchase_over")
    if (await session.execute(select(col(Order.id)).where(col(Order.id) == order_id))).first() is None:
        raise NotFound
    return purchase, await lock_order(session, order_id)


def content_of(order: Order, version: OrderVersion) -> dict[str, Any]:
    """What a form about an order was filled from."""
    return {
        "state": str(order.state),
        "version": order.version,
        "sent": version.sent_at is not None,
        "changes": len(version.changes),
        "promised_on": order.promised_on,
        "supplier_reference": order.supplier_reference,
    }


async def confirm_order(
    session: AsyncSession,
    caller: Caller,
    purchase_id: int,
    order_id: int,
    command: ConfirmationIn,
    clock: Clock,
    *,
    shown: str | None = None,
) -> Order:
    """Notes what the supplier confirms; of one that is confirmed already, what it promises now.

    Raises:
        Forbidden, NotFound, Conflict: as in `lock_running`; the order has not left, or is cancelled.
        ChangedMeanwhile: it is no longer as it was `shown`.
        Invalid: a confirmation of tomorrow, or from before it left.
    """
    _, order = await lock_running(session, caller, purchase_id, order_id)
    check_version(content_of(order, await version_now(session, order)), shown)
    now = await clock.at_database(session)
    if order.state not in LEFT or order.sent_at is None:
        ORDER.require(order.state, OrderState.CONFIRMED)
    assert order.sent_at is not None
    zone = await group_zone(session)
    errors = {}
    if command.confirmed_on > now.astimezone(zone).date():
        errors["confirmed_on"] = "Indiquez le jour où le fournisseur a confirmé : celui-ci est à venir."
    elif command.confirmed_on < order.sent_at.astimezone(zone).date():
        errors["confirmed_on"] = "Ce jour est avant l’envoi de la commande."
    if errors:
        raise Invalid(errors)
    before = _promised(order)
    order.confirmed_at = datetime.combine(command.confirmed_on, time(), tzinfo=zone)
    order.promised_on, order.supplier_reference = command.promised_on, command.supplier_reference
    after = _promised(order)
    details = {"changed": {name: [before[name], after[name]] for name in after if before[name] != after[name]}}
    if order.state == OrderState.SENT:
        ORDER.move(session, order, OrderState.CONFIRMED, at=now, person_id=caller.person_id, details=details)
    elif details["changed"]:
        _tell(session, caller, order, now, "order.promised", details=details)
    return order


def _promised(order: Order) -> dict[str, str | None]:
    return {
        "promised_on": date_short(order.promised_on) if order.promised_on else None,
        "supplier_reference": order.supplier_reference or None,
    }


async def amend_order(
    session: AsyncSession,
    caller: Caller,
    purchase_id: int,
    order_id: int,
    command: AmendmentIn,
    clock: Clock,
    *,
    reason: str,
    shown: str | None = None,
) -> int:
    """Changes an order that has left, in its next version; what is changed before that one is sent goes with it. The
    supplier has it once it is sent. Returns the version's number.

    Raises:
        Forbidden, NotFound, Conflict: as in `lock_running`; the order has not left, or is cancelled.
        ChangedMeanwhile: it is no longer as it was `shown`.
        Invalid: no reason, nothing changes, a place that is none of the order's members', fewer units than were
            received; at `units`, `prices` or `charges`.
    """
    _, order = await lock_running(session, caller, purchase_id, order_id)
    version = await version_now(session, order)
    check_version(content_of(order, version), shown)
    if order.state not in LEFT:
        raise Conflict(
            "Cette commande n’est pas partie : refaites les brouillons pour la changer."
            if order.state == OrderState.DRAFT
            else "Cette commande est annulée : elle ne change plus.",
            code="order_not_left",
        )
    if not reason:
        raise Invalid({"reason": "Dites pourquoi la commande change : le fournisseur le lira."})
    now = await clock.at_database(session)
    changes = [
        *await _change_prices(session, order, command.prices),
        *await _change_charges(session, order, command.charges),
        *await _change_units(session, order, command.units),
    ]
    if not changes:
        raise Invalid({"": "Rien ne change : modifiez une quantité, un prix ou des frais."})
    if version.sent_at is not None:
        order.version += 1
        version = OrderVersion(
            group_id=order.group_id, order_id=order.id, number=order.version, made_at=now, made_by=caller.person_id
        )
        session.add(version)
    order.asked_at = order.asked_by = None
    version.reason = "\n".join(part for part in (version.reason, reason) if part)
    version.changes = [*version.changes, *changes]
    await session.flush()
    _tell(session, caller, order, now, "order.amended", reason=reason, details={"version": order.version})
    return order.version


async def _change_prices(session: AsyncSession, order: Order, prices: Mapping[int, Decimal]) -> list[dict[str, Any]]:
    if not prices:
        return []
    rows = await session.execute(
        select(OrderItem).where(col(OrderItem.order_id) == order.id, any_of(col(OrderItem.item_id), list(prices)))
    )
    items = {item.item_id: item for item in rows.scalars()}
    if items.keys() != prices.keys():
        raise Invalid({"prices": "Un des articles n’est pas de cette commande."})
    changes = []
    for item_id, unit_price in prices.items():
        item = items[item_id]
        if item.unit_price != unit_price:
            changes.append({"item": item_id, "before": f"{item.unit_price:f}", "after": f"{unit_price:f}"})
            item.unit_price = unit_price
    return changes


async def _change_charges(session: AsyncSession, order: Order, charges: Mapping[str, Cents]) -> list[dict[str, Any]]:
    """One that the supplier is to invoice too comes with its first amount."""
    if not charges:
        return []
    known = {one.code: one for one in await charges_ordered(session, order.id)}
    offered = {one.code: one for one in await charges_to_add(session, order, known)}
    if charges.keys() - known.keys() - offered.keys():
        raise Invalid({"charges": "Ces frais ne sont pas facturés par ce fournisseur."})
    changes = []
    for code, cents in charges.items():
        before = known[code].amount_cents if code in known else 0
        if cents == before:
            continue
        if code in known:
            known[code].amount_cents = cents
        else:
            new = offered[code]
            session.add(
                OrderCharge(
                    group_id=order.group_id, order_id=order.id, code=code, position=len(known), label=new.label,
                    amount_cents=cents, vat_rate=new.vat_rate,
                )
            )  # fmt: skip
        label = (known.get(code) or offered[code]).label
        changes.append({"charge": label, "before": before, "after": cents})
    return changes


async def charges_to_add(session: AsyncSession, order: Order, known: Collection[str]) -> list[ChargeShown]:
    """Charges that this order's supplier invoices and that are not among those that are `known` there."""
    shown = await charges_shown(session, order.purchase_id)
    return [one for one in shown if one.supplier_id == order.supplier_id and one.code not in known]


async def _change_units(session: AsyncSession, order: Order, units: Mapping[Place, int]) -> list[dict[str, Any]]:
    """A place that the order does not know gets a line; none is removed, so that receipts on it stay."""
    if not units:
        return []
    items, members = [item for item, _, _ in units], [member for _, member, _ in units]
    rows = await session.execute(
        select(OrderLine).where(
            col(OrderLine.order_id) == order.id,
            any_of(col(OrderLine.item_id), items),
            any_of(col(OrderLine.member_id), members),
        )
    )
    lines = {(line.item_id, line.member_id, line.site_id): line for line in rows.scalars()}
    new = {place: many for place, many in units.items() if place not in lines and many}
    await _check_new(session, order, new)
    changed = {place: many for place, many in units.items() if place in lines and lines[place].quantity != many}
    floors = await features_for(session).order_floors(session, order.id)
    for place, many in changed.items():
        least = floors.get(lines[place].id, 0)
        if many < least:
            raise Invalid({"units": f"Déjà {number(least)} reçus d’une ligne : elle ne peut pas descendre en dessous."})
    changes = [
        {"line": lines[place].id, "before": lines[place].quantity, "after": many} for place, many in changed.items()
    ]
    for place, many in changed.items():
        lines[place].quantity = many
    await insert_many(
        session,
        OrderLine,
        [
            {
                "order_id": order.id,
                "item_id": item,
                "member_id": member,
                "site_id": site,
                "quantity": many,
                "engagement": next(
                    (one.engagement for key, one in lines.items() if key[:2] == (item, member) and one.engagement), ""
                ),
            }
            for (item, member, site), many in new.items()
        ],
    )
    if new:
        made = await session.execute(
            select(OrderLine).where(
                col(OrderLine.order_id) == order.id, any_of(col(OrderLine.member_id), [place[1] for place in new])
            )
        )
        changes += [
            {"line": line.id, "before": 0, "after": line.quantity}
            for line in made.scalars()
            if (line.item_id, line.member_id, line.site_id) in new
        ]
    return changes


async def _check_new(session: AsyncSession, order: Order, new: Mapping[Place, int]) -> None:
    """Lines come for items of the order alone, for whoever it is for, at sites of theirs."""
    if not new:
        return
    wrong = Invalid({"units": "Une des lignes n’est pas d’un article, d’un membre ou d’un site de cette commande."})
    items = await session.execute(select(col(OrderItem.item_id)).where(col(OrderItem.order_id) == order.id))
    members = await session.execute(
        select(col(OrderLine.member_id))
        .where(col(OrderLine.order_id) == order.id, any_of(col(OrderLine.member_id), [place[1] for place in new]))
        .distinct()
    )
    known, concerned = set(items.scalars()), set(members.scalars())
    sites = await session.execute(
        select(col(Site.id), col(Site.member_id)).where(
            any_of(col(Site.id), [place[2] for place in new if place[2] is not None]), col(Site.archived_at).is_(None)
        )
    )
    of_member = {site: member for site, member in sites}
    for item, member, site in new:
        if item not in known or member not in concerned or (site is not None and of_member.get(site) != member):
            raise wrong


async def cancel_order(
    session: AsyncSession,
    caller: Caller,
    purchase_id: int,
    order_id: int,
    clock: Clock,
    *,
    reason: str,
    shown: str | None = None,
) -> Order:
    """An order is given up: what it was to bring may be ordered anew. Its supplier is told by mail where it has it by
    mail. Cancelling it twice does it once.

    Raises:
        Forbidden, NotFound, Conflict: as in `lock_running`; something of it was received or invoiced.
        ChangedMeanwhile: it is no longer as it was `shown`.
        Invalid: no reason.
    """
    purchase, order = await lock_running(session, caller, purchase_id, order_id)
    if order.state == OrderState.CANCELLED:
        return order
    check_version(content_of(order, await version_now(session, order)), shown)
    if not reason:
        raise Invalid({"reason": "Dites pourquoi cette commande est annulée."})
    if held := await features_for(session).order_holds(session, order.id):
        raise Conflict(" ".join(held), code="order_held")
    now = await clock.at_database(session)
    order.cancelled_at, order.cancelled_because = now, reason
    order.asked_at = order.asked_by = None
    ORDER.move(session, order, OrderState.CANCELLED, at=now, person_id=caller.person_id, reason=reason)
    await session.flush()
    await tell_cancelled(session, order, caller.person_id, now)
    await order_purchase(session, caller, purchase, clock)
    return order


async def set_tolerances(
    session: AsyncSession, caller: Caller, purchase_id: int, order_id: int, over: Decimal, under: Decimal, now: datetime
) -> Order:
    """How much more than ordered is accepted, and how much less still makes it complete, in percent of each item.

    Raises:
        Forbidden, NotFound, Conflict: as in `lock_running`.
        Invalid: not between 0 and 100.
    """
    _, order = await lock_running(session, caller, purchase_id, order_id)
    errors = {
        name: "Indiquez un pourcentage entre 0 et 100."
        for name, value in (("over_percent", over), ("under_percent", under))
        if not 0 <= value <= 100  # noqa: PLR2004 - percent
    }
    if errors:
        raise Invalid(errors)
    before = {"over_percent": order.over_percent, "under_percent": order.under_percent}
    after = {"over_percent": over, "under_percent": under}
    changed = {
        name: [f"{number(before[name])} %", f"{number(after[name])} %"] for name in after if before[name] != after[name]
    }
    if changed:
        order.over_percent, order.under_percent = over, under
        _tell(session, caller, order, now, "order.tolerated", details={"changed": changed})
    return order


def _tell(
    session: AsyncSession,
    caller: Caller,
    order: Order,
    now: datetime,
    name: str,
    *,
    reason: str | None = None,
    details: dict[str, Any] | None = None,
) -> None:
    record_event(
        session,
        at=now,
        person_id=caller.person_id,
        subject=("order", order.id),
        name=name,
        reason=reason,
        details=details,
    )
