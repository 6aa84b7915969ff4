"""Finances of members for programs."""

from collections.abc import Mapping, Sequence
from typing import Any

from litestar import get, put
from pydantic import Field

from pooling.allocation.configuration import LONGEST_FCTVA_DELAY
from pooling.allocation.page import finance_of
from pooling.finances.keeping import delays_of, said_delay, say_delay
from pooling.finances.page import OnFinances, as_position, own_members
from pooling.finances.permissions import FinanceRight, may_say_fctva_delay, may_see_finances
from pooling.finances.reading import Ledger, Line, members_listed
from pooling.finances.rules import Position, fctva_by_year, summed
from pooling.grants.queries import Received, received_by
from pooling.kernel.clock import FIRST_DAY, LAST_DAY
from pooling.kernel.slices import Listed
from pooling.kernel.versions import version_of
from pooling.members.endpoint import endpoint
from pooling.members.group_page import Here, InGroup
from pooling.recovery.reading import Between, Remaining, balances_listed, remaining_of
from pooling.sharing.money import format_cents
from pooling.web.api import ApiIn, ApiOut, PageIn, require_match, wants_match

ONE = "/finances/{member:str}"


class FiguresOut(ApiOut):
    """Amounts in euros with VAT."""

    planned: str
    """Of purchases that nothing engages yet: an estimate."""
    engaged: str
    invoiced: str
    """Accepted bills and what it paid apart, titres received, less titres issued."""
    subsidies: str
    fctva: str
    """An estimate."""
    net: str
    """What is engaged, less subsidies and FCTVA."""


class MemberFinancesOut(FiguresOut):
    """A member over all purchases, or over those of one year."""

    member: str
    name: str
    to_pay: str
    """What it still owes other members."""
    to_receive: str


class FinancesOut(MemberFinancesOut):
    subsidies_asked: str
    """By its own files, each by its own day."""
    subsidies_granted: str
    subsidies_paid: str
    fctva_delay: int
    """Years between what is spent and its FCTVA."""
    fctva_expected: Mapping[str, str]
    """By the year in which it is expected."""


class PurchaseFinancesOut(FiguresOut):
    """A member's part of one purchase."""

    reference: str
    title: str
    year: int
    record: int | None
    """The number of the frozen allocation that it is read from; null: from current shares, as computed last."""


class FinanceBalanceOut(ApiOut):
    """What two members still owe each other over all purchases, or over those of one year."""

    member: str
    name: str
    owes: str
    is_owed: str
    balance: str
    """To pay once both are set off; negative: to receive."""


class FctvaDelayOut(ApiOut):
    years: int
    """Between what is spent and its FCTVA."""
    said: bool
    """Whether the member said so; else it is what its kind gets."""


class FctvaDelayPut(ApiIn):
    years: int | None = Field(ge=0, le=LONGEST_FCTVA_DELAY)
    """Null: what its kind gets."""


class YearAsked(ApiIn):
    year: int | None = Field(
        default=None, ge=FIRST_DAY.year, le=LAST_DAY.year, description="Of purchases; all of them."
    )


class YearPageAsked(PageIn):
    year: int | None = Field(
        default=None, ge=FIRST_DAY.year, le=LAST_DAY.year, description="Of purchases; all of them."
    )


def _figures(position: Position) -> dict[str, str]:
    engaged = position.engaged
    amounts = {
        "planned": position.planned.ttc,
        "engaged": engaged.ttc,
        "invoiced": position.invoiced,
        "subsidies": engaged.subsidies,
        "fctva": engaged.fctva,
        "net": engaged.net,
    }
    return {name: format_cents(cents) for name, cents in amounts.items()}


def _left(remaining: Remaining | None) -> dict[str, str]:
    pay, receive = remaining or (0, 0)
    return {"to_pay": format_cents(pay), "to_receive": format_cents(receive)}


@endpoint(get, "/finances", right=FinanceRight.SEE_FINANCES)
async def list_finances(here: Here[InGroup], asked: YearPageAsked) -> Listed[MemberFinancesOut]:
    """Members with what they engage and pay: all for the facilitator, their own for finance officers."""
    listed = await members_listed(here.session, asked.slice, own_members(here.caller))
    ids, ledger = [member.id for member in listed.items], await Ledger.of(here.session, here.zone)
    positions = await ledger.by_member(ids, asked.year)
    left = await remaining_of(here.session, await ledger.purchases(asked.year), here.today, ids)
    return listed.each(
        lambda member: MemberFinancesOut(
            member=member.code,
            name=member.name,
            **_figures(positions.get(member.id, Position())),
            **_left(left.get(member.id)),
        )
    )


