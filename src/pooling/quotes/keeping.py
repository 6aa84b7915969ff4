"""Quotes are noted, corrected and removed by the purchase's lead buyer, once its collection is closed."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, exists, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.kernel.attached import FilesOf, Room
from pooling.kernel.database import group_of, insert_many
from pooling.kernel.errors import Conflict, Invalid
from pooling.kernel.events import record_event
from pooling.kernel.files import LARGEST_FILE, Upload, remove_files
from pooling.kernel.limits import BYTES, limit
from pooling.kernel.tables import may_be_id
from pooling.kernel.versions import OF_A_PAGE, check_version
from pooling.members.rights import Caller
from pooling.purchases.finding import lock_purchase
from pooling.purchases.kinds import kind_of
from pooling.purchases.kinds.parts import Part
from pooling.purchases.models import Purchase, PurchaseState
from pooling.purchases.permissions import may_run
from pooling.purchases.queries import ItemShown, purchase_items
from pooling.quotes.models import Award, Quote, QuoteFile, QuoteLine, QuoteTier
from pooling.quotes.queries import find_quote, is_awaited, is_in
from pooling.quotes.schemas import QuoteIn
from pooling.quotes.words import in_words
from pooling.suppliers.models import Supplier

MOST_QUOTES = limit(60, "Quotes of a purchase", __name__)
MOST_FILES = limit(10, "Files of a quote", __name__)
LARGEST_TOGETHER = limit(50 * 1024 * 1024, "Files of a quote together", __name__, unit=BYTES)
ROOM = Room(MOST_FILES, "Un devis", "pièces", LARGEST_TOGETHER, "d’un devis")
HINT = f"{MOST_FILES} au plus, de {LARGEST_FILE // 2**20} Mo au plus chacune."
NOTHING_OFFERED = "Indiquez au moins un prix, ou ne notez pas ce devis."


async def lock_comparing(session: AsyncSession, caller: Caller, purchase_id: int) -> Purchase:
    """The purchase, locked by its lead buyer while its quotes are gathered and compared.

    Raises:
        Forbidden: the caller is not a lead buyer of this purchase.
        NotFound: such a purchase has no quotes.
        Conflict: its collection is not closed, or it is ordered.
    """
    purchase = await lock_purchase(session, purchase_id)
    may_run.require(caller, purchase)
    require_comparing(purchase)
    return purchase


def require_comparing(purchase: Purchase) -> None:
    """Raises: as `lock_comparing`."""
    kind = kind_of(purchase.kind)
    kind.require(Part.QUOTES)
    if purchase.state != PurchaseState.CLOSED:
        early = purchase.state in {PurchaseState.DRAFT, PurchaseState.OPEN}
        raise Conflict(
            "Les devis se notent une fois la collecte close\u00a0: les quantités sont alors connues."
            if early
            else f"Cet achat est {kind.word(purchase.state).lower()}\u00a0: ses devis ne changent plus.",
            code="quotes_closed",
        )


async def add_quote(
    session: AsyncSession,
    caller: Caller,
    purchase_id: int,
    supplier_id: int,
    lot: int | None,
    command: QuoteIn,
    now: datetime,
) -> int:
    """Notes a supplier's quote for the purchase, or one of its lots; returns its id.

    Raises:
        Forbidden, NotFound, Conflict: as `lock_comparing`.
        Invalid: the supplier or lot is unknown, it has a quote for it already, or a line is not of it.
    """
    await lock_comparing(session, caller, purchase_id)
    items = await purchase_items(session, purchase_id)
    name = await require_place(session, purchase_id, supplier_id, lot, items, now)
    check_lines(command, items, lot)
    quote = Quote(
        group_id=group_of(session),
        purchase_id=purchase_id,
        supplier_id=supplier_id,
        lot=lot,
        written_at=now,
        written_by=caller.person_id,
    )
    await write(session, quote, command, items)
    _tell(session, caller, quote, "quote.noted", now, {"changed": differing({}, in_words(command, items))})
    assert name, "it is known"
    return quote.id


async def require_place(
    session: AsyncSession,
    purchase_id: int,
    supplier_id: int,
    lot: int | None,
    items: Sequence[ItemShown],
    now: datetime,
) -> str:
    """The name of a supplier that may still have a quote for this.

    Raises:
        Invalid: it is unknown or archived, the lot is, it may still answer itself, or the quote is there already.
    """
    supplier = await session.get(Supplier, (group_of(session), supplier_id)) if may_be_id(supplier_id) else None
    if supplier is None or supplier.archived_at is not None:
        raise Invalid({"supplier": "Choisissez un fournisseur du groupe."})
    if lot is not None and not any(is_in(item, lot) for item in items):
        raise Invalid({"lot": "Cet achat n’a pas d’article dans ce lot."})
    if await is_awaited(session, purchase_id, supplier_id, lot, now):
        # Whether or not it has: that there is an offer already is told to nobody before the date.
        raise Invalid(
            {"supplier": "Ce fournisseur peut encore répondre lui-même\u00a0: notez son devis après la date."}
        )
    others = select(col(Quote.supplier_id), col(Quote.lot)).where(col(Quote.purchase_id) == purchase_id)
    known = {(other, of) for other, of in await session.execute(others)}
    if (supplier_id, lot) in known:
        raise Invalid({"supplier": "Ce fournisseur a déjà un devis pour cela\u00a0: modifiez-le."})
    if len(known) >= MOST_QUOTES:
        raise Invalid({"supplier": f"Un achat a {MOST_QUOTES} devis au plus."})
    return supplier.name


async def change_quote(
    session: AsyncSession,
    caller: Caller,
    purchase_id: int,
    quote_id: int,
    command: QuoteIn,
    now: datetime,
    *,
    shown: str | None = None,
) -> None:
    """The quote as it is now. `shown` is the version that the person had before its eyes.

    Raises:
        Forbidden, NotFound, Conflict: as `lock_comparing`; the purchase has no such quote.
        ChangedMeanwhile: it is no longer what was shown.
        Invalid: a line is not of it.
    """
    await lock_comparing(session, caller, purchase_id)
    found, items = await find_quote(session, purchase_id, quote_id, now), await purchase_items(session, purchase_id)
    await _require_unawarded(session, quote_id)
    before = found.content(items)
    check_version(before.model_dump(), shown, OF_A_PAGE)
    check_lines(command, found.of(items), None)
    if before == command:
        return
    found.quote.written_at, found.quote.written_by = now, caller.person_id
    await write(session, found.quote, command, items)
    changed = differing(in_words(before, items), in_words(command, items))
    _tell(session, caller, found.quote, "quote.changed", now, {"changed": changed})


async def remove_quote(session: AsyncSession, caller: Caller, purchase_id: int, quote_id: int, now: datetime) -> None:
    """Takes a quote away with its files; the journal keeps what it said.

    Raises:
        Forbidden, NotFound, Conflict: as `lock_comparing`; the purchase has no such quote.
    """
    await lock_comparing(session, caller, purchase_id)
    found, items = await find_quote(session, purchase_id, quote_id, now), await purchase_items(session, purchase_id)
    await _require_unawarded(session, quote_id)
    said = in_words(found.content(items), items)
    files = await session.execute(
        delete(QuoteFile).where(col(QuoteFile.quote_id) == quote_id).returning(col(QuoteFile.file_id))
    )
    await remove_files(session, list(files.scalars()))
    await session.execute(delete(Quote).where(col(Quote.id) == quote_id))
    _tell(session, caller, found.quote, "quote.removed", now, {"changed": differing(said, {})})


async def _require_unawarded(session: AsyncSession, quote_id: int) -> None:
    """Raises:
    Conflict: items are bought by this quote, with its prices.
    """
    taken = select(exists().where(col(Award.quote_id) == quote_id))
    if await session.scalar(taken):
        raise Conflict(
            "Des articles sont attribués par ce devis : attribuez-les d’abord autrement.", code="quote_awarded"
        )


async def write(session: AsyncSession, quote: Quote, command: QuoteIn, items: Sequence[ItemShown]) -> None:
    """Its head and all its lines, in place of those it had."""
    ids = {item.code: item.id for item in items}
    for name, value in command.model_dump(exclude={"lines"}).items():
        setattr(quote, name, value)
    session.add(quote)
    await session.flush()
    await session.execute(delete(QuoteLine).where(col(QuoteLine.quote_id) == quote.id))
    await insert_many(
        session,
        QuoteLine,
        [
            {"quote_id": quote.id, "item_id": ids[line.item], **line.model_dump(exclude={"item", "tiers"})}
            for line in command.lines
        ],
    )
    await insert_many(
        session,
        QuoteTier,
        [
            {"quote_id": quote.id, "item_id": ids[line.item], **tier.model_dump()}
            for line in command.lines
            for tier in line.tiers
        ],
    )


def check_lines(command: QuoteIn, items: Sequence[ItemShown], lot: int | None) -> None:
    """Raises:
    Invalid: nothing is offered, or something that is not asked for, or twice.
    """
    codes = {item.code for item in items if is_in(item, lot)}
    offered = [line.item for line in command.lines]
    errors = {f"lines.{code}": "Ce devis ne porte pas sur un article de ce code." for code in set(offered) - codes}
    errors |= {f"lines.{code}": "Cet article est là deux fois." for code in codes if offered.count(code) > 1}
    if not offered:
        errors["lines"] = NOTHING_OFFERED
    if errors:
        raise Invalid(errors)


async def attach_to_quote(
    session: AsyncSession, caller: Caller, purchase_id: int, quote_id: int, sent: Sequence[Upload], now: datetime
) -> list[int]:
    """Keeps these files with a quote; returns their ids. All or none.

    Raises:
        Forbidden, NotFound, Conflict: as `lock_comparing`; the purchase has no such quote.
        Invalid: a file is empty, too large or of no kind that is accepted; they are too many or too heavy together.
    """
    await lock_comparing(session, caller, purchase_id)
    found = await find_quote(session, purchase_id, quote_id, now)
    files = await files_of_quote(quote_id).add(session, sent, now, ROOM, person_id=caller.person_id)
    _tell(session, caller, found.quote, "quote.files_added", now, {"names": [file.name for file in files]})
    return [file.id for file in files]


def files_of_quote(quote_id: int) -> FilesOf:
    return FilesOf(QuoteFile, {"quote_id": quote_id})


async def detach_from_quote(
    session: AsyncSession, caller: Caller, purchase_id: int, quote_id: int, file_id: int, now: datetime
) -> None:
    """Removes one of its files.

    Raises:
        Forbidden, NotFound, Conflict: as `attach_to_quote`; the quote has no such file.
    """
    await lock_comparing(session, caller, purchase_id)
    found = await find_quote(session, purchase_id, quote_id, now)
    removed = await files_of_quote(quote_id).remove(session, file_id)
    _tell(session, caller, found.quote, "quote.file_removed", now, {"names": [removed]})


def differing(before: dict[str, str], after: dict[str, str]) -> dict[str, list[str | None]]:
    """What the journal tells: each thing with what it was and is."""
    names = [*before, *(name for name in after if name not in before)]
    return {name: [before.get(name), after.get(name)] for name in names if before.get(name, "") != after.get(name, "")}


def _tell(
    session: AsyncSession, caller: Caller, quote: Quote, name: str, now: datetime, details: dict[str, object]
) -> None:
    record_event(
        session,
        at=now,
        person_id=caller.person_id,
        subject=("purchase", quote.purchase_id),
        name=name,
        details={"supplier_id": quote.supplier_id, "lot": quote.lot, **details},
    )
