"""A supplier's own page: its offer, typed by itself until the date for offers, sealed until then."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from litestar import Request, Response, get, post
from litestar.connection import ASGIConnection
from litestar.handlers.base import BaseRouteHandler
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from pooling.accounts.sent_forms import taken_once
from pooling.accounts.throttle import HOST, HOUR, Allowance, host_of
from pooling.kernel.attached import FIELD
from pooling.kernel.database import group_of
from pooling.kernel.errors import Conflict, NotFound
from pooling.kernel.versions import OF_A_PAGE, check_version, version_of
from pooling.members.rights import Right
from pooling.needs.queries import consolidate_needs
from pooling.purchases.finding import lock_purchase
from pooling.purchases.queries import ItemShown, purchase_items
from pooling.quotes.asking import READABLE, consultation_of
from pooling.quotes.form import fields_of, read_quote, values_of
from pooling.quotes.keeping import (
    HINT,
    MOST_FILES,
    ROOM,
    check_lines,
    files_of_quote,
    require_comparing,
    write,
)
from pooling.quotes.keys import Answering, enter_by_key, try_code
from pooling.quotes.models import Quote
from pooling.quotes.queries import QuoteShown, find_own, is_in
from pooling.quotes.schemas import QuoteIn
from pooling.web.attaching import LARGEST_SENDING
from pooling.web.downloads import REVALIDATED, download
from pooling.web.forms import Form, PostedForm, Redisplay
from pooling.web.layout import redirect, render
from pooling.web.scanning import scan_sent
from pooling.web.security import KEEPS_NOTHING, KEY_IN_ADDRESS, NO_REFERRER, browser_of
from pooling.web.services import services_of
from pooling.web.typography import date_time_long

WRONG_KEYS = Allowance("offer-key", "Wrong links in `/offre/…`", HOST, 60, HOUR, __name__)
CODES_TRIED = Allowance("offer-codes", "Codes of suppliers’ links tried", HOST, 60, HOUR, __name__)
ADDRESS = "/offre/{group:str}/{key:str}"
_OPTIONS = {KEY_IN_ADDRESS: True, KEEPS_NOTHING: True}
TOO_LATE = "La date de réponse est passée\u00a0: votre offre ne change plus."
CLOSED = "Cette demande de devis est close\u00a0: l’achat a changé entre-temps."


async def _enter(request: Request[Any, Any, Any], session: AsyncSession, slug: str, key: str) -> Answering:
    """Raises:
    NotFound: see `enter_by_key`.
    TooMany: too many wrong ones came from there.
    """
    services = services_of(request)
    now = services.clock.now()
    try:
        return await enter_by_key(session, slug, key, browser_of(request) or "", now, READABLE)
    except NotFound:
        await WRONG_KEYS.count(services.database, host_of(request), at=now)
        raise NotFound("Ce lien n’existe pas ou n’est plus valable. Demandez-en un autre à l’acheteur.") from None


@get(ADDRESS, right=Right.ANYONE, opt=_OPTIONS)
async def show_offer(request: Request[Any, Any, Any], group: FromPath[str], key: FromPath[str]) -> Response[str]:
    """Opening the link changes nothing, and shows nothing before the code is typed."""
    async with services_of(request).database.transaction() as session:
        here = await _enter(request, session, group, key)
        if not here.is_open:
            return _code_page(request, group, key, Form())
        return await _offer_page(request, session, here, key, None)


def _code_page(request: Request[Any, Any, Any], group: str, key: str, form: Form) -> Response[str]:
    page = render(request, "quotes/offer_code.html", form=form, url=f"/offre/{group}/{key}")
    page.headers.update(NO_REFERRER)
    return page


@post(f"{ADDRESS}/code", right=Right.ANYONE, opt=_OPTIONS)
async def check_code(
    request: Request[Any, Any, Any], group: FromPath[str], key: FromPath[str], form: PostedForm
) -> Response[Any]:
    services, browser = services_of(request), browser_of(request)
    await CODES_TRIED.count(services.database, host_of(request), at=services.clock.now())
    right = False
    async with services.database.transaction() as session:  # commits a wrong try too: it counts
        await _enter(request, session, group, key)
        if browser is not None:
            right = await try_code(session, key, browser, form.value("code")[:40])
    if not right:
        form.refuse("code", "Ce code n’est pas celui du courriel qui contient ce lien.")
        raise Redisplay(_code_page(request, group, key, form))
    return redirect(request, f"/offre/{group}/{key}")


async def _asked(session: AsyncSession, here: Answering) -> list[ItemShown]:
    items = await purchase_items(session, here.purchase.id)
    return [item for item in items if is_in(item, here.request.lot)]


async def _own(session: AsyncSession, here: Answering) -> QuoteShown | None:
    request = here.request
    return await find_own(session, request.purchase_id, request.supplier_id, request.lot)


def _version(found: QuoteShown | None, items: Sequence[ItemShown]) -> str:
    return version_of(found.content(items).model_dump() if found else None)


def _over(here: Answering, now: datetime) -> str:
    """Why nothing is taken any more; empty: it is."""
    if now >= here.consultation.offers_until:
        return TOO_LATE
    try:
        require_comparing(here.purchase)
    except Conflict:
        return CLOSED
    return ""


async def _offer_page(
    request: Request[Any, Any, Any], session: AsyncSession, here: Answering, key: str, form: Form | None
) -> Response[str]:
    services = services_of(request)
    items, found = await _asked(session, here), await _own(session, here)
    if form is None:
        form = Form(values=values_of(found.content(items), items) if found else {"tva": "20"})
    if form.conflict or not form.value("version"):
        form.values["version"] = _version(found, items)
    totals = await consolidate_needs(session, here.purchase.id)
    page = render(
        request,
        "quotes/offer.html",
        form=form,
        offering=here,
        url=f"/offre/{here.group.slug}/{key}",
        items=items,
        wanted={item.id: totals.by_item.get(item.id, 0) for item in items},
        most={item.id: totals.most_by_item.get(item.id, 0) for item in items},
        until=date_time_long(here.consultation.offers_until, here.group.zone, with_year=True),
        kept=date_time_long(found.quote.written_at, here.group.zone, with_year=True) if found else "",
        found=found,
        noted=found is not None and found.quote.written_by is not None,
        over=_over(here, services.clock.now()),
        hint=HINT,
        may_add=found is not None and len(found.files) < MOST_FILES,
    )
    page.headers.update(NO_REFERRER)
    return page


@post(ADDRESS, right=Right.ANYONE, opt=_OPTIONS)
async def do_offer(
    request: Request[Any, Any, Any], group: FromPath[str], key: FromPath[str], form: PostedForm
) -> Response[Any]:
    """Keeps the offer, sealed. The journal says nothing of it before the date."""
    services = services_of(request)
    async with taken_once(request) as session:
        here = await _enter(request, session, group, key)
        if not here.is_open:
            raise Redisplay(_code_page(request, group, key, Form()))
        items = await _asked(session, here)
        command = read_quote(form, items)
        page = lambda: _offer_page(request, session, here, key, form)  # noqa: E731 - as pages of groups do
        async with form.submitted(page, fields=fields_of(items), conflict=""):
            await lock_purchase(session, here.purchase.id)
            now = await services.clock.at_database(session)
            await keep_offer(session, here, items, command, now, shown=form.value("version") or None)
        done = "Votre offre est enregistrée. Vous pouvez la modifier jusqu’à la date de réponse."
        return redirect(request, f"/offre/{group}/{key}", done=done)


async def keep_offer(
    session: AsyncSession,
    here: Answering,
    items: Sequence[ItemShown],
    command: QuoteIn,
    now: datetime,
    *,
    shown: str | None = None,
) -> None:
    """Writes the offer of a supplier, of a locked purchase; `items` are those that it is asked for.

    Raises:
        Conflict: the date is past, the purchase is not compared any more, or it was noted otherwise meanwhile.
        Invalid: nothing is offered, or something that is not asked for.
    """
    asked = here.request
    await consultation_of(session, here.purchase.id)  # read anew: its date may have moved before the lock was won
    if said := _over(here, now):
        raise Conflict(said, code="offers_opened")
    found = await _own(session, here)
    check_version(found.content(items).model_dump() if found else None, shown, OF_A_PAGE)
    check_lines(command, items, None)
    quote = (
        found.quote
        if found
        else Quote(
            group_id=group_of(session),
            purchase_id=asked.purchase_id,
            supplier_id=asked.supplier_id,
            lot=asked.lot,
            written_at=now,
        )
    )
    quote.written_at, quote.written_by, quote.sealed_until = now, None, here.consultation.offers_until
    await write(session, quote, command, items)


async def behind_its_link(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """A guard: files are taken only from who typed the code of this link in this browser.

    Raises:
        NotFound: that is not so.
    """
    assert isinstance(connection, Request)
    named = connection.path_params
    async with services_of(connection).database.transaction() as session:
        here = await _enter(connection, session, named["group"], named["key"])
    if not here.is_open:
        raise NotFound


@post(
    f"{ADDRESS}/pieces",
    right=Right.ANYONE,
    opt=_OPTIONS,
    request_max_body_size=LARGEST_SENDING,
    guards=[behind_its_link, scan_sent],
)
async def do_attach_to_offer(
    request: Request[Any, Any, Any], group: FromPath[str], key: FromPath[str], form: PostedForm
) -> Response[Any]:
    """Keeps its documents with the offer, sealed alike."""
    async with taken_once(request) as session:
        here = await _enter(request, session, group, key)
        items, found = await _asked(session, here), await _own(session, here)
        form.values.update(values_of(found.content(items), items) if found else {})
        page = lambda: _offer_page(request, session, here, key, form)  # noqa: E731 - as pages of groups do
        async with form.submitted(page, conflict=FIELD):
            found, now = await _lock_own(request, session, here)
            await files_of_quote(found.id).add(session, form.sent(FIELD), now, ROOM, person_id=None)
        return redirect(request, f"/offre/{group}/{key}", done="Vos pièces sont jointes à votre offre.")


async def _lock_own(
    request: Request[Any, Any, Any], session: AsyncSession, here: Answering
) -> tuple[QuoteShown, datetime]:
    """The supplier's own offer while it may change, its purchase locked, and the time.

    Raises:
        Conflict: the date is past, the purchase is not compared any more, or there is no offer yet.
    """
    await lock_purchase(session, here.purchase.id)
    now = await services_of(request).clock.at_database(session)
    await consultation_of(session, here.purchase.id)  # read anew: its date may have moved before the lock was won
    if said := _over(here, now):
        raise Conflict(said, code="offers_opened")
    found = await _own(session, here)
    if found is None:
        raise Conflict("Enregistrez d’abord votre offre, puis joignez vos pièces.", code="no_offer")
    return found, now


@get(f"{ADDRESS}/pieces/{{quote_file_id:int}}", right=Right.ANYONE, opt=_OPTIONS)
async def download_own_piece(
    request: Request[Any, Any, Any], group: FromPath[str], key: FromPath[str], quote_file_id: FromPath[int]
) -> Response[bytes]:
    async with services_of(request).database.transaction() as session:
        here = await _enter(request, session, group, key)
        found = await _own(session, here) if here.is_open else None
        if found is None:
            raise NotFound
        file, content = await files_of_quote(found.id).read(session, quote_file_id)
    return download(content, file.name, file.media_type, headers={**REVALIDATED, **NO_REFERRER})


@post(f"{ADDRESS}/pieces/{{quote_file_id:int}}/retrait", right=Right.ANYONE, opt=_OPTIONS)
async def do_detach_own_piece(
    request: Request[Any, Any, Any], group: FromPath[str], key: FromPath[str], quote_file_id: FromPath[int]
) -> Response[Any]:
    async with taken_once(request) as session:
        here = await _enter(request, session, group, key)
        if not here.is_open:
            raise NotFound
        found, _ = await _lock_own(request, session, here)
        await files_of_quote(found.id).remove(session, quote_file_id)
        return redirect(request, f"/offre/{group}/{key}", done="La pièce est retirée.")


FRONT = [show_offer, check_code, do_offer, do_attach_to_offer, download_own_piece, do_detach_own_piece]
