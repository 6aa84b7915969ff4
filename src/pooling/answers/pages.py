"""Who takes part in a service: everybody's answers, and a member's own to give."""

from typing import Any

from litestar import Response, get, post
from litestar.params import FromQuery

from pooling.answers.answering import answer_for_member, answer_for_own
from pooling.answers.notices import send_receipt
from pooling.answers.page import ANSWER, SECTION, AnswerPage
from pooling.answers.queries import answer_of, answers_listed, tally_of
from pooling.answers.schemas import MOST_AGENTS, AnswerIn
from pooling.collections.rules import accepts
from pooling.kernel.errors import Conflict
from pooling.kernel.slices import Slice
from pooling.members.group_page import Here
from pooling.members.models import Role
from pooling.members.rights import Right
from pooling.needs.permissions import may_file, may_gather, may_see_declaration
from pooling.needs.queries import declarations_of_member, remarks_of, stamp_of
from pooling.purchases.page import PurchasePage
from pooling.web.cursors import pages_after
from pooling.web.forms import Form, PostedForm, longest_of
from pooling.web.typography import date_time_long, deadline_words, plural

TELEPHONED = f"{ANSWER}/telephone"
CHOICES = [
    ("yes", "Nous participons", "Nous partageons les frais avec ceux qui participent."),
    ("no", "Nous ne participons pas", "Nous ne paierons rien."),
]


@get(f"/achats/{{reference:str}}{SECTION}", right=Right.SEE_TOTALS)
async def show_answers(here: Here[PurchasePage], apres: FromQuery[str] = "") -> Response[str]:
    """Everybody's answers for the lead buyer and the facilitator, their own for the others."""
    caller, purchase = here.caller, here.purchase
    sees_all = caller.sees_all_lines(purchase.id)
    own = None if sees_all else caller.members_as(Role.REFERENT, Role.FINANCE)
    listed = await answers_listed(here.session, purchase.id, Slice(apres), only=own)
    tally = await tally_of(here.session, purchase.id)
    return here.render(
        "answers/list.html",
        "Participation",
        lines=listed.items,
        tally=tally,
        sees_all=sees_all,
        may_gather=_open_now(here) and may_gather(caller, purchase),
        remarks=await remarks_of(here.session, purchase.id) if sees_all else [],
        declares=bool(own),
        **pages_after(here.url + SECTION, apres, listed),
    )


def _open_now(here: PurchasePage) -> bool:
    return accepts(here.collection, here.now)


@get(ANSWER, right=may_see_declaration)
async def show_answer(here: Here[AnswerPage]) -> Response[str]:
    return await _page(here, None, editable=_open_now(here) and may_file(here.caller, here.member))


@post(ANSWER, right=may_file)
async def do_answer(here: Here[AnswerPage], form: PostedForm) -> Response[Any]:
    command = _read(form, here)
    async with form.submitted(lambda: _page(here, form, editable=True), conflict=""):
        answered = await answer_for_own(here.session, here.caller, here.purchase.id, command, here.clock)
        await send_receipt(
            here.session, here.who, here.context, here.purchase, here.member, command,
            at=answered.at, closes_at=answered.closes_at,
        )  # fmt: skip
    return here.redirect(here.path, done="Votre réponse est enregistrée.")


@get(TELEPHONED, right=may_gather)
async def ask_telephoned(here: Here[AnswerPage]) -> Response[str]:
    if not _open_now(here):
        raise Conflict("On répond pour un membre qui a téléphoné tant que la collecte est ouverte.")
    return await _page(here, None, editable=True, telephoned=True)


@post(TELEPHONED, right=may_gather)
async def do_telephoned(here: Here[AnswerPage], form: PostedForm) -> Response[Any]:
    command = _read(form, here)
    by_whom = _line(form, "by_whom", "Indiquez qui a appelé : un nom, une fonction.")
    reason = _line(form, "reason", "Dites pourquoi vous répondez pour ce membre : ses référents le liront.")
    async with form.submitted(lambda: _page(here, form, editable=True, telephoned=True), conflict=""):
        told = await answer_for_member(
            here.session, here.caller, here.purchase.id, command, by_whom=by_whom, reason=reason, clock=here.clock
        )
    done = f"La réponse pour {here.member.name} est enregistrée"
    if not told:
        return here.redirect(SECTION, done=f"{done}. Ce membre n’a pas de référent à prévenir.")
    return here.redirect(SECTION, done=done, mailed=f"un courriel part à {plural(told, 'référent')}")


def _line(form: Form, name: str, required: str) -> str:
    """What is typed on one line is kept on one."""
    return " ".join(form.text(name, required=required).split())


def _read(form: Form, here: AnswerPage) -> AnswerIn:
    answer = form.value("answer")
    if answer not in {"yes", "no"}:
        form.refuse("answer", "Dites si vous participez.")
    typed = form.value("agents").strip()
    agents = form.integer("agents", largest=MOST_AGENTS, default=0) if answer == "yes" and typed else None
    if answer == "yes" and not typed:
        form.refuse("agents", "Indiquez pour combien d’agents, par exemple 12.")
    return AnswerIn(
        member_id=here.member.id,
        takes_part=answer == "yes",
        agents=agents,
        comment=form.lines("comment", longest=longest_of(AnswerIn, "comment")),
        seen=form.value("seen") or None,
    )


async def _page(here: AnswerPage, form: Form | None, *, editable: bool, telephoned: bool = False) -> Response[str]:
    if form and form.has_errors:
        await here.session.refresh(here.purchase)  # it may have been closed meanwhile
    shown = await answer_of(here.session, here.purchase.id, here.member.id)
    if form is None:
        answer = {True: "yes", False: "no", None: ""}[shown.takes_part]
        agents = "" if shown.agents is None else str(shown.agents)
        form = Form(values={"answer": answer, "agents": agents, "comment": shown.comment})
    form.values["seen"] = stamp_of(await declarations_of_member(here.session, here.purchase.id, here.member.id))
    return here.render(
        "answers/answer.html",
        *(["Répondre pour ce membre"] if telephoned else []),
        form=form,
        member=here.member,
        shown=shown,
        answered=date_time_long(shown.answered_at, here.zone) if shown.answered_at else "",
        editable=editable,
        telephoned=telephoned,
        choices=CHOICES,
        open_now=_open_now(here),
        may_gather=not editable and _open_now(here) and may_gather(here.caller, here.purchase),
        until=deadline_words(here.closes_at, here.now, here.zone) if here.closes_at else "",
        silence=here.kind.asking.silence if here.kind.asking else "",
    )


ROUTES = [show_answers, show_answer, do_answer, ask_telephoned, do_telephoned]
