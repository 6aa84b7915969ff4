"""The catalogue as the administrator of the installation keeps it: for all groups of the host."""

from collections.abc import Sequence
from typing import Any

from litestar import Request, Response, get, post
from litestar.params import FromPath, FromQuery

from pooling.accounts.sent_forms import taken_once
from pooling.actions.catalogue import Catalogue
from pooling.actions.entries import (
    Entry,
    Written,
    add_entry,
    change_entry,
    code_of,
    entries,
    find_entry,
    withdraw_entry,
    written,
)
from pooling.actions.entry_form import FIELDS, choices, read_entry, values_of
from pooling.actions.words import PART_WORDS, PURCHASE_WORDS
from pooling.kernel.slices import Slice
from pooling.kernel.text import whole_number
from pooling.members.administration_pages import administration_tabs
from pooling.members.entrance import administrator
from pooling.members.rights import Right
from pooling.web.cursors import pages_after
from pooling.web.forms import Form, PostedForm, form_of
from pooling.web.layout import Link, redirect, render
from pooling.web.services import services_of

BASE = "/administration/catalogue"
NEW = f"{BASE}/nouveau"
JOURNAL = f"{BASE}/journal"
ONE = f"{BASE}/{{entry:str}}"
_BEGINS_WITH_LETTER = "Commencez le nom par une lettre."
_OF_NO_NAME = "sans-nom"
"""The code that an entry would have whose name is refused."""


def _file(request: Request[Any, Any, Any]) -> Catalogue:
    return services_of(request).part(Catalogue)


def _above(*links: Link) -> Sequence[Link]:
    return [Link("Vos groupes", "/"), Link("Catalogue des actions", BASE if links else None), *links]


async def _found(request: Request[Any, Any, Any], code: str) -> Entry:
    async with services_of(request).database.transaction() as session:
        return await find_entry(session, _file(request), code)


@get(BASE, right=Right.ADMINISTER)
async def list_entries(request: Request[Any, Any, Any]) -> Response[str]:
    administrator(request)
    async with services_of(request).database.transaction() as session:
        found = await entries(session, _file(request))
    return render(
        request,
        "actions/entries.html",
        breadcrumb=_above(),
        tabs=administration_tabs(request, BASE),
        entries=found,
        base=BASE,
        words=PURCHASE_WORDS,
    )


@get(JOURNAL, right=Right.ADMINISTER)
async def show_journal(request: Request[Any, Any, Any], apres: FromQuery[str] = "") -> Response[str]:
    administrator(request)
    services = services_of(request)
    async with services.database.transaction() as session:
        listed = await written(session, Slice(apres))
    return render(
        request,
        "actions/entries_journal.html",
        breadcrumb=_above(Link("Journal", None)),
        versions=[(version, _what(version)) for version in listed.items],
        base=BASE,
        zone=services.settings.zone,
        **pages_after(JOURNAL, apres, listed),
    )


def _what(version: Written) -> str:
    """What somebody did by writing it."""
    if version.withdrawn:
        return "retirée"
    if version.number == 1:
        return "écrite"
    changed = ", ".join(PART_WORDS[name] for name in version.changed)
    return f"modifiée : {changed}" if changed else "remise au catalogue"


@get(NEW, right=Right.ADMINISTER)
async def ask_entry(request: Request[Any, Any, Any]) -> Response[str]:
    administrator(request)
    return await _form_page(request, form_of(values_of(None)))


async def _form_page(request: Request[Any, Any, Any], form: Form, entry: Entry | None = None) -> Response[str]:
    """The version stays the one that was shown, unless the person has just been told of a newer one."""
    if entry is not None and form.conflict:
        form.values["version"] = str((await _found(request, entry.system.code)).number)
    name, url = (entry.system.name, f"{BASE}/{entry.system.code}") if entry is not None else ("", BASE)
    title = f"Modifier « {name} »" if entry is not None else "Ajouter une entrée au catalogue"
    return render(
        request,
        "actions/entry_form.html",
        breadcrumb=_above(*([Link(name, url), Link("Modifier", None)] if entry else [Link("Ajouter", None)])),
        form=form,
        title=title,
        target=f"{url}/fiche" if entry is not None else NEW,
        back=url,
        kinds=list(PURCHASE_WORDS.items()),
        **choices(form),
    )


