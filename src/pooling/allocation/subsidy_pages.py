"""The lead buyer's pages of subsidies: adding, changing, previewing, removing one."""

import asyncio
from dataclasses import dataclass
from typing import Any

from litestar import Request, Response, get, post
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from pooling.allocation.case import PurchaseCase, subsidy_case
from pooling.allocation.charging import Known
from pooling.allocation.editing import ChangedMeanwhile, code_for, found, version_of
from pooling.allocation.frames import SECTION, edited, trail
from pooling.allocation.member_lists import has_boxes
from pooling.allocation.models import Subsidy
from pooling.allocation.preview import Preview, blamed, preview
from pooling.allocation.subsidising import (
    SubsidyIn,
    add_subsidy,
    change_subsidy,
    check_subsidy,
    content_of,
    remove_subsidy,
)
from pooling.allocation.subsidy_form import empty_form, form_of_subsidy, read_subsidy
from pooling.allocation.wording import differences, subsidy_in_words
from pooling.members.entrance import CallerHere, SessionHere
from pooling.members.rights import Caller, Right
from pooling.purchases.frame import PurchaseFrame
from pooling.sharing.errors import RuleError
from pooling.web.forms import Form, PostedForm, Redisplay
from pooling.web.layout import redirect, render

PATH = "/achats/{reference:str}/couts/subventions"


@dataclass(frozen=True)
class Editing:
    """One subsidy being written: `subsidy` is None while it is new."""

    request: Request[Any, Any, Any]
    session: AsyncSession
    caller: Caller
    frame: PurchaseFrame
    read: PurchaseCase
    subsidy: Subsidy | None

    @property
    def url(self) -> str:
        return f"{self.frame.url}{SECTION}/subventions/{self.subsidy.code if self.subsidy else 'nouvelle'}"


async def _editing(
    request: Request[Any, Any, Any], session: AsyncSession, caller: Caller, reference: str, code: str | None
) -> Editing:
    frame, read = await edited(request, session, caller, reference)
    return Editing(request, session, caller, frame, read, found(read.subsidies, code) if code is not None else None)


def _page(
    editing: Editing,
    form: Form,
    *,
    shown: Preview | None = None,
    conflict: list[tuple[str, str, str]] | None = None,
) -> Response[str]:
    frame, read, subsidy = editing.frame, editing.read, editing.subsidy
    here = subsidy.label if subsidy else "Ajouter une subvention"
    return render(
        editing.request,
        "allocation/subsidy.html",
        breadcrumb=trail(frame, here),
        form=form,
        frame=frame,
        heading=here,
        action_url=editing.url,
        cancel_url=frame.url + SECTION,
        remove_url=f"{editing.url}/suppression" if subsidy else None,
        payers=read.payers,
        boxes=has_boxes(read.payers),
        item_options=[(item.id, item.name) for item in read.items],
        charge_options=[(charge.id, charge.label) for charge in read.charges],
        shown=shown,
        conflict=conflict,
    )


@get(f"{PATH}/nouvelle", right=Right.RUN_PURCHASE)
async def ask_subsidy(
    request: Request[Any, Any, Any], session: SessionHere, caller: CallerHere, reference: FromPath[str]
) -> Response[str]:
    return _page(await _editing(request, session, caller, reference, None), empty_form())


@post(f"{PATH}/nouvelle", right=Right.RUN_PURCHASE)
async def do_add_subsidy(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    form: PostedForm,
    reference: FromPath[str],
) -> Response[Any]:
    return await _receive(await _editing(request, session, caller, reference, None), form)


@get(f"{PATH}/{{code:str}}", right=Right.RUN_PURCHASE)
async def show_subsidy(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    reference: FromPath[str],
    code: FromPath[str],
) -> Response[str]:
    editing = await _editing(request, session, caller, reference, code)
    assert editing.subsidy is not None, "it was found by its code"
    return _page(editing, _stored(editing))


@post(f"{PATH}/{{code:str}}", right=Right.RUN_PURCHASE)
async def do_change_subsidy(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    form: PostedForm,
    reference: FromPath[str],
    code: FromPath[str],
) -> Response[Any]:
    return await _receive(await _editing(request, session, caller, reference, code), form)


def _stored(editing: Editing) -> Form:
    assert editing.subsidy is not None, "it was found by its code"
    read = editing.read
    return form_of_subsidy(editing.subsidy, read.payers, read.items, read.charges)


