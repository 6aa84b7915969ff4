"""The lead buyer's pages of a line of costs, a charge or a subsidy: adding, changing, previewing, removing it."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from litestar import Request, Response, get, post
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from pooling.allocation.case import PurchaseCase
from pooling.allocation.editing.line_forms import FORMS, LineForm
from pooling.allocation.editing.lines import add_line, change_line, line_of_code, remove_line
from pooling.allocation.editing.member_numbers import has_boxes
from pooling.allocation.editing.preview import Preview, blamed_field, preview_line
from pooling.allocation.editing.schemas import ChargeIn, Known, SubsidyIn, content_of
from pooling.allocation.locking import ChangedMeanwhile, code_for, version_of
from pooling.allocation.models import Charge, Subsidy
from pooling.allocation.page import SECTION, edited, trail
from pooling.allocation.words import differences
from pooling.kernel.errors import Invalid
from pooling.members.entrance import CallerHere, SessionHere
from pooling.members.rights import Caller, Right
from pooling.purchases.page import PurchasePage
from pooling.sharing.errors import RuleError
from pooling.web.addresses import path_of
from pooling.web.bodies import LONG_FORM
from pooling.web.forms import Form, PostedForm, Redisplay
from pooling.web.layout import redirect, render
from pooling.web.services import services_of

PATHS = [f"/achats/{{reference:str}}{form.path}/{{code:str}}" for form in FORMS]
NEW = [f"/achats/{{reference:str}}{form.path}/{form.new}" for form in FORMS]


@dataclass(frozen=True)
class Editing:
    """One line being written: `line` is None while it is new."""

    request: Request[Any, Any, Any]
    session: AsyncSession
    caller: Caller
    frame: PurchasePage
    read: PurchaseCase
    of: LineForm
    lines: Sequence[Charge | Subsidy]
    line: Charge | Subsidy | None

    @property
    def url(self) -> str:
        return f"{self.frame.url}{self.of.path}/{self.line.code if self.line else self.of.new}"


async def _editing(
    request: Request[Any, Any, Any], session: AsyncSession, caller: Caller, reference: str, code: str | None
) -> Editing:
    frame, read = await edited(request, session, caller, reference)
    of = next(form for form in FORMS if f"{form.path}/" in path_of(request))
    lines: Sequence[Any] = read.charges if of.counted == "charges" else read.subsidies
    return Editing(
        request, session, caller, frame, read, of, lines, None if code is None else line_of_code(lines, code)
    )


def _page(
    editing: Editing,
    form: Form,
    *,
    shown: Preview | None = None,
    conflict: list[tuple[str, str, str]] | None = None,
    incomplete: bool = False,
) -> Response[str]:
    frame, read, line = editing.frame, editing.read, editing.line
    here = line.label if line else editing.of.adding
    return render(
        editing.request,
        editing.of.template,
        breadcrumb=trail(frame, here),
        form=form,
        here=frame,
        heading=here,
        action_url=editing.url,
        cancel_url=frame.url + SECTION,
        remove_url=f"{editing.url}/suppression" if line else None,
        keys_url=f"{frame.url}{SECTION}/cles",
        payers=read.payers,
        boxes=has_boxes(read.payers),
        item_options=[(item.id, item.name) for item in read.items],
        shown=shown,
        conflict=conflict,
        incomplete=incomplete,
        **editing.of.choices(form, read),
    )


@get([*NEW, *PATHS], right=Right.RUN_PURCHASE)
async def show_line(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    reference: FromPath[str],
    code: FromPath[str | None] = None,
) -> Response[str]:
    editing = await _editing(request, session, caller, reference, code)
    return _page(editing, editing.of.filled(editing.line, editing.read))


@post([*NEW, *PATHS], right=Right.RUN_PURCHASE, **LONG_FORM)
async def do_keep_line(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    form: PostedForm,
    reference: FromPath[str],
    code: FromPath[str | None] = None,
) -> Response[Any]:
    """Three buttons: show the fields of the key chosen, preview, keep."""
    editing = await _editing(request, session, caller, reference, code)
    step = form.value("step")
    if step == "fields" or editing.of.lacks_fields(form):
        return _page(editing, form, incomplete=step != "fields")
    command = await asyncio.to_thread(editing.of.read, form, editing.read)  # maybe a line for each of 35 000 members
    if step == "preview":
        return await _previewed(editing, form, command)
    _join_check(editing, form, command)
    with form.redisplayed():
        form.check()
        try:
            await _keep(editing, form, command)
        except ChangedMeanwhile as changed:
            raise Redisplay(_both(editing, form, command, changed)) from changed
    if form.has_errors:
        raise Redisplay(_page(editing, form))
    done = f"«\u00a0{command.label}\u00a0» est enregistré."
    return redirect(request, editing.frame.url + SECTION, done=done)


async def _keep(editing: Editing, form: Form, command: ChargeIn | SubsidyIn) -> None:
    whose, kind = (editing.session, editing.caller, editing.frame.purchase.id), editing.of.kind
    clock, insistence = services_of(editing.request).clock, form.insistence()
    if editing.line is None:
        await add_line(*whose, kind, command, clock, insistence=insistence)
    else:
        await change_line(
            *whose, kind, editing.line.code, command, clock, shown=form.value("version"), insistence=insistence
        )


def _join_check(editing: Editing, form: Form, command: ChargeIn | SubsidyIn) -> None:
    """What cannot be kept is told with what cannot be read; of a key that could not be read there is no more to say."""
    read = editing.read
    known = Known(
        members=[payer.code for payer in read.payers],
        items=[item.code for item in read.items],
        charges=[charge.code for charge in read.charges],
    )
    if content_of(command) in [content_of(line) for line in editing.lines]:
        return  # the very same one, sent twice
    unread = {name.partition("-")[0] for name in form.errors}
    with form.joined():
        try:
            editing.of.kind.check(command, known, list(_others(editing).values()))
        except Invalid as refused:
            told = ({"key", "mix"} & refused.errors.keys()) if unread & {"part", "weights", "percents"} else set()
            raise Invalid({name: said for name, said in refused.errors.items() if name not in told}) from None


def _others(editing: Editing) -> dict[str, str]:
    """The names of the purchase's other lines, by code."""
    return {other.code: other.label for other in editing.lines if other is not editing.line}


