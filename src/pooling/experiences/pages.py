"""The pages of what the group learnt, and of what other groups of the host let it read."""

from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery

from pooling.actions.queries import actions_offered
from pooling.experiences.keeping import (
    MOST_FILES,
    ROOM,
    answer_question,
    ask_question,
    attach_to_experience,
    content_of,
    correct_experience,
    detach_from_experience,
    files_of_experience,
    named_by,
    share_experience,
    tell_experience,
)
from pooling.experiences.page import ELSEWHERE, EXPERIENCES, ONE, ExperiencePage
from pooling.experiences.permissions import may_correct, may_share, may_tell
from pooling.experiences.queries import (
    experiences_listed,
    questions_of,
    shared_elsewhere,
    shared_one,
)
from pooling.experiences.schemas import LONGEST_QUESTION, MOST_CENTS, TEXTS, ExperienceIn
from pooling.kernel.attached import FIELD
from pooling.kernel.slices import Slice
from pooling.kernel.tables import id_typed
from pooling.kernel.versions import version_of
from pooling.members.group_page import GroupPage, Here
from pooling.members.rights import Right
from pooling.purchases.queries import purchases_offered
from pooling.suppliers.keeping import find_supplier
from pooling.suppliers.reading import suppliers_to_choose
from pooling.web.attaching import SENDING, added, files_part, handed_out
from pooling.web.cursors import pages_after
from pooling.web.forms import Form, PostedForm, form_of, longest_of
from pooling.web.numbers import typed_cents
from pooling.web.searching import LONGEST_QUERY

TITLE = "Retours d’expérience"
_LONGEST_REFERENCE = 40
PARTS = (
    ("context", "Contexte"),
    ("done", "Ce qui a été fait"),
    ("result", "Résultat"),
    ("differently", "Ce qu’on ferait autrement"),
)


@get(EXPERIENCES, right=Right.SEE_GROUP)
async def list_experiences(
    here: Here[GroupPage], cherche: FromQuery[str] = "", apres: FromQuery[str] = ""
) -> Response[str]:
    typed, base = cherche[:LONGEST_QUERY], here.base + EXPERIENCES
    listed = await experiences_listed(here.session, Slice(apres), search=typed)
    return here.render(
        "experiences/list.html",
        TITLE,
        tabs=here.sections(EXPERIENCES),
        form=form_of({"cherche": typed}),
        searched=bool(typed.strip()),
        experiences=listed.items,
        base=base,
        **pages_after(base, apres, listed, {"cherche": typed}),
    )


@get(ELSEWHERE, right=Right.SEE_GROUP)
async def list_elsewhere(here: Here[GroupPage], cherche: FromQuery[str] = "") -> Response[str]:
    """What other groups of the host consent to show."""
    typed, base = cherche[:LONGEST_QUERY], here.base + ELSEWHERE
    return here.render(
        "experiences/elsewhere.html",
        (TITLE, EXPERIENCES),
        "D’autres groupes",
        tabs=here.sections(EXPERIENCES),
        form=form_of({"cherche": typed}),
        searched=bool(typed.strip()),
        experiences=await shared_elsewhere(here.session, typed),
        base=base,
    )


@get(f"{ELSEWHERE}/{{shared_id:int}}", right=Right.SEE_GROUP)
async def show_elsewhere(here: Here[GroupPage], shared_id: FromPath[int]) -> Response[str]:
    found = await shared_one(here.session, shared_id)
    return here.render(
        "experiences/elsewhere_one.html",
        (TITLE, EXPERIENCES),
        ("D’autres groupes", ELSEWHERE),
        found.title,
        experience=found,
        parts=PARTS,
    )


@get(f"{EXPERIENCES}/nouveau", right=may_tell)
async def ask_experience(
    here: Here[GroupPage],
    action: FromQuery[str] = "",
    achat: FromQuery[str] = "",
    fournisseur: FromQuery[str] = "",
) -> Response[str]:
    """With `action`, `achat` or `fournisseur`, about that one."""
    about = {"action": action[:_LONGEST_REFERENCE], "purchase": achat[:_LONGEST_REFERENCE]}
    about["supplier_id"] = fournisseur[:_LONGEST_REFERENCE]
    return await _new_page(here, form_of(about))


