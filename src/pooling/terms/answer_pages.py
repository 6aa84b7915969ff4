"""The pages of what a member answers to the terms of an action: given, with its files, and all that it answered."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath

from pooling.kernel.attached import FIELD
from pooling.kernel.versions import version_of
from pooling.members.group_page import Here
from pooling.members.rights import Right
from pooling.terms.files import (
    MOST_OF_ANSWER,
    ROOM,
    attach_to_answer,
    detach_from_answer,
    files_of_answer,
)
from pooling.terms.keeping import OPEN, answer_terms, said
from pooling.terms.models import Position
from pooling.terms.page import ANSWER, AnswerPage
from pooling.terms.permissions import may_answer
from pooling.terms.queries import FormerAnswer, answer_of, answers_given, terms_of
from pooling.terms.rules import POSITION_WORDS, shares_all
from pooling.terms.schemas import MOST_UNITS, AnswerIn
from pooling.web.attaching import SENDING, added, files_part, handed_out
from pooling.web.forms import Form, PostedForm, form_of, longest_of
from pooling.web.typography import date_long, date_short, number

_FILES = f"{ANSWER}/pieces"
_LONGEST = {name: longest_of(AnswerIn, name) for name in ("condition", "deliberation")}
_POSITIONS = [
    (str(Position.IN), "Nous participons"),
    (str(Position.UNDER_CONDITION), "Nous participons sous condition"),
    (str(Position.OUT), "Nous ne participons pas"),
]
_HINT = f"Par exemple la délibération. {ROOM.hint}"


@get(ANSWER, right=may_answer)
async def ask_answer(here: Here[AnswerPage]) -> Response[str]:
    answer = await answer_of(here.session, here.action.id, here.member.id)
    return await _answer_page(here, form_of({**_values(answer), "version": version_of(said(answer))}))


def _values(answer: AnswerIn | None) -> dict[str, object]:
    """Of a form filled with it."""
    if answer is None:
        return {}
    given = {name: value for name, value in said(answer).items() if name != "quantities" and value is not None}
    return {**given, **{f"unites-{code}": units for code, units in answer.quantities.items()}}


async def _answer_page(here: AnswerPage, form: Form) -> Response[str]:
    """The version stays the one that was shown, unless the person has just been told of a newer one."""
    answer = await answer_of(here.session, here.action.id, here.member.id)
    if form.conflict or not form.value("version"):
        form.values["version"] = version_of(said(answer))
    terms = await terms_of(here.session, here.action.id)
    files = await files_of_answer(here.action.id, here.member.id).listed(here.session)
    return here.render(
        "terms/answer.html",
        "Répondre",
        form=form,
        member=here.member,
        action=here.action,
        items=() if shares_all(terms.kind) else terms.items,
        positions=_POSITIONS,
        answer_by=date_long(terms.answer_by) if terms.answer_by else "",
        longest=_LONGEST,
        answered=answer is not None,
        still_open=here.action.state in OPEN,
        kept=files_part(here.request, files, MOST_OF_ANSWER, _HINT, changes=here.action.state in OPEN),
        back=f"{here.url}/modalites",
        target=f"{here.url}/modalites/reponses/{here.member.code}",
    )


@post(ANSWER, right=may_answer)
async def do_answer(here: Here[AnswerPage], form: PostedForm) -> Response[Any]:
    position = form.choice("position", list(Position))
    terms = await terms_of(here.session, here.action.id)
    command = form.command(
        AnswerIn,
        {},
        position=Position(position) if position in list(Position) else Position.IN,
        condition=form.lines("condition", longest=_LONGEST["condition"]),
        quantities={
            item.code: form.integer(f"unites-{item.code}", largest=MOST_UNITS)
            for item in terms.items
            if form.value(f"unites-{item.code}").strip()
        },
        deliberation=form.text("deliberation", longest=_LONGEST["deliberation"]),
        deliberated_on=form.date("deliberated_on") if form.value("deliberated_on").strip() else None,
    )
    shown = form.value("version")
    async with form.submitted(lambda: _answer_page(here, form), conflict=""):
        await answer_terms(
            here.session, here.caller, here.action.reference, here.member, command, here.now, shown=shown
        )
    done = f"La réponse de {here.member.name} est enregistrée."
    if command.deliberation and not await files_of_answer(here.action.id, here.member.id).listed(here.session):
        return here.redirect(_own(here), done=f"{done} Vous pouvez y joindre la délibération.")
    return here.redirect("/modalites", done=done)


def _own(here: AnswerPage, page: str = "") -> str:
    return f"/modalites/reponses/{here.member.code}{page}"


@get(f"{ANSWER}/historique", right=Right.SEE_GROUP)
async def show_answers_given(here: Here[AnswerPage]) -> Response[str]:
    terms = await terms_of(here.session, here.action.id)
    names = {item.code: item.name for item in terms.items}
    return here.render(
        "terms/history.html",
        "Réponses données",
        member=here.member,
        action=here.action,
        given=[_told(one, names, here) for one in await answers_given(here.session, here.action.id, here.member.id)],
        files=await files_of_answer(here.action.id, here.member.id).listed(here.session),
        target=f"{here.url}{_own(here)}",
    )


def _told(given: FormerAnswer, names: Mapping[str, str], here: AnswerPage) -> dict[str, str]:
    """An answer in words. What was said before answers had all of it says less."""
    deliberated = given.said.get("deliberated_on")
    counted = given.said.get("quantities") or {}
    return {
        "on": date_short(given.at.astimezone(here.zone).date()),
        "by": given.by or "",
        "position": POSITION_WORDS[Position(given.said["position"])],
        "condition": str(given.said.get("condition") or ""),
        "quantities": ", ".join(f"{names.get(code, code)} : {number(units)}" for code, units in counted.items()),
        "deliberation": f"{given.said['deliberation']} du {date_short(date.fromisoformat(deliberated))}"
        if deliberated
        else "",
    }


@post(_FILES, right=may_answer, **SENDING)
async def do_attach(here: Here[AnswerPage], form: PostedForm) -> Response[Any]:
    sent = form.sent(FIELD)
    async with form.submitted(lambda: _refused(here, form), conflict=FIELD):
        await attach_to_answer(here.session, here.caller, here.action.reference, here.member, sent, here.now)
    return here.redirect(_own(here), done=added("fichier", len(sent)))


async def _refused(here: AnswerPage, form: Form) -> Response[str]:
    """The page again, its answer as it is kept, and what is wrong with the files."""
    answer = await answer_of(here.session, here.action.id, here.member.id)
    form.values |= {name: str(value) for name, value in _values(answer).items()}
    return await _answer_page(here, form)


@get(f"{_FILES}/{{answer_file_id:int}}", right=Right.SEE_GROUP)
async def download_answer_file(here: Here[AnswerPage], answer_file_id: FromPath[int]) -> Response[bytes]:
    return handed_out(*await files_of_answer(here.action.id, here.member.id).read(here.session, answer_file_id))


@post(f"{_FILES}/{{answer_file_id:int}}/retrait", right=may_answer)
async def do_detach(here: Here[AnswerPage], answer_file_id: FromPath[int]) -> Response[Any]:
    await detach_from_answer(here.session, here.caller, here.action.reference, here.member, answer_file_id, here.now)
    return here.redirect(_own(here), done="Le fichier est retiré.")


ROUTES = [ask_answer, do_answer, show_answers_given, do_attach, download_answer_file, do_detach]
