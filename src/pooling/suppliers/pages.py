"""The pages of a group's suppliers."""

from typing import Any

from litestar import Response, get, post
from litestar.params import FromQuery

from pooling.kernel.slices import Slice
from pooling.members.group_page import GroupPage, Here
from pooling.members.rights import Right
from pooling.suppliers.keeping import (
    SupplierIn,
    add_supplier,
    archive_supplier,
    change_supplier,
    content_of,
    mark_of,
    restore_supplier,
)
from pooling.suppliers.numbers import french_vat_number
from pooling.suppliers.page import SUPPLIERS, SupplierPage
from pooling.suppliers.permissions import may_keep
from pooling.suppliers.reading import suppliers_listed
from pooling.web.cursors import pages_after
from pooling.web.forms import Form, PostedForm, form_of, longest_of

ONE = f"{SUPPLIERS}/{{supplier_id:int}}"
_LONGEST_SEARCH = 200
_LONGEST = {name: longest_of(SupplierIn, name) for name in SupplierIn.model_fields}


@get(SUPPLIERS, right=Right.SEE_GROUP)
async def list_suppliers(
    here: Here[GroupPage], cherche: FromQuery[str] = "", archives: FromQuery[str] = "", apres: FromQuery[str] = ""
) -> Response[str]:
    typed, archived, base = cherche[:_LONGEST_SEARCH], archives == "1", here.base + SUPPLIERS
    listed = await suppliers_listed(here.session, Slice(apres), search=typed, archived=archived)
    filters = {"cherche": typed, "archives": "1" if archived else ""}
    return here.render(
        "suppliers/list.html",
        "Fournisseurs",
        tabs=here.sections("/achats"),
        form=form_of({"cherche": typed}),
        searched=bool(typed.strip()),
        archived=archived,
        suppliers=listed.items,
        base=base,
        keeps=may_keep(here.caller),
        **pages_after(base, apres, listed, filters),
    )


@get(f"{SUPPLIERS}/nouveau", right=may_keep)
async def ask_supplier(here: Here[GroupPage]) -> Response[str]:
    return await _new_page(here, Form())


async def _new_page(here: GroupPage, form: Form) -> Response[str]:
    return here.render(
        "suppliers/new.html",
        ("Fournisseurs", SUPPLIERS),
        "Ajouter",
        form=form,
        longest=_LONGEST,
        base=here.base + SUPPLIERS,
    )


@post(f"{SUPPLIERS}/nouveau", right=may_keep)
async def do_supplier(here: Here[GroupPage], form: PostedForm) -> Response[Any]:
    command = _read(form)
    async with form.submitted(lambda: _new_page(here, form)):
        supplier = await add_supplier(here.session, here.caller, command, here.now)
    return here.redirect(f"{SUPPLIERS}/{supplier.id}", done=f"{supplier.name} est ajouté aux fournisseurs.")


@get(ONE, right=Right.SEE_GROUP)
async def show_supplier(here: Here[SupplierPage]) -> Response[str]:
    siret = here.supplier.siret
    return here.render(
        "suppliers/supplier.html",
        supplier=here.supplier,
        derived=french_vat_number(siret) if siret and not here.supplier.vat_number else "",
        keeps=may_keep(here.caller),
        parts=await here.features.supplier_parts(here),
    )


@get(f"{ONE}/fiche", right=may_keep)
async def ask_sheet(here: Here[SupplierPage]) -> Response[str]:
    return await _sheet_page(here, form_of({**content_of(here.supplier), "seen": mark_of(here.supplier)}))


async def _sheet_page(here: SupplierPage, form: Form) -> Response[str]:
    """What was seen stays so, unless the person has just been told that somebody was faster."""
    await here.session.refresh(here.supplier)
    if form.conflict:
        form.values["seen"] = mark_of(here.supplier)
    return here.render("suppliers/sheet.html", "Corriger", form=form, longest=_LONGEST)


@post(f"{ONE}/fiche", right=may_keep)
async def do_sheet(here: Here[SupplierPage], form: PostedForm) -> Response[Any]:
    command = _read(form)
    async with form.submitted(lambda: _sheet_page(here, form), conflict=""):
        await change_supplier(here.session, here.caller, here.supplier.id, command, here.now, seen=form.value("seen"))
    return here.redirect(done="La fiche est corrigée.")


@post(f"{ONE}/archivage", right=may_keep)
async def do_archive(here: Here[SupplierPage]) -> Response[Any]:
    await archive_supplier(here.session, here.caller, here.supplier.id, here.now)
    return here.redirect(done=f"{here.supplier.name} n’est plus proposé. Ce qui lui a été acheté reste.")


@post(f"{ONE}/reprise", right=may_keep)
async def do_restore(here: Here[SupplierPage]) -> Response[Any]:
    await restore_supplier(here.session, here.caller, here.supplier.id, here.now)
    return here.redirect(done=f"{here.supplier.name} est proposé de nouveau.")


def _read(form: Form) -> SupplierIn:
    return form.command(
        SupplierIn,
        {},
        name=form.text("name", required="Indiquez le nom du fournisseur."),
        order_email=form.value("order_email"),
        **{name: form.value(name) for name in ("siret", "vat_number", "address", "contact", "phone", "note")},
    )


ROUTES = [
    list_suppliers,
    ask_supplier,
    do_supplier,
    show_supplier,
    ask_sheet,
    do_sheet,
    do_archive,
    do_restore,
]