async def _new_page(here: GroupPage, form: Form) -> Response[str]:
    return here.render(
        "experiences/form.html",
        (TITLE, EXPERIENCES),
        "Raconter",
        heading="Raconter un retour d’expérience",
        target=f"{here.base}{EXPERIENCES}/nouveau",
        back=here.base + EXPERIENCES,
        **await _fields(here, form),
    )


async def _fields(here: GroupPage, form: Form) -> dict[str, Any]:
    return {
        "form": form,
        "actions": await actions_offered(here.session, form.value("action")),
        "purchases": await purchases_offered(here.session, form.value("purchase")),
        "suppliers": await suppliers_to_choose(here.session),
        "longest": {name: longest_of(ExperienceIn, name) for name in ("title", "contact", *TEXTS)},
    }


@post(f"{EXPERIENCES}/nouveau", right=may_tell)
async def do_experience(here: Here[GroupPage], form: PostedForm) -> Response[Any]:
    command = _read(form)
    async with form.submitted(lambda: _new_page(here, form), fields={"cost_cents": "cost"}):
        experience = await tell_experience(here.session, here.caller, command, here.now)
    return here.redirect(f"{EXPERIENCES}/{experience.id}", done="Le retour d’expérience est au groupe.")


def _read(form: Form) -> ExperienceIn:
    cost = form.decimal("cost", largest=MOST_CENTS // 100) if form.value("cost").strip() else None
    typed = form.text("supplier_id", longest=20)
    supplier = id_typed(typed) if typed else None
    if typed and supplier is None:
        form.refuse("supplier_id", "Choisissez un fournisseur du groupe.")
    return form.command(
        ExperienceIn,
        {"cost_cents": "cost"},
        title=form.text("title", required="Donnez un titre à ce retour.", longest=longest_of(ExperienceIn, "title")),
        cost_cents=None if cost is None else int(cost * 100),
        contact=form.text("contact", longest=longest_of(ExperienceIn, "contact")),
        action=form.text("action", longest=_LONGEST_REFERENCE),
        purchase=form.text("purchase", longest=_LONGEST_REFERENCE),
        supplier_id=supplier,
        **{name: form.lines(name, longest=longest_of(ExperienceIn, name)) for name in TEXTS},
    )


@get(ONE, right=Right.SEE_GROUP)
async def show_experience(here: Here[ExperiencePage]) -> Response[str]:
    return await _page(here, Form())


async def _page(here: ExperiencePage, form: Form) -> Response[str]:
    experience, session = here.experience, here.session
    action, purchase = await named_by(session, experience)
    supplier = await find_supplier(session, experience.supplier_id) if experience.supplier_id else None
    files = await files_of_experience(experience.id).listed(session)
    corrects = may_correct(here.caller, experience)
    return here.render(
        "experiences/experience.html",
        form=form,
        experience=experience,
        parts=PARTS,
        action=action,
        purchase=purchase,
        supplier=supplier,
        questions=await questions_of(session, experience.id),
        corrects=corrects,
        shares=may_share(here.caller),
        kept=files_part(here.request, files, MOST_FILES, ROOM.hint, changes=corrects),
        longest=LONGEST_QUESTION,
    )


@get(f"{ONE}/fiche", right=may_correct)
async def ask_experience_sheet(here: Here[ExperiencePage]) -> Response[str]:
    content = await content_of(here.session, here.experience)
    values = content.model_dump(mode="json")
    cost = "" if content.cost_cents is None else typed_cents(content.cost_cents)
    said = {name: value for name, value in values.items() if value is not None}
    return await _sheet_page(here, form_of({**said, "cost": cost, "version": version_of(values)}))


async def _sheet_page(here: ExperiencePage, form: Form) -> Response[str]:
    """The version stays the one that was shown, unless the person has just been told of a newer one."""
    await here.session.refresh(here.experience)
    if form.conflict:
        form.values["version"] = version_of((await content_of(here.session, here.experience)).model_dump(mode="json"))
    return here.render(
        "experiences/form.html",
        "Corriger",
        heading=f"Corriger « {here.experience.title} »",
        target=f"{here.url}/fiche",
        back=here.url,
        **await _fields(here, form),
    )


@post(f"{ONE}/fiche", right=may_correct)
async def do_experience_sheet(here: Here[ExperiencePage], form: PostedForm) -> Response[Any]:
    command, shown = _read(form), form.value("version")
    async with form.submitted(lambda: _sheet_page(here, form), fields={"cost_cents": "cost"}, conflict=""):
        await correct_experience(here.session, here.caller, here.experience.id, command, here.now, shown=shown)
    return here.redirect(done="Le retour d’expérience est corrigé.")


@post(f"{ONE}/partage", right=may_share)
async def do_share(here: Here[ExperiencePage], form: PostedForm) -> Response[Any]:
    shared = form.value("shared") == "1"
    await share_experience(here.session, here.caller, here.experience.id, here.now, shared=shared)
    done = "Les autres groupes de la plateforme peuvent le lire." if shared else "Il n’est plus lu que par ce groupe."
    return here.redirect(done=done)


@post(f"{ONE}/questions", right=may_tell)
async def do_ask(here: Here[ExperiencePage], form: PostedForm) -> Response[Any]:
    content = form.lines("content", required="Posez votre question.", longest=LONGEST_QUESTION)
    async with form.submitted(lambda: _page(here, form), conflict="content"):
        await ask_question(here.session, here.caller, here.experience.id, content, here.now)
    return here.redirect("#questions", done="La question est posée au groupe.")


@post(f"{ONE}/questions/{{question_id:int}}/reponse", right=may_tell)
async def do_answer(here: Here[ExperiencePage], form: PostedForm, question_id: FromPath[int]) -> Response[Any]:
    answer = form.lines(f"answer-{question_id}", required="Écrivez une réponse.", longest=LONGEST_QUESTION)
    field = f"answer-{question_id}"
    async with form.submitted(lambda: _page(here, form), fields={"answer": field}, conflict=field):
        await answer_question(here.session, here.caller, here.experience.id, question_id, answer, here.now)
    return here.redirect("#questions", done="La réponse est au groupe.")


@post(f"{ONE}/pieces", right=may_correct, **SENDING)
async def do_attach_to_experience(here: Here[ExperiencePage], form: PostedForm) -> Response[Any]:
    sent = form.sent(FIELD)
    async with form.submitted(lambda: _page(here, form)):
        await attach_to_experience(here.session, here.caller, here.experience.id, sent, here.now)
    return here.redirect(done=added("document", len(sent)))


@get(f"{ONE}/pieces/{{experience_file_id:int}}", right=Right.SEE_GROUP)
async def download_experience_file(here: Here[ExperiencePage], experience_file_id: FromPath[int]) -> Response[bytes]:
    return handed_out(*await files_of_experience(here.experience.id).read(here.session, experience_file_id))


@post(f"{ONE}/pieces/{{experience_file_id:int}}/retrait", right=may_correct)
async def do_detach_from_experience(here: Here[ExperiencePage], experience_file_id: FromPath[int]) -> Response[Any]:
    await detach_from_experience(here.session, here.caller, here.experience.id, experience_file_id, here.now)
    return here.redirect(done="Le document est retiré.")


ROUTES = [
    list_experiences,
    list_elsewhere,
    show_elsewhere,
    ask_experience,
    do_experience,
    show_experience,
    ask_experience_sheet,
    do_experience_sheet,
    do_share,
    do_ask,
    do_answer,
    do_attach_to_experience,
    download_experience_file,
    do_detach_from_experience,
]
