"""What remains to recover, for programs."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from litestar import get

from pooling.allocation.page import OnCosts
from pooling.kernel.slices import Listed
from pooling.members.endpoint import endpoint
from pooling.members.group_page import Here
from pooling.members.rights import Right
from pooling.recovery.reading import Account, accounts_listed
from pooling.recovery.rules import RecoveryState
from pooling.sharing.money import Cents, format_cents
from pooling.web.api import ApiOut, PageIn


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


ROUTES: Sequence[Any] = [list_recovery]