async def _receive(editing: Editing, form: Form) -> Response[Any]:
    """Two buttons: preview, keep."""
    read = editing.read
    command = read_subsidy(form, read.payers, read.items, read.charges)
    if form.value("step") == "preview":
        return await _previewed(editing, form, command)
    with form.redisplayed():
        form.check()
        try:
            await _keep(editing, form, command)
        except ChangedMeanwhile as changed:
            raise Redisplay(_both(editing, form, command, changed)) from changed
    if form.has_errors:
        raise Redisplay(_page(editing, form))
    done = f"«\u00a0{command.label}\u00a0» est enregistré."
    return redirect(editing.request, editing.frame.url + SECTION, done=done)


async def _keep(editing: Editing, form: Form, command: SubsidyIn) -> None:
    session, caller, purchase_id = editing.session, editing.caller, editing.frame.purchase.id
    clock = editing.request.app.state.clock
    if editing.subsidy is None:
        await add_subsidy(session, caller, purchase_id, command, clock)
    else:
        code, shown = editing.subsidy.code, form.value("version")
        await change_subsidy(session, caller, purchase_id, code, command, clock, shown=shown)


async def _previewed(editing: Editing, form: Form, command: SubsidyIn) -> Response[str]:
    """The page with what would remain to every member. Nothing is stored."""
    read, subsidy = editing.read, editing.subsidy
    known = Known([payer.code for payer in read.payers], [item.code for item in read.items])
    others = {other.code: other.label for other in read.subsidies if other is not subsidy}
    shown = None
    with form.redisplayed():
        form.check()
        check_subsidy(command, known, [charge.code for charge in read.charges], list(others.values()))
        code = subsidy.code if subsidy else code_for(command.label, others, else_="subvention")
        line = subsidy_case(
            Subsidy(group_id=editing.caller.group_id, purchase_id=editing.frame.purchase.id, code=code, **vars(command))
        )
        try:
            shown = await asyncio.to_thread(preview, read, "subsidies", line)
        except RuleError as error:
            form.refuse(*blamed(error, read, line, "subsidies", sized=False))
    if form.has_errors:
        raise Redisplay(_page(editing, form))
    return _page(editing, form, shown=shown)


def _both(editing: Editing, form: Form, command: SubsidyIn, changed: ChangedMeanwhile) -> Response[str]:
    """Both versions: what is stored now, and what was typed, which a second press keeps."""
    assert editing.subsidy is not None, "a new subsidy has no other version"
    stored, labels = content_of(editing.subsidy), editing.read.labels
    form.refuse("", changed.message)
    form.values["version"] = version_of(stored)
    typed = subsidy_in_words(content_of(command), labels)
    return _page(editing, form, conflict=differences(subsidy_in_words(stored, labels), typed))


@get(f"{PATH}/{{code:str}}/suppression", right=Right.RUN_PURCHASE)
async def ask_removal(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    reference: FromPath[str],
    code: FromPath[str],
) -> Response[str]:
    editing = await _editing(request, session, caller, reference, code)
    assert editing.subsidy is not None, "it was found by its code"
    content = content_of(editing.subsidy)
    said = subsidy_in_words(content, editing.read.labels)
    return render(
        request,
        "allocation/removal.html",
        breadcrumb=trail(editing.frame, editing.subsidy.label),
        form=Form(values={"version": version_of(content)}),
        question=f"Supprimer «\u00a0{editing.subsidy.label}\u00a0»\u202f?",
        consequences=[
            f"{said['Aide']}\u00a0: elle ne sera plus déduite.",
            "Les états de répartition déjà figés ne changent pas.",
        ],
        action_url=f"{editing.url}/suppression",
        action_label="Supprimer",
        cancel_url=editing.url,
        danger=True,
    )


@post(f"{PATH}/{{code:str}}/suppression", right=Right.RUN_PURCHASE)
async def do_removal(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    form: PostedForm,
    reference: FromPath[str],
    code: FromPath[str],
) -> Response[Any]:
    editing = await _editing(request, session, caller, reference, code)
    assert editing.subsidy is not None, "it was found by its code"
    label, clock = editing.subsidy.label, request.app.state.clock
    await remove_subsidy(session, caller, editing.frame.purchase.id, code, clock, shown=form.value("version"))
    return redirect(request, editing.frame.url + SECTION, done=f"«\u00a0{label}\u00a0» est supprimé.")


ROUTES = [ask_subsidy, do_add_subsidy, show_subsidy, do_change_subsidy, ask_removal, do_removal]
