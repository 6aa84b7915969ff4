"""« Lots » : how a purchase is split, its items put in one lot each."""

from typing import Any

from litestar import Response, get, post

from pooling.actions.codes import LONGEST
from pooling.kernel.text import whole_number
from pooling.kernel.versions import ChangedMeanwhile, version_of
from pooling.members.group_page import Here
from pooling.purchases.lots import ARRANGED, arrange_lots, content_of, lots_of
from pooling.purchases.page import PurchasePage
from pooling.purchases.permissions import may_edit
from pooling.purchases.queries import ItemShown, purchase_items
from pooling.purchases.schemas import MOST_LOTS, LotIn, LotsIn
from pooling.web.forms import Form, PostedForm, Redisplay, longest_of

LOTS = "/achats/{reference:str}/lots"
_ROWS = 3


@get(LOTS, right=may_edit)
async def ask_lots(here: Here[PurchasePage]) -> Response[str]:
    lots = await lots_of(here.session, here.purchase.id)
    return await _page(here, Form(values={**_filled(lots), "version": version_of(content_of(lots))}))


def _filled(lots: list[LotIn]) -> dict[str, str]:
    """The values of a form that says these lots."""
    values = {"lignes": str(max([lot.number for lot in lots], default=0) + 1)}
    for lot in lots:
        values |= {f"titre-{lot.number}": lot.title, f"cpv-{lot.number}": lot.cpv}
        values |= {f"lot-{code}": str(lot.number) for code in lot.items}
    return values


def _numbers(form: Form) -> range:
    """Of the lots that may be typed."""
    count = whole_number(form.value("lignes"), 2) or 0
    return range(1, min(max(count, _ROWS), MOST_LOTS) + 1)


async def _page(here: PurchasePage, form: Form, kept: list[LotIn] | None = None) -> Response[str]:
    """`kept` is what somebody else has arranged meanwhile."""
    await here.session.refresh(here.purchase)
    items = await purchase_items(here.session, here.purchase.id)
    numbers = _numbers(form)
    return here.render(
        "purchases/lots.html",
        "Lots",
        form=form,
        items=items,
        numbers=numbers,
        choices=[(str(number), f"Lot n°\u00a0{number}") for number in numbers],
        closed=here.purchase.state not in ARRANGED,
        kept=kept and [(lot.number, lot.title, lot.cpv or "–", _named(lot, items)) for lot in kept],
    )


def _named(lot: LotIn, items: list[ItemShown]) -> str:
    return ", ".join(item.name for item in items if item.code in lot.items) or "aucun article"


@post(LOTS, right=may_edit)
async def do_lots(here: Here[PurchasePage], form: PostedForm) -> Response[Any]:
    if form.value("ajouter"):
        form.values["lignes"] = str(min(len(_numbers(form)) + _ROWS, MOST_LOTS))
        raise Redisplay(await _page(here, form))
    command = _read(form, await purchase_items(here.session, here.purchase.id))
    async with form.submitted(lambda: _page(here, form), conflict=""):
        try:
            shown = form.value("version")
            await arrange_lots(here.session, here.caller, here.purchase.id, command, here.now, shown=shown)
        except ChangedMeanwhile as changed:
            raise Redisplay(await _both(here, form, changed)) from changed
    return here.redirect(done="Les lots sont enregistrés." if command.lots else "L’achat n’est pas réparti en lots.")


async def _both(here: PurchasePage, form: Form, changed: ChangedMeanwhile) -> Response[str]:
    """What is kept now, beside what was typed, which a second press keeps."""
    lots = await lots_of(here.session, here.purchase.id)
    form.refuse("", changed.message)
    form.values["version"] = version_of(content_of(lots))
    return await _page(here, form, lots)


def _read(form: Form, items: list[ItemShown]) -> LotsIn:
    """The lots that have a title; an item goes with one of those."""
    titles = {number: form.text(f"titre-{number}", longest=longest_of(LotIn, "title")) for number in _numbers(form)}
    placed: dict[int, list[str]] = {}
    for item in items:
        typed = form.value(f"lot-{item.code}").strip()
        number = whole_number(typed, 2) or 0
        if typed and not titles.get(number):
            form.refuse(f"lot-{item.code}", f"Donnez un titre au lot n°\u00a0{typed[:2]}, ou choisissez-en un autre.")
        elif typed:
            placed.setdefault(number, []).append(item.code)
    lots = []
    for number, title in titles.items():
        cpv = form.text(f"cpv-{number}", longest=LONGEST)
        if cpv and not title:
            form.refuse(f"titre-{number}", "Donnez un titre à ce lot, ou videz son code CPV.")
        if title:
            fields = {"title": f"titre-{number}", "cpv": f"cpv-{number}"}
            read = {"number": number, "title": title, "cpv": cpv, "items": tuple(placed.get(number, ()))}
            lots.append(form.command(LotIn, fields, **read))
    return LotsIn.model_construct(lots=tuple(lots))


ROUTES = [ask_lots, do_lots]