@endpoint(get, ONE, right=may_see_finances)
async def get_finances(here: Here[OnFinances], asked: YearAsked) -> FinancesOut:
    """One member with what it engages and pays. For its finance officers and the facilitator."""
    member, ledger = here.member, await Ledger.of(here.session, here.zone)
    years = await ledger.by_year([member.id])
    left = await remaining_of(here.session, await ledger.purchases(asked.year), here.today, [member.id])
    received = (await received_by(here.session, [member.id], asked.year)).get(member.id, Received())
    delay = (await delays_of(here.session, [member.id], finance_of(here), here.today))[member.id]
    return FinancesOut(
        member=member.code,
        name=member.name,
        **_figures(summed(years, asked.year)),
        **_left(left.get(member.id)),
        **{f"subsidies_{name}": format_cents(cents) for name, cents in received._asdict().items()},
        fctva_delay=delay,
        fctva_expected={
            str(year): format_cents(cents) for year, cents in fctva_by_year(years, delay, asked.year).items()
        },
    )


@endpoint(get, f"{ONE}/purchases", right=may_see_finances)
async def list_purchase_finances(here: Here[OnFinances], asked: YearPageAsked) -> Listed[PurchaseFinancesOut]:
    """The same purchase by purchase, the latest first. For the member's finance officers and the facilitator."""
    listed = await (await Ledger.of(here.session, here.zone)).lines(here.member.id, asked.year, asked.slice)
    return listed.each(_line_out)


def _line_out(line: Line) -> PurchaseFinancesOut:
    return PurchaseFinancesOut(
        reference=line.reference,
        title=line.title,
        year=line.year,
        record=line.record,
        **_figures(as_position(line.figures, engaged=line.engaged)),
    )


@endpoint(get, f"{ONE}/balances", right=may_see_finances)
async def list_finance_balances(here: Here[OnFinances], asked: YearPageAsked) -> Listed[FinanceBalanceOut]:
    """What the member and others still owe each other. For its finance officers and the facilitator."""
    chosen = await (await Ledger.of(here.session, here.zone)).purchases(asked.year)
    return (await balances_listed(here.session, chosen, here.today, here.member.id, asked.slice)).each(_balance_out)


def _balance_out(one: Between) -> FinanceBalanceOut:
    return FinanceBalanceOut(
        member=one.other,
        name=one.other_name,
        owes=format_cents(one.owes),
        is_owed=format_cents(one.is_owed),
        balance=format_cents(one.balance),
    )


@endpoint(get, f"{ONE}/fctva-delay", right=may_see_finances, tagged=True)
async def get_fctva_delay(here: Here[OnFinances]) -> FctvaDelayOut:
    """How many years after it is spent the member gets FCTVA."""
    return await _delay(here)


@endpoint(
    put, f"{ONE}/fctva-delay", right=may_say_fctva_delay, conflicts=("changed_meanwhile",), tagged=True, matched=True
)
async def put_fctva_delay(here: Here[OnFinances], sent: FctvaDelayPut) -> FctvaDelayOut:
    """Say it, where it is not what its kind gets. For the member's finance officers and the facilitator."""
    shown = None
    if wants_match(here.request):
        require_match(here.request, await _delay(here))
        shown = version_of(await said_delay(here.session, here.member.id))
    await say_delay(here.session, here.caller, here.member.code, sent.years, here.now, shown=shown)
    return await _delay(here)


async def _delay(here: OnFinances) -> FctvaDelayOut:
    delays = await delays_of(here.session, [here.member.id], finance_of(here), here.today)
    said = await said_delay(here.session, here.member.id)
    return FctvaDelayOut(years=delays[here.member.id], said=said is not None)


ROUTES: Sequence[Any] = [
    list_finances,
    get_finances,
    list_purchase_finances,
    list_finance_balances,
    get_fctva_delay,
    put_fctva_delay,
]
