"""The page of an item: what it is, what else is said of it, its photos and documents."""

from decimal import Decimal
from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath

from pooling.actions.codes import LONGEST
from pooling.kernel.attached import FIELD
from pooling.kernel.files import LARGEST_FILE
from pooling.kernel.versions import ChangedMeanwhile, differences, version_of
from pooling.members.group_page import Here
from pooling.members.rights import Right
from pooling.purchases.details import EMISSIONS, NATURES, WORDS, describe_item, details_of_item, in_words
from pooling.purchases.item_files import (
    MOST_OF_ITEM,
    attach_to_item,
    detach_from_item,
    files_of_item,
)
from pooling.purchases.item_form import typed_price
from pooling.purchases.item_page import ITEM, ItemPage
from pooling.purchases.models import Emission, ItemNature
from pooling.purchases.permissions import may_edit
from pooling.purchases.queries import ItemShown
from pooling.purchases.rules import OVER
from pooling.purchases.schemas import DetailsIn
from pooling.web.attaching import SENDING, added, files_part, handed_out
from pooling.web.forms import Form, PostedForm, Redisplay, longest_of
from pooling.web.typography import number, percent, plural, price

DETAILS = f"{ITEM}/precisions"
FILES = f"{ITEM}/pieces"
HINT = f"Photo, fiche technique… {MOST_OF_ITEM} au plus, de {LARGEST_FILE // 2**20} Mo au plus chacun."


@get(ITEM, right=Right.SEE_GROUP)
async def show_item_of_purchase(here: Here[ItemPage]) -> Response[str]:
    return await _item_page(here, Form())


async def _item_page(here: ItemPage, form: Form) -> Response[str]:
    item, said = here.item, await details_of_item(here.session, here.item.id)
    files = await files_of_item(here.purchase.id, item.id).listed(here.session)
    edits = here.purchase.state not in OVER and may_edit(here.caller, here.purchase)
    return here.render(
        "purchases/item.html",
        form=form,
        item=item,
        facts_shown=_facts(item),
        said=[{"label": WORDS[name], "value": value} for name, value in in_words(said).items() if value],
        dearer=_dearer(item, said),
        pictures=[file for file in files if file.is_picture],
        edits=edits,
        kept=files_part(here.request, files, MOST_OF_ITEM, HINT, changes=edits),
    )


def _facts(item: ItemShown) -> list[dict[str, str]]:
    tiers = " ; ".join(f"dès {number(quantity)} : {price(tier)}" for quantity, tier in item.tiers)
    found = {
        "Unité": item.unit,
        "Prix indicatif HT": price(item.unit_price),
        "Paliers de prix HT": tiers,
        "TVA": percent(item.vat_rate / 100, 2),
        "Vendu par": plural(item.pack, item.unit) if item.pack > 1 else "",
        "Commande minimale": plural(item.minimum, item.unit) if item.minimum else "",
        "FCTVA": "dépense éligible" if item.fctva else "",
    }
    return [{"label": label, "value": value} for label, value in found.items() if value]


def _dearer(item: ItemShown, said: DetailsIn) -> str:
    """How the price alone stands to the price together, before what tiers and packs bring."""
    if said.price_alone is None or not item.unit_price or said.price_alone == item.unit_price:
        return ""
    ratio = said.price_alone / item.unit_price - 1
    return f"{percent(abs(ratio), 1)} de {'plus' if ratio > 0 else 'moins'} que le prix indicatif de l’achat groupé"


@get(DETAILS, right=may_edit)
async def ask_details(here: Here[ItemPage]) -> Response[str]:
    said = await details_of_item(here.session, here.item.id)
    values = {
        **{name: str(value) for name, value in said.model_dump(exclude={"price_alone", "priced_on"}).items()},
        "price_alone": "" if said.price_alone is None else typed_price(said.price_alone),
        "priced_on": said.priced_on.isoformat() if said.priced_on else "",
        "version": version_of(said.model_dump()),
    }
    return await _details_page(here, Form(values=values))


