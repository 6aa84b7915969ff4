"""Noting a bill: from a file that was read, or typed. A document is kept once in a group, whoever brings it again."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.bills.documents import bill_of, check_typed, seller_of
from pooling.bills.models import Bill, BillLine, BillOrder, BillRate, BillState, BillUnits
from pooling.bills.ordered import LEFT, buyers_of, items_of_orders, orders_named, orders_of_bill, replaced_by
from pooling.bills.permissions import may_decide, may_decide_for, may_note_bills
from pooling.bills.queries import (
    OPEN,
    bill_of_document,
    billed_lines,
    find_bill,
    identity_of,
    lines_of,
    lock_bill,
    supplier_of,
)
from pooling.bills.rules import (
    Identity,
    Matches,
    assign,
    link,
    match,
    references_of,
    same_document,
    units_of,
    with_matches,
)
from pooling.bills.schemas import MOST_ORDERS, BillIn, LineIn, RateIn
from pooling.invoices.invoice import Finding, Reading, Refused
from pooling.kernel.changes import changing
from pooling.kernel.database import group_of, insert_many
from pooling.kernel.doubts import Insistence, insist
from pooling.kernel.errors import Conflict, Forbidden, Invalid
from pooling.kernel.events import record_event
from pooling.kernel.file_kinds import PDF, FileKind, download_name
from pooling.kernel.files import File, Upload, keep_file
from pooling.kernel.tables import any_of
from pooling.kernel.versions import ChangedMeanwhile
from pooling.members.models import Member, Role
from pooling.members.rights import Caller
from pooling.orders.models import Order as SupplierOrder
from pooling.purchases.finding import lock_purchase
from pooling.purchases.kinds import kind_of
from pooling.purchases.kinds.parts import Part
from pooling.purchases.models import Purchase
from pooling.purchases.rules import OVER
from pooling.sharing.money import Cents
from pooling.suppliers.keeping import find_supplier

_XML = FileKind("application/xml", ".xml")
CHANGED = "Une autre personne a changé cette facture depuis que vous l’avez ouverte."


class BillKnown(Conflict):
    """This document is kept already."""

    code = "bill_known"

    def __init__(self, bill: Bill, purchase: Purchase) -> None:
        """Keep which one, and where."""
        number = f"facture {bill.number}" if bill.number else "facture"
        super().__init__(f"Cette {number} est déjà là, dans l’achat {purchase.reference} : elle n’est pas ajoutée.")
        self.bill, self.purchase = bill, purchase


class FileRefused(Invalid):
    """The file is no invoice that can be read."""

    def __init__(self, finding: Finding, field: str) -> None:
        """Tell the finding at the field that the file came by."""
        super().__init__({field: finding.message})
        self.finding = finding


async def lock_for_bills(session: AsyncSession, purchase_id: int) -> Purchase:
    """The purchase, locked, while its bills may change.

    Raises:
        NotFound: suppliers invoice nothing of such a purchase.
        Conflict: it is over.
    """
    purchase = await lock_purchase(session, purchase_id)
    kind = kind_of(purchase.kind)
    kind.require(Part.BILLS)
    if purchase.state in OVER:
        word = kind.word(purchase.state).lower()
        raise Conflict(f"Cet achat est {word} : ses factures ne changent plus.", code="bills_closed")
    return purchase


async def keep_read(
    session: AsyncSession,
    caller: Caller,
    purchase_id: int,
    reading: Reading,
    sent: Upload,
    now: datetime,
    *,
    field: str = "file",
) -> Bill:
    """Keeps an invoice that was read, with its file as it was received.

    Raises:
        Forbidden: the caller notes no bill of this purchase, or not of this order.
        FileRefused: the file is none that can be read.
        BillKnown: it is there already.
        Conflict: the purchase is over.
    """
    purchase = await lock_for_bills(session, purchase_id)
    await _require_noting(session, caller, purchase)
    if reading.invoice is None:
        raise FileRefused(reading.findings[0], field)
    try:
        said = bill_of(reading.invoice, purchase.reference)
    except Refused as refused:
        raise FileRefused(refused.finding, field) from refused
    seller = seller_of(reading.invoice.seller)
    references = references_of(said.order_reference, (line.order_reference for line in said.lines))
    known, _ = await orders_named(session, purchase_id, references)
    orders = link(references, seller, known).orders if said.currency == "EUR" else ()
    supplier = await supplier_of(session, seller)
    where = await _whose(session, caller, purchase, orders, buyer_siren=reading.invoice.buyer.siren)
    file = await keep_file(session, *_named(sent), sent.content, now, person_id=caller.person_id)
    return await _insert(
        session,
        caller,
        purchase,
        said,
        now,
        same_as=same_document(seller, said.number, file.sha256.hex()),
        supplier_id=where.supplier_id or (supplier.id if supplier else None),
        where=where,
        findings=reading.findings,
        source=reading.invoice.to_json(),
        file=file,
    )


def _named(sent: Upload) -> tuple[str, str]:
    kind = PDF if b"%PDF-" in sent.content[:1024] else _XML
    return download_name(sent.name, kind), kind.media_type


async def keep_typed(
    session: AsyncSession,
    caller: Caller,
    purchase_id: int,
    command: BillIn,
    now: datetime,
    *,
    supplier_id: int,
    orders: Sequence[int],
    insistence: Insistence | None = None,
) -> Bill:
    """Keeps an invoice that somebody typed, which meets the checks of one that is read.

    Raises:
        Forbidden, BillKnown, Conflict: as `keep_read`.
        Invalid: no number, no date, an order of another supplier.
        Doubtful: its sums do not tie, and nobody insists.
    """
    purchase = await lock_for_bills(session, purchase_id)
    await _require_noting(session, caller, purchase)
    supplier = await find_supplier(session, supplier_id)
    where = await _whose(session, caller, purchase, orders)
    _check_order(where, supplier_id)
    _require_head(command)
    seller = identity_of(supplier)
    findings = check_typed(command, seller)
    bill = await _insert(
        session,
        caller,
        purchase,
        command,
        now,
        same_as=same_document(seller, command.number, ""),
        supplier_id=supplier.id,
        where=where,
        findings=findings,
    )
    _insist(session, caller, bill, findings, insistence, now)
    return bill


async def change_typed(
    session: AsyncSession,
    caller: Caller,
    purchase_id: int,
    bill_id: int,
    command: BillIn,
    now: datetime,
    *,
    supplier_id: int,
    orders: Sequence[int],
    seen: int | None,
    insistence: Insistence | None = None,
) -> Bill:
    """Corrects an invoice that was typed, while nothing is decided.

    Raises:
        As `keep_typed`; ChangedMeanwhile: it is not the version that was `seen`.
    """
    purchase = await lock_for_bills(session, purchase_id)
    bill = await lock_bill(session, purchase_id, bill_id)
    may_decide.require(caller, purchase, bill)
    check_seen(bill, seen)
    require_open(bill)
    if bill.source is not None:
        raise Conflict("Une facture lue dans un fichier ne se corrige pas : contestez-la.", code="bill_read")
    supplier = await find_supplier(session, supplier_id)
    where = await _whose(session, caller, purchase, orders)
    _check_order(where, supplier_id)
    _require_head(command)
    seller = identity_of(supplier)
    same_as = same_document(seller, command.number, "")
    known = await bill_of_document(session, same_as)
    if known is not None and known[0].id != bill.id:
        raise BillKnown(*known)
    findings = check_typed(command, seller)
    for name, value in _columns(command, where).items():
        setattr(bill, name, value)
    bill.supplier_id = supplier.id
    bill.findings = _written(findings)
    bill.version += 1
    await _renumber(session, bill, same_as)
    await link_orders(session, bill, where.orders)
    await _write_parts(session, bill, command.lines, command.rates)
    _tell(session, caller, bill, now, "bill.changed")
    _insist(session, caller, bill, findings, insistence, now)
    return bill


async def _renumber(session: AsyncSession, bill: Bill, same_as: str) -> None:
    """The constraint decides between two who give one number at once to bills of different purchases.

    Raises:
        BillKnown: the other one was first.
    """
    try:
        async with session.begin_nested():
            bill.same_as = same_as
            await session.flush()
    except IntegrityError:
        known = await bill_of_document(session, same_as)
        if known is None:
            raise
        raise BillKnown(*known) from None


async def complete_bill(
    session: AsyncSession,
    caller: Caller,
    purchase_id: int,
    bill_id: int,
    lines: Sequence[LineIn],
    rates: Sequence[RateIn],
    now: datetime,
    *,
    seen: int | None,
    insistence: Insistence | None = None,
) -> Bill:
    """Writes down the lines of an invoice whose file has none, and its rates where it has none of these either.

    Raises:
        Forbidden, Conflict: as `keep_read`; it has lines of its own; it is decided.
        ChangedMeanwhile: it is not the version that was `seen`.
        Doubtful: they do not make up its totals, and nobody insists.
    """
    purchase = await lock_for_bills(session, purchase_id)
    bill = await lock_bill(session, purchase_id, bill_id)
    may_decide.require(caller, purchase, bill)
    check_seen(bill, seen)
    require_open(bill)
    if not lacks_lines(bill):
        raise Conflict("Les lignes de cette facture sont celles de son fichier.", code="bill_has_lines")
    assert bill.source is not None, "only a file lacks lines"
    said = _source_as_bill(bill, lines, rates)
    findings = [one for one in check_typed(said, _seller(bill)) if one.code in {"totals_differ", "line_differs"}]
    read = [one for one in bill.findings if one.get("field") != "typed" and one["code"] != "no_lines"]
    bill.findings = [*read, *({**one, "field": "typed"} for one in _written(findings))]
    bill.version += 1
    await session.flush()
    await _write_parts(session, bill, lines, rates)
    _tell(session, caller, bill, now, "bill.completed")
    _insist(session, caller, bill, findings, insistence, now)
    return bill


def lacks_lines(bill: Bill) -> bool:
    """Whether its file says nothing line by line (profiles MINIMUM and BASIC WL)."""
    return bill.source is not None and not bill.source.get("lines")


def _source_as_bill(bill: Bill, lines: Sequence[LineIn], rates: Sequence[RateIn]) -> BillIn:
    """What its file says as a whole, with these lines."""
    source = bill.source or {}
    return BillIn(
        number=bill.number,
        issued_on=bill.issued_on,
        currency=bill.currency,
        lines=tuple(lines),
        rates=tuple(rates),
        allowances_cents=_cents_said(source.get("allowances")),
        charges_cents=_cents_said(source.get("charges")),
        ht_cents=bill.ht_cents,
        vat_cents=bill.vat_cents,
        ttc_cents=bill.ttc_cents,
        prepaid_cents=bill.prepaid_cents,
        rounding_cents=bill.due_cents - bill.ttc_cents + bill.prepaid_cents,
        due_cents=bill.due_cents,
    )


def _cents_said(said: object) -> Cents:
    """An amount as `invoices` writes it: the file was bounded when it was read."""
    whole, _, decimals = str(said or "0").partition(".")
    return int(whole + decimals.ljust(2, "0")[:2])


def _seller(bill: Bill) -> Identity:
    said: Mapping[str, Any] = (bill.source or {}).get("seller", {})
    return Identity(*(str(said.get(name, "")) for name in ("siret", "siren", "vat", "name")))


def check_seen(bill: Bill, seen: int | None) -> None:
    """Raises:
    ChangedMeanwhile: somebody changed it since.
    """
    if seen is not None and seen != bill.version:
        raise ChangedMeanwhile(CHANGED)


def require_open(bill: Bill) -> None:
    """Raises:
    Conflict: somebody decided on it.
    """
    if bill.state not in OPEN:
        raise Conflict("Cette facture est décidée : reprenez-la d’abord.", code="bill_decided")


async def _require_noting(session: AsyncSession, caller: Caller, purchase: Purchase) -> None:
    buyers = await buyers_of(session, purchase.id, caller.members_as(Role.FINANCE))
    may_note_bills.require(caller, purchase, buyers)


class Where(NamedTuple):
    """The orders that a bill is for, and who pays it (None: the lead)."""

    orders: Sequence[int] = ()
    member_id: int | None = None
    supplier_id: int | None = None
    """Of the orders."""


async def _whose(
    session: AsyncSession, caller: Caller, purchase: Purchase, orders: Sequence[int], *, buyer_siren: str = ""
) -> Where:
    """Who pays: whoever ordered; without an order, the member that orders itself and is named as the buyer, or whose
    finance notes the bill.

    Raises:
        Forbidden: the caller decides on no bill of theirs.
        Invalid: as `find_orders`.
    """
    if orders:
        where = await find_orders(session, purchase.id, orders)
    else:
        payers = await _payers(session, caller, purchase, buyer_siren)
        where = Where(member_id=payers[0] if len(payers) == 1 else None)
    if not may_decide_for(caller, purchase, where.member_id):
        raise Forbidden("Cette facture est celle d’un autre membre : son service financier la dépose.")
    return where


async def find_orders(session: AsyncSession, purchase_id: int, orders: Sequence[int]) -> Where:
    """One member pays one bill: of orders of several, that is the lead.

    Raises:
        Invalid: the purchase has no such order that has left; they are several suppliers'; they are too many.
    """
    wanted = set(orders)
    if len(wanted) > MOST_ORDERS:
        raise Invalid({"order": f"Une facture se rattache à {MOST_ORDERS} commandes au plus."})
    rows = await session.execute(
        select(col(SupplierOrder.id), col(SupplierOrder.member_id), col(SupplierOrder.supplier_id))
        .where(
            col(SupplierOrder.purchase_id) == purchase_id,
            any_of(col(SupplierOrder.state), LEFT),
            any_of(col(SupplierOrder.id), list(wanted)),
        )
        .order_by(col(SupplierOrder.number))
    )
    found = rows.all()
    if len(found) != len(wanted):
        raise Invalid({"order": "Choisissez une commande envoyée de cet achat."})
    members, suppliers = ({row[place] for row in found} for place in (1, 2))
    if len(suppliers) != 1:
        raise Invalid({"order": "Ces commandes sont de fournisseurs différents : une facture est d’un seul."})
    member_id = members.pop() if len(members) == 1 else None
    return Where([row[0] for row in found], member_id, suppliers.pop())


async def link_orders(session: AsyncSession, bill: Bill, orders: Sequence[int]) -> None:
    """Links it to these orders and to no other; what its lines are for goes with those that it had."""
    await session.execute(delete(BillUnits).where(col(BillUnits.bill_id) == bill.id))
    await session.execute(update(BillLine).where(col(BillLine.bill_id) == bill.id).values(item_id=None))
    await session.execute(delete(BillOrder).where(col(BillOrder.bill_id) == bill.id))
    await insert_many(session, BillOrder, [{"bill_id": bill.id, "order_id": order_id} for order_id in orders])


async def _payers(session: AsyncSession, caller: Caller, purchase: Purchase, buyer_siren: str) -> list[int]:
    """Members that order themselves, of which one may pay this bill."""
    if buyer_siren:
        named = await session.execute(
            select(col(Member.id)).where(col(Member.code) == buyer_siren, col(Member.retired_on).is_(None))
        )
        found = await buyers_of(session, purchase.id, list(named.scalars()))
        if found:
            return sorted(found)
    if may_decide_for(caller, purchase, None):
        return []
    return sorted(await buyers_of(session, purchase.id, caller.members_as(Role.FINANCE)))


def _check_order(where: Where, supplier_id: int) -> None:
    if where.orders and where.supplier_id != supplier_id:
        raise Invalid({"order": "Cette commande est d’un autre fournisseur."})


def _require_head(command: BillIn) -> None:
    errors = {}
    if not command.number:
        errors["number"] = "Indiquez le numéro de la facture."
    if command.issued_on is None:
        errors["issued_on"] = "Indiquez la date de la facture."
    if not command.rates:
        errors["rates"] = "Indiquez la TVA, taux par taux."
    if errors:
        raise Invalid(errors)


def _columns(said: BillIn, where: Where) -> dict[str, Any]:
    return {
        "member_id": where.member_id,
        "kind": said.kind,
        "number": said.number,
        "issued_on": said.issued_on,
        "due_on": said.due_on,
        "order_reference": said.order_reference,
        "credited": list(said.credited),
        "currency": said.currency,
        "ht_cents": said.ht_cents,
        "vat_cents": said.vat_cents,
        "ttc_cents": said.ttc_cents,
        "prepaid_cents": said.prepaid_cents,
        "due_cents": said.due_cents,
    }


def _written(findings: Sequence[Finding]) -> list[dict[str, str]]:
    return [{name: str(value) for name, value in one.to_json().items()} for one in findings]


async def _insert(
    session: AsyncSession,
    caller: Caller,
    purchase: Purchase,
    said: BillIn,
    now: datetime,
    *,
    same_as: str,
    supplier_id: int | None,
    where: Where,
    findings: Sequence[Finding],
    source: dict[str, Any] | None = None,
    file: File | None = None,
) -> Bill:
    """The constraint decides between two who bring it at once.

    Raises:
        BillKnown: it is there already.
    """
    written = await session.execute(
        insert(Bill)
        .values(
            group_id=group_of(session),
            purchase_id=purchase.id,
            supplier_id=supplier_id,
            same_as=same_as,
            state=BillState.TO_CHECK,
            version=1,
            findings=_written(findings),
            source=source,
            file_id=file.id if file else None,
            noted_at=now,
            noted_by=caller.person_id,
            reason="",
            **_columns(said, where),
        )
        .on_conflict_do_nothing(index_elements=["group_id", "same_as"])
        .returning(col(Bill.id)),
        execution_options=changing(bills=[purchase.id]),
    )
    bill_id = written.scalar_one_or_none()
    if bill_id is None:
        known = await bill_of_document(session, same_as)
        assert known is not None, "it is why nothing was written"
        raise BillKnown(*known)
    bill = await find_bill(session, purchase.id, bill_id)
    await link_orders(session, bill, where.orders)
    await _write_parts(session, bill, said.lines, said.rates)
    _tell(session, caller, bill, now, "bill.noted")
    return bill


async def _write_parts(session: AsyncSession, bill: Bill, lines: Sequence[LineIn], rates: Sequence[RateIn]) -> None:
    """The lines with the items that they are for, and the rates, in the place of those before."""
    whose = {"bill_id": bill.id}
    await session.execute(delete(BillLine).where(col(BillLine.bill_id) == bill.id))
    await session.execute(delete(BillRate).where(col(BillRate.bill_id) == bill.id))
    await insert_many(
        session,
        BillLine,
        [
            {
                **whose,
                "position": place,
                **line.model_dump(exclude={"item"}),
                "units": units_of(line.quantity, line.net_cents, bill.kind),
            }
            for place, line in enumerate(lines)
        ],
    )
    await insert_many(session, BillRate, [{**whose, **rate.model_dump()} for rate in rates])
    await match_again(session, bill, {place: line.item for place, line in enumerate(lines) if line.item})


async def match_again(session: AsyncSession, bill: Bill, said: Mapping[int, str]) -> None:
    """Matches all its lines to what its orders have: as somebody `said`, by an item's code, or as the rule finds it."""
    orders = [order.id for order in await orders_of_bill(session, bill.id)]
    items = await items_of_orders(session, orders, without=bill.id, replacing=replaced_by(bill))
    by_code = {item.code: item.item_id for item in items}
    chosen: dict[int, int | None] = {place: by_code[code] for place, code in said.items() if code in by_code}
    lines = await billed_lines(session, bill.id)
    found = match([line for line in lines if line.position not in chosen], items)
    await keep_matches(session, bill, assign(with_matches(lines, found), chosen, items))