async def _previewed(editing: Editing, form: Form, command: ChargeIn | SubsidyIn) -> Response[str]:
    """The page with every member's figures as they would be. Nothing is stored."""
    read, line, of, others = editing.read, editing.line, editing.of, _others(editing)
    shown = None
    _join_check(editing, form, command)
    with form.redisplayed():
        form.check()
        code = line.code if line else code_for(command.label, others, else_=of.kind.nameless)
        purchase = {"group_id": editing.caller.group_id, "purchase_id": editing.frame.purchase.id}
        tried = of.as_case(of.kind.table(**purchase, code=code, **vars(command)), read)
        try:
            shown = await asyncio.to_thread(preview_line, read, of.counted, tried)
        except RuleError as error:
            form.refuse(*blamed_field(error, read, tried, of.counted))
    if form.has_errors:
        raise Redisplay(_page(editing, form))
    return _page(editing, form, shown=shown)


def _both(editing: Editing, form: Form, command: ChargeIn | SubsidyIn, changed: ChangedMeanwhile) -> Response[str]:
    """Both versions: what is stored now, and what was typed, which a second press keeps."""
    assert editing.line is not None, "a new line has no other version"
    stored, labels, in_words = content_of(editing.line), editing.read.labels, editing.of.in_words
    form.refuse("", changed.message)
    form.values["version"] = version_of(stored)
    return _page(editing, form, conflict=differences(in_words(stored, labels), in_words(content_of(command), labels)))


@get([f"{path}/suppression" for path in PATHS], right=Right.RUN_PURCHASE)
async def ask_removal(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    reference: FromPath[str],
    code: FromPath[str],
) -> Response[str]:
    editing = await _editing(request, session, caller, reference, code)
    assert editing.line is not None, "it was found by its code"
    content = content_of(editing.line)
    return render(
        request,
        "allocation/removal.html",
        breadcrumb=trail(editing.frame, editing.line.label),
        form=Form(values={"version": version_of(content)}),
        question=f"Supprimer «\u00a0{editing.line.label}\u00a0»\u202f?",
        consequences=[
            editing.of.loss.format_map(editing.of.in_words(content, editing.read.labels)),
            "Les états de répartition déjà figés ne changent pas.",
        ],
        action_url=f"{editing.url}/suppression",
        action_label="Supprimer",
        cancel_url=editing.url,
        danger=True,
    )


@post([f"{path}/suppression" for path in PATHS], right=Right.RUN_PURCHASE)
async def do_removal(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    form: PostedForm,
    reference: FromPath[str],
    code: FromPath[str],
) -> Response[Any]:
    editing = await _editing(request, session, caller, reference, code)
    assert editing.line is not None, "it was found by its code"
    label, purchase_id = editing.line.label, editing.frame.purchase.id
    clock = services_of(request).clock
    await remove_line(session, caller, purchase_id, editing.of.kind, code, clock, shown=form.value("version"))
    return redirect(request, editing.frame.url + SECTION, done=f"«\u00a0{label}\u00a0» est supprimé.")


ROUTES = [show_line, do_keep_line, ask_removal, do_removal]
