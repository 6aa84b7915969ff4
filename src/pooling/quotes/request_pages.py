"""Asking suppliers for their quotes: whom, until when; and reminding them."""

from datetime import datetime
from typing import Any

from litestar import Response, get, post

from pooling.kernel.tables import id_typed
from pooling.kernel.text import whole_number
from pooling.members.group_page import Here
from pooling.purchases.permissions import may_run
from pooling.purchases.queries import purchase_items
from pooling.quotes.asking import AskIn, ask_quotes, asked_of, consultation_of, remind_asked
from pooling.quotes.keeping import require_comparing
from pooling.quotes.page import QUOTES, SECTION, QuotesPage
from pooling.quotes.pages import lots_of
from pooling.suppliers.reading import suppliers_to_choose
from pooling.web.forms import Form, PostedForm, longest_of
from pooling.web.typography import date_time_long, plural

REQUESTS = f"{QUOTES}/demandes"


@get(REQUESTS, right=may_run)
async def ask_requests(here: Here[QuotesPage]) -> Response[str]:
    require_comparing(here.purchase)
    consultation = await consultation_of(here.session, here.purchase.id)
    values = {"heure": "18:00"}
    if consultation is not None:
        until = consultation.offers_until.astimezone(here.zone)
        values = {"jour": until.date().isoformat(), "heure": f"{until:%H:%M}", "message": consultation.message}
    return await _page(here, Form(values=values))


async def _page(here: QuotesPage, form: Form) -> Response[str]:
    await here.session.refresh(here.purchase)
    require_comparing(here.purchase)
    consultation = await consultation_of(here.session, here.purchase.id)
    items = await purchase_items(here.session, here.purchase.id)
    return here.render(
        "quotes/requests.html",
        "Demander des devis",
        form=form,
        until=date_time_long(consultation.offers_until, here.zone, with_year=True) if consultation else "",
        over=consultation is not None and consultation.offers_until <= here.now,
        asked=await asked_of(here.session, here.purchase.id),
        suppliers=await suppliers_to_choose(here.session),
        lots=[(str(lot.number), lot.called) for lot in lots_of(items)],
        longest=longest_of(AskIn, "message"),
    )


@post(REQUESTS, right=may_run)
async def do_ask(here: Here[QuotesPage], form: PostedForm) -> Response[Any]:
    day, hour = form.date("jour"), form.time("heure")
    until = datetime.combine(day, hour, tzinfo=here.zone) if day and hour else here.now
    command = form.command(
        AskIn,
        {"offers_until": "jour", "suppliers": "suppliers"},
        suppliers=tuple(id_typed(typed) or 0 for typed in form.all("suppliers")),
        lot=whole_number(form.value("lot"), 2),
        offers_until=until,
        message=form.lines("message", longest=longest_of(AskIn, "message")),
    )
    async with form.submitted(lambda: _page(here, form), fields={"offers_until": "jour"}, conflict=""):
        whose = (here.session, here.caller, here.purchase.id)
        many = await ask_quotes(*whose, command, here.sender, here.context, here.clock)
    done = f"{plural(many, 'fournisseur')} : la demande est écrite"
    return here.redirect(f"{SECTION}/demandes", done=done, mailed="le courriel part tout de suite", rings="deliver")


@post(f"{REQUESTS}/rappel", right=may_run)
async def do_remind(here: Here[QuotesPage], form: PostedForm) -> Response[Any]:
    async with form.submitted(lambda: _page(here, form), conflict=""):
        whose = (here.session, here.caller, here.purchase.id)
        many = await remind_asked(*whose, here.sender, here.context, here.clock)
    done = f"{plural(many, 'fournisseur')} : le rappel est écrit"
    return here.redirect(f"{SECTION}/demandes", done=done, mailed="le courriel part tout de suite", rings="deliver")


ROUTES = [ask_requests, do_ask, do_remind]
