"""The facilitator's pages: opening a workshop, grouping what is posted, keeping it. Everybody of the group reads."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from litestar import Response, get, post
from litestar.params import FromQuery
from sqlalchemy import select
from sqlmodel import col

from pooling.actions.models import Action, ActionState, Ease, FactorKind
from pooling.actions.page import ACTIONS, catalogue_of
from pooling.actions.rules import EASE_ORDER, EASE_WORDS, FACTOR_WORDS
from pooling.kernel.slices import Order, Slice
from pooling.kernel.tables import any_of, id_typed, known_id, linked
from pooling.members.group_page import GroupPage, Here, InGroup
from pooling.members.rights import Right
from pooling.rounds.permissions import may_lead
from pooling.rounds.workshops.finding import find_workshop, notes_of, themes_of
from pooling.rounds.workshops.leading import arrange, close_workshop, move_workshop, open_workshop
from pooling.rounds.workshops.models import WORKSHOP, Workshop, WorkshopNote, WorkshopState
from pooling.rounds.workshops.rules import in_order
from pooling.rounds.workshops.schemas import LONGEST_THEME, MOST_HOURS, Arrangement, ThemeIn
from pooling.web.cursors import pages_after
from pooling.web.forms import Form, PostedForm, form_of
from pooling.web.layout import Link
from pooling.web.qr import qr_picture
from pooling.web.typography import date_time_long, time_short

WORKSHOPS = f"{ACTIONS}/ateliers"
NEW = f"{WORKSHOPS}/nouveau"
ONE = f"{WORKSHOPS}/{{workshop_id:int}}"
KINDS = [(str(kind), word) for kind, word in FACTOR_WORDS.items()]
EASES = [(str(ease), EASE_WORDS[ease]) for ease in EASE_ORDER]
DROPPED, NEW_THEME = "retirer", "neuf"
_LATEST = Order(col(Workshop.id), latest_first=True)
_OFFERED = 200


@dataclass(frozen=True)
class WorkshopPage(GroupPage):
    """A page of a workshop."""

    workshop: Workshop
    action: Action

    @classmethod
    async def load(cls, here: InGroup) -> Self:
        found = await find_workshop(here.session, known_id(here.named["workshop_id"]))
        action = await here.session.get_one(Action, (found.group_id, found.action_id))
        return cls(**vars(here), workshop=found, action=action)

    @property
    def url(self) -> str:
        return f"{self.base}{WORKSHOPS}/{self.workshop.id}"

    @property
    def above(self) -> Sequence[Link]:
        return [
            *super().above,
            Link("Actions", self.base + ACTIONS),
            Link("Ateliers", self.base + WORKSHOPS),
            Link(self.action.title, self.url),
        ]


@dataclass(frozen=True)
class WorkshopShown:
    id: int
    state: str
    opened_at: datetime
    action: str
    reference: str


@get(WORKSHOPS, right=Right.SEE_GROUP)
async def list_workshops(here: Here[GroupPage], apres: FromQuery[str] = "") -> Response[str]:
    statement: Any = select(
        col(Workshop.id), col(Workshop.state), col(Workshop.opened_at), col(Action.title), col(Action.reference)
    ).join(Action, linked(Action.id, Workshop.action_id))
    listed = (await _LATEST.read(here.session, statement, Slice(apres))).each(lambda row: WorkshopShown(*row))
    return here.render(
        "rounds/workshops.html",
        ("Actions", ACTIONS),
        "Ateliers",
        tabs=here.sections(ACTIONS),
        workshops=listed.items,
        life=WORKSHOP,
        leads=may_lead(here.caller),
        base=here.base + WORKSHOPS,
        **pages_after(here.base + WORKSHOPS, apres, listed),
    )


@get(NEW, right=may_lead)
async def ask_opening(here: Here[GroupPage]) -> Response[str]:
    return await _opening_page(here, form_of({"hours": 3}))


async def _opening_page(here: GroupPage, form: Form) -> Response[str]:
    open_ones = [str(state) for state in ActionState if state not in {ActionState.DONE, ActionState.SET_ASIDE}]
    rows = await here.session.execute(
        select(col(Action.reference), col(Action.title))
        .where(any_of(col(Action.state), open_ones))
        .order_by(col(Action.id).desc())
        .limit(_OFFERED)
    )
    return here.render(
        "rounds/workshop_new.html",
        ("Actions", ACTIONS),
        ("Ateliers", WORKSHOPS),
        "Ouvrir",
        form=form,
        actions=[(reference, f"{title} ({reference})") for reference, title in rows],
        most_hours=MOST_HOURS,
        target=here.base + NEW,
        back=here.base + WORKSHOPS,
    )


@post(NEW, right=may_lead)
async def do_opening(here: Here[GroupPage], form: PostedForm) -> Response[Any]:
    reference = form.text("action", required="Choisissez une action.", longest=40)
    hours = form.integer("hours", smallest=1, largest=MOST_HOURS)
    async with form.submitted(lambda: _opening_page(here, form)):
        found = await open_workshop(here.session, here.caller, reference, hours, here.now)
    return here.to_group(f"{WORKSHOPS}/{found.id}", done="L’atelier est ouvert : montrez son adresse.")


@get(ONE, right=Right.SEE_GROUP)
async def show_workshop(here: Here[WorkshopPage]) -> Response[str]:
    return await _workshop_page(here, None)


async def _workshop_page(here: WorkshopPage, form: Form | None) -> Response[str]:
    found = here.workshop
    themes, notes = await themes_of(here.session, found), await notes_of(here.session, found)
    by_theme: dict[int | None, list[WorkshopNote]] = {}
    for note in notes:
        by_theme.setdefault(note.theme_id, []).append(note)
    goes_on = found.state != WorkshopState.CLOSED
    address = f"{here.services.settings.base_url.rstrip('/')}/atelier/{here.group.slug}/{found.code}"
    shows_address = goes_on and found.expires_at > here.now and may_lead(here.caller)
    return here.render(
        "rounds/workshop.html",
        form=form or _arranged(themes, notes),
        life=WORKSHOP,
        leads=may_lead(here.caller) and goes_on,
        goes_on=goes_on,
        expired=found.expires_at <= here.now,
        until=time_short(found.expires_at, here.zone),
        opened=date_time_long(found.opened_at, here.zone, with_year=True),
        address=address if shows_address else "",
        picture=qr_picture(address) if shows_address else "",
        ranked=in_order(themes),
        themes=themes,
        notes=notes,
        by_theme=by_theme,
        choices=[
            (NEW_THEME, "Le nouveau thème"),
            *((str(theme.id), theme.title) for theme in themes),
            (DROPPED, "À retirer"),
        ],
        kinds=KINDS,
        eases=EASES,
        kind_words=FACTOR_WORDS,
        ease_words=EASE_WORDS,
        longest=LONGEST_THEME,
    )


def _arranged(themes: Sequence[Any], notes: Sequence[WorkshopNote]) -> Form:
    values: dict[str, object] = {"sorte-neuf": FactorKind.OBSTACLE, "difficulte-neuf": Ease.MEDIUM}
    for theme in themes:
        values |= {f"titre-{theme.id}": theme.title, f"sorte-{theme.id}": theme.kind}
        values[f"difficulte-{theme.id}"] = theme.ease
    values |= {f"note-{note.id}": note.theme_id or "" for note in notes}
    return form_of(values)


@post(f"{ONE}/rangement", right=may_lead)
async def do_arranging(here: Here[WorkshopPage], form: PostedForm) -> Response[Any]:
    command = _read(form)
    fields = {"new_title": "titre-neuf"}
    async with form.submitted(lambda: _workshop_page(here, form), fields=fields, conflict=""):
        await arrange(here.session, here.caller, here.workshop.id, command)
    return here.redirect("#rangement", done="Les notes sont rangées.")


def _read(form: Form) -> Arrangement:
    """A theme whose title is emptied goes."""
    themes: dict[int, ThemeIn | None] = {}
    notes: dict[int, int | None] = {}
    dropped, taken = set(), set()
    for name, value in form.values.items():
        what, _, typed = name.partition("-")
        key = id_typed(typed)
        if key is not None and what == "titre":
            themes[key] = _theme(form, typed)
        elif key is not None and what == "note":
            if value == DROPPED:
                dropped.add(key)
            elif value == NEW_THEME:
                taken.add(key)
            else:
                notes[key] = id_typed(value) if value else None
    new = _theme(form, NEW_THEME)
    return Arrangement(themes=themes, new=new, taken=frozenset(taken), notes=notes, dropped=frozenset(dropped))


def _theme(form: Form, of: str) -> ThemeIn | None:
    title = form.text(f"titre-{of}", longest=LONGEST_THEME)
    if not title:
        return None
    fields = {"kind": f"sorte-{of}", "ease": f"difficulte-{of}", "title": f"titre-{of}"}
    return form.command(ThemeIn, fields, kind=form.value(fields["kind"]), ease=form.value(fields["ease"]), title=title)


def _moving(state: WorkshopState, done: str) -> Any:  # noqa: ANN401 - a handler
    async def move(here: Here[WorkshopPage], form: PostedForm) -> Response[Any]:
        async with form.submitted(lambda: _workshop_page(here, _blank(form)), conflict=""):
            await move_workshop(here.session, here.caller, here.workshop.id, state, here.now)
        return here.redirect(done=done)

    return move


def _blank(form: Form) -> Form:
    return Form(errors=form.errors, status=form.status)


do_rank = post(f"{ONE}/classement", right=may_lead)(
    _moving(WorkshopState.RANKING, "Place au classement : chacun pose ses gommettes.")
)
do_collect = post(f"{ONE}/notes", right=may_lead)(_moving(WorkshopState.COLLECTING, "On peut de nouveau écrire."))


@get(f"{ONE}/fin", right=may_lead)
async def ask_closing(here: Here[WorkshopPage]) -> Response[str]:
    return await _closing_page(here, Form())


async def _closing_page(here: WorkshopPage, form: Form) -> Response[str]:
    loose = sum(note.theme_id is None for note in await notes_of(here.session, here.workshop))
    left = f"{loose} note{'s' if loose > 1 else ''} sans thème {'restent' if loose > 1 else 'reste'} ici."
    return here.ask(
        "Finir",
        template="rounds/workshop_closing.html",
        form=form,
        question="Finir l’atelier ?",
        consequences=[
            "Son adresse ne répond plus ; ce qui a été dit reste lisible par le groupe.",
            *([left] if loose else []),
        ],
        action="/fin",
        label="Finir l’atelier",
        danger=False,
    )


@post(f"{ONE}/fin", right=may_lead)
async def do_closing(here: Here[WorkshopPage], form: PostedForm) -> Response[Any]:
    keeping, catalogue = form.value("keep") == "1", await catalogue_of(here)
    async with form.submitted(lambda: _closing_page(here, form)):
        await close_workshop(here.session, here.caller, here.workshop.id, catalogue, here.now, keeping=keeping)
    if keeping:
        return here.to_group(f"{ACTIONS}/{here.action.reference}", done="Les thèmes sont gardés sur la fiche.")
    return here.redirect(done="L’atelier est fini.")


ROUTES = [
    list_workshops,
    ask_opening,
    do_opening,
    show_workshop,
    do_arranging,
    do_rank,
    do_collect,
    ask_closing,
    do_closing,
]
