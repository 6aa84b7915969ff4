"""The bon de commande: what its PDF and its workbook say.

All that they say is read first (`read_document`); writing them reads nothing. A PDF of more lines than people read sums
up by item, and says that the workbook has each place.
"""

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import groupby
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from pooling.exports.kinds import Progress
from pooling.kernel.database import fetch, group_of
from pooling.kernel.limits import Readers, limit
from pooling.kernel.sheet_writing import FIRST_ROW, Column, ColumnKind, Formula, SheetTable, Value
from pooling.members.models import Group, Member
from pooling.orders.buyers import BuyerShown, buyer_shown
from pooling.orders.models import Order, OrderCharge, OrderVersion
from pooling.orders.reading import ItemOrdered, charges_ordered, items_ordered, version_now, whole_of
from pooling.orders.rules import Totals, totals_of
from pooling.outbox.mail import FICTIONAL
from pooling.purchases.buyers import buyers_of
from pooling.purchases.models import Purchase
from pooling.sites.queries import SiteShown
from pooling.sites.sheet import PLACE_COLUMNS, placed
from pooling.suppliers.models import Supplier
from pooling.suppliers.numbers import french_vat_number
from pooling.web.pdf import make_pdf
from pooling.web.typography import date_long, euros, number, plural, price, typo

TEMPLATE = "orders/order.typ"
PDF = "application/pdf"
MOST_PRINTED = limit(500, "Lines by place of an order that its PDF prints", __name__, Readers.OPERATORS)
"""Of more it sums up by item: nobody reads hundreds of pages of places, and each takes typst some milliseconds."""

_LINES = """
SELECT l.member_id, l.site_id, l.item_id, l.quantity, l.engagement
FROM order_lines l
JOIN members m ON m.group_id = l.group_id AND m.id = l.member_id
JOIN order_items i ON i.group_id = l.group_id AND i.order_id = l.order_id AND i.item_id = l.item_id
WHERE l.group_id = $1 AND l.order_id = $2 AND l.quantity > 0
ORDER BY m.sort_key, m.id, l.site_id NULLS LAST, i.position, l.item_id"""


class Line(NamedTuple):
    member_id: int
    site_id: int | None
    item_id: int
    quantity: int
    engagement: str


@dataclass(frozen=True)
class Contact:
    """Who answers the supplier."""

    name: str
    email: str


@dataclass(frozen=True)
class OrderDocument:
    """Everything that the documents of an order say, as it stood when it was read."""

    order: Order
    version: OrderVersion
    purchase: Purchase
    supplier: Supplier
    buyer: BuyerShown
    lead: str
    contact: Contact | None
    items: Sequence[ItemOrdered]
    charges: Sequence[OrderCharge]
    lines: Sequence[Line]
    members: Mapping[int, tuple[str, str]]
    """Codes and names."""
    sites: Mapping[int, SiteShown]
    changes: Sequence[str]
    """What this version changes, in words."""
    group: str
    zone: ZoneInfo
    fictional: bool
    at: datetime

    @property
    def totals(self) -> Totals:
        return whole_of(self.items, self.charges)

    @property
    def name(self) -> str:
        """Of its files, without the ending."""
        return f"{self.order.reference}-v{self.version.number}"

    @property
    def prints_places(self) -> bool:
        return len(self.lines) <= MOST_PRINTED

    def site(self, line: Line) -> SiteShown | None:
        return None if line.site_id is None else self.sites.get(line.site_id)


_MEMBERS = "SELECT id, code, name FROM members WHERE group_id = $1 AND id = ANY ($2::bigint[])"
_SITES = """
SELECT id, name, street, postcode, city, contact, opening_hours, is_main, archived_at IS NOT NULL AS archived
FROM sites WHERE group_id = $1 AND id = ANY ($2::bigint[])"""


def _lines(rows: Iterable[Sequence[Any]]) -> list[Line]:
    return [Line(*row) for row in rows]


def _places_of(lines: Sequence[Line]) -> tuple[list[int], list[int]]:
    """Members that get something, and the sites where."""
    members, sites = {line.member_id for line in lines}, {line.site_id for line in lines}
    return sorted(members), sorted(site for site in sites if site is not None)


