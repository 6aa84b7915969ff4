"""The pages of an action's terms, and the click that makes their purchase."""

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any

from litestar import Response, get, post

from pooling.actions.page import ActionPage, catalogue_of
from pooling.actions.permissions import may_move, may_write
from pooling.actions.queries import lead_of
from pooling.kernel.versions import version_of
from pooling.members.group_page import Here
from pooling.members.rights import Right
from pooling.procurement.models import Mandate
from pooling.procurement.words import MANDATES
from pooling.purchases.kinds import kind_of
from pooling.purchases.rules import PURCHASE
from pooling.terms.beginning import READY, begin_purchase, lacking
from pooling.terms.files import files_of_answers
from pooling.terms.form import FIELDS, choices, from_catalogue, read_terms, values_of
from pooling.terms.keeping import OPEN, write_terms
from pooling.terms.page import TERMS, TITLE
from pooling.terms.permissions import TermsRight, may_begin
from pooling.terms.queries import (
    MOST_SHARED,
    MOST_SHOWN,
    AnswerShown,
    agreement_on,
    answers_shown,
    purchase_begun,
    terms_of,
    terms_row,
    turnout,
)
from pooling.terms.rules import KEY_WORDS, POSITION_WORDS, SPREAD_WORDS, THROUGH_WORDS, Simulation, simulate
from pooling.terms.schemas import AidIn, TermsIn
from pooling.web.forms import Form, PostedForm, form_of
from pooling.web.typography import euros, number, percent

DRAWN_AT_MOST = 20
_BEGIN = f"{TERMS}/achat"


@get(TERMS, right=Right.SEE_GROUP)
async def show_terms(here: Here[ActionPage]) -> Response[str]:
    return await _shown(here, Form())


async def _shown(here: ActionPage, form: Form) -> Response[str]:
    terms, shown = await terms_of(here.session, here.action.id), await answers_shown(here.session, here.action.id)
    shares_all = len(shown) <= MOST_SHARED
    lines = shown if shares_all else shown[:MOST_SHOWN]
    still_open = here.action.state in OPEN
    standings = [line.standing for line in shown if (still_open and not line.through) or line.standing.position]
    simulated = [simulate(terms, one, standings) for one in terms.estimates] if shares_all else []
    lead = await lead_of(here.session, here.action)
    right = TermsRight.ANSWER_TERMS
    counted = await turnout(here.session, here.action.id)
    return here.render(
        "terms/terms.html",
        TITLE,
        form=form,
        action=here.action,
        terms=terms,
        lead=lead.name if lead else "",
        kind=kind_of(terms.kind).label,
        mandate=MANDATES[terms.coordination] if terms.coordination is not Mandate.UNDECIDED else "",
        agreed=await agreement_on(here.session, here.action.id) if here.action.state in READY else None,
        purchase=await _purchase(here),
        begins=may_begin(here.caller, here.action) and here.action.state in READY,
        lacking=lacking(here.action, terms, lead, counted.joined + counted.under_condition),
        agrees=still_open and bool(terms.estimates) and may_move(here.caller),
        turnout=counted,
        lines=lines,
        files=await files_of_answers(here.session, here.action.id),
        shares_all=shares_all,
        still_open=still_open,
        most=MOST_SHARED,
        most_shown=MOST_SHOWN,
        simulated=list(zip(terms.estimates, simulated, strict=False)),
        items={item.code: item for item in terms.items},
        taken=taken_words(terms),
        aided=aid_words(terms),
        chart=_chart(shown, simulated[0]) if simulated else [],
        positions=POSITION_WORDS,
        through=THROUGH_WORDS,
        spreads=SPREAD_WORDS,
        keys=KEY_WORDS,
        writes=still_open and may_write(here.caller, here.action),
        answers={
            line.code
            for line in lines
            if still_open and here.caller.may(right, member_id=int(line.standing.id))
        },
    )  # fmt: skip


async def _purchase(here: ActionPage) -> Mapping[str, str] | None:
    """The purchase that was prepared from them, as the page shows it."""
    row = await terms_row(here.session, here.action.id)
    found = await purchase_begun(here.session, row.purchase_reference if row else "")
    if found is None:
        return None
    return {
        "title": f"{found.reference} · {found.title}",
        "url": f"{here.base}/achats/{found.reference}",
        "tag": PURCHASE.tag(found.state),
        "word": kind_of(found.kind).word(found.state),
    }


