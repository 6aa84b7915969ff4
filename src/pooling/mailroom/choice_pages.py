"""Mes courriels: which kinds of mail somebody receives from the group, and which not."""

from typing import Any

from litestar import Request, Response, get, post

from pooling.members.entrance import CallerHere, EnteredGroupHere, SessionHere
from pooling.members.features import features_of
from pooling.members.rights import Right
from pooling.reminders.opting_out import opt_in, opt_out, opted_out_kinds
from pooling.web.forms import Form, PostedForm
from pooling.web.layout import Link, redirect, render
from pooling.web.services import services_of

SECTION = "/mes-courriels"
FIELD = "kinds"


@get(SECTION, right=Right.SEE_GROUP)
async def ask_choice(
    request: Request[Any, Any, Any], session: SessionHere, caller: CallerHere, entered_group: EnteredGroupHere
) -> Response[str]:
    kinds = features_of(request).kinds
    opted_out = await opted_out_kinds(session, caller.person_id)
    base = f"/g/{entered_group.slug}"
    return render(
        request,
        "mailroom/mail_choice.html",
        breadcrumb=[Link("À faire", base), Link("Mes courriels", None)],
        form=Form(lists={FIELD: [kind.name for kind in kinds if kind.name not in opted_out]}),
        choices=[(kind.name, kind.label, kind.receivers) for kind in kinds if kind.comfort],
        url=base + SECTION,
    )


@post(SECTION, right=Right.SEE_GROUP)
async def do_choice(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    entered_group: EnteredGroupHere,
    form: PostedForm,
) -> Response[Any]:
    wanted, now = set(form.all(FIELD)), services_of(request).clock.now()
    opted_out = await opted_out_kinds(session, caller.person_id)
    for kind in features_of(request).kinds:
        if not kind.comfort or (kind.name in wanted) == (kind.name not in opted_out):
            continue
        change = opt_in if kind.name in wanted else opt_out
        await change(session, caller.person_id, kind, now)
    return redirect(request, f"/g/{entered_group.slug}{SECTION}", done="Votre choix est enregistré.")


ROUTES = [ask_choice, do_choice]