@post(NEW, right=Right.ADMINISTER)
async def do_entry(request: Request[Any, Any, Any], form: PostedForm) -> Response[Any]:
    person, services = administrator(request), services_of(request)
    code = code_of(form.value("name"))
    if form.value("name").strip() and not code:
        form.refuse("name", _BEGINS_WITH_LETTER)
    system = read_entry(form, code or _OF_NO_NAME, list(PURCHASE_WORDS))
    async with (
        form.submitted(lambda: _form_page(request, form), fields=FIELDS, conflict="name"),
        taken_once(request) as session,
    ):
        await add_entry(session, _file(request), system, person.person_id, services.clock.now())
        return redirect(request, f"{BASE}/{code}", done="L’entrée est au catalogue de tous les groupes.")


@get(ONE, right=Right.ADMINISTER)
async def show_entry(request: Request[Any, Any, Any], entry: FromPath[str]) -> Response[str]:
    administrator(request)
    found, services = await _found(request, entry), services_of(request)
    return render(
        request,
        "actions/entry.html",
        breadcrumb=_above(Link(found.system.name, None)),
        entry=found,
        system=found.system,
        url=f"{BASE}/{entry}",
        today=services.clock.now().astimezone(services.settings.zone).date(),
        words=PURCHASE_WORDS,
    )


@get(f"{ONE}/fiche", right=Right.ADMINISTER)
async def ask_change(request: Request[Any, Any, Any], entry: FromPath[str]) -> Response[str]:
    administrator(request)
    found = await _found(request, entry)
    return await _form_page(request, form_of({**values_of(found.system), "version": found.number}), found)


@post(f"{ONE}/fiche", right=Right.ADMINISTER)
async def do_change(request: Request[Any, Any, Any], form: PostedForm, entry: FromPath[str]) -> Response[Any]:
    person, services = administrator(request), services_of(request)
    found, shown = await _found(request, entry), _shown(form)
    system = read_entry(form, entry, list(PURCHASE_WORDS))
    async with (
        form.submitted(lambda: _form_page(request, form, found), fields=FIELDS, conflict=""),
        taken_once(request) as session,
    ):
        await change_entry(session, _file(request), system, person.person_id, services.clock.now(), shown=shown)
        return redirect(request, f"{BASE}/{entry}", done="L’entrée est enregistrée : tous les groupes la lisent ainsi.")


def _shown(form: Form) -> int:
    """The number of the version that the form was filled with; of anything else, none that there is."""
    found = whole_number(form.value("version"), 9)
    return -1 if found is None else found


@get(f"{ONE}/retrait", right=Right.ADMINISTER)
async def ask_withdrawal(request: Request[Any, Any, Any], entry: FromPath[str]) -> Response[str]:
    administrator(request)
    return await _withdrawal_page(request, await _found(request, entry), Form())


async def _withdrawal_page(request: Request[Any, Any, Any], found: Entry, form: Form) -> Response[str]:
    name, url = found.system.name, f"{BASE}/{found.system.code}"
    if found.shipped:
        question, label = f"Revenir à l’entrée d’origine « {name} » ?", "Revenir à l’entrée d’origine"
        consequences = [
            "Les groupes lisent de nouveau l’entrée telle qu’elle est livrée.",
            "Ce que vous aviez écrit reste au journal.",
        ]
    else:
        question, label = f"Retirer « {name} » du catalogue ?", "Retirer du catalogue"
        consequences = [
            "Les groupes n’en tirent plus de proposition.",
            "Les actions et les achats qui en viennent restent tels qu’ils sont.",
            "Vous pourrez la remettre au catalogue.",
        ]
    return render(
        request,
        "actions/entry_withdrawal.html",
        breadcrumb=_above(Link(name, url), Link(label, None)),
        form=form,
        version=found.number,
        question=question,
        consequences=consequences,
        action_url=f"{url}/retrait",
        action_label=label,
        cancel_url=url,
    )


@post(f"{ONE}/retrait", right=Right.ADMINISTER)
async def do_withdrawal(request: Request[Any, Any, Any], form: PostedForm, entry: FromPath[str]) -> Response[Any]:
    person, services = administrator(request), services_of(request)
    found = await _found(request, entry)
    now, shown = services.clock.now(), _shown(form)
    async with (
        form.submitted(lambda: _withdrawal_page(request, found, form), conflict=""),
        taken_once(request) as session,
    ):
        await withdraw_entry(session, _file(request), entry, person.person_id, now, shown=shown)
        done = "L’entrée d’origine est reprise." if found.shipped else "L’entrée est retirée du catalogue."
        return redirect(request, f"{BASE}/{entry}", done=done)


ROUTES = (
    list_entries,
    show_journal,
    ask_entry,
    do_entry,
    show_entry,
    ask_change,
    do_change,
    ask_withdrawal,
    do_withdrawal,
)
