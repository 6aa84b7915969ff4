"""The pages of an action's terms, and of a member's answer to them."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from litestar import Response, get, post

from pooling.actions.page import ActionPage
from pooling.actions.permissions import may_write
from pooling.actions.queries import lead_of
from pooling.kernel.versions import version_of
from pooling.members.group_page import Here
from pooling.members.rights import Right
from pooling.terms.keeping import OPEN, answer_terms, said, write_terms
from pooling.terms.models import ChargesKey, Position, Spread
from pooling.terms.page import ANSWER, TERMS, TITLE, AnswerPage
from pooling.terms.permissions import TermsRight, may_answer
from pooling.terms.queries import MOST_SHARED, AnswerShown, answer_of, answers_shown, terms_of, turnout
from pooling.terms.rules import KEY_WORDS, POSITION_WORDS, SPREAD_WORDS, Simulation, simulate
from pooling.terms.schemas import MOST_ESTIMATES, MOST_PRICE, MOST_UNITS, AnswerIn, EstimateIn, TermsIn
from pooling.web.forms import Form, PostedForm, form_of, longest_of
from pooling.web.typography import euros

_LONGEST = {name: longest_of(TermsIn, name) for name in ("mandate", "exit_clause")}
_LONGEST |= {name: longest_of(EstimateIn, name) for name in ("label", "item")}
_LONGEST_ANSWER = {name: longest_of(AnswerIn, name) for name in ("condition", "deliberation")}
_PLACES = range(1, MOST_ESTIMATES + 1)
_SPREADS = [(str(spread), words) for spread, words in SPREAD_WORDS.items()]
_KEYS = [(str(key), words) for key, words in KEY_WORDS.items()]
_POSITIONS = [(str(position), words) for position, words in POSITION_WORDS.items()]
DRAWN_AT_MOST = 20


@get(TERMS, right=Right.SEE_GROUP)
async def show_terms(here: Here[ActionPage]) -> Response[str]:
    terms, shown = await terms_of(here.session, here.action.id), await answers_shown(here.session, here.action.id)
    shares_all = len(shown) <= MOST_SHARED
    simulated = [simulate(one, [line.standing for line in shown]) for one in terms.estimates] if shares_all else []
    lead, still_open = await lead_of(here.session, here.action), here.action.state in OPEN
    right = TermsRight.ANSWER_TERMS
    return here.render(
        "terms/terms.html",
        TITLE,
        action=here.action,
        terms=terms,
        lead=lead.name if lead else "",
        turnout=await turnout(here.session, here.action.id),
        lines=shown[:MOST_SHARED],
        shares_all=shares_all,
        most=MOST_SHARED,
        simulated=list(zip(terms.estimates, simulated, strict=False)),
        chart=_chart(shown, simulated[0]) if simulated else [],
        positions=POSITION_WORDS,
        spreads=SPREAD_WORDS,
        keys=KEY_WORDS,
        writes=still_open and may_write(here.caller, here.action),
        answers={
            line.code
            for line in shown
            if still_open and here.caller.may(right, member_id=int(line.standing.id))
        },
    )  # fmt: skip


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
    terms = await terms_of(here.session, here.action.id)
    content = terms.model_dump(mode="json")
    values: dict[str, object] = {
        "mandate": terms.mandate,
        "exit_clause": terms.exit_clause,
        "answer_by": terms.answer_by.isoformat() if terms.answer_by else "",
        "version": version_of(content),
        **{f"tva-{place}": "20" for place in _PLACES},
    }
    for place, one in enumerate(terms.estimates, start=1):
        values |= {
            f"libelle-{place}": one.label,
            f"article-{place}": one.item,
            f"quantite-{place}": one.quantity,
            f"repartition-{place}": one.spread,
            f"prix-{place}": _typed(one.unit_price_cents),
            f"tva-{place}": _typed(one.vat_hundredths),
            f"frais-{place}": _typed(one.charges_cents),
            f"cle-{place}": one.charges_key,
            f"aide-{place}": _typed(one.subsidy_hundredths),
        }
    return await _terms_page(here, form_of(values))


def _typed(hundredths: int) -> str:
    """As one types it."""
    return f"{Decimal(hundredths).scaleb(-2).normalize():f}".replace(".", ",")


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
        places=_PLACES,
        spreads=_SPREADS,
        keys=_KEYS,
        longest=_LONGEST,
        back=f"{here.url}/modalites",
        target=f"{here.url}/modalites/fiche",
    )


@post(f"{TERMS}/fiche", right=may_write)
async def do_terms(here: Here[ActionPage], form: PostedForm) -> Response[Any]:
    command, shown = _read_terms(form), form.value("version")
    async with form.submitted(lambda: _terms_page(here, form), conflict=""):
        await write_terms(here.session, here.caller, here.action.reference, command, here.now, shown=shown)
    return here.redirect("/modalites", done="Les modalités sont enregistrées.")


def _read_terms(form: Form) -> TermsIn:
    estimates = [found for place in _PLACES if (found := _read_estimate(form, place)) is not None]
    return form.command(
        TermsIn,
        {},
        mandate=form.lines("mandate", longest=_LONGEST["mandate"]),
        exit_clause=form.lines("exit_clause", longest=_LONGEST["exit_clause"]),
        answer_by=form.date("answer_by") if form.value("answer_by").strip() else None,
        estimates=tuple(estimates),
    )


def _read_estimate(form: Form, place: int) -> EstimateIn | None:
    item = form.text(f"article-{place}", longest=_LONGEST["item"])
    if not item:
        for name in ("quantite", "prix", "frais"):
            if form.value(f"{name}-{place}").strip():
                form.refuse(f"article-{place}", "Dites ce que l’on achèterait.")
        return None
    spread = form.choice(f"repartition-{place}", list(Spread)) or Spread.POPULATION
    key = form.choice(f"cle-{place}", list(ChargesKey)) or ChargesKey.EQUAL
    label = form.text(f"libelle-{place}", longest=_LONGEST["label"])
    return EstimateIn(
        label=label or ("Estimation" if place == 1 else f"Variante {place - 1}"),
        item=item,
        quantity=form.integer(f"quantite-{place}", largest=MOST_UNITS, default=0),
        spread=Spread(spread),
        unit_price_cents=_hundredths(form, f"prix-{place}", MOST_PRICE // 100),
        vat_hundredths=_hundredths(form, f"tva-{place}", 100),
        charges_cents=_hundredths(form, f"frais-{place}", MOST_PRICE // 100),
        charges_key=ChargesKey(key),
        subsidy_hundredths=_hundredths(form, f"aide-{place}", 100),
    )


def _hundredths(form: Form, name: str, largest: int) -> int:
    """Nothing typed is nothing."""
    return int(form.decimal(name, largest=largest) * 100) if form.value(name).strip() else 0


@get(ANSWER, right=may_answer)
async def ask_answer(here: Here[AnswerPage]) -> Response[str]:
    answer = await answer_of(here.session, here.action.id, here.member.id)
    values = said(answer)
    typed = {name: value for name, value in values.items() if value is not None}
    return await _answer_page(here, form_of({**typed, "version": version_of(values)}))


async def _answer_page(here: AnswerPage, form: Form) -> Response[str]:
    """The version stays the one that was shown, unless the person has just been told of a newer one."""
    if form.conflict:
        form.values["version"] = version_of(said(await answer_of(here.session, here.action.id, here.member.id)))
    return here.render(
        "terms/answer.html",
        "Répondre",
        form=form,
        member=here.member,
        action=here.action,
        positions=_POSITIONS,
        longest=_LONGEST_ANSWER,
        back=f"{here.url}/modalites",
        target=f"{here.url}/modalites/reponses/{here.member.code}",
    )


@post(ANSWER, right=may_answer)
async def do_answer(here: Here[AnswerPage], form: PostedForm) -> Response[Any]:
    position = form.choice("position", list(Position)) or Position.IN
    command = form.command(
        AnswerIn,
        {},
        position=Position(position),
        condition=form.lines("condition", longest=_LONGEST_ANSWER["condition"]),
        quantity=form.integer("quantity", largest=MOST_UNITS) if form.value("quantity").strip() else None,
        deliberation=form.text("deliberation", longest=_LONGEST_ANSWER["deliberation"]),
        deliberated_on=form.date("deliberated_on") if form.value("deliberated_on").strip() else None,
    )
    shown = form.value("version")
    async with form.submitted(lambda: _answer_page(here, form), conflict=""):
        await answer_terms(
            here.session, here.caller, here.action.reference, here.member, command, here.now, shown=shown
        )
    return here.redirect("/modalites", done=f"La réponse de {here.member.name} est enregistrée.")


ROUTES = [show_terms, ask_terms, do_terms, ask_answer, do_answer]
