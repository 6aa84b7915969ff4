"""The finance home: all members, one member, and whom it owes what."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery
from sqlalchemy import select
from sqlmodel import col

from pooling.allocation.current import bring_up_to_date
from pooling.allocation.page import finance_of
from pooling.allocation.records.downloads import writes_apart
from pooling.exports.asking import ask_export, file_of, find_export
from pooling.exports.pages import Around, Offer, export_asked, export_download, export_page
from pooling.finances.files import KIND, file_name, finances_file
from pooling.finances.keeping import delays_of, said_delay, say_delay
from pooling.finances.page import (
    FINANCES,
    NAMES,
    TITLE,
    Columns,
    FinancesPage,
    as_position,
    files,
    kept_year,
    own_members,
    year_bars,
    year_rows,
    year_typed,
)
from pooling.finances.permissions import FinanceRight, may_say_fctva_delay, may_see_finances
from pooling.finances.reading import (
    Ledger,
    Line,
    all_members,
    count_members,
    members_listed,
    stale_purchases,
    suppliers_owed,
)
from pooling.finances.rules import DEFINITIONS, DELAYS, OfYear, Position, fctva_by_year, summed
from pooling.grants.page import GRANTS
from pooling.grants.queries import Received, received_by
from pooling.kernel.slices import Slice
from pooling.kernel.tables import any_of
from pooling.kernel.versions import version_of
from pooling.members.changing import member_by_code
from pooling.members.group_page import GroupPage, Here, InGroup
from pooling.members.models import Member
from pooling.purchases.kinds import KINDS
from pooling.purchases.kinds.parts import Part
from pooling.purchases.models import Purchase, PurchaseKind
from pooling.recovery.page import SECTION as RECOVERY
from pooling.recovery.reading import (
    Between,
    Remaining,
    accounts_between,
    balances_listed,
    remaining_of,
    remaining_of_all,
)
from pooling.web.addresses import path_of
from pooling.web.cursors import pages_after, with_query
from pooling.web.downloads import download
from pooling.web.forms import Form, PostedForm
from pooling.web.layout import Link
from pooling.web.typography import euros, euros_or_dash, plural

ONE = f"{FINANCES}/{{member:str}}"
ACCOUNTS = f"{ONE}/comptes"
FILES = f"{FINANCES}/fichiers"
WHY = (
    "Le fichier de tous les membres est long\u00a0: il se prépare en quelques minutes, pendant que vous faites autre "
    "chose."
)
NAMED_AT_MOST = 3
"""Members by which a file is called."""
COMPUTED_AT_ONCE = 10
"""Purchases that a press brings up to date."""
_NONE = Remaining(0, 0)


@get(FINANCES, right=FinanceRight.SEE_FINANCES)
async def show_finances(here: Here[GroupPage], annee: FromQuery[str] = "", apres: FromQuery[str] = "") -> Response[str]:
    """Every member for the facilitator, its own for a finance officer."""
    own, year, url = own_members(here.caller), year_typed(annee), here.base + FINANCES
    listed = await members_listed(here.session, Slice(apres), own)
    ledger, ids = await Ledger.of(here.session, here.zone), [member.id for member in listed.items]
    years = await ledger.by_year(own)
    positions, chosen = await ledger.by_member(ids, year), await ledger.purchases(year)
    left = await remaining_of(here.session, chosen, here.today, ids if own is None else {*ids, *own})
    columns = Columns.of(years)
    return here.render(
        "finances/home.html",
        TITLE,
        year=year,
        **_by_year(columns, url, years, None),
        heads=columns.heads("Membre", "À payer", "À recevoir"),
        url=url,
        members=[
            (
                member.name,
                with_query(f"{url}/{member.code}", kept_year(year)),
                [*columns.cells(positions.get(member.id, Position())), *_left(left.get(member.id, _NONE))],
            )
            for member in listed.items
        ],
        total=[*columns.cells(summed(years, year)), *await _all_left(here, chosen, own, left)],
        everybody=own is None,
        **_offered(here, year, apart=own is None and await _is_long(here, chosen)),
        **await _stale(here),
        **_words(),
        **pages_after(url, apres, listed, kept_year(year)),
    )


def _by_year(columns: Columns, url: str, years: Sequence[OfYear], chosen: int | None) -> dict[str, Any]:
    return {
        "year_heads": columns.heads("Exercice"),
        "years": year_rows(columns, url, years, chosen),
        "all_years": columns.cells(summed(years, None)),
        "bars": year_bars(years),
    }


async def _is_long(here: InGroup, purchases: Sequence[int]) -> bool:
    """Whether everybody's file is too long to be written while somebody waits: at most a row for each member, and one
    for each of its purchases.
    """
    return writes_apart(here.request, await count_members(here.session) * (1 + len(purchases)))


def _offered(here: GroupPage, year: int | None, *, apart: bool) -> dict[str, Any]:
    if not apart:
        return {"files": files(here.base + FINANCES, year), "offer": None}
    return {"files": [], "offer": _offer(here, year)}


def _offer(here: GroupPage, year: int | None) -> Offer:
    kinds = {kind.upper(): kind for kind in NAMES}
    return Offer(here.base + FILES, kept_year(year), formats=kinds, why=WHY)


def _left(remaining: Remaining) -> list[str]:
    return [euros_or_dash(remaining.to_pay), euros_or_dash(remaining.to_receive)]


async def _all_left(
    here: InGroup, chosen: Sequence[int], own: Sequence[int] | None, left: dict[int, Remaining]
) -> list[str]:
    if own is None:
        return [euros_or_dash(await remaining_of_all(here.session, chosen, here.today))] * 2
    return _left(Remaining(*(sum(left.get(one, _NONE)[side] for one in own) for side in (0, 1))))


async def _stale(here: InGroup) -> dict[str, Any]:
    stale = await stale_purchases(here)
    return {"stale": plural(len(stale), "achat") if stale else ""}


def _words() -> dict[str, Any]:
    return {"definitions": DEFINITIONS}


@post(f"{FINANCES}/calcul", right=FinanceRight.SEE_FINANCES)
async def do_compute(here: Here[GroupPage], form: PostedForm) -> Response[Any]:
    """Brings current shares up to date, some at a press: the oldest purchases first."""
    stale = await stale_purchases(here)
    computing = await bring_up_to_date(here.session, stale[:COMPUTED_AT_ONCE], finance_of(here))
    code = form.text("member", longest=100)
    return here.redirect(
        f"{FINANCES}/{quote(code, safe='')}" if code else FINANCES,
        done=computed_in_words(computing, len(stale) - COMPUTED_AT_ONCE),
    )


def computed_in_words(computing: int, left: int) -> str:
    """What a press did: how many purchases are still `computing`, and how many are `left` for the next one."""
    said = "Les chiffres sont à jour."
    if computing:
        large = plural(computing, "grand achat se calcule", "grands achats se calculent")
        said = f"{large}\u00a0: rechargez la page dans quelques instants."
    return f"{said} {plural(left, 'achat')} restent à recalculer." if left > 0 else said


@get(ONE, right=may_see_finances)
async def show_member_finances(
    here: Here[FinancesPage], annee: FromQuery[str] = "", apres: FromQuery[str] = ""
) -> Response[str]:
    said = await said_delay(here.session, here.member.id)
    form = Form(values={"years": "" if said is None else str(said), "version": version_of(said)})
    return await _member_page(here, form, annee, apres)


async def _member_page(here: FinancesPage, form: Form, annee: str = "", apres: str = "") -> Response[str]:
    year, member, ledger = year_typed(annee), here.member, await Ledger.of(here.session, here.zone)
    years = await ledger.by_year([member.id])
    listed = await ledger.lines(member.id, year, Slice(apres))
    position, chosen = summed(years, year), await ledger.purchases(year)
    left = (await remaining_of(here.session, chosen, here.today, [member.id])).get(member.id, _NONE)
    delays = await delays_of(here.session, [member.id], finance_of(here), here.today)
    expected = fctva_by_year(years, delays[member.id], year)
    received = (await received_by(here.session, [member.id], year)).get(member.id, Received())
    columns = Columns.of(years)
    if form.conflict:
        form.values["version"] = version_of(await said_delay(here.session, member.id))
    return here.render(
        "finances/member.html",
        f"{year}" if year else "Toutes les années",
        form=form,
        member=member,
        year=year,
        **_by_year(columns, here.url, years, year),
        heads=columns.heads("Achat"),
        lines=[_line_shown(here, columns, line) for line in listed.items],
        total=columns.cells(position),
        position=position,
        left=left,
        received=[euros(cents) for cents in received] if any(received) else [],
        grants_url=here.base + GRANTS,
        expected=[(str(when), euros(cents)) for when, cents in expected.items()],
        delay=DELAYS[delays[member.id]],
        delays=[("", "Comme sa catégorie"), *((str(years), said) for years, said in DELAYS.items())],
        accounts_url=with_query(f"{here.url}/comptes", kept_year(year)),
        files=files(here.url, year),
        url=here.url,
        **await _stale(here),
        **_words(),
        **pages_after(here.url, apres, listed, kept_year(year)),
    )


def _line_shown(here: FinancesPage, columns: Columns, line: Line) -> dict[str, Any]:
    """With where each figure comes from."""
    purchase, kind = f"{here.base}/achats/{line.reference}", KINDS[PurchaseKind(line.kind)]
    shares = f"{purchase}/couts/etats/{line.record}" if line.record else f"{purchase}/couts"
    if not kind.has(Part.COSTS):
        shares = f"{purchase}/ailleurs" if kind.has(Part.FOLLOWED) else purchase
    bills = f"{purchase}/factures" if kind.has(Part.BILLS) else shares
    cells = columns.cells(as_position(line.figures, engaged=line.engaged))
    source = f"état n°\u00a0{line.record}" if line.record else kind.word(line.state)
    return {
        "name": f"{line.reference} {line.title}",
        "url": purchase,
        "note": f"{line.year}, {source}",
        "cells": [
            (cell, bills if head["label"] == "Facturé" else shares)
            for head, cell in zip(columns.heads("")[1:], cells, strict=True)
        ],
    }


@post(f"{ONE}/fctva", right=may_say_fctva_delay)
async def do_say_delay(here: Here[FinancesPage], form: PostedForm) -> Response[Any]:
    typed = form.value("years").strip()
    years = int(form.choice("years", [str(one) for one in DELAYS]) or 0) if typed else None
    async with form.submitted(lambda: _member_page(here, form), conflict=""):
        shown = form.value("version")
        await say_delay(here.session, here.caller, here.member.code, years, here.now, shown=shown)
    return here.redirect(done="Le régime de FCTVA est enregistré.")


@get(ACCOUNTS, right=may_see_finances)
async def show_accounts(
    here: Here[FinancesPage], annee: FromQuery[str] = "", apres: FromQuery[str] = ""
) -> Response[str]:
    """Whom it owes what over all purchases, and who owes it."""
    year, member = year_typed(annee), here.member
    chosen = await (await Ledger.of(here.session, here.zone)).purchases(year)
    listed = await balances_listed(here.session, chosen, here.today, member.id, Slice(apres))
    left = (await remaining_of(here.session, chosen, here.today, [member.id])).get(member.id, _NONE)
    suppliers = await suppliers_owed(here.session, chosen, member.id)
    url = f"{here.url}/comptes"
    return here.render(
        "finances/accounts.html",
        f"Qui doit à qui {year}" if year else "Qui doit à qui",
        year=year,
        member=member,
        balances=[
            (one.other_name, with_query(f"{url}/{one.other}", kept_year(year)), _balance_cells(one))
            for one in listed.items
        ],
        total=[*_left(left), ""],
        suppliers=euros(suppliers) if suppliers else "",
        **pages_after(url, apres, listed, kept_year(year)),
    )


def _balance_cells(one: Between) -> list[str]:
    return [euros_or_dash(one.owes), euros_or_dash(one.is_owed), balance_words(one.balance)]


def balance_words(cents: int) -> str:
    """What is left once both are set off."""
    if not cents:
        return "rien"
    return f"{euros(abs(cents))} à {'payer' if cents > 0 else 'recevoir'}"


@get(f"{ACCOUNTS}/{{other:str}}", right=may_see_finances)
async def show_accounts_with(
    here: Here[FinancesPage], other: FromPath[str], annee: FromQuery[str] = ""
) -> Response[str]:
    """With one other member, purchase by purchase."""
    year, member = year_typed(annee), here.member
    partner = await member_by_code(here.session, other)
    chosen = await (await Ledger.of(here.session, here.zone)).purchases(year)
    accounts = await accounts_between(here.session, chosen, here.today, member.id, partner.id)
    titles = await _purchases_named(here, {purchase for purchase, _, _ in accounts})
    names: dict[int, Member] = {member.id: member, partner.id: partner}
    balance = sum(
        standing.remaining if debtor == member.id else -standing.remaining for _, debtor, standing in accounts
    )
    return here.render(
        "finances/accounts_with.html",
        (f"Qui doit à qui {year}" if year else "Qui doit à qui", with_query("/comptes", kept_year(year))),
        partner.name,
        member=member,
        partner=partner,
        accounts=[
            (
                f"{titles[purchase].reference} {titles[purchase].title}",
                f"{here.base}/achats/{titles[purchase].reference}{RECOVERY}",
                [
                    names[debtor].name,
                    *map(euros, (standing.owed, standing.issued, standing.paid, standing.remaining)),
                ],
            )
            for purchase, debtor, standing in accounts
        ],
        balance=balance_words(balance),
    )


async def _purchases_named(here: InGroup, ids: set[int]) -> dict[int, Purchase]:
    found = await here.session.execute(select(Purchase).where(any_of(col(Purchase.id), ids)))
    return {purchase.id: purchase for purchase in found.scalars()}


@get([f"{FINANCES}/liste.{kind}" for kind in NAMES], right=FinanceRight.SEE_FINANCES)
async def download_finances(here: Here[GroupPage], annee: FromQuery[str] = "") -> Response[Any]:
    own, year = own_members(here.caller), year_typed(annee)
    if own is None and await _is_long(here, await (await Ledger.of(here.session, here.zone)).purchases(year)):
        return here.redirect(with_query(FINANCES, kept_year(year)))
    return await _file(here, own, annee, await _named_by(here, own), group_too=True)


@get([f"{ONE}/liste.{kind}" for kind in NAMES], right=may_see_finances)
async def download_member_finances(here: Here[FinancesPage], annee: FromQuery[str] = "") -> Response[Any]:
    return await _file(here, [here.member.id], annee, here.member.code, group_too=False)


async def _named_by(here: GroupPage, own: Sequence[int] | None) -> str:
    """What the file is called after: the members of who sees no others, or the group."""
    members = [] if own is None else (await all_members(here.session, own))[: NAMED_AT_MOST + 1]
    if not members or len(members) > NAMED_AT_MOST:
        return here.group.slug
    return "-".join(member.code for member in members)


async def _file(
    here: InGroup, members: Sequence[int] | None, annee: str, name: str, *, group_too: bool
) -> Response[Any]:
    kind, year = _kind_asked(here), year_typed(annee)
    content, media_type = await finances_file(here, members, year, kind, group_too=group_too)
    return download(content, file_name(name, year, kind), media_type)


def _kind_asked(here: InGroup) -> str:
    return path_of(here.request).rpartition(".")[2]


@post(FILES, right=FinanceRight.SEE_EVERYBODYS)
async def do_ask_export(here: Here[GroupPage], form: PostedForm) -> Response[Any]:
    """Everybody's, which the worker writes."""
    kind = form.value("format") if form.value("format") in NAMES else NAMES[0]
    terms = {"year": year_typed(form.value("annee")), "format": kind}
    export_id = await ask_export(here.session, KIND, terms, here.caller.person_id, here.now, unchanging=False)
    return export_asked(here.request, f"{here.base}{FILES}/{export_id}")