async def read_document(session: AsyncSession, order: Order, now: datetime) -> OrderDocument:
    """A fixed number of statements."""
    of_group = group_of(session)
    group = await session.get_one(Group, of_group)
    purchase = await session.get_one(Purchase, (of_group, order.purchase_id))
    lead = await session.get_one(Member, (of_group, purchase.lead_member_id))
    version = await version_now(session, order)
    items = await items_ordered(session, order.id)
    rows = await fetch(session, _LINES, of_group, order.id)
    lines = await asyncio.to_thread(_lines, rows)  # of hundreds of thousands: others are served meanwhile
    getting, places = await asyncio.to_thread(_places_of, lines)
    members = await fetch(session, _MEMBERS, of_group, getting)
    sites = await fetch(session, _SITES, of_group, places)
    named = await asyncio.to_thread(lambda: {row["id"]: (row["code"], row["name"]) for row in members})
    known = await asyncio.to_thread(lambda: {row["id"]: SiteShown(*row) for row in sites})
    buyers = await buyers_of(session, purchase.id)
    return OrderDocument(
        order=order,
        version=version,
        purchase=purchase,
        supplier=await session.get_one(Supplier, (of_group, order.supplier_id)),
        buyer=await buyer_shown(session, order.member_id or lead.id),
        lead=lead.name,
        contact=Contact(buyers[0].name, buyers[0].email) if buyers else None,
        items=items,
        charges=await charges_ordered(session, order.id),
        lines=lines,
        members=named,
        sites=known,
        changes=await changes_in_words(session, order.id, version.changes),
        group=group.name,
        zone=group.zone,
        fictional=group.fictional,
        at=now,
    )


_CHANGED = """
SELECT l.id, i.item_id, i.name, m.name AS member, s.name AS site
FROM order_items i
LEFT JOIN order_lines l ON l.group_id = i.group_id AND l.order_id = i.order_id AND l.item_id = i.item_id
    AND l.id = ANY ($3::bigint[])
LEFT JOIN members m ON m.group_id = l.group_id AND m.id = l.member_id
LEFT JOIN sites s ON s.group_id = l.group_id AND s.id = l.site_id
WHERE i.group_id = $1 AND i.order_id = $2 AND (l.id IS NOT NULL OR i.item_id = ANY ($4::bigint[]))"""
MOST_CHANGES = 200


async def changes_in_words(
    session: AsyncSession, order_id: int, changes: Sequence[Mapping[str, Any]], most: int = MOST_CHANGES
) -> list[str]:
    """« Arceau posé, Lugos (Mairie) : 8 au lieu de 10 »."""
    shown = changes[:most]
    lines, items = [one["line"] for one in shown if "line" in one], [one["item"] for one in shown if "item" in one]
    rows = await fetch(session, _CHANGED, group_of(session), order_id, lines, items)
    places = {row["id"]: row for row in rows if row["id"] is not None}
    names = {row["item_id"]: row["name"] for row in rows}
    said = []
    for one in shown:
        if "line" in one and (row := places.get(one["line"])):
            where = f"{row['member']} ({row['site']})" if row["site"] else row["member"]
            said.append(f"{row['name']}, {where} : {number(one['after'])} au lieu de {number(one['before'])}")
        elif "item" in one:
            before, after = price(Decimal(one["before"])), price(Decimal(one["after"]))
            said.append(f"{names.get(one['item'], 'Un article')} : {after} HT au lieu de {before}")
        elif "charge" in one:
            said.append(f"{one['charge']} : {euros(one['after'])} HT au lieu de {euros(one['before'])}")
    more = len(changes) - len(shown)
    return [*said, *([f"et {plural(more, 'autre changement', 'autres changements')}"] if more > 0 else [])]


async def order_pdf(document: OrderDocument) -> bytes:
    """The accessible PDF.

    Raises:
        Unprintable: it cannot be set.
    """
    return await make_pdf(TEMPLATE, pdf_data(document), at=document.at)


