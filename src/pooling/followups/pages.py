"""A purchase run elsewhere: who runs it, its days, its documents, what it cost."""

from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery

from pooling.followups.documents import (
    MOST_DOCUMENTS,
    ROOM,
    attach_document,
    detach_document,
    documents_of,
)
from pooling.followups.keeping import keep_followup
from pooling.followups.page import FOLLOWUP, SECTION
from pooling.followups.queries import costs_listed, followup_of, head_of, total_of
from pooling.followups.schemas import MOST_DATES, DateIn, FollowUpIn
from pooling.kernel.attached import FIELD
from pooling.kernel.slices import Slice
from pooling.kernel.versions import version_of
from pooling.members.group_page import Here
from pooling.members.rights import Right
from pooling.purchases.page import PurchasePage
from pooling.purchases.permissions import may_run
from pooling.purchases.queries import participants
from pooling.purchases.rules import OVER
from pooling.web.attaching import SENDING, added, files_part, handed_out
from pooling.web.cursors import pages_after
from pooling.web.forms import Form, PostedForm, longest_of
from pooling.web.numbers import read_cents, read_optional_cents, typed_cents

WRITING = f"{FOLLOWUP}/modification"
DOCUMENTS = f"{FOLLOWUP}/pieces"
BOXES_AT_MOST = 60
"""Members whose cost has a box of its own; of more, programs tell it, or the total stands."""
EMPTY_ROWS = 3


@get(FOLLOWUP, right=Right.SEE_TOTALS)
async def show_followup(here: Here[PurchasePage], apres: FromQuery[str] = "") -> Response[str]:
    return await _page(here, Form(), apres)


async def _page(here: PurchasePage, form: Form, after: str = "") -> Response[str]:
    """What each paid is for the lead buyer and the facilitator; the others see their own."""
    caller, purchase = here.caller, here.purchase
    shown = await head_of(here.session, purchase.id)
    edits = may_run(caller, purchase) and purchase.state not in OVER
    own = None if caller.sees_all_lines(purchase.id) else caller.members_as(*(held.role for held in caller.roles))
    costs = await costs_listed(here.session, purchase.id, Slice(after), own)
    files = await documents_of(purchase.id).listed(here.session)
    return here.render(
        "followups/followup.html",
        "Suivi",
        form=form,
        kept=shown.kept,
        dates=shown.dates,
        total=await total_of(here.session, shown),
        costs=costs.items,
        sees_all=own is None,
        edits=edits,
        documents=files_part(here.request, files, MOST_DOCUMENTS, ROOM.hint, changes=edits),
        **pages_after(here.url + SECTION, after, costs),
    )


@get(WRITING, right=may_run)
async def ask_followup(here: Here[PurchasePage]) -> Response[str]:
    shown = await followup_of(here.session, here.purchase.id)
    content = shown.content
    values = {
        "organiser": content.organiser,
        "joining": content.joining,
        "total": "" if content.total_cents is None else typed_cents(content.total_cents),
        "version": version_of(content.model_dump()),
        **{f"cout-{code}": typed_cents(cents) for code, cents in content.costs.items()},
    }
    for place, one in enumerate(content.dates, start=1):
        values |= {f"jour-{place}": one.day.isoformat(), f"quoi-{place}": one.label}
    return await _writing_page(here, Form(values=values))


async def _writing_page(here: PurchasePage, form: Form) -> Response[str]:
    """The version stays the one that was shown, unless the person has just been told of a newer one."""
    await here.session.refresh(here.purchase)
    if form.conflict:
        content = (await followup_of(here.session, here.purchase.id)).content
        form.values["version"] = version_of(content.model_dump())
    filled = [place for place in range(1, MOST_DATES + 1) if form.value(f"jour-{place}") or form.value(f"quoi-{place}")]
    members = await participants(here.session, here.purchase.id, most=BOXES_AT_MOST + 1)
    return here.render(
        "followups/writing.html",
        ("Suivi", SECTION),
        "Modifier",
        form=form,
        rows=range(1, min(max(filled, default=0) + EMPTY_ROWS, MOST_DATES) + 1),
        members=members if len(members) <= BOXES_AT_MOST else [],
    )


@post(WRITING, right=may_run)
async def do_followup(here: Here[PurchasePage], form: PostedForm) -> Response[Any]:
    members = await participants(here.session, here.purchase.id, most=BOXES_AT_MOST + 1)
    if len(members) <= BOXES_AT_MOST:
        costs = {
            line.code: read_cents(form, f"cout-{line.code}")
            for line in members
            if form.value(f"cout-{line.code}").strip()
        }
    else:
        costs = dict((await followup_of(here.session, here.purchase.id)).costs)
    command = form.command(
        FollowUpIn,
        {"total_cents": "total"},
        organiser=form.text("organiser", longest=longest_of(FollowUpIn, "organiser")),
        joining=form.lines("joining", longest=longest_of(FollowUpIn, "joining")),
        dates=tuple(_read_dates(form)),
        total_cents=read_optional_cents(form, "total"),
        costs=costs,
    )
    shown = form.value("version")
    fields = {"total_cents": "total", "dates": "jour-1", "costs": ""}
    async with form.submitted(lambda: _writing_page(here, form), fields=fields, conflict=""):
        await keep_followup(here.session, here.caller, here.purchase.id, command, here.now, shown=shown or None)
    return here.redirect(SECTION, done="Le suivi est enregistré.")


def _read_dates(form: Form) -> list[DateIn]:
    found = []
    for place in range(1, MOST_DATES + 1):
        day, label = f"jour-{place}", f"quoi-{place}"
        if not form.value(day).strip() and not form.value(label).strip():
            continue
        said = form.text(label, required="Dites ce qui a lieu ce jour-là.", longest=200)
        on = form.date(day)
        if on is not None and said:
            found.append(DateIn(day=on, label=said))
    return found


@post(DOCUMENTS, right=may_run, **SENDING)
async def do_attach(here: Here[PurchasePage], form: PostedForm) -> Response[Any]:
    sent = form.sent(FIELD)
    async with form.submitted(lambda: _page(here, form)):
        await attach_document(here.session, here.caller, here.purchase.id, sent, here.now)
    return here.redirect(SECTION, done=added("document", len(sent)))


@get(f"{DOCUMENTS}/{{document_id:int}}", right=Right.SEE_TOTALS)
async def download_document(here: Here[PurchasePage], document_id: FromPath[int]) -> Response[bytes]:
    return handed_out(*await documents_of(here.purchase.id).read(here.session, document_id))


@post(f"{DOCUMENTS}/{{document_id:int}}/retrait", right=may_run)
async def do_detach(here: Here[PurchasePage], document_id: FromPath[int]) -> Response[Any]:
    await detach_document(here.session, here.caller, here.purchase.id, document_id, here.now)
    return here.redirect(SECTION, done="Le document est retiré.")


ROUTES = [show_followup, ask_followup, do_followup, do_attach, download_document, do_detach]