@get(f"{FILES}/{{finances_export:int}}", right=FinanceRight.SEE_EVERYBODYS)
async def show_export(here: Here[GroupPage], finances_export: FromPath[int]) -> Response[str]:
    """How far it is; once it is ready, the download."""
    export, size = await find_export(here.session, KIND, finances_export, {})
    year, kind = export.terms["year"], export.terms["format"]
    home = here.base + FINANCES
    around = Around(
        title="Finances de tous les membres",
        of=here.group.name,
        figures=f"Exercice {year}" if year else "Tous les exercices",
        breadcrumb=here.crumbs((TITLE, FINANCES), "Fichier"),
        back=Link("Revenir aux finances", with_query(home, kept_year(year))),
        file_url=f"{here.base}{FILES}/{export.id}/fichier",
        offer=_offer(here, year),
        zone=here.zone,
        changes=True,
        noun="fichier",
        suffix=kind.upper(),
    )
    return export_page(here.request, export, size, around)


@get(f"{FILES}/{{finances_export:int}}/fichier", right=FinanceRight.SEE_EVERYBODYS)
async def download_export(here: Here[GroupPage], finances_export: FromPath[int]) -> Response[bytes]:
    export, _ = await find_export(here.session, KIND, finances_export, {})
    return export_download(*await file_of(here.session, export))


ROUTES = [
    show_finances,
    do_compute,
    download_finances,
    do_ask_export,
    show_export,
    download_export,
    show_member_finances,
    do_say_delay,
    show_accounts,
    show_accounts_with,
    download_member_finances,
]