def pdf_data(document: OrderDocument) -> dict[str, object]:
    """What the template sets, all of it as it is read."""
    order, version, totals = document.order, document.version, document.totals
    drafted = version.sent_at is None
    return {
        "title": f"Bon de commande {order.reference}",
        "group": document.group,
        "notice": typo(FICTIONAL) if document.fictional else None,
        "reference": typo(f"{order.reference}, version {version.number} – {document.purchase.title}"),
        "kind": typo(_kind(document)),
        "buyer": _buyer(document),
        "supplier": _supplier(document.supplier),
        "facts": [(label, typo(value)) for label, value in _facts(document) if value],
        "changes": [typo(said) for said in document.changes],
        "reason": typo(version.reason),
        "items": [
            {
                "code": " / ".join(part for part in (one.item.code, one.item.supplier_code) if part),
                "name": typo(one.item.name),
                "units": typo(plural(one.units, one.item.unit)),
                "price": price(one.item.unit_price),
                "rate": f"{number(one.item.vat_rate)}\u00a0%",
                "ht": euros(one.total),
            }
            for one in document.items
        ],
        "charges": [
            {"label": typo(one.label), "rate": f"{number(one.vat_rate)}\u00a0%", "ht": euros(one.amount_cents)}
            for one in document.charges
        ],
        "totals": [
            ("Total HT", euros(totals.ht)),
            *(
                (f"TVA à {number(rate)}\u00a0% sur {euros(ht)}", euros(totals.vat_at(rate)))
                for rate, ht in totals.by_rate.items()
            ),
            ("Total TTC", euros(totals.ttc)),
        ],
        "places": list(_places(document)) if document.prints_places else [],
        "summed": ""
        if document.prints_places
        else typo(
            f"Le détail des {plural(len(document.lines), 'ligne')} par lieu de livraison, avec adresses, contacts et "
            f"horaires, est dans le classeur {document.name}.xlsx, qui fait partie de cette commande."
        ),
        "dated": typo(f"{'Projet établi' if drafted else 'Établi'} le {_day(document, document.at)}"),
        "signer": typo(document.buyer.name),
        "contact": document.contact.email if document.contact else None,
    }


def _day(document: OrderDocument, moment: datetime) -> str:
    return date_long(moment.astimezone(document.zone).date())


def _kind(document: OrderDocument) -> str:
    version = document.version
    if version.number == 1:
        return f"Version {version.number}"
    return f"Version {version.number}, qui remplace la version {version.number - 1}"


def _buyer(document: OrderDocument) -> list[str]:
    buyer = document.buyer
    service = " – ".join(part for part in (buyer.service_code, buyer.service) if part)
    known = [
        buyer.name,
        *buyer.address.splitlines(),
        f"SIRET {buyer.siret}" if buyer.siret else f"SIREN {buyer.siren}",
        f"TVA {buyer.vat_number}" if buyer.vat_number else "",
        f"Service (Chorus Pro) {service}" if service else "",
        buyer.contact,
    ]
    if document.contact is not None:
        known.append(f"{document.contact.name}, {document.contact.email}")
    return [typo(line) for line in known if line]


def _supplier(supplier: Supplier) -> list[str]:
    vat = supplier.vat_number or (french_vat_number(supplier.siret) if supplier.siret else "")
    known = [
        supplier.name,
        *supplier.address.splitlines(),
        f"SIRET {supplier.siret}" if supplier.siret else "",
        f"TVA {vat}" if vat else "",
        supplier.contact,
        supplier.phone,
        supplier.order_email,
    ]
    return [typo(line) for line in known if line]


def _facts(document: OrderDocument) -> list[tuple[str, str]]:
    order, purchase, buyer = document.order, document.purchase, document.buyer
    engagements = sorted({line.engagement for line in document.lines if line.engagement})
    service = f" et le code de service {buyer.service_code}" if buyer.service_code else ""
    on_behalf = f", coordonné par {document.lead}" if order.member_id is not None else ""
    invoiced = f"sur Chorus Pro, au SIRET {buyer.siret}" if buyer.siret else "sur Chorus Pro"
    return [
        ("Achat", f"{purchase.title} ({purchase.reference}){on_behalf}"),
        ("À rappeler sur la facture", f"la référence {order.reference}{service}"),
        ("Facture", invoiced),
        ("Engagement", engagements[0] if len(engagements) == 1 else "par ligne, plus bas" if engagements else ""),
        ("Livraison promise", _wanted(order.promised_on)),
        ("Livraison souhaitée", _wanted(None if order.promised_on else purchase.delivery_expected_on)),
        ("Numéro du fournisseur", order.supplier_reference),
    ]


def _wanted(day: date | None) -> str:
    return date_long(day) if day else ""


def _places(document: OrderDocument) -> Iterator[dict[str, object]]:
    """Each place with what goes there."""
    items = {one.item.item_id: one.item for one in document.items}
    for (member_id, _), found in groupby(document.lines, key=lambda line: (line.member_id, line.site_id)):
        lines = list(found)
        site = document.site(lines[0])
        yield {
            "title": typo(f"{document.members[member_id][1]}{f' – {site.name}' if site else ''}"),
            "about": [typo(part) for part in _about(site)],
            "lines": [
                {
                    "name": typo(items[line.item_id].name),
                    "units": typo(plural(line.quantity, items[line.item_id].unit)),
                    "engagement": line.engagement,
                }
                for line in lines
            ],
            "total": euros(totals_of((items[one.item_id].unit_price, Decimal(0), one.quantity) for one in lines).ht),
        }