async def _details_page(
    here: ItemPage, form: Form, conflict: list[tuple[str, str, str]] | None = None
) -> Response[str]:
    await here.session.refresh(here.purchase)
    return here.render(
        "purchases/item_details.html",
        "Précisions",
        form=form,
        item=here.item,
        natures=[("", "Pas encore dit"), *NATURES.items()],
        emissions=[("", "Ce n’est pas un véhicule, ou pas encore dit"), *EMISSIONS.items()],
        conflict=conflict,
        closed=here.purchase.state in OVER,
    )


@post(DETAILS, right=may_edit)
async def do_details(here: Here[ItemPage], form: PostedForm) -> Response[Any]:
    command = _read_details(form)
    async with form.submitted(lambda: _details_page(here, form), conflict=""):
        try:
            whose = (here.session, here.caller, here.purchase.id, here.item.code)
            await describe_item(*whose, command, here.now, shown=form.value("version"))
        except ChangedMeanwhile as changed:
            raise Redisplay(await _both(here, form, command, changed)) from changed
    return here.redirect(here.path, done="Les précisions sont enregistrées.")


async def _both(here: ItemPage, form: Form, command: DetailsIn, changed: ChangedMeanwhile) -> Response[str]:
    """Both versions: what is stored now, and what was typed, which a second press keeps."""
    stored = await details_of_item(here.session, here.item.id)
    form.refuse("", changed.message)
    form.values["version"] = version_of(stored.model_dump())
    differing = differences(in_words(stored), in_words(command))
    return await _details_page(here, form, [(WORDS[name], was, typed) for name, was, typed in differing])


def _read_details(form: Form) -> DetailsIn:
    """What was typed; a price says where it comes from, and of which day it is."""
    said: Decimal | None = None
    source = form.text("price_source", longest=longest_of(DetailsIn, "price_source"))
    day = form.date("priced_on") if form.value("priced_on").strip() else None
    if form.value("price_alone").strip():
        said = form.decimal("price_alone", places=4)
        if not source:
            form.refuse("price_source", "Dites d’où vient ce prix : un devis, une facture, un catalogue.")
        if day is None:
            form.refuse("priced_on", "Indiquez le jour où ce prix a été relevé, par exemple 30/03/2027.")
    elif source or day:
        form.refuse("price_alone", "Indiquez ce prix, ou videz sa source et sa date.")
    nature = form.choice("nature", list(ItemNature)) if form.value("nature") else ItemNature.UNSAID
    emission = form.choice("emission", list(Emission)) if form.value("emission") else Emission.NO_VEHICLE
    read: dict[str, Any] = {
        "cpv": form.text("cpv", longest=LONGEST),
        "family": form.text("family", longest=longest_of(DetailsIn, "family")),
        "account": form.text("account", longest=LONGEST),
        "nature": nature,
        "emission": emission,
        "price_alone": said,
        "price_source": source,
        "priced_on": day,
    }
    if form.has_errors:  # the model looks at the price as a whole, of which a part was refused already
        read |= {"price_alone": None, "price_source": "", "priced_on": None}
    return form.command(DetailsIn, {}, **read)


@post(FILES, right=may_edit, **SENDING)
async def do_attach(here: Here[ItemPage], form: PostedForm) -> Response[Any]:
    sent = form.sent(FIELD)
    async with form.submitted(lambda: _item_page(here, form)):
        await attach_to_item(here.session, here.caller, here.purchase.id, here.item.id, sent, here.now)
    return here.redirect(here.path, done=added("fichier", len(sent)))


@get(f"{FILES}/{{item_file_id:int}}", right=Right.SEE_GROUP)
async def download_item_file(here: Here[ItemPage], item_file_id: FromPath[int]) -> Response[bytes]:
    """A photo is also shown in the page."""
    return handed_out(*await files_of_item(here.purchase.id, here.item.id).read(here.session, item_file_id))


@post(f"{FILES}/{{item_file_id:int}}/retrait", right=may_edit)
async def do_detach(here: Here[ItemPage], item_file_id: FromPath[int]) -> Response[Any]:
    await detach_from_item(here.session, here.caller, here.purchase.id, here.item.id, item_file_id, here.now)
    return here.redirect(here.path, done="Le fichier est retiré.")


ROUTES = [show_item_of_purchase, ask_details, do_details, do_attach, download_item_file, do_detach]
