"""What remains to recover, for programs; noting titres and payments."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any

from litestar import get, post
from litestar.params import FromPath
from pydantic import Field

from pooling.accounts.idempotency import Made
from pooling.allocation.page import OnCosts
from pooling.allocation.permissions import may_see_share
from pooling.kernel.clock import FIRST_DAY, LAST_DAY
from pooling.kernel.doubts import LONGEST_REASON
from pooling.kernel.errors import Invalid, NotFound
from pooling.kernel.slices import Listed
from pooling.kernel.tables import known_id
from pooling.members.endpoint import endpoint
from pooling.members.group_page import Here
from pooling.members.rights import Right
from pooling.purchases.finding import lock_purchase
from pooling.recovery.keeping import LARGEST_CENTS, EntryIn, note_entry, withdraw_entry
from pooling.recovery.models import EntryKind, RecoveryEntry
from pooling.recovery.page import OnDebtor
from pooling.recovery.permissions import may_recover
from pooling.recovery.reading import Account, accounts_listed, accounts_of, entries_of
from pooling.recovery.rules import RecoveryState
from pooling.sharing.money import Cents, format_cents
from pooling.web.api import ApiIn, ApiOut, PageIn, require_match
from pooling.web.api_input import validated


class RecoveryOut(ApiOut):
    """What one member owes another by the latest frozen allocation, VAT included, and what was issued and paid."""

    debtor: str
    creditor: str
    owed: str
    issued: str
    """Titres less reductions."""
    to_issue: str
    """Negative: a titre is to be reduced."""
    paid: str
    remaining: str
    reminded_on: date | None
    state: RecoveryState


def _out(account: Account, smallest: Cents) -> RecoveryOut:
    standing = account.standing
    return RecoveryOut(
        debtor=account.debtor,
        creditor=account.creditor,
        owed=format_cents(standing.owed),
        issued=format_cents(standing.issued),
        to_issue=format_cents(standing.to_issue(smallest)),
        paid=format_cents(standing.paid),
        remaining=format_cents(standing.remaining),
        reminded_on=account.reminded_on,
        state=standing.state(smallest),
    )


@endpoint(get, "/purchases/{reference:str}/recovery", right=Right.SEE_TOTALS)
async def list_recovery(here: Here[OnCosts], asked: PageIn) -> Listed[RecoveryOut]:
    """What members owe each other of a purchase, with titres and payments; to people of a member, what concerns it."""
    smallest = here.finance.smallest_titre_on(here.today)
    listed = await accounts_listed(here.session, here.purchase.id, here.today, asked.slice, here.own)
    return listed.each(lambda account: _out(account, smallest))


class RecoveryEntryOut(ApiOut):
    """A titre, a payment or a reminder, as it was noted."""

    id: int
    kind: EntryKind
    creditor: str
    dated_on: date
    number: str
    """Of the titre, or what the payment is known by."""
    due_on: date | None
    """Of a titre."""
    amount: str
    """With VAT, never negative: its kind says which way it counts; of a reminder, nothing."""
    noted_at: datetime
    withdrawn_at: datetime | None
    """Null while it counts."""
    withdrawn_because: str


class DebtorOut(ApiOut):
    """What one member owes, by creditor, and all that was noted of it."""

    accounts: Sequence[RecoveryOut]
    entries: Sequence[RecoveryEntryOut]
    """The oldest first; those that were withdrawn too."""


class RecoveryEntryPost(ApiIn):
    kind: EntryKind
    creditor: str = Field(min_length=1, max_length=100)
    """The code of the member that is owed."""
    dated_on: Annotated[date, Field(ge=FIRST_DAY, le=LAST_DAY)]
    number: str = Field(default="", max_length=40)
    """Asked of a titre and of a reduction."""
    due_on: Annotated[date, Field(ge=FIRST_DAY, le=LAST_DAY)] | None = None
    """Asked of a titre."""
    amount: Annotated[Decimal, Field(ge=0, le=Decimal(LARGEST_CENTS) / 100, decimal_places=2)] = Decimal(0)
    """With VAT, more than 0; a reminder has none."""


class RecoveryWithdrawalIn(ApiIn):
    reason: str = Field(min_length=1, max_length=LONGEST_REASON)


DEBTOR = "/purchases/{reference:str}/recovery/{member:str}"


@endpoint(get, DEBTOR, right=may_see_share, tagged=True)
async def get_recovery(here: Here[OnDebtor]) -> DebtorOut:
    """What one member owes, by creditor, and what was noted of it. For its people, and who sees every share."""
    return await _debtor_out(here)


async def _debtor_out(here: OnDebtor) -> DebtorOut:
    """Raises:
    NotFound: it owes nothing, and never did.
    """
    smallest = here.finance.smallest_titre_on(here.today)
    accounts = await accounts_of(here.session, here.purchase.id, here.today, here.debtor_id)
    entries = await entries_of(here.session, here.purchase.id, here.debtor_id)
    if not accounts:
        raise NotFound
    codes = {account.creditor_id: account.creditor for account in accounts}
    return DebtorOut(
        accounts=[_out(account, smallest) for account in accounts],
        entries=[_entry_out(entry, codes[entry.creditor_id]) for entry in entries if entry.creditor_id in codes],
    )


def _entry_out(entry: RecoveryEntry, creditor: str) -> RecoveryEntryOut:
    return RecoveryEntryOut(
        id=entry.id,
        kind=entry.kind,
        creditor=creditor,
        dated_on=entry.dated_on,
        number=entry.number,
        due_on=entry.due_on,
        amount=format_cents(entry.cents),
        noted_at=entry.noted_at,
        withdrawn_at=entry.withdrawn_at,
        withdrawn_because=entry.withdrawn_because,
    )


@endpoint(
    post, f"{DEBTOR}/entries", right=may_recover, status=201, once=True, tagged=True, matched=True,
    conflicts=("too_many",),
)  # fmt: skip
async def post_recovery_entry(here: Here[OnDebtor], sent: RecoveryEntryPost) -> Made[DebtorOut]:
    """Note a titre that was issued, a reduction of one, a payment, what was given back, a reminder. `If-Match`: the
    ETag of what the member owes. For the lead buyer, and finance officers of the creditor.
    """
    before = await _locked(here)
    creditor_id = next((id_ for id_, code in before.items() if code == sent.creditor), None)
    if creditor_id is None:
        raise Invalid({"creditor": "Ce membre ne doit rien à ce créancier."})
    command = validated(EntryIn, {**sent.model_dump(exclude={"creditor", "amount"}), "cents": int(sent.amount * 100)})
    whose = (here.session, here.caller, here.purchase.id, here.debtor_id, creditor_id)
    try:
        smallest = here.finance.smallest_titre_on(here.today)
        await note_entry(*whose, command, here.now, here.today, seen=None, smallest=smallest)
    except Invalid as wrong:
        raise Invalid({"amount" if name == "cents" else name: said for name, said in wrong.errors.items()}) from wrong
    return Made(await _debtor_out(here), f"{here.api_url}/purchases/{here.purchase.reference}/recovery/{here.member}")


@endpoint(
    post, f"{DEBTOR}/entries/{{entry_id:int}}/withdrawal", right=may_recover, once=True, tagged=True, matched=True
)  # fmt: skip
async def withdraw_recovery_entry(
    here: Here[OnDebtor], entry_id: FromPath[int], sent: RecoveryWithdrawalIn
) -> DebtorOut:
    """Say that what was noted is wrong, or that a titre is cancelled: it stays to be read, and counts no more."""
    await _locked(here)
    whose = (here.session, here.caller, here.purchase.id, here.debtor_id, known_id(entry_id))
    await withdraw_entry(*whose, here.now, reason=sent.reason)
    await here.session.flush()
    return await _debtor_out(here)


async def _locked(here: OnDebtor) -> dict[int, str]:
    """The creditors by their ids, once nobody else writes and `If-Match` holds."""
    await lock_purchase(here.session, here.purchase.id)
    require_match(here.request, await _debtor_out(here))
    accounts = await accounts_of(here.session, here.purchase.id, here.today, here.debtor_id)
    return {account.creditor_id: account.creditor for account in accounts}


ROUTES: Sequence[Any] = [list_recovery, get_recovery, post_recovery_entry, withdraw_recovery_entry]