def _about(site: SiteShown | None) -> list[str]:
    if site is None:
        return ["Adresse à compléter"]
    address = site.address if site.complete else " – ".join(filter(None, (site.address, "adresse à compléter")))
    return [part for part in (address, site.contact, site.opening_hours) if part]


def write_order_workbook(target: BinaryIO | Path, document: OrderDocument, progress: Progress | None = None) -> None:
    """The same as a workbook: items, each place, and that both add up."""
    from pooling.kernel.workbook_writing import Book  # noqa: PLC0415 - loads openpyxl

    order, buyer, supplier = document.order, document.buyer, document.supplier
    facts = {
        "Document": f"Bon de commande {order.reference}, version {document.version.number}",
        "Achat": f"{document.purchase.reference} {document.purchase.title}",
        "Acheteur": buyer.name,
        "SIRET de l’acheteur" if buyer.siret else "SIREN de l’acheteur": buyer.siret or buyer.siren,
        **({"Code de service (Chorus Pro)": buyer.service_code} if buyer.service_code else {}),
        "Fournisseur": supplier.name,
        **({"SIRET du fournisseur": supplier.siret} if supplier.siret else {}),
        "À rappeler sur la facture": order.reference,
        "Groupe": document.group,
        "Date": _day(document, document.at),
    }
    book = Book(facts, FICTIONAL if document.fictional else None, progress)
    columns = [
        Column("Code article", ColumnKind.CODE, 16),
        Column("Code fournisseur", ColumnKind.CODE, 16),
        Column("Article", width=40),
        Column("Unité", width=14),
        Column("Quantité", ColumnKind.INTEGER, 12),
        Column("Prix HT", ColumnKind.PRICE, 14),
        Column("Taux de TVA (%)", ColumnKind.NUMBER, 12),
        Column("Montant HT", ColumnKind.AMOUNT, 16, summed=True),
    ]
    book.add(SheetTable("Commande", columns, _item_rows(document)))
    drawn = dict.fromkeys((one.item.item_id for one in document.items), 0)
    places = [
        *PLACE_COLUMNS,
        *(Column("Code article", ColumnKind.CODE, 16), Column("Article", width=34), Column("Unité", width=14)),
        Column("Quantité", ColumnKind.INTEGER, 12, summed=True),
        Column("Engagement", ColumnKind.CODE, 20),
    ]
    book.add(SheetTable("Livraisons", places, _place_rows(document, drawn)))
    rates = [Column("TVA", width=30), *(Column(name, ColumnKind.AMOUNT, 16) for name in ("HT", "TVA", "TTC"))]
    book.add(SheetTable("Montants", rates, _rate_rows(document)))
    control = [
        Column("Article", width=44),
        *(Column(name, ColumnKind.INTEGER, 16) for name in ("Commandé", "Par lieu", "Écart")),
    ]
    book.add(SheetTable("Contrôle", control, _control(document, drawn), formulas=True))
    book.save(target)


def _item_rows(document: OrderDocument) -> Iterator[list[Value]]:
    for one in document.items:
        item = one.item
        yield [
            *(item.code, item.supplier_code, item.name, item.unit, one.units),
            *(item.unit_price, item.vat_rate, one.total),
        ]
    for charge in document.charges:
        yield [charge.code, "", charge.label, "", None, None, charge.vat_rate, charge.amount_cents]


def _place_rows(document: OrderDocument, drawn: dict[int, int]) -> Iterator[list[Value]]:
    """What was written is counted on the way."""
    items = {one.item.item_id: one.item for one in document.items}
    for line in document.lines:
        item = items[line.item_id]
        drawn[line.item_id] += line.quantity
        place = placed(*document.members[line.member_id], document.site(line))
        yield [*place, item.code, item.name, item.unit, line.quantity, line.engagement]


def _rate_rows(document: OrderDocument) -> Iterator[list[Value]]:
    totals = document.totals
    for rate, ht in totals.by_rate.items():
        vat = totals.vat_at(rate)
        yield [f"{number(rate)}\u00a0%", ht, vat, ht + vat]
    yield ["Total", totals.ht, totals.vat, totals.ttc]


def _control(document: OrderDocument, drawn: Mapping[int, int]) -> Iterator[list[Value]]:
    for row, one in enumerate(document.items, start=FIRST_ROW):
        found = drawn[one.item.item_id]
        yield [one.item.name, one.units, found, Formula(f"B{row}-C{row}", Decimal(one.units - found))]
