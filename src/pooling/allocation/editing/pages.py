"""The lead buyer's pages of a line of costs, a charge or a subsidy: adding, changing, previewing, removing it."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

from litestar import Response, get, post

from pooling.allocation.case import names_of
from pooling.allocation.editing.line_forms import FORMS, LineForm
from pooling.allocation.editing.lines import add_line, change_line, line_of_code, remove_line
from pooling.allocation.editing.member_numbers import has_boxes
from pooling.allocation.editing.offered import Offered, read_offered, with_pasted
from pooling.allocation.editing.preview import Preview, Refused, preview_line
from pooling.allocation.editing.schemas import ChargeIn, Known, SubsidyIn, content_of, members_named
from pooling.allocation.figures import Labels
from pooling.allocation.locking import code_for, require_editable
from pooling.allocation.models import Charge, Subsidy
from pooling.allocation.page import SECTION, CostsPage
from pooling.kernel.errors import Invalid
from pooling.kernel.versions import ChangedMeanwhile, differences, version_of
from pooling.members.group_page import Here, InGroup
from pooling.purchases.permissions import may_run
from pooling.web.addresses import path_of
from pooling.web.bodies import LONG_FORM
from pooling.web.forms import Form, PostedForm, Redisplay

PATHS = [f"/achats/{{reference:str}}{form.path}/{{code:str}}" for form in FORMS]
_PROPOSED = ("label", "amount", "vat_rate")
_LONGEST_PROPOSED = 200
NEW = [f"/achats/{{reference:str}}{form.path}/{form.new}" for form in FORMS]


@dataclass(frozen=True)
class LinePage(CostsPage):
    """A page of one line that is being written: `line` is None while it is new."""

    offered: Offered
    of: LineForm
    lines: Sequence[Charge | Subsidy]
    line: Charge | Subsidy | None

    @classmethod
    async def load(cls, here: InGroup) -> Self:
        costs = await CostsPage.load(here)
        may_run.require(costs.caller, costs.purchase)
        require_editable(costs.purchase)
        offered = await read_offered(costs.session, costs.purchase.id)
        of = next(form for form in FORMS if f"{form.path}/" in path_of(costs.request))
        lines: Sequence[Any] = offered.charges if of.counted == "charges" else offered.subsidies
        code = costs.named.get("code")
        line = None if code is None else line_of_code(lines, code)
        return cls(**vars(costs), offered=offered, of=of, lines=lines, line=line)

    @property
    def path(self) -> str:
        """Of the line, from the purchase on."""
        return f"{self.of.path}/{self.line.code if self.line else self.of.new}"

    @property
    def others(self) -> dict[str, str]:
        """The names of the purchase's other lines, by code."""
        return {other.code: other.label for other in self.lines if other is not self.line}


async def _page(
    here: LinePage,
    form: Form,
    *,
    shown: Preview | None = None,
    conflict: list[tuple[str, str, str]] | None = None,
    incomplete: bool = False,
) -> Response[str]:
    offered, line = here.offered, here.line
    heading = line.label if line else here.of.adding
    return here.render(
        here.of.template,
        heading,
        form=form,
        heading=heading,
        action_url=here.url + here.path,
        cancel_url=here.url + SECTION,
        remove_url=f"{here.url}{here.path}/suppression" if line else None,
        keys_url=f"{here.url}{SECTION}/cles",
        payers=offered.payers,
        boxes=has_boxes(offered.payers),
        item_options=[(item.id, item.name) for item in offered.items],
        shown=shown,
        conflict=conflict,
        incomplete=incomplete,
        **here.of.choices(form, offered),
    )


@get([*NEW, *PATHS], right=may_run)
async def show_line(here: Here[LinePage]) -> Response[str]:
    """A new one begins with what a link elsewhere proposes: nothing is kept before it is looked at."""
    form = here.of.filled(here.line, here.offered)
    if here.line is None:
        asked = here.request.query_params
        form.values |= {name: asked[name][:_LONGEST_PROPOSED] for name in _PROPOSED if name in asked}
    return await _page(here, form)


@post([*NEW, *PATHS], right=may_run, **LONG_FORM)
async def do_keep_line(here: Here[LinePage], form: PostedForm) -> Response[Any]:
    """Three buttons: show the fields of the key chosen, preview, keep."""
    step = form.value("step")
    if step == "fields" or here.of.lacks_fields(form):
        return await _page(here, form, incomplete=step != "fields")
    here = replace(here, offered=await with_pasted(here.session, here.purchase.id, here.offered, form))
    command = await asyncio.to_thread(here.of.read, form, here.offered)  # maybe a line for each of 35 000 members
    _join_check(here, form, command)
    if step == "preview":
        return await _previewed(here, form, command)
    async with form.submitted(lambda: _page(here, form)):
        try:
            await _keep(here, form, command)
        except ChangedMeanwhile as changed:
            raise Redisplay(await _both(here, form, command, changed)) from changed
    return here.redirect(SECTION, done=f"«\u00a0{command.label}\u00a0» est enregistré.")


