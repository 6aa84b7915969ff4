"""The pages of a group's actions, and of the catalogue they are proposed from."""

from decimal import Decimal
from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery

from pooling.actions.catalogue import holding, to_come
from pooling.actions.files import MOST_OF_ACTION, ROOM, files_of_action
from pooling.actions.keeping import move_action, propose_action, sheet_of, write_action
from pooling.actions.models import ActionState, Ease, FactorKind
from pooling.actions.page import ACTIONS, BOARD, CATALOGUE, ONE, ActionPage, catalogue_of
from pooling.actions.permissions import may_move, may_propose, may_write
from pooling.actions.queries import (
    actions_listed,
    counted_by_state,
    lead_of,
    leads_offered,
    partner_names,
)
from pooling.actions.rules import (
    ACTION,
    EASE_ORDER,
    EASE_WORDS,
    FACTOR_WORDS,
    brought_words,
    next_states,
    quarters_words,
)
from pooling.actions.schemas import (
    MOST_CENTS,
    MOST_FACTORS,
    MOST_HALF_DAYS,
    MOST_PARTNERS,
    MOST_PHASES,
    ActionIn,
    BringsIn,
    FactorIn,
    PhaseIn,
)
from pooling.actions.words import PURCHASE_WORDS
from pooling.kernel.errors import NotFound
from pooling.kernel.slices import Slice
from pooling.kernel.versions import version_of
from pooling.members.group_page import GroupPage, Here
from pooling.members.rights import Right
from pooling.web.attaching import files_part
from pooling.web.cursors import pages_after
from pooling.web.forms import Form, PostedForm, form_of, longest_of
from pooling.web.layout import Link
from pooling.web.numbers import typed_cents
from pooling.web.searching import LONGEST_QUERY

PROPOSE = f"{ACTIONS}/proposition"
_LONGEST_CODE = 40
_EMPTY_ROWS = 2
_ROWS = {"texte": MOST_FACTORS, "etape": MOST_PHASES, "partenaire": MOST_PARTNERS}
"""The first field of each row, and how many rows there may be."""
_FIELDS = {"factors": "texte-1", "phases": "etape-1", "partners": "partenaire-1"}
_KINDS = [(str(kind), word) for kind, word in FACTOR_WORDS.items()]
_EASES = [(str(ease), EASE_WORDS[ease]) for ease in EASE_ORDER]


@get(ACTIONS, right=Right.SEE_GROUP)
async def list_actions(
    here: Here[GroupPage],
    cherche: FromQuery[str] = "",
    etat: FromQuery[str] = "",
    pilote: FromQuery[str] = "",
    systeme: FromQuery[str] = "",
    apres: FromQuery[str] = "",
) -> Response[str]:
    typed, base = cherche[:LONGEST_QUERY], here.base + ACTIONS
    state = etat if etat in list(ActionState) else ""
    wanted = {"cherche": typed, "pilote": pilote[:_LONGEST_CODE], "systeme": systeme[:_LONGEST_CODE]}
    listed = await actions_listed(
        here.session,
        Slice(apres),
        search=typed,
        states=[state] if state else (),
        lead=wanted["pilote"],
        system=wanted["systeme"],
    )
    return here.render(
        "actions/list.html",
        "Actions",
        tabs=here.sections(ACTIONS),
        form=form_of({**wanted, "etat": state}),
        searched=any(value.strip() for value in wanted.values()),
        views=_views(await counted_by_state(here.session), state, base),
        chosen=ACTION.word(state).lower() if state else "",
        life=ACTION,
        actions=listed.items,
        systems=dict((await catalogue_of(here)).choices(wanted["systeme"])),
        base=base,
        leads=await leads_offered(here.session),
        **pages_after(base, apres, listed, {**wanted, "etat": state}),
    )


def _views(counts: dict[ActionState, int], chosen: str, base: str) -> list[Link]:
    """The list by state, those that have none left out."""
    some = [
        (f"{ACTION.word(state)} ({count})", f"{base}?etat={state}", chosen == state)
        for state, count in counts.items()
        if count
    ]
    return [Link(*view) for view in [(f"Toutes ({sum(counts.values())})", base, not chosen), *some]]


@get(CATALOGUE, right=Right.SEE_GROUP)
async def show_catalogue(here: Here[GroupPage]) -> Response[str]:
    return here.render(
        "actions/catalogue.html",
        ("Actions", ACTIONS),
        "Catalogue",
        tabs=here.sections(ACTIONS),
        systems=(await catalogue_of(here)).systems,
        base=here.base + CATALOGUE,
        words=PURCHASE_WORDS,
    )


@get(f"{CATALOGUE}/{{system:str}}", right=Right.SEE_GROUP)
async def show_system(here: Here[GroupPage], system: FromPath[str]) -> Response[str]:
    found = (await catalogue_of(here)).find(system)
    if found is None:
        raise NotFound
    return here.render(
        "actions/system.html",
        ("Actions", ACTIONS),
        ("Catalogue", CATALOGUE),
        found.name,
        system=found,
        aids=[fact for fact in found.aids if fact not in to_come(found.aids, here.today)],
        holding=holding(found.aids, here.today),
        quotas=[*holding(found.quotas, here.today), *to_come(found.quotas, here.today)],
        today=here.today,
        words=PURCHASE_WORDS,
        propose=f"{here.base}{PROPOSE}?catalogue={found.code}",
    )