async def keep_matches(session: AsyncSession, bill: Bill, matches: Matches) -> None:
    """Writes down what its lines are for, in the place of what they were for."""
    await session.execute(delete(BillUnits).where(col(BillUnits.bill_id) == bill.id))
    for line in await lines_of(session, bill.id):
        line.item_id = next((key.item_id for key in matches.get(line.position, ())), None)
    await session.flush()
    await insert_many(
        session,
        BillUnits,
        [
            {
                "bill_id": bill.id,
                "position": position,
                **key._asdict(),
                "units": Decimal(units.numerator) / units.denominator,
            }
            for position, parts in matches.items()
            for key, units in parts.items()
        ],
    )


def _insist(
    session: AsyncSession,
    caller: Caller,
    bill: Bill,
    findings: Sequence[Finding],
    insistence: Insistence | None,
    now: datetime,
) -> None:
    doubts = [one.message for one in findings if one.severity != "info"]
    insist(
        session,
        doubts,
        insistence,
        at=now,
        person_id=caller.person_id,
        subject=("bill", bill.id),
        details={"purchase_id": bill.purchase_id},
    )


def _tell(session: AsyncSession, caller: Caller, bill: Bill, now: datetime, name: str) -> None:
    record_event(
        session,
        at=now,
        person_id=caller.person_id,
        subject=("bill", bill.id),
        name=name,
        details={"purchase_id": bill.purchase_id, "ttc_cents": bill.ttc_cents},
    )
