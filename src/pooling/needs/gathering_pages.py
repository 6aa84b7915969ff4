"""What is done about the members that are silent: reminding them, filing for one that telephoned."""

from typing import Any

from litestar import Response, get, post

from pooling.collections.rules import accepts
from pooling.kernel.errors import Conflict
from pooling.members.group_page import Here
from pooling.needs.details import budgets_of
from pooling.needs.grid import form_of_declaration, grid_context, read_declaration
from pooling.needs.page import DECLARATION, SECTION, DeclarationPage
from pooling.needs.pages import grid_other
from pooling.needs.permissions import may_gather
from pooling.needs.queries import declarations_of_member, latest_of, stamp_of
from pooling.needs.reminding_silent import remind_silent
from pooling.needs.telephoned import file_for_member
from pooling.purchases.kinds.parts import Part
from pooling.purchases.page import PurchasePage
from pooling.purchases.queries import purchase_items
from pooling.web.forms import Form, PostedForm
from pooling.web.typography import of_name, plural

FILING_FOR = f"{DECLARATION}/telephone"


@post("/achats/{reference:str}/relance", right=may_gather)
async def do_reminding(here: Here[PurchasePage]) -> Response[Any]:
    kinds = here.features.kinds
    count, written = await remind_silent(here.session, here.caller, here.purchase.id, kinds, here.context, here.clock)
    done = f"{plural(count, 'relance est prête', 'relances sont prêtes')} pour les référents des membres sans réponse"
    mailed = f"{'elle part' if count == 1 else 'elles partent'} maintenant"
    assert here.kind.asking is not None, "it has a collection"
    shown = "/suivi" if here.kind.has(Part.NEEDS) else here.kind.asking.section
    return here.redirect(shown, done=done, mailed=mailed, rings="deliver" if written == count else "sweep")


@get(FILING_FOR, right=may_gather)
async def ask_filing_for(here: Here[DeclarationPage]) -> Response[str]:
    if not accepts(here.collection, here.now):
        raise Conflict("On dépose pour un membre qui a téléphoné tant que la collecte est ouverte.")
    return await _page(here, None)


@post(FILING_FOR, right=may_gather)
async def do_filing_for(here: Here[DeclarationPage], form: PostedForm) -> Response[Any]:
    items = await purchase_items(here.session, here.purchase.id)
    command = read_declaration(form, items, here.member.id, filing=True)
    by_whom = _line(form, "by_whom", "Indiquez qui a appelé : un nom, une fonction.")
    reason = _line(form, "reason", "Dites pourquoi vous déposez pour ce membre : ses référents le liront.")
    insistence = form.insistence()
    async with form.submitted(lambda: _page(here, form), conflict=""):
        told = await file_for_member(
            here.session, here.caller, here.purchase.id, command,
            by_whom=by_whom, reason=reason, clock=here.clock, insistence=insistence,
        )  # fmt: skip
    done = f"La déclaration {of_name(here.member.name)} est déposée"
    if not told:
        return here.redirect(SECTION, done=f"{done}. Ce membre n’a pas de référent à prévenir.")
    return here.redirect(SECTION, done=done, mailed=f"un courriel part à {plural(told, 'référent')}")


def _line(form: Form, name: str, required: str) -> str:
    """What is typed on one line is kept on one."""
    return " ".join(form.text(name, required=required).split())


async def _page(here: DeclarationPage, form: Form | None) -> Response[str]:
    items = await purchase_items(here.session, here.purchase.id)
    found = await declarations_of_member(here.session, here.purchase.id, here.member.id)
    budgets = await budgets_of(here.session, here.member.id)
    shown = form or form_of_declaration(found.get("filed"), items)
    shown.values["seen"] = stamp_of(found)
    return here.render(
        "needs/telephone.html",
        "Déposer pour ce membre",
        member=here.member,
        form=shown,
        declaration_url=here.url + here.path,
        draft="draft" in found,
        other=grid_other(shown, latest_of(found), items, budgets),
        **grid_context(shown, items, budgets=budgets),
    )


ROUTES = [do_reminding, ask_filing_for, do_filing_for]