@get(PROPOSE, right=may_propose)
async def ask_proposal(here: Here[GroupPage], catalogue: FromQuery[str] = "") -> Response[str]:
    system = (await catalogue_of(here)).find(catalogue)
    values: dict[str, object] = {}
    if system is not None:
        values = {
            "title": system.name,
            "system": system.code,
            "content": system.what,
            "indicators": "\n".join(system.indicators),
            "vigilance": "\n".join(system.vigilance),
        }
    return await _proposal_page(here, form_of(values))


async def _proposal_page(here: GroupPage, form: Form) -> Response[str]:
    return here.render(
        "actions/proposal.html",
        ("Actions", ACTIONS),
        "Proposer",
        **await _fields(here, form),
        target=here.base + PROPOSE,
        back=here.base + ACTIONS,
    )


async def _fields(here: GroupPage, form: Form, present: str = "") -> dict[str, Any]:
    """`present`: what the action is of already."""
    return {
        "form": form,
        "leads": await leads_offered(here.session),
        "systems": (await catalogue_of(here)).choices(present),
        "longest": {name: longest_of(ActionIn, name) for name in ("content", "resources", "levers", "title")},
        "rows": {name: _rows(form, name, most) for name, most in _ROWS.items()},
        "known_partners": await partner_names(here.session),
        "kinds": _KINDS,
        "eases": _EASES,
    }


def _rows(form: Form, name: str, most: int) -> range:
    """The numbers of the rows shown: those filled, and some to fill."""
    filled = [place for place in range(1, most + 1) if form.value(f"{name}-{place}").strip()]
    return range(1, min(max(filled, default=0) + _EMPTY_ROWS, most) + 1)


@post(PROPOSE, right=may_propose)
async def do_proposal(here: Here[GroupPage], form: PostedForm) -> Response[Any]:
    command = _read(form)
    async with form.submitted(lambda: _proposal_page(here, form), fields=_FIELDS):
        action = await propose_action(here.session, here.caller, command, await catalogue_of(here), here.now)
    return here.redirect(f"{ACTIONS}/{action.reference}", done="L’action est proposée au groupe.")


def _read(form: Form) -> ActionIn:
    return form.command(
        ActionIn,
        {},
        title=form.text("title", required="Donnez un titre à l’action.", longest=longest_of(ActionIn, "title")),
        system=form.text("system", longest=longest_of(ActionIn, "system")),
        lead_member=form.text("lead_member", longest=longest_of(ActionIn, "lead_member")),
        starts_on=form.date("starts_on") if form.value("starts_on") else None,
        ends_on=form.date("ends_on") if form.value("ends_on") else None,
        factors=tuple(_read_factors(form)),
        phases=tuple(_read_phases(form)),
        partners=tuple(_read_partners(form)),
        **{
            name: form.lines(name, longest=longest_of(ActionIn, name))
            for name in ("content", "resources", "levers", "indicators", "vigilance")
        },
    )


def _read_factors(form: Form) -> list[FactorIn]:
    found = []
    for place in range(1, MOST_FACTORS + 1):
        text = form.text(f"texte-{place}", longest=longest_of(FactorIn, "text"))
        if text:
            kind = form.choice(f"sorte-{place}", list(FACTOR_WORDS))
            ease = form.choice(f"difficulte-{place}", list(EASE_ORDER))
            if kind and ease:
                found.append(FactorIn(kind=FactorKind(kind), ease=Ease(ease), text=text))
    return found


def _read_phases(form: Form) -> list[PhaseIn]:
    found = []
    for place in range(1, MOST_PHASES + 1):
        label = form.text(f"etape-{place}", longest=longest_of(PhaseIn, "label"))
        begins, ends = (
            form.date(f"{edge}-{place}") if form.value(f"{edge}-{place}").strip() else None for edge in ("du", "au")
        )
        if not any(form.value(f"{field}-{place}").strip() for field in ("etape", "du", "au")):
            continue
        for value, field, sentence in (
            (label, "etape", "Dites ce qui se fait alors."),
            (begins, "du", "Indiquez quand cela commence."),
            (ends, "au", "Indiquez quand cela finit."),
        ):
            if not value and not form.error(f"{field}-{place}"):
                form.refuse(f"{field}-{place}", sentence)
        if label and begins and ends:
            found.append(PhaseIn(label=label, begins_on=begins, ends_on=ends))
    return found