async def _keep(here: LinePage, form: Form, command: ChargeIn | SubsidyIn) -> None:
    whose, kind, insistence = (here.session, here.caller, here.purchase.id), here.of.kind, form.insistence()
    if here.line is None:
        await add_line(*whose, kind, command, here.clock, insistence=insistence)
    else:
        code, shown = here.line.code, form.value("version")
        await change_line(*whose, kind, code, command, here.clock, shown=shown, insistence=insistence)


def _join_check(here: LinePage, form: Form, command: ChargeIn | SubsidyIn) -> None:
    """What cannot be kept is told with what cannot be read; of a key that could not be read there is no more to say."""
    offered = here.offered
    members = [payer.code for payer in offered.payers]
    known = Known(
        members=members,
        items=[item.code for item in offered.items],
        charges=[charge.code for charge in offered.charges],
        payers=[*members, offered.lead[0]],
    )
    if content_of(command) in [content_of(line) for line in here.lines]:
        return  # the very same one, sent twice
    unread = {name.partition("-")[0] for name in form.errors}
    with form.joined():
        try:
            here.of.kind.check(command, known, list(here.others.values()))
        except Invalid as refused:
            told = ({"key", "mix"} & refused.errors.keys()) if unread & {"part", "weights", "percents"} else set()
            raise Invalid({name: said for name, said in refused.errors.items() if name not in told}) from None


async def _previewed(here: LinePage, form: Form, command: ChargeIn | SubsidyIn) -> Response[str]:
    """The page with every member's figures as they would be. Nothing is stored."""
    of, shown = here.of, None
    async with form.submitted(lambda: _page(here, form)):
        code = here.line.code if here.line else code_for(command.label, here.others, else_=of.kind.nameless)
        purchase = {"group_id": here.caller.group_id, "purchase_id": here.purchase.id}
        tried = of.kind.table(**purchase, code=code, **vars(command))
        shown = await preview_line(here.session, here.purchase.id, here.finance, tried)
        if isinstance(shown, Refused):
            form.refuse(shown.field, shown.sentence)
            shown = None
    return await _page(here, form, shown=shown)


async def _both(here: LinePage, form: Form, command: ChargeIn | SubsidyIn, changed: ChangedMeanwhile) -> Response[str]:
    """Both versions: what is stored now, and what was typed, which a second press keeps."""
    assert here.line is not None, "a new line has no other version"
    stored, typed, in_words = content_of(here.line), content_of(command), here.of.in_words
    labels = await _labels(here, stored, typed)
    form.refuse("", changed.message)
    form.values["version"] = version_of(stored)
    conflict = differences(in_words(stored, labels), in_words(typed, labels))
    return await _page(here, form, conflict=conflict)


async def _labels(here: LinePage, *contents: Mapping[str, Any]) -> Labels:
    """The names that these lines are told with."""
    named = set().union(*(members_named(content) for content in contents))
    return Labels(
        members=await names_of(here.session, here.purchase.id, named),
        items={item.code: item.name for item in here.offered.items},
        charges={charge.code: charge.label for charge in here.offered.charges},
    )


@get([f"{path}/suppression" for path in PATHS], right=may_run)
async def ask_removal(here: Here[LinePage]) -> Response[str]:
    assert here.line is not None, "it was found by its code"
    content = content_of(here.line)
    return here.ask(
        here.line.label,
        question=f"Supprimer «\u00a0{here.line.label}\u00a0»\u202f?",
        consequences=[
            here.of.loss.format_map(here.of.in_words(content, await _labels(here, content))),
            "Les états de répartition déjà figés ne changent pas.",
        ],
        action=f"{here.path}/suppression",
        label="Supprimer",
        cancel=here.path,
        form=Form(values={"version": version_of(content)}),
        template="allocation/removal.html",
    )


@post([f"{path}/suppression" for path in PATHS], right=may_run)
async def do_removal(here: Here[LinePage], form: PostedForm) -> Response[Any]:
    assert here.line is not None, "it was found by its code"
    label, code = here.line.label, here.line.code
    whose = (here.session, here.caller, here.purchase.id)
    await remove_line(*whose, here.of.kind, code, here.clock, shown=form.value("version"))
    return here.redirect(SECTION, done=f"«\u00a0{label}\u00a0» est supprimé.")


ROUTES = [show_line, do_keep_line, ask_removal, do_removal]
