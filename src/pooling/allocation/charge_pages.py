"""The lead buyer's pages of charges: adding, changing, previewing, removing one."""

import asyncio
from dataclasses import dataclass
from typing import Any

from litestar import Request, Response, get, post
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from pooling.allocation.case import PurchaseCase, charge_case
from pooling.allocation.charge_form import (
    MIX_PARTS,
    MIXABLE,
    blocks_of,
    empty_form,
    form_of_charge,
    lacks_fields,
    read_charge,
    uses_sizes,
)
from pooling.allocation.charging import (
    ChargeIn,
    Known,
    add_charge,
    change_charge,
    check_charge,
    content_of,
    remove_charge,
)
from pooling.allocation.editing import ChangedMeanwhile, code_for, found, version_of
from pooling.allocation.frames import SECTION, edited, trail
from pooling.allocation.keys import OF_ITEMS, WORDS, KeyChoice
from pooling.allocation.member_lists import has_boxes
from pooling.allocation.models import Charge
from pooling.allocation.preview import Preview, blamed, preview
from pooling.allocation.weighing import weights_of
from pooling.allocation.wording import charge_in_words, differences
from pooling.members.entrance import CallerHere, SessionHere
from pooling.members.rights import Caller, Right
from pooling.purchases.frame import PurchaseFrame
from pooling.sharing.errors import RuleError
from pooling.web.forms import Form, PostedForm, Redisplay
from pooling.web.layout import redirect, render

PATH = "/achats/{reference:str}/couts/frais"


@dataclass(frozen=True)
class Editing:
    """One charge being written: `charge` is None while it is new."""

    request: Request[Any, Any, Any]
    session: AsyncSession
    caller: Caller
    frame: PurchaseFrame
    read: PurchaseCase
    charge: Charge | None

    @property
    def url(self) -> str:
        return f"{self.frame.url}{SECTION}/frais/{self.charge.code if self.charge else 'nouveau'}"


async def _editing(
    request: Request[Any, Any, Any], session: AsyncSession, caller: Caller, reference: str, code: str | None
) -> Editing:
    frame, read = await edited(request, session, caller, reference)
    return Editing(request, session, caller, frame, read, found(read.charges, code) if code is not None else None)


def _page(
    editing: Editing,
    form: Form,
    *,
    shown: Preview | None = None,
    conflict: list[tuple[str, str, str]] | None = None,
    incomplete: bool = False,
) -> Response[str]:
    frame, read, charge = editing.frame, editing.read, editing.charge
    for block in ("items", "scope"):  # a block that the last page did not show begins with all
        form.values.setdefault(block, "all")
    here = charge.label if charge else "Ajouter des frais"
    keys = [key for key in KeyChoice if read.items or key not in OF_ITEMS]
    return render(
        editing.request,
        "allocation/charge.html",
        breadcrumb=trail(frame, here),
        form=form,
        frame=frame,
        heading=here,
        action_url=editing.url,
        cancel_url=frame.url + SECTION,
        remove_url=f"{editing.url}/suppression" if charge else None,
        keys_url=f"{frame.url}{SECTION}/cles",
        key_options=[(str(key), *WORDS[key]) for key in keys],
        mix_options=[(str(key), WORDS[key][0]) for key in MIXABLE if key in keys],
        mix_parts=MIX_PARTS,
        blocks=blocks_of(form),
        payers=read.payers,
        boxes=has_boxes(read.payers),
        items=read.items,
        item_options=[(item.id, item.name) for item in read.items],
        labels=read.labels,
        shown=shown,
        conflict=conflict,
        incomplete=incomplete,
    )


@get(f"{PATH}/nouveau", right=Right.RUN_PURCHASE)
async def ask_charge(
    request: Request[Any, Any, Any], session: SessionHere, caller: CallerHere, reference: FromPath[str]
) -> Response[str]:
    return _page(await _editing(request, session, caller, reference, None), empty_form())


@post(f"{PATH}/nouveau", right=Right.RUN_PURCHASE)
async def do_add_charge(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    form: PostedForm,
    reference: FromPath[str],
) -> Response[Any]:
    return await _receive(await _editing(request, session, caller, reference, None), form)


