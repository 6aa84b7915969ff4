"""Noting a bill: from a file that was read, or typed. A document is kept once in a group, whoever brings it again."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.bills.documents import bill_of, check_typed, seller_of
from pooling.bills.matching import write_parts
from pooling.bills.models import Bill, BillState
from pooling.bills.ordered import buyers_of, orders_named
from pooling.bills.permissions import may_decide, may_note_bills
from pooling.bills.queries import OPEN, bill_of_document, find_bill, identity_of, lock_bill, supplier_of
from pooling.bills.rules import Identity, link, references_of, same_document
from pooling.bills.schemas import BillIn, LineIn, RateIn
from pooling.bills.whose import Where, check_supplier, find_payer, link_orders
from pooling.invoices.invoice import Finding, Reading, Refused
from pooling.kernel.changes import changing
from pooling.kernel.database import group_of
from pooling.kernel.doubts import Insistence, insist
from pooling.kernel.errors import Conflict, Invalid
from pooling.kernel.events import record_event
from pooling.kernel.file_kinds import PDF, FileKind, download_name
from pooling.kernel.files import File, Upload, keep_file
from pooling.kernel.versions import ChangedMeanwhile
from pooling.members.models import Role
from pooling.members.rights import Caller
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
    where = await find_payer(session, caller, purchase, orders, buyer_siren=reading.invoice.buyer.siren)
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
    where = await find_payer(session, caller, purchase, orders)
    check_supplier(where, supplier_id)
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
    where = await find_payer(session, caller, purchase, orders)
    check_supplier(where, supplier_id)
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
    await write_parts(session, bill, command.lines, command.rates)
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
    await write_parts(session, bill, lines, rates)
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
    await write_parts(session, bill, said.lines, said.rates)
    _tell(session, caller, bill, now, "bill.noted")
    return bill


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