def taken_words(terms: TermsIn) -> Callable[[Mapping[str, int]], str]:
    """« 30 Vélo, 10 Casque » of quantities by item."""
    names = {item.code: item.name for item in terms.items}

    def said(quantities: Mapping[str, int]) -> str:
        taken = [(name, quantities[code]) for code, name in names.items() if code in quantities]
        if len(names) == 1:
            return ", ".join(number(units) for _, units in taken)
        return ", ".join(f"{name} : {number(units)}" for name, units in taken)

    return said


def aid_words(terms: TermsIn) -> Callable[[Sequence[AidIn]], str]:
    """« Fonds de concours : 25 %, au plus 1 000,00 € »."""
    names = {item.code: item.name for item in terms.items}

    def said(aid: AidIn) -> str:
        parts = [
            euros(aid.amount_cents)
            if aid.amount_cents is not None
            else percent(Fraction(aid.rate_hundredths or 0, 10_000), 2),
            f"au plus {euros(aid.cap_per_unit_cents)} l’unité" if aid.cap_per_unit_cents is not None else "",
            f"au plus {euros(aid.cap_total_cents)}" if aid.cap_total_cents is not None else "",
            f"sur {names.get(aid.item, aid.item)}" if aid.item else "",
        ]
        return f"{aid.label} : {', '.join(part for part in parts if part)}"

    return lambda aids: " ; ".join(said(aid) for aid in aids) or "Aucune"


def _chart(shown: Sequence[AnswerShown], simulation: Simulation) -> list[dict[str, Any]]:
    """The highest first."""
    paying = [(line.standing.name, simulation.shares[line.standing.id]) for line in shown if _pays(line, simulation)]
    paying.sort(key=lambda one: -one[1].net)
    return [
        {"label": name, "value": share.net, "text": euros(share.net), "detail": f"{euros(share.ttc)} TTC avant aide."}
        for name, share in paying[:DRAWN_AT_MOST]
    ]


def _pays(line: AnswerShown, simulation: Simulation) -> bool:
    share = simulation.shares.get(line.standing.id)
    return share is not None and share.net > 0


@get(f"{TERMS}/fiche", right=may_write)
async def ask_terms(here: Here[ActionPage]) -> Response[str]:
    """Filled with what is written; where nothing is, with the usual items of the catalogue."""
    terms = await terms_of(here.session, here.action.id)
    version = version_of(terms.model_dump(mode="json"))
    system = (await catalogue_of(here)).find(here.action.system)
    if terms == TermsIn() and system is not None:
        terms = from_catalogue(system)
    return await _terms_page(here, form_of({**values_of(terms), "version": version}))


async def _terms_page(here: ActionPage, form: Form) -> Response[str]:
    """The version stays the one that was shown, unless the person has just been told of a newer one."""
    if form.conflict:
        terms = await terms_of(here.session, here.action.id)
        form.values["version"] = version_of(terms.model_dump(mode="json"))
    return here.render(
        "terms/form.html",
        (TITLE, "/modalites"),
        "Modifier",
        form=form,
        **choices(form),
        back=f"{here.url}/modalites",
        target=f"{here.url}/modalites/fiche",
    )


@post(f"{TERMS}/fiche", right=may_write)
async def do_terms(here: Here[ActionPage], form: PostedForm) -> Response[Any]:
    command, shown = read_terms(form), form.value("version")
    async with form.submitted(lambda: _terms_page(here, form), fields=FIELDS, conflict=""):
        await write_terms(here.session, here.caller, here.action.reference, command, here.now, shown=shown)
    return here.redirect("/modalites", done="Les modalités sont enregistrées.")


@post(_BEGIN, right=may_begin)
async def do_begin(here: Here[ActionPage], form: PostedForm) -> Response[Any]:
    async with form.submitted(lambda: _shown(here, form), conflict=""):
        purchase = await begin_purchase(here.session, here.caller, here.action.reference, here.now)
    return here.redirect("/modalites", done=f"L’achat {purchase.reference} est préparé d’après ces modalités.")


ROUTES = [show_terms, ask_terms, do_terms, do_begin]