@get(f"{PATH}/{{code:str}}", right=Right.RUN_PURCHASE)
async def show_charge(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    reference: FromPath[str],
    code: FromPath[str],
) -> Response[str]:
    editing = await _editing(request, session, caller, reference, code)
    assert editing.charge is not None, "it was found by its code"
    return _page(editing, form_of_charge(editing.charge, editing.read.payers, editing.read.items))


@post(f"{PATH}/{{code:str}}", right=Right.RUN_PURCHASE)
async def do_change_charge(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    form: PostedForm,
    reference: FromPath[str],
    code: FromPath[str],
) -> Response[Any]:
    return await _receive(await _editing(request, session, caller, reference, code), form)


async def _receive(editing: Editing, form: Form) -> Response[Any]:
    """Three buttons: show the fields of the key chosen, preview, keep."""
    step, read = form.value("step"), editing.read
    if step == "fields" or lacks_fields(form):
        return _page(editing, form, incomplete=step != "fields")
    command = read_charge(form, read.payers, read.items)
    if step == "preview":
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


async def _keep(editing: Editing, form: Form, command: ChargeIn) -> None:
    session, caller, purchase_id = editing.session, editing.caller, editing.frame.purchase.id
    clock = editing.request.app.state.clock
    if editing.charge is None:
        await add_charge(session, caller, purchase_id, command, clock)
    else:
        code, shown = editing.charge.code, form.value("version")
        await change_charge(session, caller, purchase_id, code, command, clock, shown=shown)


async def _previewed(editing: Editing, form: Form, command: ChargeIn) -> Response[str]:
    """The page with every member's share as it would be. Nothing is stored."""
    read, charge = editing.read, editing.charge
    known = Known([payer.code for payer in read.payers], [item.code for item in read.items])
    others = {other.code: other.label for other in read.charges if other is not charge}
    shown = None
    with form.redisplayed():
        form.check()
        check_charge(command, known, list(others.values()))
        code = charge.code if charge else code_for(command.label, others, else_="frais")
        tried = Charge(
            group_id=editing.caller.group_id, purchase_id=editing.frame.purchase.id, code=code, **vars(command)
        )
        line = charge_case(tried, weights_of(read.payers), [payer.code for payer in read.payers])
        try:
            shown = await asyncio.to_thread(preview, read, "charges", line)
        except RuleError as error:
            form.refuse(*blamed(error, read, line, "charges", sized=uses_sizes(command.key)))
    if form.has_errors:
        raise Redisplay(_page(editing, form))
    return _page(editing, form, shown=shown)


def _both(editing: Editing, form: Form, command: ChargeIn, changed: ChangedMeanwhile) -> Response[str]:
    """Both versions: what is stored now, and what was typed, which a second press keeps."""
    assert editing.charge is not None, "a new charge has no other version"
    stored, labels = content_of(editing.charge), editing.read.labels
    form.refuse("", changed.message)
    form.values["version"] = version_of(stored)
    typed = charge_in_words(content_of(command), labels)
    return _page(editing, form, conflict=differences(charge_in_words(stored, labels), typed))


@get(f"{PATH}/{{code:str}}/suppression", right=Right.RUN_PURCHASE)
async def ask_removal(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    reference: FromPath[str],
    code: FromPath[str],
) -> Response[str]:
    editing = await _editing(request, session, caller, reference, code)
    assert editing.charge is not None, "it was found by its code"
    content = content_of(editing.charge)
    said = charge_in_words(content, editing.read.labels)
    return render(
        request,
        "allocation/removal.html",
        breadcrumb=trail(editing.frame, editing.charge.label),
        form=Form(values={"version": version_of(content)}),
        question=f"Supprimer «\u00a0{editing.charge.label}\u00a0»\u202f?",
        consequences=[
            f"{said['Montant HT']} HT, {said['Clé']}\u00a0: ce montant ne sera plus réparti.",
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
    assert editing.charge is not None, "it was found by its code"
    label, clock = editing.charge.label, request.app.state.clock
    await remove_charge(session, caller, editing.frame.purchase.id, code, clock, shown=form.value("version"))
    return redirect(request, editing.frame.url + SECTION, done=f"«\u00a0{label}\u00a0» est supprimé.")


ROUTES = [ask_charge, do_add_charge, show_charge, do_change_charge, ask_removal, do_removal]