def _read_partners(form: Form) -> list[BringsIn]:
    found = []
    for place in range(1, MOST_PARTNERS + 1):
        partner = form.text(f"partenaire-{place}", longest=longest_of(BringsIn, "partner"))
        premises = form.text(f"apport-{place}", longest=longest_of(BringsIn, "premises"))
        money, days = (
            form.decimal(f"{name}-{place}", largest=largest) if form.value(f"{name}-{place}").strip() else Decimal(0)
            for name, largest in (("somme", MOST_CENTS // 100), ("jours", MOST_HALF_DAYS // 2))
        )
        if (days * 2) % 1:
            form.refuse(f"jours-{place}", "Comptez par demi-journées, par exemple 2,5.")
        elif partner:
            found.append(
                BringsIn(partner=partner, amount_cents=int(money * 100), half_days=int(days * 2), premises=premises)
            )
        elif premises or money or days:
            form.refuse(f"partenaire-{place}", "Nommez le partenaire qui apporte cela.")
    return found


@get(ONE, right=Right.SEE_GROUP)
async def show_action(here: Here[ActionPage]) -> Response[str]:
    return await action_page(here, Form())


async def action_page(here: ActionPage, form: Form) -> Response[str]:
    action = here.action
    lead = await lead_of(here.session, action)  # held, or the sheet asks for it again
    sheet = await sheet_of(here.session, action)
    files, writes = await files_of_action(action.id).listed(here.session), may_write(here.caller, action)
    moves = [(state, ACTION.word(state)) for state in next_states(action.state)]
    return here.render(
        "actions/action.html",
        form=form,
        action=action,
        sheet=sheet,
        lead=lead.name if lead else "",
        system=(await catalogue_of(here)).find(action.system),
        life=ACTION,
        writes=writes,
        kept=files_part(here.request, files, MOST_OF_ACTION, ROOM.hint, changes=writes),
        parts=await here.features.action_parts(here),
        moves=moves if may_move(here.caller) else [],
        kinds=FACTOR_WORDS,
        eases=EASE_WORDS,
        brought=brought_words,
        quarters=quarters_words,
    )


@get(f"{ONE}/fiche", right=may_write)
async def ask_sheet(here: Here[ActionPage]) -> Response[str]:
    sheet = await sheet_of(here.session, here.action)
    content = sheet.model_dump(mode="json")
    values: dict[str, object] = {name: value or "" for name, value in content.items() if not isinstance(value, list)}
    for place, phase in enumerate(sheet.phases, start=1):
        values |= {
            f"etape-{place}": phase.label,
            f"du-{place}": phase.begins_on.isoformat(),
            f"au-{place}": phase.ends_on.isoformat(),
        }
    for place, one in enumerate(sheet.partners, start=1):
        values |= {
            f"partenaire-{place}": one.partner,
            f"somme-{place}": typed_cents(one.amount_cents) if one.amount_cents else "",
            f"jours-{place}": _typed(Decimal(one.half_days) / 2),
            f"apport-{place}": one.premises,
        }
    for place, factor in enumerate(sheet.factors, start=1):
        values |= {
            f"texte-{place}": factor.text,
            f"sorte-{place}": factor.kind,
            f"difficulte-{place}": factor.ease,
        }
    return await _sheet_page(here, form_of({**values, "version": version_of(content)}))


def _typed(value: Decimal) -> str:
    """As one types it; nothing of nothing."""
    return f"{value.normalize():f}".replace(".", ",") if value else ""


async def _sheet_page(here: ActionPage, form: Form) -> Response[str]:
    """The version stays the one that was shown, unless the person has just been told of a newer one."""
    await here.session.refresh(here.action)
    if form.conflict:
        form.values["version"] = version_of((await sheet_of(here.session, here.action)).model_dump(mode="json"))
    return here.render(
        "actions/sheet.html",
        "Modifier",
        **await _fields(here, form, here.action.system),
        target=f"{here.url}/fiche",
        back=here.url,
    )


@post(f"{ONE}/fiche", right=may_write)
async def do_sheet(here: Here[ActionPage], form: PostedForm) -> Response[Any]:
    command, shown = _read(form), form.value("version")
    async with form.submitted(lambda: _sheet_page(here, form), fields=_FIELDS, conflict=""):
        await write_action(
            here.session, here.caller, here.action.reference, command, await catalogue_of(here), here.now, shown=shown
        )
    return here.redirect(done="La fiche est enregistrée.")


@post(f"{ONE}/etat", right=may_move)
async def do_move(here: Here[ActionPage], form: PostedForm) -> Response[Any]:
    """From its sheet, or from the board, which is then shown again."""
    state = form.choice("state", list(ActionState))
    reason = form.text("reason", longest=500)
    async with form.submitted(lambda: action_page(here, form), conflict="state"):
        await move_action(here.session, here.caller, here.action.reference, ActionState(state), here.now, reason)
    done = f"« {here.action.title} » : {ACTION.word(state).lower()}."
    return here.to_group(BOARD, done=done) if form.value("depuis") == "tableau" else here.redirect(done=done)


ROUTES = [
    list_actions,
    show_catalogue,
    show_system,
    ask_proposal,
    do_proposal,
    show_action,
    ask_sheet,
    do_sheet,
    do_move,
]
